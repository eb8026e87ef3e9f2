"""What people of a crowd platform have done: their code when it is enough, and the list to pay them by."""

import csv
import io
from datetime import datetime
from typing import Any, TypedDict

from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.errors import NotFound
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.studies.models import Role
from roiqa.studies.qualification_models import CrowdLink, CrowdPlace

_SUBMITTED = Q(state=AssignmentState.SUBMITTED) | Q(reopened=True)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Completion(TypedDict):
    rated: int
    wanted: int
    code: str | None
    url: str | None


@transaction.atomic
def completion_of(*, user: User, slug: str) -> Completion:
    """How much of the wanted work is done; with code and address once it is. Raises NotFound for others."""
    place = (
        CrowdPlace.objects.select_related("link", "membership__study")
        .filter(membership__study__slug=slug, membership__user=user, membership__role=Role.ANNOTATOR)
        .first()
    )
    if place is None:
        raise NotFound(f"You did not come to {slug!r} by a crowd platform.", code="no_crowd_place")
    link = place.link
    rated = Assignment.objects.filter(_SUBMITTED, study=place.membership.study, annotator=user).count()
    done = place.completed_at is not None or rated >= link.rois_wanted
    if done and place.completed_at is None:
        place.completed_at = timezone.now()
        place.save(update_fields=["completed_at"])
    return Completion(
        rated=rated,
        wanted=link.rois_wanted,
        code=link.completion_code if done else None,
        url=link.completion_url.replace("{code}", link.completion_code) if done and link.completion_url else None,
    )


def payment_list(link: CrowdLink) -> str:
    """CSV of everybody who came by the link and whose id is still kept, in the order of their coming.

    The one place where ids of a platform leave: for admins, to pay.
    """
    ratings = (
        Assignment.objects.filter(
            _SUBMITTED, study=OuterRef("membership__study"), annotator=OuterRef("membership__user")
        )
        .order_by()
        .values("annotator")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = (
        CrowdPlace.objects.filter(link=link, external__isnull=False)
        .select_related("external", "membership")
        .annotate(rated=Coalesce(Subquery(ratings), 0))
        .order_by("joined_at")
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([link.id_parameter, *link.other_parameters, "joined", "rated", "completed", "excluded"])
    for place in rows:
        writer.writerow(
            [
                _cell(place.external.external_id),
                *(_cell(place.external.others.get(name, "")) for name in link.other_parameters),
                _time(place.joined_at),
                place.rated,
                _time(place.completed_at),
                "yes" if place.membership.excluded_at else "no",
            ]
        )
    return out.getvalue()


def _cell(text: Any) -> str:
    written = str(text)
    return f"'{written}" if written.startswith(_FORMULA) else written


def _time(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
