"""The figures of a study's agreement and annotators: made once for the labels there are, then read.

A small study is computed while the page waits (about a second for 3,261 ROIs x 7) and remembered. A large one is
computed by a job that somebody asks for, and the page shows the last figures until it is done.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.consensus.models import StudyStatistics
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.report import SCORES, agreement_report
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.screening import FEWEST_RATINGS, Screening, fast_share, screen
from roiqa.consensus.rules.subjects import SubjectModel, fit_subjects
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.studies.models import Study, StudyROI

KIND: Final = "statistics"
SMALL_STUDY_RATINGS: Final = 30_000
# Raise it when the figures change their meaning or shape: what was kept is then made again.
VERSION: Final = 2
REMEMBERED_SECONDS: Final = 24 * 3600

# Everything that decides which votes count, without reading them: one pass over an index and the rows' ids.
_COUNTED = """
SELECT count(*), bit_xor(hashtextextended(id::text, 0)),
  (SELECT string_agg(user_id::text, ',' ORDER BY user_id) FROM studies_membership
   WHERE study_id = %(study)s AND role = 'annotator' AND excluded_at IS NOT NULL)
FROM ratings_rating WHERE study_id = %(study)s AND is_current AND status = 'accepted'
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
class Kept:
    """Figures as plain values, and when they were made."""

    agreement: Record  # consensus.rules.report
    annotators: Record  # {bounds, people: {user id: numbers}}
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is to show."""

    kept: Kept | None  # None: nothing was ever computed
    current: bool  # of the ratings that count now
    job: Job | None  # that is making new ones


def figures_of(*, study: Study) -> Figures:
    """The study's figures: kept ones if they fit, computed now if the study is small, else the last ones."""
    digest = digest_of(study)
    row = StudyStatistics.objects.filter(study=study).first()
    kept = Kept(row.agreement, row.annotators, row.computed_at) if row else None
    if row is not None and row.digest == digest:
        return Figures(kept=kept, current=True, job=None)
    if is_small(study):
        return Figures(kept=_remembered(study, digest), current=True, job=None)
    return Figures(kept=kept, current=False, job=unfinished_job(study))


def order(*, study: Study, user: User) -> Job | None:
    """Have the figures of a large study made by a job, unless they are current or small enough to need none: None then.

    A job that is under way already is answered with.
    """
    if is_small(study) or figures_of(study=study).current:
        return None
    with transaction.atomic():
        # Two people may ask at once: the second waits, and finds the first one's job.
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        job = unfinished_job(study)
        if job is None:
            payload: Record = {"study": study.pk}
            job = jobs.start(kind=KIND, payload=payload, user_id=user.pk, study_slug=study.slug, total=1)
    return job


def is_small(study: Study) -> bool:
    """Can the figures be computed while somebody waits?"""
    ratings = StudyROI.objects.filter(study=study).aggregate(n=Sum("n_accepted"))["n"] or 0
    return ratings <= SMALL_STUDY_RATINGS


def unfinished_job(study: Study) -> Job | None:
    return Job.objects.filter(kind=KIND, study_slug=study.slug, finished_at=None).first()


def compute(*, study: Study) -> Kept:
    """Make the figures from the ratings."""
    ratings = ratings_of(study)
    agreement = agreement_report(
        ratings.panel.where(ratings.counted),
        clusters=ratings.images,
        votes_per_roi=study.raters_per_roi,
        ruleset=ruleset_named(study.ruleset),
    )
    return Kept(agreement=agreement, annotators=annotators_record(ratings), computed_at=timezone.now())


def _remembered(study: Study, digest: str) -> Kept:
    """The figures of a small study, computed unless the cache has them. Kept as JSON: the cache holds text only."""
    key = f"statistics-{study.pk}-{digest}"
    text = cache.get(key)
    if text is not None:
        found = json.loads(text)
        return Kept(found["agreement"], found["annotators"], datetime.fromisoformat(found["computed_at"]))
    kept = compute(study=study)
    record = {"agreement": kept.agreement, "annotators": kept.annotators, "computed_at": kept.computed_at.isoformat()}
    cache.set(key, json.dumps(record), REMEMBERED_SECONDS)
    return kept


@jobs.runs(KIND)
def _compute_job(progress: jobs.Progress) -> None:
    study = Study.objects.get(pk=progress.job.payload["study"])
    # Before the ratings are read: a rating that comes in between makes the figures outdated, never wrongly current.
    digest = digest_of(study)
    with progress.alive():
        kept = compute(study=study)
    StudyStatistics.objects.update_or_create(
        study=study,
        defaults={
            "digest": digest,
            "agreement": kept.agreement,
            "annotators": kept.annotators,
            "computed_at": kept.computed_at,
        },
    )
    progress.step(1)


def digest_of(study: Study) -> str:
    """What the figures depend on, in short: which ratings count, and the rules of the protocol."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"study": study.pk})
        counted = cursor.fetchone()
    facts = (VERSION, study.ruleset, study.raters_per_roi, *counted)
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
    models = score_models(ratings)
    counted = screen(ratings.panel.where(ratings.counted), models=list(models.values()))
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
        "models": {
            score: {"shift": model.shift, "inflation": _number(model.inflation)} for score, model in models.items()
        },
    }


def score_models(ratings: StudyRatings) -> dict[str, SubjectModel]:
    """The bias/inconsistency model of quality and of importance, of the ratings that count."""
    counted = ratings.panel.where(ratings.counted)
    return {score: fit_subjects(counted.scale(SCALES.index(score))) for score in SCORES}


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
