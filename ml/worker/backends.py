"""Backends by the name that a study has for them, loaded when they are first needed and then kept in the process.

torch is imported here and only then: a worker that computes region trees need not have it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from ml.segmentation.prompts import Backend, Pixels
from ml.segmentation.proposals import Detection
from ml.segmentation.tree_prompts import RegionTreeBackend
from roiqa.core.errors import Conflict
from roiqa.regions.segmentation_models import REGION_TREE, SegmentationModel, find

if TYPE_CHECKING:
    from ml.segmentation.sam_backend import SAMBackend


class TorchMissing(Conflict):
    default_code = "torch_missing"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"This worker has no PyTorch ({name} cannot be imported), which segmentation models need: run `make run` "
            "again without ROIQA_ML=0, or `pip install roiqa[ml]`, and start the job once more."
        )


class WeightsBroken(Conflict):
    default_code = "weights_broken"


class DetectorMissing(Conflict):
    default_code = "detector_missing"

    def __init__(self) -> None:
        super().__init__(
            "Objects are proposed from the boxes of a detector, and this worker has none: run `manage.py "
            "download_weights rtdetr-r50`, or set ROIQA_DETECTOR to a detector's folder and restart the worker; "
            "components need no detector."
        )


def backend_of(name: str) -> Backend:
    """`region-tree` or a model of this installation. Raises ModelNotFound, TorchMissing, WeightsBroken."""
    return RegionTreeBackend() if name == REGION_TREE else sam(find(name))


def sam(model: SegmentationModel) -> "SAMBackend":
    """The loaded model, the same object in the whole process. Raises TorchMissing, WeightsBroken."""
    return _loaded(model.folder, model.weights_sha256)


def detector() -> Callable[[Pixels], Sequence[Detection]]:
    """Finds boxes: the detector that ROIQA_DETECTOR names, else the first that was downloaded, by name.

    Raises DetectorMissing, TorchMissing, WeightsBroken.
    """
    folder = settings.DETECTOR or next(iter(sorted(settings.WEIGHTS_DIR.glob("*/detector.json"))), Path()).parent
    if folder == Path():
        raise DetectorMissing
    return _loaded_detector(folder)


@lru_cache(maxsize=1)
def _loaded_detector(folder: Path) -> Callable[[Pixels], Sequence[Detection]]:
    try:
        from ml.segmentation import detector as detectors  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TorchMissing(error.name or "torch") from None
    try:
        return detectors.load(folder).detect
    except detectors.DetectorError as error:
        raise WeightsBroken(str(error)) from error


@lru_cache(maxsize=1)
def _loaded(folder: Path, weights_sha256: str) -> "SAMBackend":
    try:
        import torch  # noqa: PLC0415

        from ml.segmentation import manifest, models  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TorchMissing(error.name or "torch") from None
    try:
        # Before anything of the file is loaded: the weights are those that the manifest was written for.
        if manifest.read(folder).weights_sha256 != weights_sha256:
            raise WeightsBroken(f"{folder} was changed while it was read: start the job once more.")
        return models.load(folder, device="cuda" if torch.cuda.is_available() else "cpu")
    except manifest.ModelError as error:
        raise WeightsBroken(str(error)) from error
