"""Whose assignment, and under which locks. Lock order everywhere in this room: Membership, StudyROI (by id), Assignment."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from roiqa.accounts.models import User
from roiqa.core import rows
from roiqa.core.errors import NotAllowed, NotFound
from roiqa.ratings.errors import AssignmentNotFound
from roiqa.ratings.models import Assignment
from roiqa.studies.models import Membership, Role, Study, StudyROI

_MEMBERSHIP = f"""
SELECT {rows.columns(Membership, "m")}, {rows.columns(Study, "s")}, EXISTS (
  SELECT 1 FROM registry_promotion p WHERE p.study_id = s.id AND p.is_current AND p.model_id IS NOT NULL)
FROM studies_membership m JOIN studies_study s ON s.id = m.study_id
WHERE s.slug = %s AND m.user_id = %s AND m.role = '{Role.ANNOTATOR.value}'
FOR NO KEY UPDATE OF m
"""  # noqa: S608  (made of column names)
# The locks are taken in the order of the clauses. A row that somebody changed while this waited is read again.
_WITH_ITS_ROI = f"""
SELECT {rows.columns(Membership, "m")}, {rows.columns(StudyROI, "r")}, {rows.columns(Assignment, "a")}
FROM ratings_assignment a
JOIN studies_studyroi r ON r.id = a.study_roi_id
JOIN studies_membership m
  ON m.study_id = a.study_id AND m.user_id = a.annotator_id AND m.role = '{Role.ANNOTATOR.value}'
WHERE a.id = %s AND a.annotator_id = %s
FOR NO KEY UPDATE OF m FOR NO KEY UPDATE OF r FOR UPDATE OF a
"""  # noqa: S608  (made of column names)


def own_assignment(*, user: User, assignment_id: UUID) -> Assignment:
    """The assignment with its ROI, image and study. Raises AssignmentNotFound when it is not this person's."""
    assignment = (
        Assignment.objects.select_related("study", "study_roi__roi", "study_roi__image")
        .filter(pk=assignment_id, annotator=user)
        .first()
    )
    if assignment is None:
        raise AssignmentNotFound(assignment_id)
    return assignment


@dataclass(frozen=True, slots=True)
class Seat:
    """An annotator's place in a study."""

    membership: Membership  # with its study
    has_model: bool  # the study has a promoted model, whose suggestions may be worth a look


def locked_seat(*, user: User, slug: str) -> Seat:
    """The person's annotator row in the study, with the study, locked until the transaction ends.

    Raises NotFound for a study the person is no member of, NotAllowed for a member who is no annotator.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERSHIP, [slug, user.pk])
        row = cursor.fetchone()
    if row is not None:
        membership: Membership
        membership, membership.study = rows.instances(row, Membership, Study)
        return Seat(membership, has_model=row[-1])
    if Membership.objects.filter(study__slug=slug, user=user).exists():
        raise NotAllowed(f"Only annotators rate; you are no annotator of {slug!r}.", code="not_an_annotator")
    raise NotFound(f"There is no study {slug!r} that you are a member of.", code="study_not_found")


def locked_assignment(*, user: User, assignment_id: UUID) -> tuple[Membership, StudyROI, Assignment]:
    """The person's assignment with what it counts on, all three locked until the transaction ends.

    Raises AssignmentNotFound when it is not this person's, NotFound and NotAllowed for one who annotates no longer.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WITH_ITS_ROI, [assignment_id, user.pk])
        row = cursor.fetchone()
    if row is None:
        orphan = own_assignment(user=user, assignment_id=assignment_id)
        locked_seat(user=user, slug=orphan.study.slug)
        raise AssignmentNotFound(assignment_id)
    membership, study_roi, assignment = rows.instances(row, Membership, StudyROI, Assignment)
    return membership, study_roi, assignment
