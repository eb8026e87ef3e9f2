"""Proposals: a worker makes them, staff accept, repair or reject them, one by one.

An accepted proposal becomes an ROI through `drawing`, like any other; nothing is an ROI that no person has looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import audit, jobs
from roiqa.core.errors import Conflict, NotFound
from roiqa.core.models import Job
from roiqa.images.models import Image
from roiqa.regions.masks import Mask, mask_from_compressed
from roiqa.regions.models import ROI
from roiqa.regions.overlap import is_double
from roiqa.studies import drawing
from roiqa.studies.access import STAFF
from roiqa.studies.content import lock_content
from roiqa.studies.models import Proposal, ProposalState, Study, StudyImage, StudyROI

KIND = "proposals"


@dataclass(frozen=True)
class NewProposal:
    """`source` says which backend, version and prompt; it becomes the provenance of the ROI."""

    mask: Mask
    score: float
    stability: float | None
    source: Mapping[str, Any]


# Making them.


@transaction.atomic
def start(*, user: User, study: Study, level: str, image_ids: Sequence[UUID] | None) -> Job:
    """The job that makes proposals, the one under way if it is for the very same.

    Raises NotFound (`image_not_found`), Conflict (`study_closed`).
    """
    lock_content(study.pk)
    payload: dict[str, object] = {"study_id": study.pk, "level": level, "model": study.segmentation_model}
    if image_ids is not None:
        held = set(StudyImage.objects.filter(study=study, image_id__in=image_ids).values_list("image_id", flat=True))
        for image_id in image_ids:
            if image_id not in held:
                raise NotFound(f"The image {image_id} is not in {study.slug!r}.", code="image_not_found")
        payload["image_ids"] = sorted(str(image_id) for image_id in held)
    under_way = Job.objects.filter(kind=KIND, finished_at=None, cancel_requested=False, payload=payload)
    job = under_way.order_by("created_at").first()
    if job is None:
        job = jobs.start(kind=KIND, payload=payload, user_id=user.pk, study_slug=study.slug)
        audit.record(actor_id=user.pk, action="proposals_asked", study_slug=study.slug, target=str(job.pk), level=level)
    return job


def images_of(job: Job) -> Iterator[Image]:
    """The images that the job is for, in the order in which they came."""
    of_study = {"study_images__study_id": job.payload["study_id"], "study_images__for_gold": False}
    images = Image.objects.filter(**of_study).order_by("created_at", "pk")
    if "image_ids" in job.payload:
        images = images.filter(pk__in=job.payload["image_ids"])
    return images.iterator()


@transaction.atomic
def add(*, study_id: int, image: Image, level: str, incoming: Sequence[NewProposal]) -> int:
    """Store proposals, the best first, without doubles of the image's ROIs and of earlier proposals; answers how many.

    What was proposed before, also what was rejected, is not proposed again, nor what is under 32 x 32 pixels. The
    transaction holds the study's content, so that nothing changes meanwhile. Raises Conflict (`study_closed`).
    """
    lock_content(study_id)
    if not StudyImage.objects.filter(study_id=study_id, image=image).exists():
        return 0
    rois = ROI.objects.filter(study_roi__study_id=study_id, image=image)
    earlier = Proposal.objects.filter(study_id=study_id, image=image, level=level)
    held = [*rois.values_list("counts", flat=True), *earlier.values_list("counts", flat=True)]
    taken = [mask_from_compressed(counts, height=image.height, width=image.width) for counts in held]
    now = timezone.now()
    rows: list[Proposal] = []
    for new in sorted(incoming, key=lambda new: -new.score):
        if new.mask.area < ROI.MIN_AREA_PX or is_double(new.mask, taken):
            continue
        taken.append(new.mask)
        # The queue is in the order of time: within an image the best come first.
        rows.append(_row(new, study_id, image, level, created_at=now + timedelta(microseconds=len(rows))))
    Proposal.objects.bulk_create(rows)
    return len(rows)


def _row(new: NewProposal, study_id: int, image: Image, level: str, **fields: Any) -> Proposal:
    x, y, w, h = new.mask.bbox
    return Proposal(
        study_id=study_id,
        image=image,
        level=level,
        counts=new.mask.counts,
        mask_sha256=new.mask.sha256,
        x=x,
        y=y,
        w=w,
        h=h,
        area=new.mask.area,
        score=new.score,
        stability=new.stability,
        source=dict(new.source),
        **fields,
    )


# Reading them.


def proposals_of(study: Study, *, state: str = "", image: UUID | None = None, level: str = "") -> QuerySet[Proposal]:
    """The study's proposals, with `file_name`."""
    rows = _with_file_name(Proposal.objects.filter(study=study))
    if state:
        rows = rows.filter(state=state)
    if image is not None:
        rows = rows.filter(image_id=image)
    return rows.filter(level=level) if level else rows


