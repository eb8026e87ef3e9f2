"""Answers: submit, skip, undo. Everything a person commits ends as a row that is never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.ratings.claims import annotator_membership
from roiqa.ratings.errors import (
    AlreadyRated,
    AlreadySkipped,
    AssignmentNotFound,
    CannotUndo,
    KeyReused,
    NotActive,
)
from roiqa.ratings.models import Assignment, AssignmentState, Rating, RatingStatus
from roiqa.studies.models import Membership, StudyROI


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the annotator says of one ROI. Severities 0 (extreme) .. 5 (nonexistent); scales 0 .. 4."""

    severities: Mapping[str, int]
    quality: int
    importance: int
    bulk_clean: bool

    def columns(self) -> dict[str, int | bool]:
        return {
            **self.severities,
            "quality": self.quality,
            "importance": self.importance,
            "bulk_clean": self.bulk_clean,
        }


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


def _locked(*, assignment: Assignment, user: User) -> tuple[Membership, StudyROI, Assignment]:
    membership = annotator_membership(user=user, slug=assignment.study.slug)
    study_roi = StudyROI.objects.select_for_update(no_key=True).get(pk=assignment.study_roi_id)
    return membership, study_roi, Assignment.objects.select_for_update().get(pk=assignment.pk)


@transaction.atomic
def submit_rating(
    *,
    user: User,
    assignment_id: UUID,
    client_key: UUID,
    answer: Answer,
    telemetry: Mapping[str, object],
    simulated: bool = False,
) -> tuple[Rating, bool]:
    """Store one answer; answers the rating and whether it is new (False: this very submit had arrived before).

    A submit that comes after its lease ran out takes a free slot again; when others have filled the ROI meanwhile
    the rating is kept as surplus: an ROI never counts more annotators than its protocol says, and nothing is lost.
    Raises AssignmentNotFound, AlreadyRated, AlreadySkipped, KeyReused.
    """
    assignment = own_assignment(user=user, assignment_id=assignment_id)
    membership, study_roi, held = _locked(assignment=assignment, user=user)
    repeated = Rating.objects.filter(annotator=user, client_key=client_key).first()
    if repeated is not None:
        columns = answer.columns()
        if repeated.assignment_id != held.pk or any(getattr(repeated, k) != v for k, v in columns.items()):
            raise KeyReused(client_key)
        return repeated, False
    previous: Rating | None = None
    if held.state == AssignmentState.SUBMITTED:
        raise AlreadyRated
    if held.state == AssignmentState.SKIPPED:
        raise AlreadySkipped
    if held.reopened:
        previous = Rating.objects.get(study_roi=study_roi, annotator=user, is_current=True)
        Rating.objects.filter(pk=previous.pk).update(is_current=False)
        status = RatingStatus(previous.status)
    else:
        status = _take_part(study_roi=study_roi, held=held, excluded=membership.excluded_at is not None)
    rating = Rating.objects.create(
        study_id=held.study_id,
        study_roi=study_roi,
        annotator=user,
        assignment=held,
        client_key=client_key,
        revision=previous.revision + 1 if previous else 1,
        supersedes=previous,
        status=status,
        telemetry=dict(telemetry),
        simulated=simulated,
        **answer.columns(),
    )
    held.state, held.reopened, held.finished_at = AssignmentState.SUBMITTED, False, timezone.now()
    held.draft = None
    held.save(update_fields=["state", "reopened", "finished_at", "draft"])
    if status == RatingStatus.ACCEPTED:
        study_roi.consensus_due = True
    study_roi.save(update_fields=["slots_left", "n_accepted", "consensus_due"])
    return rating, True


def _take_part(*, study_roi: StudyROI, held: Assignment, excluded: bool) -> RatingStatus:
    """Count a first answer on the locked ROI, or find it surplus. Changes `study_roi` without saving it."""
    if held.state == AssignmentState.EXPIRED or not held.holds_slot:
        if study_roi.slots_left == 0 or excluded:
            return RatingStatus.SURPLUS
        study_roi.slots_left -= 1
    study_roi.n_accepted += 1
    return RatingStatus.ACCEPTED


@transaction.atomic
def skip_roi(*, user: User, assignment_id: UUID, reason: str, note: str = "") -> Assignment:
    """The "cannot judge" answer: the slot goes to somebody else, the reason is counted. Raises AlreadyRated, NotActive."""
    assignment = own_assignment(user=user, assignment_id=assignment_id)
    _, study_roi, held = _locked(assignment=assignment, user=user)
    if held.state == AssignmentState.SKIPPED:
        return assignment
    if held.state == AssignmentState.SUBMITTED or held.reopened:
        raise AlreadyRated
    if held.state == AssignmentState.ACTIVE and held.holds_slot:
        study_roi.slots_left += 1
        study_roi.save(update_fields=["slots_left"])
    for one in (held, assignment):
        one.state, one.skip_reason, one.skip_note = AssignmentState.SKIPPED, reason, note
        one.finished_at = timezone.now()
    held.save(update_fields=["state", "skip_reason", "skip_note", "finished_at"])
    return assignment


def last_finished(*, user: User, study_id: int) -> Assignment | None:
    """The annotator's most recently submitted or skipped assignment in the study."""
    return (
        Assignment.objects.filter(study_id=study_id, annotator=user, finished_at__isnull=False)
        .order_by("-finished_at")
        .first()
    )


@transaction.atomic
def reopen(*, user: User, assignment_id: UUID) -> Assignment:
    """Undo: open one's most recently finished ROI again. The next submit revises the answer (a new row).

    Raises CannotUndo when it is not the last one. A skipped ROI that others have filled meanwhile opens all the same,
    without a slot: a refusal would tell what the others did.
    """
    assignment = own_assignment(user=user, assignment_id=assignment_id)
    _, study_roi, held = _locked(assignment=assignment, user=user)
    if held.state == AssignmentState.ACTIVE and held.reopened:
        return assignment
    if held.state not in {AssignmentState.SUBMITTED, AssignmentState.SKIPPED}:
        raise NotActive(held.state)
    last = last_finished(user=user, study_id=held.study_id)
    if last is None or last.pk != held.pk:
        raise CannotUndo("only the ROI that you finished last can be opened again.")
    if held.state == AssignmentState.SKIPPED:
        held.holds_slot = study_roi.slots_left > 0
        study_roi.slots_left -= held.holds_slot
        study_roi.save(update_fields=["slots_left"])
    else:
        held.reopened = True
    held.state, held.skip_reason, held.skip_note = AssignmentState.ACTIVE, "", ""
    held.lease_expires_at = timezone.now() + timedelta(minutes=assignment.study.lease_minutes)
    held.save(update_fields=["state", "reopened", "holds_slot", "skip_reason", "skip_note", "lease_expires_at"])
    return own_assignment(user=user, assignment_id=assignment_id)
