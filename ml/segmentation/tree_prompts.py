"""Answers of a region tree to clicks and boxes. The browser does the same on its own (`annotator_ui/src/model`)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.segmentation.prompts import BoolMask, Box, Candidate, Pixels, Point, Prompt
from ml.segmentation.region_tree import VERSION, RegionTree, build_tree

# Of two candidates for one click the smaller has at most this share of the larger one's area.
CANDIDATE_RATIO = 0.6
# A node belongs to a box if at least this share of its area lies inside.
BOX_SHARE = 0.6


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
        nodes = np.zeros(len(self.tree.parent), dtype=np.bool_)
        if prompt.box is not None:
            nodes |= self._nodes_in(prompt.box)
        mask = self._corrected(self.tree.mask_of(nodes), prompt.points)
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

    @cached_property
    def _parent(self) -> NDArray[np.int64]:
        return self.tree.parent.astype(np.int64)

    def _nodes_in(self, box: Box) -> NDArray[np.bool_]:
        """The nodes that belong to the box by the share of their area inside."""
        inside = np.bincount(
            self.tree.labels[box.y0 : box.y1, box.x0 : box.x1].ravel(), minlength=len(self.tree.parent)
        ).astype(np.int64)
        for node, above in enumerate(self._parent.tolist()):
            if above != node:
                inside[above] += inside[node]
        result: NDArray[np.bool_] = inside >= BOX_SHARE * self.tree.area
        return result
