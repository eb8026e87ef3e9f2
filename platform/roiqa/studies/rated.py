"""Whether an ROI is still untouched by raters, asked without knowing the room that keeps ratings.

Rooms above say by `on_delete=PROTECT` on their link to StudyROI that they must find it as it was (a rating does); a link
that cascades (a claim that came to nothing) holds nothing. Active claims show in the counters, and those that hold no slot
(a gold, a warm-up) in the rows that the room above calls `assignments`.
"""

from typing import Any

from django.db.models import PROTECT, Exists, OuterRef, Q, QuerySet

from roiqa.studies.models import StudyROI


def active_claims(study_roi: StudyROI) -> bool:
    """Whether somebody is rating it now or its ratings count. Needs the row's lock to stay true."""
    if study_roi.n_active > 0 or study_roi.n_accepted > 0:
        return True
    without_slot: QuerySet[Any] = StudyROI.objects.filter(
        pk=study_roi.pk, assignments__state="active", assignments__holds_slot=False
    )
    return without_slot.exists()


def held_by_rooms_above(rows: QuerySet[StudyROI]) -> QuerySet[StudyROI]:
    """Those of the rows that something protected points to."""
    return rows.filter(_held())


def with_untouched(rows: QuerySet[StudyROI]) -> QuerySet[StudyROI]:
    """The rows with `untouched`: nobody rated the ROI, nobody is rating it."""
    return rows.annotate(untouched=Q(n_active=0, n_accepted=0) & ~_held())


def _held() -> Q:
    held = Q(pk__in=[])
    for relation in StudyROI._meta.related_objects:
        if relation.on_delete is PROTECT:
            pointing: QuerySet[Any] = relation.related_model._default_manager.filter(
                **{relation.field.name: OuterRef("pk")}
            )
            held |= Q(Exists(pointing))
    return held
