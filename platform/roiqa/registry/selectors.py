"""Reads of the registry: which model serves, and what it says of an ROI."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet

from roiqa.accounts.authentication import signed_in
from roiqa.accounts.models import User
from roiqa.images.models import Split
from roiqa.registry.errors import ModelNotFound
from roiqa.registry.models import ModelVersion, Promotion, Suggestion
from roiqa.studies.access import STAFF
from roiqa.studies.models import Study, StudyROI


def promoted_model(study: Study) -> ModelVersion | None:
    """The model whose suggestions the study shows; None before the first promotion and after rolling it back."""
    current = current_promotion(study)
    return current.model if current else None


def current_promotion(study: Study) -> Promotion | None:
    return (
        Promotion.objects.select_related("model", "model__study", "previous__model", "created_by")
        .filter(study=study, is_current=True)
        .first()
    )


def suggestion_for(study_roi: StudyROI) -> Suggestion | None:
    """What the serving model says of this ROI and may be shown to annotators; one query.

    None in the test split and for golds, which are always blind; for an image that the model was trained on (leaked);
    and while the mask is another one than the model saw.
    """
    return shown_suggestions().filter(study_roi=study_roi).first()


def shown_suggestions() -> QuerySet[Suggestion]:
    """Every suggestion that may be shown to annotators: the one place where this is decided."""
    return Suggestion.objects.select_related("model").filter(
        model__promotions__is_current=True,
        model__promotions__study=F("study_roi__study"),
        leaked=False,
        study_roi__is_gold=False,
        study_roi__image__split=Split.TRAIN,
        study_roi__roi__mask_sha256=F("mask_sha256"),
    )


def models_of(study: Study) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(study=study).select_related("study", "created_by")


def model_for(*, user: User | AnonymousUser, model_id: UUID) -> ModelVersion:
    """The model, if this person is admin or ML engineer of its study. Raises ModelNotFound otherwise."""
    model = (
        ModelVersion.objects.select_related("study", "created_by")
        .filter(pk=model_id, study__memberships__user=signed_in(user), study__memberships__role__in=STAFF)
        .first()
    )
    if model is None:
        raise ModelNotFound(model_id)
    return model
