"""The region tree: nested regions of a picture, computed once, so that a click costs a lookup. No weights, no network.

Version `region-tree-1`. The bytes are what the browser reads; `docs/segmentation.md` describes them.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.segmentation.leaves import find_leaves
from ml.segmentation.merging import Weights, merge
from ml.segmentation.preference import scores_of
from ml.segmentation.prompts import BoolMask, Pixels

VERSION = "region-tree-1"
MAGIC = b"RQT1"
# The work is done on at most this many pixels; the leaves of larger pictures are enlarged.
WORKING_PIXELS = 1_000_000
_HEADER = struct.Struct("<4s4I")
_U16_LEAVES = 65_535
# The cost of a merge at which `scale` is one half.
HALF_SCALE_COST = 150.0


@dataclass(frozen=True)
class RegionTree:
    """`labels` (height x width) gives each pixel's leaf; nodes 0..N-1 are the leaves, children come before parents.

    `parent` of a root is itself; `scale` (0..1) is 0 for leaves and never falls towards the root; `area` in pixels;
    `score` (0..1) prefers nodes that people would choose.
    """

    labels: NDArray[np.uint32]
    parent: NDArray[np.uint32]
    scale: NDArray[np.float32]
    area: NDArray[np.uint32]
    score: NDArray[np.float32]

    @property
    def leaf_count(self) -> int:
        # Every merge joins two nodes, and a picture is connected: N leaves, N - 1 merges.
        return (len(self.parent) + 1) // 2

    def ancestors(self, node: int) -> list[int]:
        """The node and everything above it, up to the root."""
        path = [node]
        while (above := int(self.parent[path[-1]])) != path[-1]:
            path.append(above)
        return path

    def leaves_of(self, nodes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which leaves lie under the chosen nodes. `nodes` has an entry per node."""
        chosen = nodes.copy()
        # Parents come after their children, so one pass from the root down is enough.
        for node in range(len(self.parent) - 1, -1, -1):
            chosen[node] |= chosen[self.parent[node]]
        return chosen[: self.leaf_count]

    def mask_of(self, nodes: NDArray[np.bool_]) -> BoolMask:
        """The union of the chosen nodes, height x width."""
        mask: BoolMask = self.leaves_of(nodes)[self.labels]
        return mask

    def to_bytes(self) -> bytes:
        height, width = self.labels.shape
        labels = self.labels.astype("<u2" if self.leaf_count <= _U16_LEAVES else "<u4").tobytes()
        header = _HEADER.pack(MAGIC, width, height, self.leaf_count, len(self.parent))
        arrays = ((self.parent, "<u4"), (self.scale, "<f4"), (self.area, "<u4"), (self.score, "<f4"))
        padding = b"\0" * (-len(labels) % 4)
        return b"".join([header, labels, padding, *(array.astype(kind).tobytes() for array, kind in arrays)])

    @classmethod
    def from_bytes(cls, data: bytes) -> "RegionTree":
        """Raises ValueError for what `to_bytes` did not write."""
        if len(data) < _HEADER.size or data[:4] != MAGIC:
            raise ValueError("These bytes are no region tree: they do not begin with RQT1.")
        _, width, height, leaves, nodes = _HEADER.unpack_from(data)
        kind = np.dtype("<u2" if leaves <= _U16_LEAVES else "<u4")
        start = _HEADER.size + (width * height * kind.itemsize + 3) // 4 * 4
        if nodes != 2 * leaves - 1:
            raise ValueError(f"A region tree of {leaves} leaves has {2 * leaves - 1} nodes, not {nodes}.")
        if len(data) != start + 16 * nodes:
            raise ValueError(f"A region tree of this size has {start + 16 * nodes} bytes, not {len(data)}.")
        labels = np.frombuffer(data, dtype=kind, count=width * height, offset=_HEADER.size)
        columns = [
            np.frombuffer(data, dtype=column, count=nodes, offset=start + 4 * nodes * number)
            for number, column in enumerate(("<u4", "<f4", "<u4", "<f4"))
        ]
        return cls(labels.reshape(height, width).astype(np.uint32), *columns)


def build_tree(pixels: Pixels, weights: Weights | None = None) -> RegionTree:
    """The tree of a picture (height x width x 3, sRGB). The same pixels give the same tree."""
    height, width = pixels.shape[:2]
    leaves = find_leaves(_reduced(pixels))
    merging = merge(leaves, weights or Weights())
    small_height, small_width = leaves.labels.shape
    rows = np.arange(height) * small_height // height
    columns = np.arange(width) * small_width // width
    labels = leaves.labels[rows[:, None], columns[None, :]]
    area = np.zeros(len(merging.parent), dtype=np.int64)
    area[: len(leaves.area)] = np.bincount(labels.ravel(), minlength=len(leaves.area))
    for node, above in enumerate(merging.parent.tolist()):
        if above != node:
            area[above] += area[node]
    scale = merging.cost / (merging.cost + HALF_SCALE_COST)
    return RegionTree(
        labels=labels.astype(np.uint32),
        parent=merging.parent.astype(np.uint32),
        scale=scale.astype(np.float32),
        area=area.astype(np.uint32),
        score=scores_of(labels=labels, parent=merging.parent, scale=scale, area=area).astype(np.float32),
    )


def _reduced(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if height * width <= WORKING_PIXELS:
        return pixels
    factor = (WORKING_PIXELS / (height * width)) ** 0.5
    size = (max(1, int(width * factor)), max(1, int(height * factor)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
