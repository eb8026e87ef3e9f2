"""Greedy merging of the leaves: the two neighbours that differ least become one region, until one region is left."""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.segmentation.leaves import Leaves

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What a difference is made of; see docs/segmentation.md for how they were chosen."""

    border: float = 2.5
    colour: float = 0.3
    histogram: float = 12.0
    # The smaller region's area to this power multiplies the difference: crumbs are merged first.
    size: float = 0.4


@dataclass(frozen=True)
class Merging:
    """The tree: `parent` and `cost` of each node (the cost of making it, 0 for leaves), children before parents."""

    parent: NDArray[np.int64]
    cost: Floats


def merge(leaves: Leaves, weights: Weights) -> Merging:
    """Merge neighbours until nothing touches. Costs never fall from a child to its parent."""
    count = len(leaves.area)
    size = 2 * count - 1
    area = np.zeros(size)
    area[:count] = leaves.area
    colour = np.zeros((size, 3))
    colour[:count] = leaves.colour / leaves.area[:, None]
    histogram = np.zeros((size, leaves.histogram.shape[1]), dtype=np.float32)
    histogram[:count] = leaves.histogram / leaves.area[:, None]
    parent = np.arange(size)
    cost = np.zeros(size)

    def differences(a: NDArray[np.int64] | int, b: NDArray[np.int64], mean_strength: Floats) -> Floats:
        apart = np.sqrt(((colour[b] - colour[a]) ** 2).sum(axis=1))
        bins = np.abs(histogram[b] - histogram[a]).sum(axis=1)
        unlike = weights.border * mean_strength + weights.colour * apart + weights.histogram * bins
        result: Floats = unlike * np.minimum(area[a], area[b]) ** weights.size
        return result

    # Of each node alive, its neighbours with the border's length and summed strength.
    neighbours: list[dict[int, tuple[float, float]]] = [{} for _ in range(size)]
    first, second = leaves.pairs[:, 0], leaves.pairs[:, 1]
    for a, b, length, strength in zip(
        first.tolist(), second.tolist(), leaves.length.tolist(), leaves.strength.tolist(), strict=True
    ):
        neighbours[a][b] = neighbours[b][a] = (length, strength)
    initial = differences(first, second, leaves.strength / leaves.length) if len(first) else np.zeros(0)
    queue = list(zip(initial.tolist(), first.tolist(), second.tolist(), strict=True))
    heapq.heapify(queue)
    alive = [True] * size
    made = count
    while queue:
        price, a, b = heapq.heappop(queue)
        if not (alive[a] and alive[b]):
            continue
        new, made = made, made + 1
        alive[a] = alive[b] = False
        parent[a] = parent[b] = new
        cost[new] = max(price, cost[a], cost[b])
        area[new] = area[a] + area[b]
        share = area[a] / area[new]
        colour[new] = share * colour[a] + (1 - share) * colour[b]
        histogram[new] = share * histogram[a] + (1 - share) * histogram[b]
        around = _joined(neighbours, a, b)
        neighbours[new] = around
        if not around:
            continue
        borders = np.array(list(around.values()))
        others = np.fromiter(around, dtype=np.int64, count=len(around))
        prices = differences(new, others, borders[:, 1] / borders[:, 0])
        for other, other_price in zip(around, prices.tolist(), strict=True):
            neighbours[other][new] = around[other]
            heapq.heappush(queue, (other_price, other, new))
    return Merging(parent=parent[:made], cost=cost[:made])


def _joined(neighbours: list[dict[int, tuple[float, float]]], a: int, b: int) -> dict[int, tuple[float, float]]:
    """The neighbours of a and b together; both are taken out of their neighbours' lists."""
    around, other_side = neighbours[a], neighbours[b]
    del around[b], other_side[a]
    for other in around:
        del neighbours[other][a]
    for other, (length, strength) in other_side.items():
        del neighbours[other][b]
        before = around.get(other)
        around[other] = (length, strength) if before is None else (before[0] + length, before[1] + strength)
    neighbours[a], neighbours[b] = {}, {}
    return around
