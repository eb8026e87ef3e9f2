"""How the votes of a release were collected: days, time per ROI, screens. Sums over everybody, nothing of anyone.

Telemetry is what a browser sent: each value is taken only if it is of its kind and within reason.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

Record = dict[str, Any]

# The columns of a row, in the order that `summarize` takes.
COLUMNS: Final = (
    "annotator",
    "day",
    "visible_ms",
    "dpr",
    "width",
    "height",
    "gamut",
    "hdr",
    "keyboard",
    "mouse",
    "touch",
)
_GAMUTS: Final = ("srgb", "p3", "rec2020")
_LONGEST_MS: Final = 4 * 3600 * 1000
_WIDEST_PX: Final = 20_000
_MOST_RATIOS: Final = 12


def summarize(rows: Iterable[tuple[Any, ...]]) -> Record:
    """The shape that a release's header keeps; None where no browser told."""
    first_day = last_day = None
    seconds, widths, heights = array("d"), array("d"), array("d")
    ratios: Counter[float] = Counter()
    people_by_ratio: dict[float, set[Any]] = defaultdict(set)
    gamuts: Counter[str] = Counter()
    inputs: Counter[str] = Counter()
    high_range = told = 0
    for annotator, day, visible, dpr, width, height, gamut, hdr, *hands in rows:
        first_day = day if first_day is None else min(first_day, day)
        last_day = day if last_day is None else max(last_day, day)
        if visible is not None and 0 <= visible <= _LONGEST_MS:
            seconds.append(float(visible) / 1000)
        if dpr is not None and 0.1 <= dpr <= 16:
            ratio = round(float(dpr), 2)
            ratios[ratio] += 1
            people_by_ratio[ratio].add(annotator)
        if width is not None and height is not None and 0 < width <= _WIDEST_PX and 0 < height <= _WIDEST_PX:
            widths.append(float(width))
            heights.append(float(height))
        if gamut in _GAMUTS:
            told += 1
            gamuts[gamut] += 1
            high_range += hdr is True
        used = {name: count or 0 for name, count in zip(COLUMNS[-3:], hands, strict=True)}
        if any(used.values()):
            inputs[max(used, key=lambda name: used[name])] += 1
    return {
        "first_day": first_day.isoformat() if first_day else None,
        "last_day": last_day.isoformat() if last_day else None,
        "seconds": _quartiles(seconds),
        "pixel_ratios": [
            {"ratio": ratio, "ratings": count, "annotators": len(people_by_ratio[ratio])}
            for ratio, count in sorted(ratios.items(), key=lambda item: (-item[1], item[0]))[:_MOST_RATIOS]
        ],
        "view_width_px": _quartiles(widths),
        "view_height_px": _quartiles(heights),
        "gamuts": {name: gamuts[name] for name in _GAMUTS} if told else None,
        "high_dynamic_range": high_range if told else None,
        "inputs": {name: inputs[name] for name in COLUMNS[-3:]} if inputs else None,
    }


def _quartiles(values: "array[float]") -> Record | None:
    if not values:
        return None
    low, middle, high = np.quantile(np.array(values), [0.25, 0.5, 0.75]).tolist()
    return {"n": len(values), "quarter": round(low, 3), "median": round(middle, 3), "three_quarters": round(high, 3)}
