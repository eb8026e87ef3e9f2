"""Photographs with regions drawn by people and, from the region tree, any number of pseudo-regions of every scale."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.segmentation.evaluate import Region
from ml.segmentation.prompts import BoolMask, Pixels
from ml.segmentation.region_tree import RegionTree, build_tree


@dataclass(frozen=True)
class Photograph:
    """One picture. `regions` (height x width) is 0 where nobody drew, else the number of the region.

    `ranks` (height x width) orders the leaves of the region tree so that every node is a range: a pixel belongs to node n
    if first[n] <= rank < last[n]. `ancestors` has for each rank the nodes above it that are worth a prompt, and
    `preference` for each node how likely a person would mean it, 0 to 1.
    """

    pixels: Pixels
    regions: NDArray[np.int16]
    ranks: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    parent: NDArray[np.int32]
    leaf_at: NDArray[np.int32]
    preference: NDArray[np.float32]

    def path(self, rank: int) -> list[int]:
        """The nodes above a leaf, the leaf first, the root last."""
        path = [int(self.leaf_at[rank])]
        while (above := int(self.parent[path[-1]])) != path[-1]:
            path.append(above)
        return path


def read_photographs(coco: Path, images: Path, *, prefix: str, cache: Path) -> list[Photograph]:
    """Every picture of the COCO file whose name begins with `prefix`, by name. Trees are kept in `cache` (npz, no pickle)."""
    document = json.loads(coco.read_text(encoding="utf-8"))
    rows = sorted(
        (row for row in document["images"] if row["file_name"].startswith(prefix)),
        key=lambda row: str(row["file_name"]),
    )
    drawn: dict[int, list[BoolMask]] = {}
    for annotation in document["annotations"]:
        drawn.setdefault(annotation["image_id"], []).append(annotation["segmentation"])
    cache.mkdir(parents=True, exist_ok=True)
    found = []
    for row in rows:
        name, height, width = row["file_name"], row["height"], row["width"]
        with Image.open(images / name) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        masks = [
            Region(file_name=name, height=height, width=width, segmentation=segmentation).mask()
            for segmentation in drawn.get(row["id"], [])
        ]
        found.append(photograph(pixels, masks, _cached_tree(pixels, cache / f"{Path(name).stem}.rqt")))
    return found


def photograph(pixels: Pixels, masks: list[BoolMask], tree: RegionTree) -> Photograph:
    """From a picture, the masks that people drew (a later one hides an earlier one) and its region tree."""
    regions = np.zeros(pixels.shape[:2], dtype=np.int16)
    for number, mask in enumerate(masks, start=1):
        regions[mask] = number
    parent = tree.parent.astype(np.int32)
    count = tree.leaf_count
    leaves_under = np.zeros(len(parent), dtype=np.int32)
    leaves_under[:count] = 1
    for node, above in enumerate(parent.tolist()):
        if above != node:
            leaves_under[above] += leaves_under[node]
    # From the root down, each child takes the next part of its parent's range.
    first = np.zeros(len(parent), dtype=np.int32)
    taken = np.zeros(len(parent), dtype=np.int32)
    for node in range(len(parent) - 1, -1, -1):
        above = int(parent[node])
        if above != node:
            first[node] = first[above] + taken[above]
            taken[above] += leaves_under[node]
    leaf_at = np.empty(count, dtype=np.int32)
    leaf_at[first[:count]] = np.arange(count)
    return Photograph(
        pixels=pixels,
        regions=regions,
        ranks=first[:count][tree.labels],
        first=first,
        last=first + leaves_under,
        parent=parent,
        leaf_at=leaf_at,
        preference=tree.score,
    )


def _cached_tree(pixels: Pixels, path: Path) -> RegionTree:
    if path.exists():
        return RegionTree.from_bytes(path.read_bytes())
    tree = build_tree(pixels)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(tree.to_bytes())
    unfinished.rename(path)
    return tree
