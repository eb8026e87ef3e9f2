"""The figures of a study's agreement and annotators: made once for the labels there are, then read.

A small study is computed while the page waits (about a second for 3,261 ROIs x 7). A large one is computed by a job, and
the page shows the last figures until it is done.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.consensus.models import StudyStatistics
from roiqa.consensus.refresh import refresh_study
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.report import agreement_report
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.screening import FEWEST_RATINGS, Screening, fast_share, screen
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.studies.models import Study, StudyROI

KIND: Final = "statistics"
SMALL_STUDY_RATINGS: Final = 30_000
# Raise it when the figures change their meaning or shape: what was kept is then made again.
VERSION: Final = 1

_LABELS = """
SELECT count(*), coalesce(sum(c.n), 0), max(c.computed_at)
FROM consensus_consensus c JOIN studies_studyroi r ON r.id = c.study_roi_id WHERE r.study_id = %s
"""
# `counted` is false for an excluded annotator: shown, but no yardstick for the others.
_RATINGS = """
SELECT v.study_roi_id, dense_rank() OVER (ORDER BY r.image_id), v.annotator_id, (m.excluded_at IS NULL)::int,
  coalesce((CASE WHEN jsonb_typeof(v.telemetry->'visible_ms') = 'number'
    THEN (v.telemetry->>'visible_ms')::float END)::bigint, -1),
  v.exposure, v.noise, v.blur, v.contrast, v.colorfulness, v.compression, v.quality, v.importance
FROM ratings_rating v
JOIN studies_studyroi r ON r.id = v.study_roi_id
LEFT JOIN studies_membership m ON m.study_id = v.study_id AND m.user_id = v.annotator_id AND m.role = 'annotator'
WHERE v.study_id = %s AND v.is_current AND v.status = 'accepted'
ORDER BY v.study_roi_id, v.annotator_id
"""
_FIRST_SCALE = 5

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StudyRatings:
    """The accepted ratings of a study, N of them on R ROIs by I annotators."""

    panel: PanelVotes  # (N, 8), excluded annotators too
    counted: npt.NDArray[np.bool_]  # (N,) False: by an excluded annotator
    seconds: npt.NDArray[np.float64]  # (N,) with the page in view; NaN where it was not measured
    images: npt.NDArray[np.int64]  # (R,)
    annotators: npt.NDArray[np.int64]  # (I,) user ids


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is to show: `kept` is None while nothing was ever computed; `current` says if it fits the labels."""

    kept: StudyStatistics | None
    current: bool


def figures_of(*, study: Study, user: User | None) -> Figures:
    """The study's figures; computed now if it is small, else by a job that is started unless one is under way."""
    ratings = StudyROI.objects.filter(study=study).aggregate(n=Sum("n_accepted"))["n"] or 0
    small = ratings <= SMALL_STUDY_RATINGS
    if small:
        refresh_study(study=study)
    kept = StudyStatistics.objects.filter(study=study).first()
    if kept is not None and kept.digest == digest_of(study):
        return Figures(kept=kept, current=True)
    if small:
        return Figures(kept=compute(study=study), current=True)
    if not Job.objects.filter(kind=KIND, study_slug=study.slug, finished_at=None).exists():
        jobs.start(
            kind=KIND, payload={"study": study.pk}, user_id=user.pk if user else None, study_slug=study.slug, total=1
        )
    return Figures(kept=kept, current=False)


def compute(*, study: Study) -> StudyStatistics:
    """Make the figures from the ratings and keep them."""
    # Before the ratings are read: a rating that comes in between makes the figures outdated, never wrongly current.
    digest = digest_of(study)
    ratings = ratings_of(study)
    agreement = agreement_report(
        ratings.panel.where(ratings.counted),
        clusters=ratings.images,
        votes_per_roi=study.raters_per_roi,
        ruleset=ruleset_named(study.ruleset),
    )
    kept, _ = StudyStatistics.objects.update_or_create(
        study=study,
        defaults={
            "digest": digest,
            "agreement": agreement,
            "annotators": annotators_record(ratings),
            "computed_at": timezone.now(),
        },
    )
    return kept


