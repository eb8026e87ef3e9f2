"""Reads of the registry: which model serves, and what it says of an ROI."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from roiqa.accounts.authentication import signed_in
from roiqa.accounts.models import User
from roiqa.core.models import Job
from roiqa.images.models import Split
from roiqa.registry import suggesting
from roiqa.registry.errors import ModelNotFound
from roiqa.registry.models import ModelVersion, Promotion, Suggestion
from roiqa.studies.access import STAFF
from roiqa.studies.models import Membership, Study, StudyROI

# What a claim does not need of a model: every image it was trained on, its report, its card.
_LONG_OF_MODEL = ("model__trained_images", "model__config", "model__report", "model__model_card", "model__files")


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
    return shown_suggestions().select_related("model").defer(*_LONG_OF_MODEL).filter(study_roi=study_roi).first()


def shown_suggestions() -> QuerySet[Suggestion]:
    """Every suggestion that may be shown to annotators: the one place where this is decided."""
    return Suggestion.objects.filter(
        model__promotions__is_current=True,
        model__promotions__study=F("study_roi__study"),
        leaked=False,
        study_roi__is_gold=False,
        study_roi__image__split=Split.TRAIN,
        study_roi__roi__mask_sha256=F("mask_sha256"),
    )


def suggestions_of(study: Study, *, model_id: UUID | None) -> QuerySet[Suggestion]:
    """All of one model (default: the one that serves) for the study's staff, with `is_shown`, newest first."""
    of_model = Q(model=model_id) if model_id else Q(model__promotions__is_current=True)
    shown = shown_suggestions().filter(pk=OuterRef("pk"))
    held = Suggestion.objects.filter(of_model, study_roi__study=study, model__study=study)
    return held.select_related("study_roi").annotate(is_shown=Exists(shown))


def suggestion_state(study: Study) -> dict[str, Any]:
    """{"model", "rois", "ready", "leaked", "missing", "job"} of the serving model."""
    model = promoted_model(study)
    wanted = suggesting.wanted(study.pk)
    state: dict[str, Any] = {"model": None, "rois": wanted.count(), "ready": 0, "leaked": 0, "missing": 0, "job": None}
    if model is None:
        return state
    held = Suggestion.objects.filter(model=model, mask_sha256=F("study_roi__roi__mask_sha256"))
    held = held.filter(study_roi__in=wanted)
    counts = held.aggregate(all=Count("pk"), leaked=Count("pk", filter=Q(leaked=True)))
    job = Job.objects.filter(kind=suggesting.KIND, payload={"study_id": study.pk}, finished_at=None)
    return state | {
        "model": model.pk,
        "ready": counts["all"] - counts["leaked"],
        "leaked": counts["leaked"],
        "missing": state["rois"] - counts["all"],
        "job": job.order_by("-created_at").values_list("pk", flat=True).first(),
    }


def models_of(study: Study) -> QuerySet[ModelVersion]:
    return _models().filter(study=study)


def models_visible_to(user: User) -> QuerySet[ModelVersion]:
    """Those of every study whose admin or ML engineer this person is."""
    staffed = Membership.objects.filter(user=user, role__in=STAFF).values("study_id")
    return _models().filter(study_id__in=staffed)


def _models() -> QuerySet[ModelVersion]:
    serving = Promotion.objects.filter(model=OuterRef("pk"), is_current=True)
    rows = ModelVersion.objects.select_related("study", "created_by").defer("trained_images")
    return rows.annotate(is_serving=Exists(serving), images_seen=F("trained_images__len"))


def model_for(*, user: User | AnonymousUser, model_id: UUID) -> ModelVersion:
    """The model, if this person is admin or ML engineer of its study. Raises ModelNotFound otherwise."""
    model = (
        _models()
        .filter(pk=model_id, study__memberships__user=signed_in(user), study__memberships__role__in=STAFF)
        .first()
    )
    if model is None:
        raise ModelNotFound(model_id)
    return model
