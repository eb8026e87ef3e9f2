"""Over-segmentation: the picture's finest regions, found by a watershed of its colour edges, and what is known of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from ml.segmentation.prompts import Pixels

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]

# sRGB (IEC 61966-2-1) to CIE XYZ under D65, rows divided by the white point.
_XYZ_OF_RGB = np.array(
    [[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0178, 0.1095, 0.8727]],
    dtype=np.float32,
)
_LINEAR = np.array(
    [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255], dtype=np.float32
)
# Pixels and their right neighbours, pixels and those below.
_NEIGHBOURS = (
    ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
    ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
)
# Least distance of two leaves' seeds, in pixels: below it leaves are noise, above it thin parts are lost.
SEED_SPACING = 5
LIGHTNESS_BINS, HUE_BINS, TEXTURE_BINS = 16, 12, 8


@dataclass(frozen=True)
class Leaves:
    """`labels` (height x width) numbers the leaves 0..N-1; the other arrays have a row per leaf or per border.

    `area` in pixels; `colour` is the sum of Lab over the leaf's pixels; `histogram` counts pixels in bins of L, a, b
    and texture; `pairs` (E x 2) are leaves that touch, with the length and the summed edge strength of their border.
    """

    labels: Labels
    area: NDArray[np.int64]
    colour: NDArray[np.float64]
    histogram: NDArray[np.float64]
    pairs: NDArray[np.int64]
    length: NDArray[np.float64]
    strength: NDArray[np.float64]


def lab_of(pixels: Pixels) -> Floats:
    """CIE Lab under D65 of sRGB pixels (height x width x 3): L 0..100, a and b about -100..100."""
    xyz = _LINEAR[pixels] @ _XYZ_OF_RGB.T
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def edge_strength(lab: Floats) -> Floats:
    """How fast colour changes at each pixel (height x width), in Lab units per pixel, over a fine and a coarse scale."""
    total = np.zeros(lab.shape[:2], dtype=np.float32)
    for sigma, weight in ((1.0, 1.0), (2.0, 1.0)):
        squared = np.zeros_like(total)
        for channel in range(3):
            plane = lab[..., channel]
            for order in ((0, 1), (1, 0)):
                squared += ndimage.gaussian_filter(plane, sigma, order=order, mode="nearest") ** 2
        # A derivative of a blurred step falls with its width: brought back to the step's height.
        total += weight * sigma * np.sqrt(squared)
    return total


def watershed(lab: Floats, edges: Floats) -> Labels:
    """Leaves around the local minima of the edge strength, numbered from 0.

    A watershed cut (Cousty et al., PAMI 2009): the minimum spanning forest of the pixel graph, rooted in the minima. Unlike
    a watershed of pixels it puts borders between pixels, where the colour changes most.
    """
    height, width = edges.shape
    smooth = ndimage.gaussian_filter(edges, 0.7, mode="nearest")
    minima = smooth == ndimage.minimum_filter(smooth, size=SEED_SPACING, mode="nearest")
    pixels = np.arange(height * width, dtype=np.int32).reshape(height, width)
    ends, weights = [], []
    for first, second in _NEIGHBOURS:
        ends.append((pixels[first].ravel(), pixels[second].ravel()))
        apart = np.sqrt(((lab[first] - lab[second]) ** 2).sum(axis=-1))
        rise = smooth[first] + smooth[second] + apart
        # Inside of a minimum nothing separates; no weight may be zero, which would mean that there is no edge.
        rise[minima[first] & minima[second]] = 0
        weights.append(rise.ravel() + 1e-3)
    # Every minimum hangs on one root beyond the picture; the tree without that root is the forest.
    seeds = pixels[minima]
    root = height * width
    begin = np.concatenate([ends[0][0], ends[1][0], np.full(len(seeds), root, dtype=np.int32)])
    end = np.concatenate([ends[0][1], ends[1][1], seeds])
    weight = np.concatenate([*weights, np.full(len(seeds), 5e-4)])
    numbers, _ = ndimage.label(minima, structure=ndimage.generate_binary_structure(2, 1))
    # One pixel of each minimum is its seed: a second one would part it.
    _, only = np.unique(numbers[minima], return_index=True)
    kept = np.ones(len(begin), dtype=np.bool_)
    kept[len(begin) - len(seeds) :] = False
    kept[len(begin) - len(seeds) + only] = True
    graph = sparse.csr_array((weight[kept], (begin[kept], end[kept])), shape=(root + 1, root + 1))
    forest = sparse.csgraph.minimum_spanning_tree(graph)[:root, :root]
    labels: Labels = sparse.csgraph.connected_components(forest, directed=False)[1].reshape(height, width)
    return labels.astype(np.int32)


def find_leaves(pixels: Pixels) -> Leaves:
    """The leaves of a picture (height x width x 3). At least one, whatever the picture."""
    lab = lab_of(pixels)
    edges = edge_strength(lab)
    labels = watershed(lab, edges)
    flat = labels.ravel()
    count = int(flat.max()) + 1
    sums = [np.bincount(flat, weights=lab[..., channel].ravel(), minlength=count) for channel in range(3)]
    pairs, length, strength = _borders(labels, edges, count)
    return Leaves(
        labels=labels,
        area=np.bincount(flat, minlength=count),
        colour=np.stack(sums, axis=1).astype(np.float64),
        histogram=_histograms(lab, flat, count),
        pairs=pairs,
        length=length,
        strength=strength,
    )


def _histograms(lab: Floats, flat: Labels, count: int) -> NDArray[np.float64]:
    """Pixels of each leaf by lightness, a, b and coarseness, each a histogram of its own, side by side."""
    lightness = np.clip(lab[..., 0] * (LIGHTNESS_BINS / 100.01), 0, LIGHTNESS_BINS - 1)
    green_red = np.clip((lab[..., 1] + 48) * (HUE_BINS / 96), 0, HUE_BINS - 1)
    blue_yellow = np.clip((lab[..., 2] + 48) * (HUE_BINS / 96), 0, HUE_BINS - 1)
    fine = lab[..., 0] - ndimage.gaussian_filter(lab[..., 0], 1.5, mode="nearest")
    coarseness = np.sqrt(ndimage.gaussian_filter(fine * fine, 2.0, mode="nearest"))
    texture = np.clip(np.log2(1 + coarseness) * (TEXTURE_BINS / 4), 0, TEXTURE_BINS - 1)
    parts = []
    for plane, bins in (
        (lightness, LIGHTNESS_BINS),
        (green_red, HUE_BINS),
        (blue_yellow, HUE_BINS),
        (texture, TEXTURE_BINS),
    ):
        position = flat.astype(np.int64) * bins + plane.astype(np.int64).ravel()
        parts.append(np.bincount(position, minlength=count * bins).reshape(count, bins))
    return np.concatenate(parts, axis=1).astype(np.float64)


def _borders(
    labels: Labels, edges: Floats, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    keys, values = [], []
    for first, second in _NEIGHBOURS:
        left, right = labels[first], labels[second]
        border = left != right
        a, b = left[border].astype(np.int64), right[border].astype(np.int64)
        keys.append(np.minimum(a, b) * count + np.maximum(a, b))
        values.append(np.maximum(edges[first], edges[second])[border])
    unique, inverse, counts = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    strength = np.bincount(inverse, weights=np.concatenate(values), minlength=len(unique))
    return np.stack([unique // count, unique % count], axis=1), counts.astype(np.float64), strength.astype(np.float64)
