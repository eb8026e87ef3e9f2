"""Answers: submit, skip, undo. Everything a person commits ends as a row that is never changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import rows
from roiqa.core.scales import SCALES
from roiqa.ratings.assignments import locked_assignment, own_assignment
from roiqa.ratings.errors import AlreadyRated, AlreadySkipped, CannotUndo, KeyReused, NotActive, NotConfirmed
from roiqa.ratings.models import Assignment, AssignmentState, Purpose, Rating, RatingStatus
from roiqa.ratings.modes import shown_record
from roiqa.ratings.purposes import KEPT_APART
from roiqa.studies.models import StudyROI, SuggestionMode

# Nothing happens when the client's key is there already, whichever request stored it.
_STORE = """
WITH fresh AS (
  INSERT INTO ratings_rating ({columns}) VALUES ({values}) ON CONFLICT (annotator_id, client_key) DO NOTHING
  RETURNING study_roi_id, assignment_id
), answered AS (
  UPDATE ratings_assignment a SET state = 'submitted', reopened = false, finished_at = %(now)s, draft = NULL
  FROM fresh WHERE a.id = fresh.assignment_id
)
UPDATE studies_studyroi r
SET n_active = %(n_active)s, n_accepted = %(n_accepted)s, consensus_due = r.consensus_due OR %(counts)s
FROM fresh WHERE r.id = fresh.study_roi_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the annotator says of one ROI. Severities 0 (extreme) .. 5 (nonexistent); scales 0 .. 4."""

    severities: Mapping[str, int]
    quality: int
    importance: int
    bulk_clean: bool

    def levels(self) -> dict[str, int]:
        return {**self.severities, "quality": self.quality, "importance": self.importance}

    def columns(self) -> dict[str, int | bool]:
        return {**self.levels(), "bulk_clean": self.bulk_clean}


@transaction.atomic
def submit_rating(
    *,
    user: User,
    assignment_id: UUID,
    client_key: UUID,
    answer: Answer,
    telemetry: Mapping[str, object],
    confirmed: Collection[str] = (),
    simulated: bool = False,
) -> tuple[Rating, bool]:
    """Store one answer; answers the rating and whether it is new (False: this very submit had arrived before).

    `confirmed` names the scales that the annotator answered or confirmed: all eight where the form came filled in.

    A submit that comes after its lease ran out takes a free slot again; when others have filled the ROI meanwhile
    the rating is kept as surplus: an ROI never counts more annotators than its protocol says, and nothing is lost.
    Raises AssignmentNotFound, AlreadyRated, AlreadySkipped, KeyReused, NotConfirmed.
    """
    membership, study_roi, held = locked_assignment(user=user, assignment_id=assignment_id)
    first = held.state in {AssignmentState.ACTIVE, AssignmentState.EXPIRED} and not held.reopened
    if not first:
        repeated = _repeated(held=held, client_key=client_key, answer=answer)
        if repeated is not None:
            return repeated, False
    if held.state == AssignmentState.SUBMITTED:
        raise AlreadyRated
    if held.state == AssignmentState.SKIPPED:
        raise AlreadySkipped
    shown = _shown(held=held, answer=answer, confirmed=confirmed)
    previous: Rating | None = None
    if held.reopened:
        previous = Rating.objects.get(assignment=held, is_current=True)
        Rating.objects.filter(pk=previous.pk).update(is_current=False)
        status = RatingStatus(previous.status)
    else:
        status = _take_part(study_roi=study_roi, held=held, excluded=membership.excluded_at is not None)
    rating = Rating(
        study_id=held.study_id,
        study_roi=study_roi,
        annotator=user,
        assignment=held,
        client_key=client_key,
        revision=previous.revision + 1 if previous else 1,
        supersedes=previous,
        status=status,
        mode=held.mode,
        shown=shown,
        telemetry=dict(telemetry),
        simulated=simulated,
        **answer.columns(),
    )
    if not _store(rating, study_roi=study_roi):
        raise KeyReused(client_key)
    return rating, True


def _repeated(*, held: Assignment, client_key: UUID, answer: Answer) -> Rating | None:
    """The rating that this very submit stored before. Raises KeyReused when the key came with another answer."""
    rating = Rating.objects.filter(annotator_id=held.annotator_id, client_key=client_key).first()
    if rating is None:
        return None
    if not same_answer(rating, answer, held.pk):
        raise KeyReused(client_key)
    return rating


def same_answer(rating: Rating, answer: Answer, assignment_id: UUID) -> bool:
    """Did this rating come from the same answer to the same assignment?"""
    return rating.assignment_id == assignment_id and all(
        getattr(rating, name) == value for name, value in answer.columns().items()
    )


def _shown(*, held: Assignment, answer: Answer, confirmed: Collection[str]) -> dict[str, Any] | None:
    """What the rating keeps of a form that came filled in; None for others. Raises NotConfirmed."""
    if held.mode != SuggestionMode.PREFILL or held.shown is None or held.shown_at is None:
        return None
    unconfirmed = [scale for scale in SCALES if scale not in confirmed]
    if unconfirmed:
        raise NotConfirmed(unconfirmed)
    return shown_record(held.shown, suggestion=held.suggestion_id, at=held.shown_at, answer=answer.levels())


def _store(rating: Rating, *, study_roi: StudyROI) -> bool:
    """Write the rating, end its assignment and save the ROI's counters; False when the client's key is taken."""
    columns = rows.insertable(rating)
    statement = _STORE.format(columns=", ".join(columns), values=", ".join(f"%({name})s" for name in columns))
    facts = {
        "now": timezone.now(),
        "n_active": study_roi.n_active,
        "n_accepted": study_roi.n_accepted,
        "counts": rating.status == RatingStatus.ACCEPTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, columns | facts)
        return bool(cursor.rowcount)


def _take_part(*, study_roi: StudyROI, held: Assignment, excluded: bool) -> RatingStatus:
    """Count a first answer on the locked ROI, or keep it apart. Changes `study_roi` without saving it."""
    if held.purpose in KEPT_APART:
        return KEPT_APART[held.purpose]
    if held.state == AssignmentState.EXPIRED or not held.holds_slot:
        if study_roi.slots_left == 0 or excluded:
            return RatingStatus.SURPLUS
    else:
        study_roi.n_active -= 1
    study_roi.n_accepted += 1
    return RatingStatus.ACCEPTED


@transaction.atomic
def skip_roi(*, user: User, assignment_id: UUID, reason: str, note: str = "") -> Assignment:
    """The "cannot judge" answer: the slot goes to somebody else, the reason is counted. Raises AlreadyRated, NotActive."""
    _, study_roi, held = locked_assignment(user=user, assignment_id=assignment_id)
    if held.state == AssignmentState.SKIPPED:
        return own_assignment(user=user, assignment_id=assignment_id)
    if held.state == AssignmentState.SUBMITTED or held.reopened:
        raise AlreadyRated
    if held.state == AssignmentState.ACTIVE and held.holds_slot:
        study_roi.n_active -= 1
        study_roi.save(update_fields=["n_active"])
    held.state, held.skip_reason, held.skip_note = AssignmentState.SKIPPED, reason, note
    held.finished_at = timezone.now()
    held.save(update_fields=["state", "skip_reason", "skip_note", "finished_at"])
    return own_assignment(user=user, assignment_id=assignment_id)


def last_finished(*, user: User, study_id: int) -> Assignment | None:
    """The annotator's most recently submitted or skipped assignment in the study."""
    return (
        Assignment.objects.filter(study_id=study_id, annotator=user, finished_at__isnull=False)
        .order_by("-finished_at")
        .first()
    )


