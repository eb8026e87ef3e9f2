"""Answers of a region tree to clicks and boxes. The browser does the same on its own (`annotator_ui/src/model`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.segmentation.prompts import BoolMask, Box, Candidate, Pixels, Point, Prompt
from ml.segmentation.region_tree import VERSION, RegionTree, build_tree

# Of two candidates for one click the smaller has at most this share of the larger one's area.
CANDIDATE_RATIO = 0.5
# A region is within a box if at least this share of its area lies inside.
BOX_SHARE = 0.85
# What a box gives spans at least this share of it.
BOX_EXTENT = 0.9


@dataclass(frozen=True)
class RegionTreeBackend:
    name: str = "region-tree"
    version: str = VERSION

    def prepare(self, pixels: Pixels) -> "TreeImage":
        return TreeImage(build_tree(pixels))


@dataclass(frozen=True)
class TreeImage:
    tree: RegionTree

    def predict(self, prompt: Prompt) -> list[Candidate]:
        if prompt.box is None and len(prompt.points) == 1 and prompt.points[0].positive:
            return self._candidates(prompt.points[0])
        mask = np.zeros(self.tree.labels.shape, dtype=np.bool_)
        if prompt.box is not None:
            mask = self._leaves_in(prompt.box)[self.tree.labels]
        mask = self._corrected(mask, prompt.points)
        return [Candidate(mask=mask, score=1.0)]

    def leaf_at(self, point: Point) -> int:
        return int(self.tree.labels[point.y, point.x])

    def own_choice(self, point: Point, *, without: frozenset[int] = frozenset()) -> int:
        """The ancestor of the point's leaf with the highest score; none in `without` (but the leaf itself if need be)."""
        path = self.tree.ancestors(self.leaf_at(point))
        allowed = [node for node in path if node not in without] or path[:1]
        return max(allowed, key=lambda node: self.tree.score[node])

    def _candidates(self, point: Point) -> list[Candidate]:
        path = self.tree.ancestors(self.leaf_at(point))
        chosen: list[int] = []
        for node in sorted(path, key=lambda node: -self.tree.score[node]):
            sizes = [sorted((int(self.tree.area[node]), int(self.tree.area[other]))) for other in chosen]
            if all(small <= CANDIDATE_RATIO * large for small, large in sizes):
                chosen.append(node)
            if len(chosen) == 3:
                break
        return [Candidate(mask=self._node_mask(node), score=float(self.tree.score[node])) for node in chosen]

    def _node_mask(self, node: int) -> BoolMask:
        nodes = np.zeros(len(self.tree.parent), dtype=np.bool_)
        nodes[node] = True
        return self.tree.mask_of(nodes)

    def _corrected(self, mask: BoolMask, points: tuple[Point, ...]) -> BoolMask:
        """The mask after the clicks, in their order: each adds the node under it or cuts one away."""
        negative = [frozenset(self.tree.ancestors(self.leaf_at(p))) for p in points if not p.positive]
        positive = [frozenset(self.tree.ancestors(self.leaf_at(p))) for p in points if p.positive]
        for point in points:
            if point.positive:
                node = self.own_choice(point, without=frozenset().union(*negative))
                mask = mask | self._node_mask(node)
            else:
                path = self.tree.ancestors(self.leaf_at(point))
                kept = frozenset().union(*positive)
                cut = [node for node in path if node not in kept] or path[:1]
                mask = mask & ~self._node_mask(cut[-1])
        return mask

    def _leaves_in(self, box: Box) -> NDArray[np.bool_]:
        """Which leaves the box means.

        Going to coarser scales, what belongs to the surroundings flows out of the box first. So the leaves that stay
        inside longest are taken, just as many as it needs for them to reach (nearly) all four sides.
        """
        tree, count = self.tree, self.tree.leaf_count
        part = tree.labels[box.y0 : box.y1, box.x0 : box.x1]
        if part.size == 0:
            return np.zeros(count, dtype=np.bool_)
        stays = _scale_of_leaving(tree, inside=np.bincount(part.ravel(), minlength=len(tree.parent)))
        for scale in np.unique(stays)[::-1]:
            taken: NDArray[np.bool_] = stays >= scale
            if scale < 0 or _extent(taken[part]) >= BOX_EXTENT:
                break
        return taken & (stays >= 0)


def _scale_of_leaving(tree: RegionTree, *, inside: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each leaf the scale of the smallest region around it that is no longer within the box.

    `inside` has each node's pixels in the box, so far for leaves only. -1 for a leaf that itself is outside; 2 if even the
    whole picture is within.
    """
    parent = tree.parent.tolist()
    for node, above in enumerate(parent):
        if above != node:
            inside[above] += inside[node]
    within = (inside >= BOX_SHARE * tree.area).tolist()
    scale = tree.scale.tolist()
    leaving = [2.0] * len(parent)
    for node in range(len(parent) - 1, -1, -1):
        leaving[node] = leaving[parent[node]] if within[node] else scale[node]
    leaves = tree.leaf_count
    return np.where(within[:leaves], leaving[:leaves], -1.0)


def _extent(mask: BoolMask) -> float:
    """The share of the rectangle that the smallest box around the mask covers."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0.0
    return float((rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) / mask.size)
