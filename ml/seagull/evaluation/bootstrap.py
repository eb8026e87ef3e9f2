"""Intervals by resampling whole images: ROIs of one image share its content, so they are not independent.

Shapes: R ROIs, B resamples.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Statistic = Callable[[IntArray], float]


@dataclass(frozen=True)
class Interval:
    """An estimate with its percentile interval; `images` clusters were resampled `resamples` times.

    Resamples in which the statistic is undefined (one class, constant labels) are left out and counted.
    """

    estimate: float
    low: float
    high: float
    images: int
    resamples: int
    undefined: int

    def as_json(self) -> dict[str, float | int | None]:
        return {key: None if value != value else value for key, value in asdict(self).items()}  # noqa: PLR0124 NaN


def image_bootstrap(
    statistic: Statistic, images: Sequence[Hashable], *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Interval of `statistic(rows)`, rows being indices into the ROIs, under resampling of `images` (one id per ROI).

    Raises: ValueError without any ROI.
    """
    values = np.asarray([statistic(rows) for rows in _resampled(images, resamples=resamples, seed=seed)])
    return _interval(statistic(np.arange(len(images))), values, images, level)


def paired_bootstrap(
    first: Statistic,
    second: Statistic,
    images: Sequence[Hashable],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Interval of first - second, both computed on the same resamples: what decides whether one model is better."""
    return image_bootstrap(lambda rows: first(rows) - second(rows), images, resamples=resamples, level=level, seed=seed)


def _resampled(images: Sequence[Hashable], *, resamples: int, seed: int) -> Iterator[IntArray]:
    if not images:
        raise ValueError("No ROI was given: an interval needs at least one.")
    rows_of: dict[Hashable, list[int]] = {}
    for row, image in enumerate(images):
        rows_of.setdefault(image, []).append(row)
    clusters = [np.asarray(rows, np.int64) for rows in rows_of.values()]
    generator = np.random.default_rng(seed)
    for _ in range(resamples):
        drawn = generator.integers(len(clusters), size=len(clusters))
        yield np.concatenate([clusters[index] for index in drawn])


def _interval(estimate: float, values: npt.NDArray[np.float64], images: Sequence[Hashable], level: float) -> Interval:
    defined = values[np.isfinite(values)]
    tail = (1 - level) / 2
    low, high = np.quantile(defined, [tail, 1 - tail]).tolist() if defined.size else (float("nan"), float("nan"))
    return Interval(
        estimate=estimate,
        low=low,
        high=high,
        images=len(set(images)),
        resamples=len(values),
        undefined=len(values) - len(defined),
    )
