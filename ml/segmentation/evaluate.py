"""`python -m ml.segmentation.evaluate --coco JSON --images DIR --output JSON`: how well a backend answers prompts.

For each region: one box; one click at its innermost point, best of three candidates and the backend's own choice;
then three corrective clicks, each at the innermost point of the larger error (missed or too much), with the mask before
handed back to backends that take it. Mean IoU of each.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from scipy import ndimage

from ml.segmentation.manifest import ModelError
from ml.segmentation.prompts import Backend, BoolMask, Box, Pixels, Point, PreparedImage, Prompt
from ml.segmentation.tree_prompts import RegionTreeBackend

BACKENDS: Mapping[str, Callable[[], Backend]] = {"region-tree": RegionTreeBackend}
CORRECTIONS = 3


class EvaluationError(ValueError):
    """Files that cannot be evaluated on: the message names the file and the remedy."""


@dataclass(frozen=True)
class Region:
    """One annotation: its image's file name and size in pixels, and its COCO segmentation."""

    file_name: str
    height: int
    width: int
    segmentation: Any

    def mask(self) -> BoolMask:
        given = self.segmentation
        if isinstance(given, list):
            encoded = coco_mask.merge(coco_mask.frPyObjects(given, self.height, self.width))
        elif isinstance(given["counts"], list):
            encoded = coco_mask.frPyObjects(given, self.height, self.width)
        else:
            encoded = given
        return np.asarray(coco_mask.decode(encoded), dtype=np.bool_)


def read_regions(coco: Path, *, limit: int | None, seed: int, prefix: str = "") -> list[Region]:
    """The regions of a COCO file whose image's name begins with `prefix`, `limit` of them drawn by `seed`.

    Raises EvaluationError for another file, or one without such regions.
    """
    document = _coco(coco)
    images = {row["id"]: row for row in document["images"] if row["file_name"].startswith(prefix)}
    rows = [row for row in document["annotations"] if row["image_id"] in images]
    if not rows:
        raise EvaluationError(
            f"{coco} has no region of an image whose name begins with {prefix!r}: give another --prefix."
        )
    if limit is not None and limit < len(rows):
        drawn = np.random.default_rng(seed).choice(len(rows), size=limit, replace=False)
        rows = [rows[number] for number in sorted(drawn.tolist())]
    return [
        Region(
            file_name=images[row["image_id"]]["file_name"],
            height=images[row["image_id"]]["height"],
            width=images[row["image_id"]]["width"],
            segmentation=row["segmentation"],
        )
        for row in rows
    ]


def innermost(mask: BoolMask) -> tuple[int, int]:
    """(x, y) of the pixel farthest from the outside of the mask; beyond the picture's edge is outside."""
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))
    y, x = np.unravel_index(int(np.argmax(distance[1:-1, 1:-1])), mask.shape)
    return int(x), int(y)


def iou(first: BoolMask, second: BoolMask) -> float:
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0


def box_of(mask: BoolMask) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(x0=int(columns[0]), y0=int(rows[0]), x1=int(columns[-1]) + 1, y1=int(rows[-1]) + 1)


def measure(image: PreparedImage, truth: BoolMask) -> dict[str, float]:
    """IoU of each kind of prompt for one region."""
    points = [Point(*innermost(truth))]
    candidates = image.predict(Prompt(points=tuple(points)))
    answer = candidates[0]
    found = {
        "box": iou(image.predict(Prompt(box=box_of(truth)))[0].mask, truth),
        "click_best_of_three": max(iou(candidate.mask, truth) for candidate in candidates[:3]),
        "click_own_choice": iou(answer.mask, truth),
    }
    for _ in range(CORRECTIONS):
        missed, extra = truth & ~answer.mask, answer.mask & ~truth
        if not (missed.any() or extra.any()):
            break
        is_missed = np.count_nonzero(missed) >= np.count_nonzero(extra)
        points.append(Point(*innermost(missed if is_missed else extra), positive=bool(is_missed)))
        answer = image.predict(Prompt(points=tuple(points), previous=answer.logits))[0]
    return {**found, "three_corrections": iou(answer.mask, truth)}


def evaluate(backend: Backend, regions: list[Region], images: Path) -> dict[str, Any]:
    """Mean IoU of each kind of prompt over the regions, and the seconds that an image and a prompt took."""
    measured: list[dict[str, float]] = []
    prepared: PreparedImage | None = None
    name, preparing, pictures, started = "", 0.0, 0, time.perf_counter()
    for region in sorted(regions, key=lambda region: region.file_name):
        if prepared is None or region.file_name != name:
            before = time.perf_counter()
            name, prepared = region.file_name, backend.prepare(_pixels(images, region))
            preparing += time.perf_counter() - before
            pictures += 1
        measured.append(measure(prepared, region.mask()))
    seconds = time.perf_counter() - started - preparing
    return {
        "backend": backend.name,
        "version": backend.version,
        "regions": len(measured),
        "images": pictures,
        "mean_iou": {key: round(float(np.mean([row[key] for row in measured])), 4) for key in measured[0]},
        "seconds_per_image": round(preparing / pictures, 3),
        "seconds_per_region": round(seconds / len(measured), 3),
    }


def _coco(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EvaluationError(f"--coco: {path} does not exist: give a COCO file with segmentations.") from None
    except ValueError as error:
        raise EvaluationError(f"--coco: {path} is not JSON ({error}): give a COCO file.") from None
    if not isinstance(document, dict) or not {"images", "annotations"} <= set(document):
        raise EvaluationError(f"--coco: {path} lacks images or annotations: give a COCO file with segmentations.")
    return document


def _pixels(images: Path, region: Region) -> Pixels:
    path = images / region.file_name
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    except FileNotFoundError:
        raise EvaluationError(
            f"--images: {path} does not exist: give the folder in which the file names of --coco begin."
        ) from None
    if pixels.shape[:2] != (region.height, region.width):
        raise EvaluationError(
            f"{path} is {pixels.shape[1]} x {pixels.shape[0]} pixels, and the COCO file says {region.width} x "
            f"{region.height}: give the images that it was made of."
        )
    return pixels


def _backend(name: str, model: str | None, device: str) -> Backend:
    if model is None:
        return BACKENDS[name]()
    from ml.segmentation.models import load  # noqa: PLC0415  (the region tree needs no torch)

    return load(model, device)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.segmentation.evaluate", description=__doc__)
    parser.add_argument("--coco", type=Path, required=True, metavar="JSON")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the file names in JSON")
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--backend", choices=sorted(BACKENDS), default="region-tree")
    which.add_argument("--model", help="folder of a segmentation model, official .pth checkpoint or hub id")
    parser.add_argument("--device", default="cpu", help="of the model (default: cpu)")
    parser.add_argument("--prefix", default="", help="only images whose file name begins so, such as val/")
    parser.add_argument("--limit", type=_positive, metavar="N", help="that many regions, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if not given.output.absolute().parent.is_dir():
        parser.error(f"--output: the folder of {given.output} does not exist: make it first.")
    try:
        regions = read_regions(given.coco, limit=given.limit, seed=given.seed, prefix=given.prefix)
        result = evaluate(_backend(given.backend, given.model, given.device), regions, given.images)
    except (EvaluationError, ModelError) as error:
        sys.exit(str(error))
    result |= {"coco": given.coco.name, "prefix": given.prefix, "limit": given.limit, "seed": given.seed}
    given.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
