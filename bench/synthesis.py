"""Synthetic sets: rendering and labelling in batches against one image, one distortion and one ROI at a time.

    python -m bench.synthesis [PHOTOGRAPH ...] [--masks 8]

Without photographs, three of the demo's. Processor seconds on one thread, both sides in one run. The plain side does
every fourth setting of each type; the scores of both are compared before the times are.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench import synthesis_plain
from bench.rows import Row, table
from ml.synthesis.labels import score_regions
from ml.synthesis.proposed import ProposedMasks
from ml.synthesis.quality import MultiScaleSSIM
from ml.synthesis.references import Reference, read_reference
from ml.synthesis.render import render
from ml.synthesis.settings import SETTINGS, TYPES, read_table

DEMO = Path(__file__).resolve().parents[1] / "fixtures" / "demo" / "images"
TARGET = 5.0
PLAIN_SETTINGS = range(2, SETTINGS, 4)
# Odd sides are halved otherwise and edges mirrored otherwise: alike, not equal.
LEAST_CORRELATION = 0.98


class Clock:
    """Processor seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def time(self, name: str, work: Callable[[], Any], *, count: int) -> Any:
        start = time.process_time()
        made = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start
        self.counts[name] = self.counts.get(name, 0) + count
        return made

    def milliseconds(self, name: str) -> float:
        return 1000.0 * self.seconds[name] / self.counts[name]


def measure(paths: Sequence[Path], *, masks: int) -> tuple[Clock, float]:
    """The times, and how the plain scores and ours correlate (the lower of quality and importance)."""
    clock, settings, metric = Clock(), read_table(), MultiScaleSSIM()
    pairs: dict[str, list[tuple[float, float]]] = {"quality": [], "importance": []}
    source = ProposedMasks("region-tree")
    for path in paths:
        reference = clock.time("read", lambda path=path: read_reference(path), count=1)
        found = clock.time("masks", lambda reference=reference: source(reference), count=1)
        regions = [one.tensor() for one in found[:masks]]
        for kind in TYPES:
            images = clock.time(
                "our images", lambda k=kind, r=reference: render(r, k, range(SETTINGS), settings), count=SETTINGS
            )
            frames = images.float() / 255.0
            scores = clock.time(
                "our labels",
                lambda f=frames, r=reference, m=regions: score_regions(f, r.display, m, metric),
                count=SETTINGS * len(regions),
            )
            _plainly(clock, reference, kind, regions, scores, pairs)
    correlations = [float(np.corrcoef(np.array(values).T)[0, 1]) for values in pairs.values()]
    return clock, min(correlations)


def _plainly(clock: Clock, reference: Reference, kind: str, regions: Any, scores: Any, pairs: Any) -> None:
    pixels = np.ascontiguousarray(reference.pixels.permute(1, 2, 0).numpy())
    table_of_settings, random = read_table(), np.random.default_rng(0)
    for number in PLAIN_SETTINGS:
        setting = table_of_settings.setting(kind, number)
        image = clock.time("plain images", lambda s=setting: synthesis_plain.distorted(pixels, s, random), count=1)
        # Scores are compared where both have the same pixels to within rounding; all are timed.
        same = setting.kind in {"stops", "gaussian", "disk", "factor", "jpeg"}
        for place, region in enumerate(regions):
            mask = region.numpy()
            given = clock.time("plain labels", lambda i=image, m=mask: synthesis_plain.labels(i, pixels, m), count=1)
            if same:
                for name, value in zip(pairs, given, strict=True):
                    pairs[name].append((value, float(getattr(scores, name)[place, number])))


def rows_of(clock: Clock) -> list[Row]:
    ours_image, plain_image = clock.milliseconds("our images"), clock.milliseconds("plain images")
    ours_label, plain_label = clock.milliseconds("our labels"), clock.milliseconds("plain labels")
    return [
        Row("rendering an image", ours_image, plain_image, "ms", plain_image / TARGET),
        Row("labelling an ROI", ours_label, plain_label, "ms", plain_label / TARGET),
        Row("reading a photograph", clock.milliseconds("read"), None, "ms"),
        Row("proposing its masks (region tree)", clock.milliseconds("masks"), None, "ms"),
    ]


def run(paths: Sequence[Path] = (), masks: int = 8) -> list[Row]:
    """The rows of `python -m bench`. Raises RuntimeError if the two sides do not score alike."""
    torch.set_num_threads(1)
    clock, correlation = measure(paths or sorted(DEMO.glob("*.jpg"))[:3], masks=masks)
    print(f"scores of both sides correlate with at least {correlation:.3f}", flush=True)
    if correlation < LEAST_CORRELATION:
        raise RuntimeError(
            f"The plain scores and ours correlate with {correlation:.3f} only: they measure other things."
        )
    return rows_of(clock)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.synthesis", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PHOTOGRAPH")
    parser.add_argument("--masks", type=int, default=8, help="of each photograph")
    given = parser.parse_args()
    sys.stdout.write(f"{table(run(given.paths, given.masks))}\n")


if __name__ == "__main__":
    main()
