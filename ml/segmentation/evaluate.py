"""`python -m ml.segmentation.evaluate --coco JSON --images DIR --output JSON`: how well a backend answers prompts.

For each region: one box; one click at its innermost point, best of three candidates and the backend's own choice;
then three corrective clicks, each at the innermost point of the larger error (missed or too much). Mean IoU of each.
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

from ml.segmentation.prompts import Backend, BoolMask, Box, Pixels, Point, PreparedImage, Prompt
from ml.segmentation.tree_prompts import RegionTreeBackend

BACKENDS: Mapping[str, Callable[[], Backend]] = {"region-tree": RegionTreeBackend}
CORRECTIONS = 3


@dataclass(frozen=True)
class Region:
    """One annotation: its image's file name and size, and its COCO segmentation."""

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
    """The regions of a COCO file whose image's name begins with `prefix`, `limit` of them drawn by `seed`."""
    document = json.loads(coco.read_text(encoding="utf-8"))
    images = {row["id"]: row for row in document["images"] if row["file_name"].startswith(prefix)}
    rows = [row for row in document["annotations"] if row["image_id"] in images]
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
    candidates = [candidate.mask for candidate in image.predict(Prompt(points=tuple(points)))]
    found = {
        "box": iou(image.predict(Prompt(box=box_of(truth)))[0].mask, truth),
        "click_best_of_three": max(iou(mask, truth) for mask in candidates[:3]),
        "click_own_choice": iou(candidates[0], truth),
    }
    mask = candidates[0]
    for _ in range(CORRECTIONS):
        missed, extra = truth & ~mask, mask & ~truth
        if not (missed.any() or extra.any()):
            break
        is_missed = np.count_nonzero(missed) >= np.count_nonzero(extra)
        points.append(Point(*innermost(missed if is_missed else extra), positive=bool(is_missed)))
        mask = image.predict(Prompt(points=tuple(points)))[0].mask
    return {**found, "three_corrections": iou(mask, truth)}


def evaluate(backend: Backend, regions: list[Region], images: Path) -> dict[str, Any]:
    """Mean IoU of each kind of prompt over the regions, and the seconds that an image and a prompt took."""
    measured: list[dict[str, float]] = []
    prepared: PreparedImage | None = None
    name, preparing, pictures, started = "", 0.0, 0, time.perf_counter()
    for region in sorted(regions, key=lambda region: region.file_name):
        if prepared is None or region.file_name != name:
            before = time.perf_counter()
            name, prepared = region.file_name, backend.prepare(_pixels(images / region.file_name))
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


def _pixels(path: Path) -> Pixels:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.segmentation.evaluate", description=__doc__)
    parser.add_argument("--coco", type=Path, required=True, metavar="JSON")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the file names in JSON")
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--backend", choices=sorted(BACKENDS), default="region-tree")
    parser.add_argument("--prefix", default="", help="only images whose file name begins so, such as val/")
    parser.add_argument("--limit", type=int, metavar="N", help="that many regions, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    regions = read_regions(given.coco, limit=given.limit, seed=given.seed, prefix=given.prefix)
    if not regions:
        sys.exit(f"{given.coco} has no region of an image whose name begins with {given.prefix!r}.")
    result = evaluate(BACKENDS[given.backend](), regions, given.images)
    result |= {"coco": given.coco.name, "prefix": given.prefix, "limit": given.limit, "seed": given.seed}
    given.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
