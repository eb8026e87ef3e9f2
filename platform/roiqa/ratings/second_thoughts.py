"""After the own answer: what the model says of the ROI, and what the annotator then says. The first answer is the label."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.scales import SCALES
from roiqa.ratings.answers import Answer, same_answer
from roiqa.ratings.assignments import locked_assignment
from roiqa.ratings.errors import AlreadyRevised, KeyReused, NothingRevealed, RateFirst
from roiqa.ratings.models import Assignment, AssignmentState, Rating, RatingStatus
from roiqa.ratings.modes import shown_record
from roiqa.registry.models import Suggestion
from roiqa.studies.models import StudyROI, SuggestionMode


@dataclass(frozen=True, slots=True)
class Shown:
    """What an annotator sees beside the own answer."""

    levels: Mapping[str, int]  # the model's, by scale
    rating: Rating  # the first answer: the label
    may_revise: bool  # no second thought has been given yet


@transaction.atomic
def reveal(*, user: User, assignment_id: UUID) -> Shown:
    """Show what the model says of an ROI that this person has answered; from then on the answer stands.

    Asked again it shows the same. Raises AssignmentNotFound, RateFirst, NothingRevealed.
    """
    _, study_roi, held = locked_assignment(user=user, assignment_id=assignment_id)
    first = _answered(held, study_roi)
    if held.shown is None:
        if held.suggestion_id is None:
            raise NothingRevealed
        levels = Suggestion.objects.values_list("levels", flat=True).get(pk=held.suggestion_id)
        held.shown, held.shown_at = {"levels": dict(zip(SCALES, levels, strict=True)), "wrong": None}, timezone.now()
        held.save(update_fields=["shown", "shown_at"])
    return Shown(held.shown["levels"], first, may_revise=not Rating.objects.filter(supersedes=first).exists())


@transaction.atomic
def give_second_thought(
    *, user: User, assignment_id: UUID, client_key: UUID, answer: Answer, telemetry: Mapping[str, object]
) -> tuple[Rating, bool]:
    """Keep what somebody says after seeing the model's view; answers the row and whether it is new.

    It is kept beside the first answer and never counts. Once per ROI.
    Raises AssignmentNotFound, RateFirst, NothingRevealed, AlreadyRevised, KeyReused.
    """
    _, study_roi, held = locked_assignment(user=user, assignment_id=assignment_id)
    repeated = Rating.objects.filter(annotator=user, client_key=client_key).first()
    if repeated is not None:
        if repeated.status != RatingStatus.REVEALED or not same_answer(repeated, answer, assignment_id):
            raise KeyReused(client_key)
        return repeated, False
    first = _answered(held, study_roi)
    if held.shown is None or held.shown_at is None:
        raise NothingRevealed
    if Rating.objects.filter(supersedes=first).exists():
        raise AlreadyRevised
    thought = Rating.objects.create(
        study_id=held.study_id,
        study_roi=study_roi,
        annotator=user,
        assignment=held,
        client_key=client_key,
        revision=first.revision + 1,
        supersedes=first,
        is_current=False,
        status=RatingStatus.REVEALED,
        mode=held.mode,
        shown={
            **shown_record(held.shown, suggestion=held.suggestion_id, at=held.shown_at, answer=answer.levels()),
            "revised": [name for name, level in answer.levels().items() if level != getattr(first, name)],
        },
        simulated=first.simulated,
        telemetry=dict(telemetry),
        **answer.columns(),
    )
    return thought, True


def _answered(held: Assignment, study_roi: StudyROI) -> Rating:
    """The answer that stands. What is refused before it is the same for every ROI, blind or not."""
    if held.state != AssignmentState.SUBMITTED:
        raise RateFirst(held.state)
    if held.mode != SuggestionMode.REVEAL_AFTER or study_roi.is_gold:
        raise NothingRevealed
    return Rating.objects.get(assignment=held, is_current=True)