def _with_file_name(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    place = StudyImage.objects.filter(study=OuterRef("study_id"), image=OuterRef("image_id"))
    return rows.select_related("image").annotate(file_name=Subquery(place.values("file_name")[:1]))


def visible_proposal(*, user: User, proposal_id: UUID) -> Proposal:
    """A proposal of a study that this person is staff of. Raises NotFound (`proposal_not_found`)."""
    staffed = Proposal.objects.filter(
        pk=proposal_id, study__memberships__user=user, study__memberships__role__in=STAFF
    ).distinct()
    proposal = _with_file_name(staffed).select_related("image", "study").first()
    if proposal is None:
        raise NotFound(f"There is no proposal {proposal_id} that you may see.", code="proposal_not_found")
    return proposal


# Deciding.


@transaction.atomic
def accept(
    *,
    user: User,
    proposal_id: UUID,
    segmentation: Mapping[str, Any] | None = None,
    level: str | None = None,
    name: str = "",
    provenance: Mapping[str, Any] | None = None,
) -> StudyROI:
    """Make it an ROI, with the mask as proposed or as repaired.

    Raises NotFound, MaskRefused, Conflict (`proposal_decided` with the `roi` it became, `roi_exists`, `study_closed`).
    """
    proposal = _locked(user, proposal_id)
    _require_pending(proposal)
    proposed = {"size": [proposal.image.height, proposal.image.width], "counts": proposal.counts}
    mask = drawing.mask_of_image(segmentation or proposed, proposal.image)
    new = drawing.NewROI(
        image_id=proposal.image_id,
        mask=mask,
        level=level or proposal.level,
        name=name,
        provenance={**proposal.source, **(provenance or {}), "proposal": str(proposal.pk)},
    )
    row = drawing.create_roi(user=user, study=proposal.study, roi=new)
    _decide(proposal, user, ProposalState.ACCEPTED, roi=row.roi)
    return row


@transaction.atomic
def reject(*, user: User, proposal_id: UUID) -> Proposal:
    """Raises NotFound, Conflict (`proposal_decided`) for an accepted one; rejecting again changes nothing."""
    proposal = _locked(user, proposal_id)
    if proposal.state != ProposalState.REJECTED:
        _require_pending(proposal)
        _decide(proposal, user, ProposalState.REJECTED, roi=None)
    return proposal


@transaction.atomic
def undo(*, user: User, proposal_id: UUID) -> Proposal:
    """Back to pending; the ROI of an accepted one goes. Raises NotFound, and as `drawing.delete_roi` does."""
    proposal = _locked(user, proposal_id)
    if proposal.state == ProposalState.PENDING:
        return proposal
    if proposal.roi_id is not None:
        drawing.delete_roi(user=user, roi_id=proposal.roi_id)
    _decide(proposal, user, ProposalState.PENDING, roi=None)
    return proposal


def _locked(user: User, proposal_id: UUID) -> Proposal:
    """The proposal, its study's content locked first, as everywhere. Raises NotFound, Conflict (`study_closed`)."""
    visible = visible_proposal(user=user, proposal_id=proposal_id)
    lock_content(visible.study_id)
    if not Proposal.objects.select_for_update().filter(pk=visible.pk).exists():
        raise NotFound(f"There is no proposal {proposal_id} that you may see.", code="proposal_not_found")
    return visible_proposal(user=user, proposal_id=proposal_id)


def _require_pending(proposal: Proposal) -> None:
    if proposal.state != ProposalState.PENDING:
        raise Conflict(
            f"This proposal is {proposal.state} already: undo that first.",
            code="proposal_decided",
            extra={"roi": str(proposal.roi_id)} if proposal.roi_id else {},
        )


def _decide(proposal: Proposal, user: User, state: ProposalState, *, roi: ROI | None) -> None:
    before = proposal.state
    proposal.state, proposal.roi = state, roi
    pending = state == ProposalState.PENDING
    proposal.decided_by, proposal.decided_at = (None, None) if pending else (user, timezone.now())
    Proposal.objects.filter(pk=proposal.pk).update(
        state=state, roi=roi, decided_by=proposal.decided_by, decided_at=proposal.decided_at
    )
    audit.record(
        actor_id=user.pk,
        action=f"proposal_{state}",
        study_slug=proposal.study.slug,
        target=str(proposal.pk),
        before=before,
    )
