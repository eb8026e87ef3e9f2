"""Everything that a study's pages say about agreement and annotators: the statistics alone, without a database.

    python -m bench study_science

Baselines: the same figures but for the two ceilings in plain Python loops, one ROI and one resample after another; and Netflix `sureal`, where it is
installed (`pip install sureal`), for the bias/inconsistency model. The loops run on samples and are multiplied up (said in the row).
"""

import contextlib
import io
import itertools
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from bench.rows import Row, table

PAPER_ROIS, LARGE_ROIS, RATERS, PANEL = 3_261, 100_000, 7, 24
ROIS_PER_IMAGE = 3
PAPER_SECONDS, LARGE_SECONDS = 10.0, 5.0
PLAIN_ROIS, PLAIN_RESAMPLES, SUREAL_ROIS = 3_261, 2, 3_261


def run() -> list[Row]:
    """Measures the rules alone; needs nothing but the package."""
    from roiqa.consensus.rules.resampling import RESAMPLES

    paper, large = _panel(PAPER_ROIS), _panel(LARGE_ROIS)
    images = np.arange(PAPER_ROIS) // ROIS_PER_IMAGE
    seconds = _seconds(lambda: _all_statistics(paper, images, RESAMPLES))
    once, again = _plain(paper)
    what = f"all statistics of {PAPER_ROIS:,} ROIs x {RATERS}, {RESAMPLES:,} bootstraps by image"
    rows = [
        Row(
            f"{what} (baseline from {PLAIN_RESAMPLES} bootstraps)",
            seconds,
            once + again * RESAMPLES,
            "s",
            PAPER_SECONDS,
        ),
        Row(
            f"all statistics of {LARGE_ROIS:,} ROIs x {RATERS}, no bootstrap (baseline from {PLAIN_ROIS:,})",
            _seconds(lambda: _all_statistics(large, np.arange(LARGE_ROIS) // ROIS_PER_IMAGE, 0)),
            once * LARGE_ROIS / PLAIN_ROIS,
            "s",
            LARGE_SECONDS,
        ),
    ]
    return [*rows, _bias_model(paper)]


def _seconds(work: Callable[[], object]) -> float:
    """CPU seconds of all threads: nothing here waits for anything, and other programs on the machine do not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _panel(rois: int) -> Any:
    """A panel of PANEL people on all eight scales, RATERS votes per ROI, with leanings and scatter of their own."""
    from roiqa.consensus.rules.panel import PanelVotes

    random = np.random.default_rng(17)
    annotator = np.argsort(random.random((rois, PANEL)), axis=1)[:, :RATERS].ravel()
    roi = np.repeat(np.arange(rois), RATERS)
    centre = np.array([5.5, 5.0, 4.5, 5.5, 6.0, 7.5, 2.0, 2.0])
    truth = random.normal(centre, [2.0] * 6 + [1.0] * 2, (rois, 8))
    leaning, scatter = random.normal(0, 0.3, (PANEL, 8)), random.uniform(0.6, 0.9, (PANEL, 1))
    votes = truth[roi] + leaning[annotator] + random.normal(0, 1, (len(roi), 8)) * scatter[annotator]
    whole = np.clip(np.rint(votes), 0, [5] * 6 + [4] * 2).astype(np.int64)
    return PanelVotes(roi, annotator, whole, rois, PANEL)


def _all_statistics(panel: Any, images: Any, resamples: int) -> None:
    """Labels with intervals, corrected labels, agreement and ceilings, every annotator, and the forecast of the rule."""
    from roiqa.consensus.rules.labels import label_rois
    from roiqa.consensus.rules.report import agreement_report
    from roiqa.consensus.rules.screening import screen
    from roiqa.consensus.rules.stopping import StoppingRule, forecast
    from roiqa.consensus.rules.subjects import fit_subjects
    from roiqa.consensus.rules.votes import count_votes

    histograms = count_votes(
        roi=panel.roi,
        severities=panel.votes[:, :6],
        quality=panel.votes[:, 6],
        importance=panel.votes[:, 7],
        roi_count=panel.roi_count,
    )
    label_rois(histograms)
    models = [fit_subjects(panel.scale(score)) for score in (6, 7)]
    agreement_report(panel, clusters=images, resamples=resamples)
    screen(panel, models=models)
    nowhere = np.zeros(panel.roi_count, dtype=bool)
    forecast(StoppingRule(), quality=histograms.quality, severity=histograms.severity, in_test=nowhere)


def _plain(panel: Any) -> tuple[float, float]:
    """Seconds of the plain loops: everything once, and the bootstrapped figures for one resample."""
    ratings: list[list[tuple[int, list[int]]]] = [[] for _ in range(PLAIN_ROIS)]
    for roi, annotator, votes in zip(panel.roi, panel.annotator, panel.votes.tolist(), strict=True):
        ratings[roi].append((int(annotator), votes))
    shuffled = np.random.default_rng(3)

    def figures(rois: Sequence[int]) -> None:
        for scale, top in enumerate([5] * 6 + [4] * 2):
            units = [[votes[scale] for _, votes in ratings[roi]] for roi in rois]
            _alpha(units, top)
            _ac2(units, top)
            _half_correlation(units, shuffled)
            _variances([[(who, votes[scale]) for who, votes in ratings[roi]] for roi in rois])

    def everything() -> None:
        figures(range(PLAIN_ROIS))
        for _ in range(99):
            for scale in range(8):
                _half_correlation([[votes[scale] for _, votes in one] for one in ratings], shuffled)
        for scale in range(8):
            _leave_one_out([[(who, votes[scale]) for who, votes in one] for one in ratings])
        for scale in (6, 7):
            _bias([[(who, votes[scale]) for who, votes in one] for one in ratings])

    resamples = [shuffled.integers(0, PLAIN_ROIS, PLAIN_ROIS).tolist() for _ in range(PLAIN_RESAMPLES)]
    return _seconds(everything), _seconds(lambda: [figures(one) for one in resamples]) / PLAIN_RESAMPLES


def _alpha(units: Sequence[Sequence[int]], top: int) -> float:
    """Krippendorff's ordinal alpha from its coincidences."""
    seen: Counter[tuple[int, int]] = Counter()
    for unit in units:
        for first, second in itertools.permutations(unit, 2):
            seen[first, second] += 1 / (len(unit) - 1)  # type: ignore[assignment]
    totals = [sum(seen[one, other] for other in range(top + 1)) for one in range(top + 1)]

    def distance(one: int, other: int) -> float:
        low, high = min(one, other), max(one, other)
        return (sum(totals[low : high + 1]) - (totals[low] + totals[high]) / 2) ** 2

    pairs = list(itertools.product(range(top + 1), repeat=2))
    observed = sum(seen[pair] * distance(*pair) for pair in pairs)
    expected = sum(totals[one] * totals[other] * distance(one, other) for one, other in pairs)
    return 1 - (sum(totals) - 1) * observed / expected


def _ac2(units: Sequence[Sequence[int]], top: int) -> float:
    answers = top + 1
    weight = {
        (a, b): 1 - abs(a - b) * (abs(a - b) + 1) / (answers * top) for a in range(answers) for b in range(answers)
    }
    agreement = statistics.fmean(
        statistics.fmean(weight[pair] for pair in itertools.permutations(unit, 2)) for unit in units
    )
    shares = [statistics.fmean(unit.count(answer) / len(unit) for unit in units) for answer in range(answers)]
    chance = sum(weight.values()) / (answers * top) * sum(share * (1 - share) for share in shares)
    return (agreement - chance) / (1 - chance)


def _half_correlation(units: Sequence[Sequence[int]], random: np.random.Generator) -> float:
    halves = []
    for unit in units:
        order = random.permutation(len(unit)).tolist()
        first = [unit[place] for place in order[: len(unit) // 2]]
        rest = [unit[place] for place in order[len(unit) // 2 :]]
        halves.append((sum(first) / len(first), sum(rest) / len(rest)))
    return float(spearmanr(*zip(*halves, strict=True)).statistic)


def _variances(units: Sequence[Sequence[tuple[int, int]]], rounds: int = 20) -> None:
    """The two-way fit by alternating means, a fixed number of rounds."""
    leaning: defaultdict[int, float] = defaultdict(float)
    for _ in range(rounds):
        mean = [sum(vote - leaning[who] for who, vote in unit) / len(unit) for unit in units]
        rest: defaultdict[int, list[float]] = defaultdict(list)
        for middle, unit in zip(mean, units, strict=True):
            for who, vote in unit:
                rest[who].append(vote - middle)
        leaning.update({who: sum(values) / len(values) for who, values in rest.items()})


def _leave_one_out(units: Sequence[Sequence[tuple[int, int]]]) -> None:
    pairs: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for unit in units:
        total = sum(vote for _, vote in unit)
        for who, vote in unit:
            pairs[who].append((vote, (total - vote) / (len(unit) - 1)))
    for mine in pairs.values():
        spearmanr(*zip(*mine, strict=True))


def _bias(units: Sequence[Sequence[tuple[int, int]]], rounds: int = 20) -> None:
    """The bias/inconsistency model, a fixed number of rounds."""
    psi = [sum(vote for _, vote in unit) / len(unit) for unit in units]
    leaning: defaultdict[int, float] = defaultdict(float)
    for _ in range(rounds):
        rest: defaultdict[int, list[float]] = defaultdict(list)
        for middle, unit in zip(psi, units, strict=True):
            for who, vote in unit:
                rest[who].append(vote - middle)
        leaning.update({who: sum(values) / len(values) for who, values in rest.items()})
        weight = {who: 1 / (statistics.pvariance(values) + 1e-8) for who, values in rest.items()}
        psi = [
            sum(weight[who] * (vote - leaning[who]) for who, vote in unit) / sum(weight[who] for who, _ in unit)
            for unit in units
        ]


def _bias_model(panel: Any) -> Row:
    from roiqa.consensus.rules.subjects import fit_subjects

    quality = panel.scale(6)
    seconds = _seconds(lambda: fit_subjects(quality))
    theirs = _sureal(quality)
    what = f"bias/inconsistency model of {SUREAL_ROIS:,} ROIs x {RATERS}, one scale"
    return Row(what + (" (baseline: sureal)" if theirs else " (sureal is not installed)"), seconds, theirs, "s")


def _sureal(panel: Any) -> float | None:
    """Seconds of Netflix sureal's alternating projection on the same votes; None where it is not installed."""
    try:
        from sureal import subjective_model
        from sureal.dataset_reader import RawDatasetReader
    except ImportError:
        return None
    votes: list[dict[str, float]] = [{} for _ in range(panel.roi_count)]
    for roi, annotator, vote in zip(panel.roi, panel.annotator, panel.votes[:, 0], strict=True):
        votes[roi][f"annotator{annotator}"] = float(vote)
    dataset = type("Dataset", (), {})()
    dataset.dataset_name, dataset.yuv_fmt, dataset.width, dataset.height, dataset.ref_score = "b", "yuv420p", 1, 1, 5
    dataset.ref_videos = [{"content_id": 0, "content_name": "b", "path": "b"}]
    dataset.dis_videos = [
        {"content_id": 0, "asset_id": index, "path": str(index), "os": one} for index, one in enumerate(votes)
    ]
    model = subjective_model.MaximumLikelihoodEstimationModelContentObliviousAlternativeProjection2
    with contextlib.redirect_stdout(io.StringIO()):  # it prints every round
        return _seconds(lambda: model(RawDatasetReader(dataset)).run_modeling())


if __name__ == "__main__":
    print(table(run()))
