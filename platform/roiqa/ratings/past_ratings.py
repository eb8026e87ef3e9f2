"""Ratings that were made elsewhere or simulated: taken in as they are, under the same rules as live ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from roiqa.core.errors import Conflict
from roiqa.ratings.answers import Answer
from roiqa.ratings.models import Assignment, AssignmentState, Rating, RatingStatus
from roiqa.studies.models import Membership, Study, StudyROI


@dataclass(frozen=True, kw_only=True, slots=True)
class PastRating:
    """One answer with the annotator's membership, when it was given, and how many seconds it took."""

    member: Membership
    roi_id: UUID
    answer: Answer
    at: datetime
    seconds: float


@transaction.atomic
def take_in(*, study: Study, ratings: Sequence[PastRating], simulated: bool) -> int:
    """Store the ratings that are not there yet; answers how many. Taking the same ones in again changes nothing.

    Raises Conflict when an ROI would get more annotators than its protocol says; then nothing is stored.
    """
    members = {rating.member.pk: rating.member for rating in ratings}
    list(Membership.objects.select_for_update(no_key=True).filter(pk__in=members).order_by("pk"))
    rois = StudyROI.objects.select_for_update(no_key=True).filter(study=study).order_by("pk")
    study_rois = {row.roi_id: row for row in rois.filter(roi_id__in={rating.roi_id for rating in ratings})}
    pairs = set(Assignment.objects.filter(study=study).values_list("study_roi_id", "annotator_id"))
    assignments: list[Assignment] = []
    answers: list[Rating] = []
    for rating in ratings:
        study_roi, member = study_rois[rating.roi_id], members[rating.member.pk]
        if (study_roi.pk, member.user_id) in pairs:
            continue
        if study_roi.n_accepted + study_roi.n_active >= study_roi.raters_wanted:
            raise Conflict(f"ROI {rating.roi_id} has its {study_roi.raters_wanted} annotators already.")
        study_roi.n_accepted += 1
        study_roi.consensus_due = True
        member.claims_made += 1
        assignment = Assignment(
            study=study,
            study_roi=study_roi,
            annotator_id=member.user_id,
            state=AssignmentState.SUBMITTED,
            claimed_at=rating.at - timedelta(seconds=rating.seconds),
            position=member.claims_made,
            lease_expires_at=rating.at,
            finished_at=rating.at,
        )
        assignments.append(assignment)
        answers.append(
            Rating(
                study=study,
                study_roi=study_roi,
                annotator_id=member.user_id,
                assignment=assignment,
                client_key=uuid5(NAMESPACE_URL, f"roiqa:{study.pk}:{rating.roi_id}:{member.user_id}"),
                status=RatingStatus.ACCEPTED,
                simulated=simulated,
                telemetry={"visible_ms": round(rating.seconds * 1000)},
                created_at=rating.at,
                **rating.answer.columns(),
            )
        )
    Assignment.objects.bulk_create(assignments)
    Rating.objects.bulk_create(answers)
    StudyROI.objects.bulk_update(study_rois.values(), ["n_accepted", "consensus_due"])
    Membership.objects.bulk_update(members.values(), ["claims_made"])
    return len(answers)
