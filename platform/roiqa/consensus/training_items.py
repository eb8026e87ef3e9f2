"""ROIs to learn on: chosen among those with a label, or given their answers by hand."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from roiqa.accounts.models import User
from roiqa.consensus.models import Consensus
from roiqa.core.errors import Invalid
from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES
from roiqa.images.models import Split
from roiqa.studies import training
from roiqa.studies.models import Study, StudyImage, StudyROI
from roiqa.studies.qualification_models import ItemUse, TrainingItem


def reference_of(consensus: Consensus) -> dict[str, int]:
    """The label as levels of the form: a distortion that is not there is `nonexistent`."""
    levels = dict(zip(SCALES, consensus.levels, strict=True))
    return {scale: NONEXISTENT if scale in DISTORTIONS and level < 0 else level for scale, level in levels.items()}


def candidates(*, study: Study, labelled: bool) -> QuerySet[StudyROI]:
    """ROIs of the train part that can become items: with a label of all their raters, or not rated by anybody."""
    rows = (
        StudyROI.objects.filter(study=study, image__split=Split.TRAIN, is_gold=False, is_training=False, n_active=0)
        .select_related("roi", "image")
        .annotate(
            file_name=Subquery(StudyImage.objects.filter(study=study, image=OuterRef("image")).values("file_name")[:1])
        )
    )
    if labelled:
        return rows.filter(consensus__isnull=False, slots_left=0, consensus_due=False).select_related(
            "roi", "image", "consensus"
        )
    return rows.filter(n_accepted=0)


def add_item(
    *, study: Study, roi_id: UUID, use: ItemUse, reference: Mapping[str, int] | None, explanation: str, by: User
) -> TrainingItem:
    """An item with this reference, or with the ROI's label. Raises Invalid (`no_label`), ItemUnfit."""
    levels: dict[str, Any] = dict(reference or {})
    if reference is None:
        consensus = Consensus.objects.filter(study_roi__study=study, study_roi__roi_id=roi_id).first()
        if consensus is None:
            detail = "This ROI has no label yet: give its levels yourself, or choose one that people have rated."
            raise Invalid(detail, code="no_label", fields={"reference": [detail]})
        levels = reference_of(consensus)
    return training.add_item(
        study=study,
        roi_id=roi_id,
        use=use,
        reference=levels,
        explanation=explanation,
        from_consensus=reference is None,
        by=by,
    )
