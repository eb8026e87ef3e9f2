"""A promoted model and what it suggests, as rows: what the registry's services make of a run, without a network."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES
from roiqa.ratings.models import Assignment
from roiqa.registry.models import ModelVersion, Promotion, Suggestion
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import make_rating

# Blur moderate, quality fair; nothing else. In the order of SCALES.
LEVELS = (5, 5, 2, 5, 5, 5, 2, 3)


def make_model(study: Study, **fields: Any) -> ModelVersion:
    number = ModelVersion.objects.filter(study=study).count() + 1
    defaults: dict[str, Any] = {
        "name": f"model {number}",
        "stage": "stage-2",
        "preset": "ci",
        "variant": "tree",
        "parameters": 1000,
        "weights_sha256": f"{number:064x}",
        "data_fingerprint": "0" * 64,
    }
    return ModelVersion.objects.create(study=study, number=number, **{**defaults, **fields})


def promote(model: ModelVersion, **fields: Any) -> Promotion:
    Promotion.objects.filter(study=model.study, is_current=True).update(is_current=False)
    return Promotion.objects.create(study=model.study, model=model, **fields)


def promoted(study: Study) -> ModelVersion:
    """The study's promoted model, made if there is none. It was promoted before anybody rated."""
    current = Promotion.objects.filter(study=study, is_current=True).select_related("model").first()
    if current is not None and current.model is not None:
        return current.model
    model = make_model(study)
    promote(model, created_at=timezone.now() - timedelta(days=1))
    return model


def suggest(
    study_roi: StudyROI,
    levels: Sequence[int] = LEVELS,
    *,
    model: ModelVersion | None = None,
    leaked: bool = False,
    uncertainty: float = 0.5,
    mask_sha256: str = "",
) -> Suggestion:
    """What the promoted model says of the ROI."""
    return Suggestion.objects.create(
        study_roi=study_roi,
        model=model or promoted(study_roi.study),
        probabilities=certain(levels),
        levels=list(levels),
        uncertainty=uncertainty,
        leaked=leaked,
        mask_sha256=mask_sha256 or study_roi.roi.mask_sha256,
    )


def make_revealed(study_roi: StudyROI, annotator: User) -> Assignment:
    """A submitted answer of this person beside which the model's view has been shown."""
    suggestion = suggest(study_roi)
    assignment = make_rating(study_roi, annotator).assignment
    assignment.mode, assignment.suggestion, assignment.shown_at = "reveal_after", suggestion, timezone.now()
    assignment.shown = {"levels": dict(zip(SCALES, suggestion.levels, strict=True)), "wrong": None}
    assignment.save()
    return assignment


def certain(levels: Sequence[int]) -> dict[str, Any]:
    """Probabilities of a model that has no doubt of these levels."""
    by_scale = dict(zip(SCALES, levels, strict=True))
    return {
        "quality": _one_hot(by_scale["quality"]),
        "importance": _one_hot(by_scale["importance"]),
        "distortions": {
            name: {"present": float(by_scale[name] != NONEXISTENT), "severity": _one_hot(min(by_scale[name], 4))}
            for name in DISTORTIONS
        },
    }


def as_answer(levels: Sequence[int]) -> dict[str, Any]:
    """Eight levels in the order of SCALES as the API writes an answer."""
    by_scale: Mapping[str, int] = dict(zip(SCALES, levels, strict=True))
    return {
        "distortions": {name: by_scale[name] for name in DISTORTIONS},
        "quality": by_scale["quality"],
        "importance": by_scale["importance"],
    }


def _one_hot(level: int) -> list[float]:
    return [float(level == one) for one in range(5)]
