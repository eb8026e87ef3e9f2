"""Networks of the registry, loaded when they are first needed and then kept in the process. torch is imported only then."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from ml.worker.backends import TorchMissing, WeightsBroken
from roiqa.core.errors import Conflict
from roiqa.registry import storage
from roiqa.registry.errors import WeightsRefused
from roiqa.registry.models import ModelVersion

if TYPE_CHECKING:
    from ml.seagull.loading import Ready

_Made = TypeVar("_Made")
# The prefix of an image is needed twice: for the scores and for the answer.
_PREFIX_BYTES = 2**30
_SMALLEST_BUDGET = 128


class OutOfMemory(Conflict):
    default_code = "out_of_memory"


def network_of(model: ModelVersion) -> "Ready":
    """The loaded network, the same object in the whole process. Raises TorchMissing, WeightsBroken."""
    return _loaded(model.pk, model.weights_sha256)


@lru_cache(maxsize=1)
def _loaded(model_id: UUID, weights_sha256: str) -> "Ready":
    try:
        import torch  # noqa: PLC0415

        from ml.seagull import weights  # noqa: PLC0415
        from ml.seagull.loading import load_scorer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TorchMissing(error.name or "torch") from None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        # Every file against its row, the weights against their manifest: nothing is loaded that was not registered.
        folder = storage.folder_of(ModelVersion.objects.get(pk=model_id))
        if weights.fingerprint(folder) != weights_sha256:
            raise WeightsBroken(f"The weights of model {model_id} are not those that were registered.")
        return load_scorer(folder, device=device, prefix_bytes=_PREFIX_BYTES)
    except (OSError, ValueError, WeightsRefused) as error:
        raise WeightsBroken(str(error)) from error


def within_memory(ready: "Ready", work: Callable[[], _Made]) -> _Made:
    """What `work` makes with this network; on a GPU that is too small for it, with half as many tokens at once.

    The smaller amount is kept for what follows. Raises OutOfMemory if the least is still too much.
    """
    import torch  # noqa: PLC0415

    while True:
        try:
            return work()
        except torch.cuda.OutOfMemoryError:
            if ready.scorer.budget <= _SMALLEST_BUDGET:
                raise OutOfMemory(
                    "The GPU of this worker is too small for this network, even region by region: use a larger one."
                ) from None
            ready.scorer.budget //= 2
            torch.cuda.empty_cache()
