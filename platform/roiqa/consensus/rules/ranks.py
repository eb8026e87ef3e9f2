"""Spearman's rank correlation, alone, in groups, and from counts of pairs. Ties share the mean of their ranks."""

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.votes import IntArray

FloatArray = npt.NDArray[np.float64]


def pearson(first: FloatArray, second: FloatArray) -> float | None:
    """Pearson's correlation of two (N,); None below two values or where one of them does not vary."""
    if len(first) < 2:
        return None
    left, right = first - first.mean(), second - second.mean()
    size = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / size if size > 0 else None


def spearman(first: FloatArray, second: FloatArray) -> float | None:
    """Spearman's correlation of two (N,); None below two values or where one of them does not vary."""
    # scipy.stats takes a second to load, and every start of the platform would wait for it.
    from scipy.stats import rankdata  # noqa: PLC0415

    return pearson(rankdata(first), rankdata(second))


def grouped_spearman(group: IntArray, first: IntArray, second: IntArray, count: int) -> FloatArray:
    """Spearman's correlation of the N pairs of each group 0..count-1, (count,); NaN where it is undefined.

    Shapes: group, first and second (N,). The values are small whole numbers, equal for ties and otherwise in the order
    of what they stand for: ranks then come from counting, without a sort.
    """
    left, right = _grouped_ranks(group, first, count), _grouped_ranks(group, second, count)
    n = np.bincount(group, minlength=count)
    middle = (n + 1) / 2
    left, right = left - middle[group], right - middle[group]
    products = np.bincount(group, weights=left * right, minlength=count)
    sizes = np.bincount(group, weights=left**2, minlength=count) * np.bincount(group, weights=right**2, minlength=count)
    correlation: FloatArray = np.divide(products, np.sqrt(sizes), out=np.full(count, np.nan), where=sizes > 0)
    return correlation


def spearman_of_counts(counts: FloatArray, first: IntArray, second: IntArray, values: int) -> FloatArray:
    """Spearman's correlation in each of B samples that hold P kinds of pairs in various numbers, (B,).

    Shapes: counts (B, P); first and second (P,) the two values of each kind of pair as ranks-to-be 0..values-1.
    """
    left, right = _mid_ranks(counts, first, values), _mid_ranks(counts, second, values)
    total = counts.sum(axis=1, keepdims=True)
    left, right = left - (total + 1) / 2, right - (total + 1) / 2
    products = (counts * left * right).sum(axis=1)
    sizes = (counts * left**2).sum(axis=1) * (counts * right**2).sum(axis=1)
    correlation: FloatArray = np.divide(products, np.sqrt(sizes), out=np.full(len(counts), np.nan), where=sizes > 0)
    return correlation


def order_of_means(total: IntArray, n: IntArray) -> npt.NDArray[np.int64]:
    """Whole numbers in the order of the means total / n, (N,), equal where the means are; n at least 1, both small."""
    radix = int(n.max(initial=1)) + 1
    code = total * radix + n
    codes = np.flatnonzero(np.bincount(code))
    # Equal fractions are equal floats, since division is rounded correctly.
    _, place = np.unique((codes // radix) / (codes % radix), return_inverse=True)
    order = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    order[codes] = place
    return np.asarray(order[code], dtype=np.int64)


def _grouped_ranks(group: IntArray, level: IntArray, count: int) -> FloatArray:
    levels = int(level.max(initial=0)) + 1
    cell = group * levels + level
    cells = np.bincount(cell, minlength=count * levels).reshape(count, levels)
    upto = np.cumsum(cells, axis=1)
    ranks: FloatArray = (upto - (cells - 1) / 2).reshape(-1)[cell]
    return ranks


def _mid_ranks(counts: FloatArray, value: IntArray, values: int) -> FloatArray:
    """The mean rank of each kind of pair by one of its values, (B, P)."""
    kinds = np.zeros((len(value), values))
    kinds[np.arange(len(value)), value] = 1
    per_value = counts @ kinds
    ranks: FloatArray = (np.cumsum(per_value, axis=1) - (per_value - 1) / 2)[:, value]
    return ranks
