"""TOPIQ, the metric of the paper, through `pyiqa` where that is installed. For non-commercial use only.

`pyiqa` (IQA-PyTorch) and the weights that it fetches on first use are under the PolyForm Noncommercial and NTU S-Lab
licences, so neither is a dependency of ROIQA; labels made with them carry that limit. Nothing here is needed by a test.
"""

import hashlib
import importlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor

from ml.synthesis.quality import Region

# Whole frames of 0.7 megapixels go through a ResNet-50 in turns: 20 at once would take some 15 GB.
FRAMES_AT_ONCE = 4


class MetricMissing(ValueError):
    """The package of a metric is not installed; the text says which, what it is and what to do."""


class Topiq:
    """A `quality.Metric`. Values of about 0..1; `weights_sha256` is over the loaded tensors, by name.

    Raises MetricMissing without `pyiqa`.
    """

    name = "topiq_fr"

    def __init__(self, *, device: str = "cpu") -> None:
        try:
            pyiqa = importlib.import_module("pyiqa")
        except ModuleNotFoundError as error:
            raise MetricMissing(
                f"The metric topiq needs the package pyiqa ({error.name} cannot be imported): `pip install pyiqa`. Its "
                "code and weights are for non-commercial use only. Without it, use --metric ms-ssim-chroma."
            ) from None
        self._model: Any = pyiqa.create_metric("topiq_fr", device=torch.device(device))
        self.version = f"pyiqa-{version('pyiqa')}"
        self.weights_sha256 = _hash_of(self._model.state_dict())

    def __call__(self, distorted: Tensor, reference: Tensor) -> Tensor:
        with torch.no_grad():
            scores = [
                self._model(frames, reference.expand(len(frames), -1, -1, -1)).flatten()
                for frames in torch.split(distorted.clamp(0.0, 1.0), FRAMES_AT_ONCE)
            ]
        return torch.cat(scores).float()

    def pasted(self, distorted: Tensor, reference: Tensor, region: Region) -> Tensor:
        """Deep features see the whole frame, so here whole frames are compared."""
        return self(torch.where(region.mask, distorted, reference), reference)


def _hash_of(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