@jobs.runs(KIND)
def _compute_job(progress: jobs.Progress) -> None:
    study = Study.objects.get(pk=progress.job.payload["study"])
    refresh_study(study=study)
    with progress.alive():
        compute(study=study)
    progress.step(1)


def digest_of(study: Study) -> str:
    """What the figures depend on, in short: the labels are made anew whenever a counted rating comes or goes."""
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, [study.pk])
        labels = cursor.fetchone()
    facts = (VERSION, study.ruleset, study.raters_per_roi, *labels)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def ratings_of(study: Study) -> StudyRatings:
    """Read every accepted, current rating of the study."""
    with connection.cursor() as cursor:
        cursor.execute(_RATINGS, [study.pk])
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, _FIRST_SCALE + len(SCALES))
    rois, first, roi = np.unique(rows[:, 0], return_index=True, return_inverse=True)
    annotators, annotator = np.unique(rows[:, 2], return_inverse=True)
    milliseconds = rows[:, 4]
    return StudyRatings(
        panel=PanelVotes(roi, annotator, rows[:, _FIRST_SCALE:], len(rois), len(annotators)),
        counted=rows[:, 3] == 1,
        seconds=np.where(milliseconds >= 0, milliseconds / 1000, np.nan),
        images=rows[first, 1],
        annotators=annotators,
    )


def annotators_record(ratings: StudyRatings) -> Record:
    """{bounds, people: {user id: numbers}} of everybody who has rated.

    The yardstick is those who count: an excluded annotator is compared with them, and they are not compared with one.
    """
    counted = screen(ratings.panel.where(ratings.counted))
    everybody = counted if ratings.counted.all() else screen(ratings.panel)
    excluded = np.zeros(len(ratings.annotators), dtype=bool)
    excluded[ratings.panel.annotator[~ratings.counted]] = True
    people: Record = {}
    for person, user_id in enumerate(ratings.annotators.tolist()):
        seconds = ratings.seconds[ratings.panel.annotator == person]
        known = seconds[~np.isnan(seconds)]
        people[str(user_id)] = {
            **_person(everybody if excluded[person] else counted, person),
            "median_seconds": float(np.median(known)) if len(known) else None,
            "fast_share": fast_share(known.tolist()),
        }
    return {
        "bounds": {
            "fewest_ratings": FEWEST_RATINGS,
            "agreement": counted.agreement_bound,
            "inconsistency": _number(counted.inconsistency_bound),
        },
        "people": people,
    }


def _person(screening: Screening, person: int) -> Record:
    return {
        "ratings": int(screening.ratings[person]),
        "agreement": {scale: _number(screening.agreement[person, index]) for index, scale in enumerate(SCALES)},
        "bias": _scores(screening.bias[person]),
        "inconsistency": _scores(screening.inconsistency[person]),
        "line_ratio": _scores(screening.line_ratio[person]),
        "presence": {
            name: {
                "own": _number(screening.presence[person, index]),
                "others": _number(screening.presence_panel[person, index]),
                "z": _number(screening.presence_z[person, index]),
            }
            for index, name in enumerate(DISTORTIONS)
        },
        "gold_rate": _number(screening.gold_rate[person]),
        "bt500": {
            "far": _number(screening.bt500_far[person]),
            "rejected": bool(screening.bt500_rejected[person]),
        },
        "flags": [str(flag) for flag in screening.flags[person]],
    }


def _scores(values: npt.NDArray[np.float64]) -> Record:
    return {"quality": _number(values[0]), "importance": _number(values[1])}


def _number(value: float) -> float | None:
    """JSON has neither NaN nor infinity: a line ratio without any other answer is None, and flagged."""
    return float(value) if math.isfinite(value) else None
