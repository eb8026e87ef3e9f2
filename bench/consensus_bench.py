"""Labels and agreement of a large study: the rules alone, the bootstrap, and the refresh through the database.

    python -m bench consensus_bench

Baselines: one ROI after another in Python for the rules; the `krippendorff` package called on every resample for the
bootstrap; one ROI after another with the ORM for the refresh. They run on samples and are multiplied up (said in the row).
"""

import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import krippendorff
import numpy as np
import numpy.typing as npt

from bench import servers
from bench.rows import Row, table

ROIS, RATERS, PAPER_ROIS = 100_000, 7, 3_261
SAMPLE_ROIS, SAMPLE_RESAMPLES, SAMPLE_REFRESHED = 5_000, 10, 500
RULES_SECONDS, BOOTSTRAP_SECONDS = 2.0, 5.0

if TYPE_CHECKING:
    from roiqa.studies.models import StudyROI

IntArray = npt.NDArray[np.int64]


def run() -> list[Row]:
    """Needs a set-up platform (`bench.servers.platform`)."""
    return [*_rules(), _bootstrap(), *_refresh()]


def _seconds(work: Callable[[], object], *, repeats: int = 1) -> float:
    """The shortest of `repeats` runs."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def _votes(rois: int) -> tuple[IntArray, IntArray]:
    """ROI numbers (N,) and votes (N, 8) of RATERS raters each: six severities 0..5, quality and importance 0..4."""
    random = np.random.default_rng(11)
    roi = np.repeat(np.arange(rois), RATERS)
    leaning = random.integers(0, 6, (rois, 8))[roi]
    votes = leaning + random.integers(-1, 2, leaning.shape)
    return roi, np.clip(votes, 0, np.array([5] * 6 + [4] * 2))


def _rules() -> list[Row]:
    from roiqa.consensus.rules.labels import label_rois
    from roiqa.consensus.rules.rulesets import RULESETS
    from roiqa.consensus.rules.votes import VoteHistograms, count_votes

    roi, votes = _votes(ROIS)

    def histograms() -> VoteHistograms:
        return count_votes(
            roi=roi, severities=votes[:, :6], quality=votes[:, 6], importance=votes[:, 7], roi_count=ROIS
        )

    sample = votes[: SAMPLE_ROIS * RATERS].reshape(SAMPLE_ROIS, RATERS, 8).tolist()
    plain = _seconds(lambda: [_label_plainly(ratings) for ratings in sample]) * ROIS / SAMPLE_ROIS
    rows = []
    for name, ruleset in RULESETS.items():
        seconds = _seconds(lambda ruleset=ruleset: label_rois(histograms(), ruleset), repeats=3)  # type: ignore[misc]
        what = f"labels of {ROIS:,} ROIs x {RATERS}, {name} (baseline from {SAMPLE_ROIS:,})"
        rows.append(Row(what, seconds, plain, "s", RULES_SECONDS))
    return rows


def _label_plainly(ratings: list[list[int]]) -> Mapping[str, object]:
    """anchor-v1 of one ROI, without the intervals that ours adds."""
    label: dict[str, object] = {}
    for number in range(6):
        votes = [rating[number] for rating in ratings]
        present = [vote for vote in votes if vote < 5]
        if 2 * len(present) < len(votes):
            label[f"distortion{number}"] = None
            continue
        mean = statistics.mean(present)
        level = max(0, min(4, math.ceil(5 * sum(present) / (4 * len(present))) - 1))
        spread = statistics.stdev(present) if len(present) > 1 else None
        label[f"distortion{number}"] = (mean, spread, level, Counter(votes))
    for name, number in (("quality", 6), ("importance", 7)):
        votes = [rating[number] for rating in ratings]
        level = max(0, min(4, math.ceil(5 * sum(votes) / (4 * len(votes))) - 1))
        label[name] = (statistics.mean(votes), statistics.stdev(votes), level, Counter(votes))
    return label


def _bootstrap() -> Row:
    from roiqa.consensus.rules.agreement import bootstrap_ordinal_alpha
    from roiqa.consensus.rules.resampling import RESAMPLES
    from roiqa.core.scales import SCALES

    roi, votes = _votes(PAPER_ROIS)
    values = [6] * 6 + [5] * 2
    tables = []
    for column, count in enumerate(values):
        cells = np.bincount(roi * count + votes[:, column], minlength=PAPER_ROIS * count)
        tables.append(cells.reshape(PAPER_ROIS, count))
    images = np.arange(PAPER_ROIS) // 8
    seconds = _seconds(lambda: [bootstrap_ordinal_alpha(one, clusters=images) for one in tables])
    random = np.random.default_rng(5)

    def plain() -> None:
        for one in tables:
            for _ in range(SAMPLE_RESAMPLES):
                resample = one[random.integers(0, PAPER_ROIS, PAPER_ROIS)]
                krippendorff.alpha(value_counts=resample, level_of_measurement="ordinal")

    what = f"ordinal alpha of {len(SCALES)} scales, {RESAMPLES:,} bootstraps of {PAPER_ROIS:,} ROIs by image"
    what += f" (baseline from {SAMPLE_RESAMPLES} bootstraps)"
    return Row(what, seconds, _seconds(plain) * RESAMPLES / SAMPLE_RESAMPLES, "s", BOOTSTRAP_SECONDS)


def _refresh() -> list[Row]:
    from bench.generated import make_study
    from roiqa.consensus.refresh import refresh_study
    from roiqa.consensus.selectors import progress
    from roiqa.consensus.statistics import compute
    from roiqa.studies.models import StudyROI

    study = make_study("bench-refresh", rois=ROIS, given=RATERS, annotators=1, due=True).study
    sample = list(StudyROI.objects.filter(study=study)[:SAMPLE_REFRESHED])
    plain = _seconds(lambda: _refresh_all_plainly(sample)) * ROIS / SAMPLE_REFRESHED
    StudyROI.objects.filter(pk__in=[one.pk for one in sample]).update(consensus_due=True)
    seconds = _seconds(lambda: refresh_study(study=study))
    again = _seconds(lambda: refresh_study(study=study))
    what = f"labels of {ROIS:,} due ROIs x {RATERS} through the database (baseline from {SAMPLE_REFRESHED})"
    return [
        Row(what, seconds, plain, "s"),
        Row("the same when none is due", again, None, "s"),
        Row(
            f"all figures of {ROIS:,} ROIs x {RATERS}, as the job makes them",
            _seconds(lambda: compute(study=study)),
            None,
            "s",
        ),
        Row(f"progress page of {ROIS:,} ROIs x {RATERS}", _seconds(lambda: progress(study=study)), None, "s"),
    ]


def _refresh_all_plainly(study_rois: "Sequence[StudyROI]") -> None:
    for study_roi in study_rois:
        _refresh_plainly(study_roi)


def _refresh_plainly(study_roi: "StudyROI") -> None:
    """Read the ratings of one ROI, label it, store the label: what one writes first."""
    from django.utils import timezone

    from roiqa.consensus.models import Consensus
    from roiqa.core.scales import DISTORTIONS
    from roiqa.ratings.models import Rating

    ratings = list(Rating.objects.filter(study_roi=study_roi, is_current=True, status="accepted"))
    rows = [[*(getattr(one, name) for name in DISTORTIONS), one.quality, one.importance] for one in ratings]
    label = _label_plainly(rows)
    votes: list[int] = []
    for number in range(8):
        counted = Counter(row[number] for row in rows)
        votes += [counted[vote] for vote in range(6 if number < 6 else 5)]
    levels = [value[2] if isinstance(value, tuple) else -1 for value in label.values()]
    Consensus.objects.update_or_create(
        study_roi=study_roi,
        defaults={
            "ruleset": "anchor-v1",
            "n": len(rows),
            "votes": votes,
            "levels": levels,
            "is_clean": not any(label[f"distortion{number}"] for number in range(6)),
            "contested_clean": False,
            "tie": False,
            "computed_at": timezone.now(),
        },
    )


if __name__ == "__main__":
    with servers.platform():
        measured = run()
    print(table(measured))
