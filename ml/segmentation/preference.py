"""Which nodes of a tree people would choose: the expected overlap with the region that was meant, from a node's shape.

docs/segmentation.md says on what the coefficients were fitted.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# One per column of `features_of`: ridge regression of the overlap with the region meant, over the nodes above a click.
COEFFICIENTS = np.array(
    [
        0.25607,
        0.015801,
        -0.0061456,
        -0.56402,
        0.42495,
        0.0095688,
        -0.077218,
        0.11533,
        -0.29479,
        0.057534,
        -0.0046903,
        0.013017,
        -0.034548,
        0.026364,
        -0.016472,
        0.22755,
        -0.015699,
        0.071409,
        -0.64424,
        0.069742,
        0.28262,
        0.12062,
    ]
)


def features_of(
    *, labels: NDArray[np.int32], parent: NDArray[np.int64], scale: Floats, area: NDArray[np.int64]
) -> Floats:
    """One row per node: size, how long it lasts, how compact it is, how much of the picture's rim it holds."""
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    on_rim = np.bincount(rim, minlength=len(parent)).astype(np.float64)
    bounds = _bounds(labels, parent)
    for node, above in enumerate(parent.tolist()):
        if above != node:
            on_rim[above] += on_rim[node]
    boxed = (bounds[:, 1] - bounds[:, 0] + 1) * (bounds[:, 3] - bounds[:, 2] + 1)
    size = np.log(area / labels.size)
    rise = np.log((scale[parent] + 0.02) / (scale + 0.02))
    growth = np.minimum(np.log(area[parent] / area), 3)
    fill = area / boxed
    rim_share = on_rim / len(rim)
    # A disc of this area held against how much rim it has: near 1 for regions that run along the picture's edge.
    rim_density = on_rim / np.sqrt(area)
    columns = [size, size**2, scale, scale[parent], rise, growth, fill, rim_share, rim_density]
    columns += [size * rise, size * growth, size * scale, size * fill, rise * growth, scale**2, rise**2, growth**2]
    columns += [np.exp(size), rim_share**2, fill**2, size * rim_share]
    return np.stack([np.ones(len(parent)), *columns], axis=1)


def _bounds(labels: NDArray[np.int32], parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """First and last row, first and last column of each node."""
    height, width = labels.shape
    bounds = np.empty((len(parent), 4), dtype=np.int64)
    bounds[:, [0, 2]] = max(height, width)
    bounds[:, [1, 3]] = -1
    flat = labels.ravel()
    rows, columns = np.repeat(np.arange(height), width), np.tile(np.arange(width), height)
    np.minimum.at(bounds[:, 0], flat, rows)
    np.maximum.at(bounds[:, 1], flat, rows)
    np.minimum.at(bounds[:, 2], flat, columns)
    np.maximum.at(bounds[:, 3], flat, columns)
    table = bounds.tolist()
    for node, above in enumerate(parent.tolist()):
        if above != node:
            mine, its = table[node], table[above]
            its[0], its[1] = min(its[0], mine[0]), max(its[1], mine[1])
            its[2], its[3] = min(its[2], mine[2]), max(its[3], mine[3])
    return np.array(table, dtype=np.int64)


def scores_of(
    *, labels: NDArray[np.int32], parent: NDArray[np.int64], scale: Floats, area: NDArray[np.int64]
) -> Floats:
    """A preference in 0..1 per node."""
    rows = features_of(labels=labels, parent=parent, scale=scale, area=area)
    score: Floats = np.clip(rows @ COEFFICIENTS, 0, 1)
    return score
