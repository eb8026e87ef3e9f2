"""What admins read: labels, agreement, progress. Annotators never reach this."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from roiqa.consensus.models import Consensus
from roiqa.consensus.rules.agreement import NO_VARIATION, ordinal_alpha
from roiqa.consensus.rules.labels import LabelTable, label_rois
from roiqa.consensus.rules.records import Record, roi_record
from roiqa.consensus.rules.report import METRIC
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.screening import Flag, golds_failed
from roiqa.consensus.rules.votes import VoteHistograms
from roiqa.consensus.statistics import Figures
from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.ratings.checks import SelfConsistency, Tally, gold_tallies, self_consistency
from roiqa.ratings.models import Assignment, AssignmentState, Rating, RatingStatus
from roiqa.studies.models import Membership, Role, Study, StudyImage, StudyROI

SEVERITY_CELLS = len(DISTORTIONS) * 6

ROI_STATES = {
    "complete": Q(n_accepted__gte=F("raters_wanted")),
    "in_progress": Q(n_accepted__gt=0, n_accepted__lt=F("raters_wanted")),
    "untouched": Q(n_accepted=0),
}


# What the table of ROIs can be cut down to; those of most use as a gold's source are labelled clean by (nearly) everybody.
LISTED_STATES = (*ROI_STATES, "skipped", "clean")


def histograms_of(votes: Sequence[Sequence[int]]) -> VoteHistograms:
    """The stored 46 counts of R ROIs as histograms: six severities x 6, quality x 5, importance x 5."""
    table: npt.NDArray[np.int64] = np.asarray(votes, dtype=np.int64).reshape(-1, SEVERITY_CELLS + 10)
    return VoteHistograms(
        severity=table[:, :SEVERITY_CELLS].reshape(-1, len(DISTORTIONS), 6),
        quality=table[:, SEVERITY_CELLS : SEVERITY_CELLS + 5],
        importance=table[:, SEVERITY_CELLS + 5 :],
    )


def label_records(rows: Iterable[Consensus]) -> dict[int, Record]:
    """The full label of each of these Consensus rows (all of one ruleset), by StudyROI id."""
    found = list(rows)
    if not found:
        return {}
    table: LabelTable = label_rois(histograms_of([row.votes for row in found]), ruleset_named(found[0].ruleset))
    return {row.study_roi_id: roi_record(table, index) for index, row in enumerate(found)}


def agreement(*, study: Study, figures: Figures) -> dict[str, Any]:
    """Ordinal alpha of each scale now, and the whole report of the figures with its state."""
    kept = figures.kept
    if kept is not None and figures.current:
        report = kept.agreement
        scales = {name: {"alpha": one["alpha"], "note": one["note"]} for name, one in report["scales"].items()}
        rois = report["rois"]
    else:
        scales, rois = _alphas(study)
    return {
        "metric": METRIC,
        "rois": rois,
        "scales": scales,
        **state_of(figures),
        "report": kept.agreement if kept else None,
    }


def screening(*, study: Study, figures: Figures) -> dict[str, Any]:
    """The numbers of everybody who has rated, with their names and exclusions as they are now."""
    kept = figures.kept
    members = Membership.objects.filter(study=study, role=Role.ANNOTATOR).select_related("user")
    people = kept.annotators["people"] if kept else {}
    tallies, _ = gold_tallies(study)
    repeats = self_consistency(study)
    rows = [
        {
            "member": member.pk,
            "pseudonym": member.pseudonym,
            "username": member.user.username,
            "simulated": member.user.is_simulated,
            "excluded_at": member.excluded_at,
            "exclusion_reason": member.exclusion_reason,
            **_with_checks(
                people[str(member.user_id)], tallies.get(member.user_id, Tally()), repeats.get(member.user_id)
            ),
        }
        for member in members
        if str(member.user_id) in people
    ]
    return {
        **state_of(figures),
        "bounds": kept.annotators["bounds"] if kept else None,
        "annotators": sorted(rows, key=lambda row: (-len(row["flags"]), -row["ratings"], row["username"])),
    }


def _with_checks(person: dict[str, Any], golds: Tally, repeats: SelfConsistency | None) -> dict[str, Any]:
    """The kept numbers with those of golds and repeats as they are now: these do not wait for new figures."""
    failed = [Flag.GOLDS_FAILED.value] if golds_failed(answered=golds.answered, passed=golds.passed) else []
    return {
        **person,
        "golds": golds.answered,
        "gold_rate": golds.rate,
        "repeats": repeats.repeats if repeats else 0,
        "repeat_difference": repeats.quality_difference if repeats else None,
        "repeat_same": repeats.same_distortions if repeats else None,
        "flags": [flag for flag in person["flags"] if flag != Flag.GOLDS_FAILED.value] + failed,
    }


def state_of(figures: Figures) -> dict[str, Any]:
    """`ready`, `outdated` (of earlier ratings) or `missing` (never computed), since when, and who is at it."""
    state = "ready" if figures.current else "outdated" if figures.kept else "missing"
    computed_at = figures.kept.computed_at if figures.kept else None
    return {"state": state, "computed_at": computed_at, "job": figures.job}


def _alphas(study: Study) -> tuple[dict[str, Any], int]:
    """Ordinal alpha of each scale over the study's labelled ROIs, and how many these are."""
    votes = list(Consensus.objects.filter(study_roi__study=study).values_list("votes", flat=True))
    histograms = histograms_of(votes)
    tables = [histograms.severity[:, index] for index in range(len(DISTORTIONS))]
    tables += [histograms.quality, histograms.importance]
    scales = {}
    for name, table in zip(SCALES, tables, strict=True):
        alpha = ordinal_alpha(table)
        scales[name] = {"alpha": alpha, "note": "" if alpha is not None else NO_VARIATION}
    return scales, len(votes)