def stands(assignment: Assignment) -> bool:
    """Has its annotator seen the model's view after answering? Then the answer is the label and cannot be undone."""
    return assignment.mode == SuggestionMode.REVEAL_AFTER and assignment.shown_at is not None


@transaction.atomic
def reopen(*, user: User, assignment_id: UUID) -> Assignment:
    """Undo: open one's most recently finished ROI again. The next submit revises the answer (a new row).

    Raises CannotUndo when it is not the last one, or the model's view of it has been seen. A skipped ROI that others have filled meanwhile opens all the same,
    without a slot: a refusal would tell what the others did.
    """
    membership, study_roi, held = locked_assignment(user=user, assignment_id=assignment_id)
    if held.state == AssignmentState.ACTIVE and held.reopened:
        return own_assignment(user=user, assignment_id=assignment_id)
    if held.state not in {AssignmentState.SUBMITTED, AssignmentState.SKIPPED}:
        raise NotActive(held.state)
    last = last_finished(user=user, study_id=held.study_id)
    if last is None or last.pk != held.pk:
        raise CannotUndo("only the ROI that you finished last can be opened again.")
    if stands(held):
        raise CannotUndo("you have seen what the model says of this ROI, so your first answer stands.")
    if held.state == AssignmentState.SKIPPED:
        held.holds_slot = held.purpose == Purpose.LABEL and study_roi.slots_left > 0
        study_roi.n_active += held.holds_slot
        study_roi.save(update_fields=["n_active"])
    else:
        held.reopened = True
    held.state, held.skip_reason, held.skip_note = AssignmentState.ACTIVE, "", ""
    held.lease_expires_at = timezone.now() + timedelta(minutes=membership.study.lease_minutes)
    held.save(update_fields=["state", "reopened", "holds_slot", "skip_reason", "skip_note", "lease_expires_at"])
    return own_assignment(user=user, assignment_id=assignment_id)
