"""The pictures of a methods page, as shapes that can be drawn as SVG and in a PDF alike."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.releases.methods.document import Curve, Dot, Drawing, Line, Rectangle, Shape, Text

Record = Mapping[str, Any]

WIDTH: Final = 490.0
_NAMES: Final = 78.0
_ROW: Final = 17.0
_TOP: Final = 18.0
_AXIS: Final = 20.0


def agreement_figure(scales: Record) -> Drawing:
    """Alpha, AC2 and ICC(2,k) of each scale with two intervals: over images (thick) and over annotators (thin)."""
    panels: tuple[tuple[str, Any], ...] = (
        ("Krippendorff's alpha", lambda one: (one["alpha"], one["alpha_interval"], _raters(one, "alpha"))),
        ("Gwet's AC2", lambda one: (one["ac2"]["value"], one["ac2"]["interval"], _raters(one, "ac2"))),
        ("ICC(2,k)", lambda one: (one["icc_mean"]["value"], one["icc_mean"]["interval"], _raters(one, "icc_mean"))),
    )
    height = _TOP + len(SCALES) * _ROW + _AXIS
    shapes: list[Shape] = [Text(_NAMES - 8, _row(index) + 3, scale, "end") for index, scale in enumerate(SCALES)]
    room = (WIDTH - _NAMES) / len(panels)
    for number, (title, figure) in enumerate(panels):
        left, right = _NAMES + number * room + 4, _NAMES + (number + 1) * room - 12
        values = [figure(scales[scale]) for scale in SCALES]
        low = _axis_low([part for value, *intervals in values for part in (value, *(i[0] for i in intervals if i))])
        x = _along(low, 1.0, left, right)
        shapes += _axis(x, (low, (low + 1) / 2, 1.0), height, title, (left + right) / 2)
        for index, (value, over_images, over_raters) in enumerate(values):
            y = _row(index)
            if over_images:
                shapes.append(Line(x(over_images[0]), y, x(over_images[1]), y, "soft", 4))
            if over_raters:
                shapes.append(Line(x(over_raters[0]), y, x(over_raters[1]), y, "ink", 0.8))
            if value is not None:
                shapes.append(Dot(x(value), y, 1.9))
            else:
                shapes.append(Text(left, y + 3, "undefined", colour="muted", size=7))
    return Drawing(WIDTH, height, tuple(shapes))


def votes_figure(scales: Record) -> Drawing:
    """The shares of the answers of each scale, worst (dark) to best (light); absent distortions stay white."""
    height = _TOP + len(SCALES) * _ROW + _AXIS
    left, right = _NAMES, WIDTH - 12
    x = _along(0.0, 1.0, left, right)
    shapes: list[Shape] = _axis(x, (0.0, 0.25, 0.5, 0.75, 1.0), height, "Share of the votes", (left + right) / 2)
    for index, scale in enumerate(SCALES):
        y = _row(index)
        shapes.append(Text(left - 8, y + 3, scale, "end"))
        votes = np.array(scales[scale]["votes"], dtype=np.float64)
        edges = np.concatenate([[0.0], np.cumsum(votes) / max(1.0, votes.sum())]).tolist()
        for answer in range(len(votes)):
            start, end = x(edges[answer]), x(edges[answer + 1])
            strength = 1 - answer / (len(votes) - 1) * (1.0 if scale in DISTORTIONS else 0.85)
            if end > start:
                shapes.append(Rectangle(start, y - 5.5, end - start, 11, "accent", strength))
        shapes += _frame(x(0), y - 5.5, x(1), y + 5.5)
    return Drawing(WIDTH, height, tuple(shapes))


def sos_figure(scales: Record, *, maximum: float = 4.0) -> Drawing:
    """Variance of the votes against the mean, and the parabola of the SOS hypothesis, for quality and importance."""
    height, foot = 150.0, 26.0
    scores = ("quality", "importance")
    top = max([1.0, *(point["variance"] for score in scores for point in scales[score]["sos_points"])])
    shapes: list[Shape] = []
    room = WIDTH / len(scores)
    for number, score in enumerate(scores):
        left, right = number * room + 34, (number + 1) * room - 14
        x, y = _along(0.0, maximum, left, right), _along(0.0, top, height - foot, _TOP)
        shapes.append(Text((left + right) / 2, 10, score.capitalize(), "middle"))
        for tick in range(int(maximum) + 1):
            shapes.append(Line(x(tick), _TOP, x(tick), height - foot))
            shapes.append(Text(x(tick), height - foot + 10, str(tick), "middle", "muted", 7))
        for part in (0.0, top / 2, top):
            shapes.append(Line(left, y(part), right, y(part)))
            shapes.append(Text(left - 4, y(part) + 2.5, f"{part:.1f}", "end", "muted", 7))
        shapes.append(Text((left + right) / 2, height - 4, "mean of the votes on an ROI", "middle", "muted", 7))
        most = max([1, *(point["rois"] for point in scales[score]["sos_points"])])
        for point in scales[score]["sos_points"]:
            radius = 1.2 + 3.0 * (point["rois"] / most) ** 0.5
            shapes.append(Dot(x(point["mean"]), y(point["variance"]), radius, "soft"))
        if scales[score]["sos"] is not None:
            means = np.linspace(0, maximum, 41)
            spread = scales[score]["sos"] * means * (maximum - means)
            points = zip(means.tolist(), spread.tolist(), strict=True)
            shapes.append(Curve(tuple((x(mean), y(min(value, top))) for mean, value in points)))
    return Drawing(WIDTH, height, tuple(shapes))


def bars_figure(groups: Sequence[tuple[str, Sequence[tuple[str, float]]]], *, unit: str) -> Drawing:
    """Groups of upright bars side by side, every bar with its number above and its name below."""
    height, foot = 120.0, 26.0
    shapes: list[Shape] = []
    total = sum(len(bars) for _, bars in groups) + len(groups) - 1
    step = min(60.0, (WIDTH - 10) / max(1, total))
    left = 5.0
    for title, bars in groups:
        most = max([1e-9, *(value for _, value in bars)])
        middle = left + step * len(bars) / 2
        shapes.append(Text(middle, 9, f"{title} ({unit})" if title else unit, "middle"))
        for number, (name, value) in enumerate(bars):
            tall = (height - foot - 30) * value / most
            x = left + number * step
            shapes.append(Rectangle(x + step * 0.14, height - foot - tall, step * 0.72, tall))
            shapes.append(Text(x + step / 2, height - foot - tall - 3, _short(value), "middle", size=7))
            shapes.append(Text(x + step / 2, height - foot + 10, name, "middle", "muted", 6.2 if len(name) > 8 else 7))
        shapes.append(Line(left, height - foot, left + step * len(bars), height - foot, "muted"))
        left += step * (len(bars) + 1)
    return Drawing(WIDTH, height, tuple(shapes))


def panel_figure(agreements: Sequence[float]) -> Drawing:
    """One dot for each annotator: how far they rank the ROIs as the others do."""
    height = 52.0
    low = _axis_low(list(agreements))
    x = _along(low, 1.0, 20, WIDTH - 20)
    ticks = np.linspace(low, 1, 5).tolist()
    shapes: list[Shape] = _axis(x, ticks, height, "", WIDTH / 2)
    used: dict[int, int] = {}
    for value in agreements:
        # Dots that would cover each other are stacked.
        place = round(x(value) / 5)
        level = used.get(place, 0)
        used[place] = level + 1
        shapes.append(Dot(x(value), height - _AXIS - 4 - 4.5 * (level % 5), 2.2))
    return Drawing(WIDTH, height, tuple(shapes))


def _raters(one: Record, name: str) -> list[float] | None:
    ends: list[float] | None = one["raters"][name]
    return ends


def _row(index: int) -> float:
    return _TOP + (index + 0.5) * _ROW


def _along(low: float, high: float, start: float, end: float) -> Any:
    """Where a value stands on an axis; what is outside stands at its end."""
    return lambda value: start + (min(max(value, low), high) - low) / (high - low) * (end - start)


def _axis_low(values: Sequence[float | None]) -> float:
    """The lowest point of an axis up to 1: a multiple of a quarter at or below all values, 0 at most."""
    known = [value for value in values if value is not None]
    return float(max(-1.0, min(0.75, np.floor(min([1.0, *known]) * 4) / 4)))


def _axis(x: Any, ticks: Sequence[float], height: float, title: str, middle: float) -> list[Shape]:
    shapes: list[Shape] = [Text(middle, 9, title, "middle")] if title else []
    for tick in ticks:
        shapes.append(Line(x(tick), _TOP if title else 4, x(tick), height - _AXIS))
        shapes.append(Text(x(tick), height - _AXIS + 11, f"{tick:.2f}".rstrip("0").rstrip("."), "middle", "muted", 7))
    return shapes


def _frame(left: float, top: float, right: float, bottom: float) -> list[Shape]:
    return [
        Line(left, top, right, top, "muted", 0.4),
        Line(left, bottom, right, bottom, "muted", 0.4),
        Line(left, top, left, bottom, "muted", 0.4),
        Line(right, top, right, bottom, "muted", 0.4),
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.0f}"
