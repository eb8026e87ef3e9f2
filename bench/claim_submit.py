"""Claim and submit over HTTP in generated studies of three sizes, against the plain implementation in `plain_views`.

    python -m bench claim_submit [--sizes 1000,100000,1000000]

Every annotator works in a closed loop (claim, submit, claim, ...) on a connection of its own, from one process beside
the server; web server and worker are those of `manage.py up`. Times are what the client sees. The baseline gets as many
requests as fit its seconds: in the largest study one of its claims takes longer than a whole run of ours.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import servers
from bench.load import Job, Times
from bench.rows import Row, table

if TYPE_CHECKING:
    from bench.generated import GeneratedStudy

SIZES = (1_000, 100_000, 1_000_000)
CROWD = 8
# DESIGN section 9, 95th percentile in milliseconds: one annotator, a crowd of eight.
TARGETS = {"claim": {1: 15.0, CROWD: 60.0}, "submit": {1: 20.0, CROWD: 80.0}}
PLAIN: dict[str, Any] = {
    "claim_path": "/plain/studies/{slug}/assignments/",
    "submit_path": "/plain/assignments/{assignment}/rating/",
}
# The end game is measured in the study that DESIGN's target names.
END_GAME_SIZE = 100_000
LOOPS = {1: 300, CROWD: 75}
PLAIN_SECONDS = {1: 10.0, CROWD: 6.0}


def run(sizes: Sequence[int] = SIZES) -> list[Row]:
    """Needs a set-up platform (`bench.servers.platform`)."""
    from bench.generated import make_study

    rows: list[Row] = []
    with servers.web(settings="bench.plain_settings") as address:
        for size in sizes:
            # One earlier rating each, so that counting annotations has something to count; a million would take minutes.
            study = make_study(
                f"claims-{size}", rois=size, given=1 if size <= END_GAME_SIZE else 0, annotators=CROWD + 2
            )
            rows += _open_study(address, study, size)
            if size == END_GAME_SIZE:
                rows += _end_game(address, study, size)
    return rows


def _open_study(address: tuple[str, int], study: "GeneratedStudy", size: int) -> list[Row]:
    ours = {crowd: _times(address, study, crowd=crowd, loops=LOOPS[crowd]) for crowd in (1, CROWD)}
    plain = {}
    for crowd in (1, CROWD):
        if size <= END_GAME_SIZE or crowd == 1:
            seconds = PLAIN_SECONDS[crowd]
            plain[crowd] = _times(address, study, crowd=crowd, loops=LOOPS[crowd], warm_up=0, seconds=seconds, **PLAIN)
    rows = []
    for step in ("claim", "submit"):
        for crowd in (1, CROWD):
            what = f"{step}, {_people(crowd)}, {size:,} ROIs"
            baseline = getattr(plain[crowd], step) if crowd in plain else []
            rows += _percentiles(what, getattr(ours[crowd], step), baseline, target=TARGETS[step][crowd])
    return rows


def _end_game(address: tuple[str, int], study: "GeneratedStudy", size: int) -> list[Row]:
    """Few ROIs are open, or this annotator has had nearly all that are: the walk to the next one gets longer."""
    from bench.generated import fill_up, walk_most_of

    # The last two annotators have had nothing yet.
    walk_most_of(study.study, study.annotators[CROWD], left=size // 100)
    times = _times(address, study, crowd=1, loops=150, first=CROWD)
    rows = _percentiles(f"claim, 1 annotator who rated 99 % of {size:,} open ROIs", times.claim)
    fill_up(study.study, open_share=0.05)
    times = _times(address, study, crowd=CROWD, loops=LOOPS[CROWD])
    what = f"claim, {CROWD} annotators, 5 % of {size:,} ROIs open"
    rows += _percentiles(what, times.claim, target=TARGETS["claim"][CROWD])
    walk_most_of(study.study, study.annotators[CROWD + 1], left=50)
    times = _times(address, study, crowd=1, loops=100, first=CROWD + 1)
    rows += _percentiles(f"claim, the annotator's last 50 of {size // 20:,} open ROIs", times.claim)
    rows += _percentiles(f"claim, the annotator had all {size // 20:,} open ROIs: nothing left", times.nothing_left)
    return rows


def _people(crowd: int) -> str:
    return "1 annotator" if crowd == 1 else f"{crowd} annotators"


def _percentiles(
    what: str, ours: Sequence[float], plain: Sequence[float] = (), *, target: float | None = None
) -> list[Row]:
    def at(times: Sequence[float], percent: int) -> float | None:
        return float(np.percentile(times, percent)) if times else None

    return [
        Row(f"p{percent} {what}", at(ours, percent) or 0.0, at(plain, percent), "ms", target if percent == 95 else None)
        for percent in (50, 95)
    ]


def _times(
    address: tuple[str, int], study: "GeneratedStudy", *, crowd: int, first: int = 0, warm_up: int = 10, **job: Any
) -> Times:
    """What `crowd` annotators from the `first` on measured. Stops the bench when a request was refused."""
    host, port = address
    tokens = study.tokens[first : first + crowd]
    load = Job(host=host, port=port, slug=study.study.slug, tokens=tokens, warm_up=warm_up, **job)
    command = [sys.executable, "-m", "bench.load"]
    told = subprocess.run(
        command, input=json.dumps(asdict(load)), capture_output=True, text=True, check=True, cwd=servers.REPOSITORY
    )
    times = Times(**json.loads(told.stdout))
    if times.refused:
        raise SystemExit(f"bench: {len(times.refused)} requests were refused: {times.refused[0]}")
    return times


if __name__ == "__main__":
    with servers.platform():
        measured = run()
    print(table(measured))