def roi_rows(*, study: Study, state: str | None) -> QuerySet[StudyROI]:
    """The study's ROIs with their counters, for the admin's table; `state` is one of LISTED_STATES or None."""
    assignments = Assignment.objects.filter(study_roi=OuterRef("pk")).order_by().values("study_roi")
    rows = (
        StudyROI.objects.filter(study=study, is_gold=False)
        .select_related("roi", "image", "consensus")
        .annotate(
            active=Coalesce(
                Subquery(assignments.filter(state=AssignmentState.ACTIVE).annotate(n=Count("pk")).values("n")), 0
            ),
            skipped=Coalesce(
                Subquery(assignments.filter(state=AssignmentState.SKIPPED).annotate(n=Count("pk")).values("n")), 0
            ),
            file_name=Subquery(StudyImage.objects.filter(study=study, image=OuterRef("image")).values("file_name")[:1]),
        )
    )
    if state == "clean":
        return rows.filter(consensus__is_clean=True, consensus__contested_clean=False)
    if state == "skipped":
        return rows.filter(Exists(Assignment.objects.filter(study_roi=OuterRef("pk"), state=AssignmentState.SKIPPED)))
    return rows.filter(ROI_STATES[state]) if state else rows


_PER_HOUR = """
SELECT date_trunc('hour', created_at) AS hour, count(*) FROM ratings_rating
WHERE study_id = %s AND created_at > now() - interval '48 hours' AND revision = 1 AND status = 'accepted'
GROUP BY hour ORDER BY hour
"""
# One pass over the study's ratings: how many, when last, and how long the page was in view (the page's own clock).
_ANNOTATORS = """
SELECT m.id, m.pseudonym, u.username, u.is_simulated, m.excluded_at, m.exclusion_reason,
  coalesce(r.rated, 0), coalesce(s.skipped, 0), r.last_active, r.median_seconds
FROM studies_membership m
JOIN accounts_user u ON u.id = m.user_id
LEFT JOIN (
  SELECT annotator_id, count(*) FILTER (WHERE is_current) AS rated, max(created_at) AS last_active,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY (telemetry->>'visible_ms')::float / 1000)
      FILTER (WHERE jsonb_typeof(telemetry->'visible_ms') = 'number' AND status <> 'revealed') AS median_seconds
  FROM ratings_rating WHERE study_id = %(study)s GROUP BY annotator_id
) r ON r.annotator_id = m.user_id
LEFT JOIN (
  SELECT annotator_id, count(*) AS skipped FROM ratings_assignment
  WHERE study_id = %(study)s AND state = 'skipped' GROUP BY annotator_id
) s ON s.annotator_id = m.user_id
WHERE m.study_id = %(study)s AND m.role = %(role)s
ORDER BY 7 DESC, u.username
"""


def progress(*, study: Study) -> dict[str, Any]:
    """Where the study stands: ROIs and ratings against the protocol, the last 48 hours, every annotator."""
    rois = StudyROI.objects.filter(study=study, is_gold=False).aggregate(
        total=Count("pk"),
        **{name: Count("pk", filter=condition) for name, condition in ROI_STATES.items()},
        accepted=Coalesce(Sum("n_accepted"), 0),
        wanted=Coalesce(Sum("raters_wanted"), 0),
        missing=Coalesce(Sum(F("raters_wanted") - F("n_accepted"), filter=~ROI_STATES["complete"]), 0),
    )
    kept_apart = Rating.objects.filter(study=study, is_current=True).aggregate(
        surplus=Count("pk", filter=Q(status=RatingStatus.SURPLUS)), revised=Count("pk", filter=Q(revision__gt=1))
    )
    skips = (
        Assignment.objects.filter(study=study, state=AssignmentState.SKIPPED, study_roi__is_gold=False)
        .values("skip_reason")
        .annotate(count=Count("pk"))
        .order_by("-count")
    )
    with connection.cursor() as cursor:
        cursor.execute(_PER_HOUR, [study.pk])
        per_hour = [{"hour": hour, "count": count} for hour, count in cursor.fetchall()]
        cursor.execute(_ANNOTATORS, {"study": study.pk, "role": Role.ANNOTATOR})
        annotators = [dict(zip(ANNOTATOR_COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    # The pace of those of the last 48 hours in which anybody rated; None while nobody has.
    pace = sum(row["count"] for row in per_hour) / len(per_hour) if per_hour else None
    return {
        "rois": {name: rois[name] for name in ("total", *ROI_STATES)},
        "ratings": {"accepted": rois["accepted"], "wanted": rois["wanted"], "missing": rois["missing"], **kept_apart},
        "skips": [{"reason": row["skip_reason"], "count": row["count"]} for row in skips],
        "per_hour": per_hour,
        "annotators": annotators,
        "rating_hours_left": rois["missing"] / pace if pace else None,
    }


ANNOTATOR_COLUMNS = (
    "member", "pseudonym", "username", "simulated", "excluded_at", "exclusion_reason", "rated", "skipped",
    "last_active", "median_seconds",
)  # fmt: skip
