"""Regions of a reference: proposed by a segmentation model, or given as COCO JSON. Once per reference, at working size."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from torch import Tensor
from torch.nn import functional

from ml.synthesis.references import Reference

# The paper's rule (section 3.1.2), at working size; larger than this share of the frame is the frame, not a region.
SMALLEST_AREA = 32 * 32
LARGEST_SHARE = 0.6
# Two masks that overlap more than this are one.
SAME_ABOVE_IOU = 0.85

BoolMask = NDArray[np.bool_]


@dataclass(frozen=True)
class FoundMask:
    """A region: its mask (height x width), whether object or component, where it came from and by which prompt."""

    mask: BoolMask
    level: str
    source: str
    prompt: Mapping[str, Any]

    def tensor(self) -> Tensor:
        return torch.from_numpy(self.mask)

    def rle(self) -> str:
        """COCO's compressed counts."""
        encoded: Any = coco_mask.encode(np.asfortranarray(self.mask.astype(np.uint8)))
        return str(encoded["counts"].decode("ascii"))


MaskSource = Callable[[Reference], list[FoundMask]]


def without_unfit(found: Iterable[FoundMask]) -> list[FoundMask]:
    """Those of at least 32 x 32 px and at most 60 % of the frame, duplicates out; the first of two alike stays."""
    kept: list[FoundMask] = []
    for candidate in found:
        area = int(np.count_nonzero(candidate.mask))
        if SMALLEST_AREA <= area <= LARGEST_SHARE * candidate.mask.size and all(
            _iou(candidate.mask, other.mask) <= SAME_ABOVE_IOU for other in kept
        ):
            kept.append(candidate)
    return kept


def _iou(first: BoolMask, second: BoolMask) -> float:
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 0.0


class BadMasks(ValueError):
    """A COCO file that does not fit; its text names the file, the annotation and what to do."""


class CocoMasks:
    """The masks of a COCO file, found by file name, brought to working size by nearest pixel."""

    def __init__(self, path: Path) -> None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            images = {image["id"]: image for image in document["images"]}
            annotations = document["annotations"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadMasks(f"{path} is no COCO file ({error!r}). It needs `images` and `annotations`.") from error
        self._source = f"coco:{path.name}"
        self._of_name: dict[str, list[dict[str, Any]]] = {}
        for annotation in annotations:
            image = images.get(annotation.get("image_id"))
            if image is None:
                raise BadMasks(
                    f"{path}: annotation {annotation.get('id')!r} is of image {annotation.get('image_id')!r}, "
                    "which the file does not list."
                )
            self._of_name.setdefault(Path(image["file_name"]).name, []).append({**annotation, "_image": image})

    def __call__(self, reference: Reference) -> list[FoundMask]:
        return without_unfit(self._found(annotation, reference) for annotation in self._of_name.get(reference.name, []))

    def _found(self, annotation: Mapping[str, Any], reference: Reference) -> FoundMask:
        image, given = annotation["_image"], annotation["segmentation"]
        height, width = int(image["height"]), int(image["width"])
        if isinstance(given, list):
            encoded = coco_mask.merge(coco_mask.frPyObjects(given, height, width))
        elif isinstance(given["counts"], list):
            encoded = coco_mask.frPyObjects(given, height, width)
        else:
            encoded = given
        mask = torch.from_numpy(np.asarray(coco_mask.decode(encoded), dtype=np.float32))
        size = (reference.pixels.shape[-2], reference.pixels.shape[-1])
        if (height, width) != size:
            if abs(height / width - size[0] / size[1]) > 0.02 * height / width:
                raise BadMasks(
                    f"annotation {annotation.get('id')!r}: {image['file_name']} is {width} x {height} in the COCO file, "
                    f"but the photograph has {size[1]} x {size[0]}. Give masks of the upright photograph."
                )
            mask = functional.interpolate(mask[None, None], size=size, mode="nearest")[0, 0]
        level = annotation.get("level", "object")
        return FoundMask(mask.numpy() > 0.5, str(level), self._source, {"annotation": annotation.get("id")})
