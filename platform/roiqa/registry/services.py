"""Writes of the registry: take a model in, promote it, roll back."""

import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from roiqa.accounts.models import User
from roiqa.core import audit, webhooks
from roiqa.core.webhooks import Event
from roiqa.registry import comparing, storage, suggesting
from roiqa.registry.errors import ComparisonMissing, NothingToRollBack, OtherStudy, Worse
from roiqa.registry.models import ModelVersion, Promotion
from roiqa.registry.weights_folder import read_folder
from roiqa.studies.models import Study

# Ids of models follow from study and weights, so that a run that ends twice (a crash before it was marked) adds one model.
_NAMESPACE = uuid.UUID("6b1f0f0e-5d2c-4f0a-9b0e-2f6b8f0c7a11")


def add_model_version(
    *,
    study: Study,
    folder: Path,
    stage: str,
    number: int | None = None,
    name: str = "",
    preset: str | None = None,
    variant: str | None = None,
    parameters: int | None = None,
    release: UUID | None = None,
    data: Mapping[str, Any] | None = None,
    data_fingerprint: str | None = None,
    trained_images: Collection[str] = (),
    config: Mapping[str, Any] | None = None,
    report: Mapping[str, Any] | None = None,
    model_card: str | None = None,
    base: ModelVersion | None = None,
    created_by: User | None = None,
) -> ModelVersion:
    """Take a folder of weights (`ml.seagull.weights`) into the study; the model that is there if these are known.

    What is not given is read from the folder: network and parameters from the weights, `report` from report.json,
    `model_card` from card.md, `data_fingerprint` from the manifest. `predictions.jsonl` of the test part of `release`
    is kept, so that comparisons need not score again. `trained_images`: sha256 of every image trained on; those of
    `base` are added. Safe to repeat. Raises WeightsRefused, OtherStudy (a base of another study).
    """
    if base is not None and base.study_id != study.pk:
        raise OtherStudy
    weights = read_folder(folder)
    model = ModelVersion(
        pk=uuid.uuid5(_NAMESPACE, f"{study.pk}:{weights.weights_sha256}"),
        study=study,
        stage=stage,
        preset=preset or str(weights.network.get("name", "")),
        variant=variant or str(weights.network.get("variant", "")),
        parameters=parameters if parameters is not None else weights.parameters,
        weights_sha256=weights.weights_sha256,
        files=weights.files,
        release=release,
        data=dict(data or {}),
        data_fingerprint=data_fingerprint if data_fingerprint is not None else str(weights.source.get("data") or ""),
        trained_images=sorted({*trained_images, *(base.trained_images if base else ())}),
        config=dict(config) if config is not None else {"network": weights.network, "source": weights.source},
        report=dict(report) if report is not None else weights.document("report.json"),
        model_card=model_card if model_card is not None else weights.text("card.md") or weights.text("MODEL_CARD.md"),
        base=base,
        created_by=created_by,
    )
    for file in weights.files:
        # Before the row: a row therefore always has its files.
        storage.store(folder / file, model.folder_key + file)
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        known = ModelVersion.objects.filter(pk=model.pk).first()
        if known is not None:
            return known
        last = ModelVersion.objects.filter(study=study).aggregate(last=Max("number"))["last"] or 0
        model.number = number or last + 1
        model.name = name or f"{model.preset} {model.number}"
        model.save(force_insert=True)
        audit.record(
            actor_id=created_by.pk if created_by else None,
            action="model_added",
            study_slug=study.slug,
            target=str(model.pk),
            number=model.number,
            weights_sha256=model.weights_sha256,
        )
    return model


@transaction.atomic
def promote(*, model: ModelVersion, by: User | None, override_reason: str = "", automatic: bool = False) -> Promotion:
    """Let this model suggest from now on; promoted already, it stays so. The suggestions that are missing are started.

    A study's first model needs nothing; a later one must not be worse than the one that serves, which a comparison of
    the two says (`comparing`), or needs a reason, which is audited. Raises ComparisonMissing, Worse.
    """
    Study.objects.select_for_update(no_key=True).get(pk=model.study_id)
    current = _current(model.study_id)
    serving = current.model if current else None
    if current is not None and serving is not None and serving.pk == model.pk:
        return current
    comparison: dict[str, Any] = {}
    if serving is not None:
        found = comparing.comparison_of(model=model, other=serving)
        comparison = found.result or {}
        if not override_reason.strip():
            _require_not_worse(model, serving, found)
    return _point(
        model.study,
        model=model,
        previous=current,
        by=by,
        action="model_promoted",
        comparison=comparison,
        override_reason=override_reason.strip(),
        automatic=automatic,
    )


