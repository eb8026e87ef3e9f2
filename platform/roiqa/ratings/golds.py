"""Golds as rows: marked by hand, retired, served again, removed. (Made ones come from `studies.golds.making`.)"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.core.errors import Conflict, NotFound
from roiqa.images import removal
from roiqa.images.models import Image
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.studies.content import delete_rois, lock_content
from roiqa.studies.golds.expected import check_accepted
from roiqa.studies.models import Gold, Study, StudyImage, StudyROI
from roiqa.studies.rated import active_claims, held_by_rooms_above


def gold_of(*, study: Study, roi_id: UUID) -> Gold:
    """Raises NotFound (`gold_not_found`)."""
    gold = Gold.objects.select_related("study_roi").filter(study_roi__study=study, study_roi__roi_id=roi_id).first()
    if gold is None:
        raise NotFound(f"There is no gold {roi_id} in {study.slug!r}.", code="gold_not_found")
    return gold


def _locked(*, study: Study, roi_id: UUID) -> StudyROI:
    study_roi = StudyROI.objects.select_for_update(no_key=True).filter(study=study, roi_id=roi_id).first()
    if study_roi is None:
        raise NotFound(f"There is no ROI {roi_id} in {study.slug!r}.", code="roi_not_found")
    return study_roi


@transaction.atomic
def mark_gold(*, user: User, study: Study, roi_id: UUID, accepted: Mapping[str, Sequence[int]]) -> Gold:
    """Make an ROI that nobody has rated a gold, with the levels that pass. It leaves the queue and every label.

    Raises NotFound, Invalid (`gold_checks_nothing`, `gold_levels_wrong`), Conflict (`gold_exists`, `roi_has_ratings`,
    `study_closed`).
    """
    levels = check_accepted(accepted)
    lock_content(study.pk)
    study_roi = _locked(study=study, roi_id=roi_id)
    if study_roi.is_gold:
        raise Conflict("This ROI is a gold already.", code="gold_exists")
    if active_claims(study_roi) or held_by_rooms_above(StudyROI.objects.filter(pk=study_roi.pk)).exists():
        raise Conflict(
            "This ROI is rated or being rated: its answers belong to a label. Mark one that nobody has rated.",
            code="roi_has_ratings",
        )
    study_roi.is_gold, study_roi.raters_wanted = True, 0
    study_roi.save(update_fields=["is_gold", "raters_wanted"])
    gold = Gold.objects.create(study_roi=study_roi, accepted=levels, created_by=user)
    audit.record(actor_id=user.pk, action="gold_marked", study_slug=study.slug, target=str(roi_id), accepted=levels)
    return gold


@transaction.atomic
def retire_gold(*, user: User, study: Study, roi_id: UUID) -> None:
    """Serve it no longer; answers stay. Nothing happens to one that is retired."""
    _set_retired(user=user, gold=gold_of(study=study, roi_id=roi_id), retire=True)


@transaction.atomic
def restore_gold(*, user: User, study: Study, roi_id: UUID) -> None:
    """Serve a retired gold again, to those who have not had it."""
    _set_retired(user=user, gold=gold_of(study=study, roi_id=roi_id), retire=False)


def _set_retired(*, user: User, gold: Gold, retire: bool) -> None:
    if retire == (gold.retired_at is not None):
        return
    gold.retired_at = timezone.now() if retire else None
    gold.save(update_fields=["retired_at"])
    audit.record(
        actor_id=user.pk,
        action="gold_retired" if retire else "gold_restored",
        study_slug=gold.study_roi.study.slug,
        target=str(gold.study_roi.roi_id),
    )


@transaction.atomic
def remove_gold(*, user: User, study: Study, roi_id: UUID) -> None:
    """Undo a gold that nobody has answered: a made one goes with its image, a marked one is an ordinary ROI again.

    Raises NotFound, Conflict (`gold_has_answers`: retire it instead).
    """
    removal.forbid_imports()
    held = lock_content(study.pk)
    gold_of(study=study, roi_id=roi_id)
    study_roi = _locked(study=study, roi_id=roi_id)
    gold = Gold.objects.get(study_roi=study_roi)
    in_hand = Assignment.objects.filter(study_roi=study_roi, state=AssignmentState.ACTIVE)
    if in_hand.exists() or held_by_rooms_above(StudyROI.objects.filter(pk=study_roi.pk)).exists():
        raise Conflict(
            "This gold is answered or being answered, and answers are kept: retire it instead.", code="gold_has_answers"
        )
    if gold.recipe:
        image_id = study_roi.image_id
        delete_rois([study_roi])
        StudyImage.objects.filter(study=study, image=image_id, for_gold=True).delete()
        if not StudyImage.objects.filter(image=image_id).exists():
            removal.remove_row(Image.objects.get(pk=image_id))
    else:
        gold.delete()
        study_roi.is_gold, study_roi.raters_wanted = False, held.raters_per_roi
        study_roi.save(update_fields=["is_gold", "raters_wanted"])
    audit.record(actor_id=user.pk, action="gold_removed", study_slug=study.slug, target=str(roi_id))
