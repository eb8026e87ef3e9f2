"""The metric that a command or a worker is told to use, by its name."""

from ml.synthesis.quality import Metric, MultiScaleSSIM

BUILT_IN = "ms-ssim-chroma"
TOPIQ = "topiq"
METRICS = (BUILT_IN, TOPIQ)


def metric_of(name: str, *, device: str = "cpu") -> Metric:
    """Raises ValueError for another name, and MetricMissing (a ValueError) where the metric's package is not installed."""
    if name == BUILT_IN:
        return MultiScaleSSIM()
    if name == TOPIQ:
        from ml.synthesis.topiq import Topiq  # noqa: PLC0415  (an optional package and its weights)

        return Topiq(device=device)
    raise ValueError(f"There is no metric {name!r}: choose {' or '.join(METRICS)}.")