@transaction.atomic
def promote_automatically(*, model: ModelVersion) -> Promotion | None:
    """Promote a model that a rule made: at once where none serves, else when a comparison says not worse.

    None: the comparison is started, and its worker promotes.
    """
    Study.objects.select_for_update(no_key=True).get(pk=model.study_id)
    current = _current(model.study_id)
    if current is None or current.model is None or current.model.pk == model.pk:
        return promote(model=model, by=None, automatic=True)
    comparing.start_comparison(model=model, other=current.model, user_id=None, promote_if_not_worse=True)
    return None


@transaction.atomic
def promote_if_not_worse(*, model: ModelVersion, other: ModelVersion, comparison: dict[str, Any]) -> Promotion | None:
    """Promote `model` (automatic) if `comparison` says so and `other`, which it was compared with, still serves."""
    Study.objects.select_for_update(no_key=True).get(pk=model.study_id)
    current = _current(model.study_id)
    if not comparison["not_worse"] or current is None or current.model_id != other.pk:
        return None
    return _point(
        model.study,
        model=model,
        previous=current,
        by=None,
        action="model_promoted",
        comparison=comparison,
        override_reason="",
        automatic=True,
    )


def _require_not_worse(model: ModelVersion, serving: ModelVersion, found: comparing.Comparison) -> None:
    comparison = found.result
    if comparison is None:
        raise ComparisonMissing(
            candidate=model.number,
            serving=serving.number,
            serving_id=serving.pk,
            state=found.state,
            note=found.note,
        )
    if not comparison["not_worse"]:
        worse = [name for name, one in comparison["metrics"].items() if not one["not_worse"]]
        raise Worse(candidate=model.number, serving=serving.number, metrics=worse, comparison=comparison)


@transaction.atomic
def roll_back(*, study: Study, by: User, reason: str) -> Promotion:
    """Point to what served before the present model (at the first one: to none). Its suggestions are still there.

    Rolling back again goes further back. Raises NothingToRollBack.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    current = _current(study.pk)
    if current is None or current.model is None:
        raise NothingToRollBack
    before = current.previous
    return _point(
        study,
        model=before.model if before else None,
        previous=before.previous if before else None,
        by=by,
        action="model_rolled_back",
        comparison={},
        override_reason=reason.strip(),
        automatic=False,
    )


def _current(study_id: int) -> Promotion | None:
    held = Promotion.objects.select_related("model", "previous__model", "previous__previous")
    return held.filter(study=study_id, is_current=True).first()


def _point(
    study: Study,
    *,
    model: ModelVersion | None,
    previous: Promotion | None,
    by: User | None,
    action: str,
    comparison: dict[str, Any],
    override_reason: str,
    automatic: bool,
) -> Promotion:
    Promotion.objects.filter(study=study, is_current=True).update(is_current=False)
    promotion = Promotion.objects.create(
        study=study,
        model=model,
        previous=previous,
        comparison=comparison,
        override_reason=override_reason,
        automatic=automatic,
        created_by=by,
    )
    audit.record(
        actor_id=by.pk if by else None,
        action=action,
        study_slug=study.slug,
        target=str(model.pk) if model else "",
        number=model.number if model else None,
        reason=override_reason,
        automatic=automatic,
        not_worse=comparison.get("not_worse"),
    )
    webhooks.announce(
        study_slug=study.slug,
        event=Event.MODEL_PROMOTED,
        payload={
            "model": str(model.pk) if model else None,
            "number": model.number if model else None,
            "automatic": automatic,
            "rolled_back": action == "model_rolled_back",
        },
    )
    suggesting.want(study, user_id=by.pk if by else None)
    return promotion
