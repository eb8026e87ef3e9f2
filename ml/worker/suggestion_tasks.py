"""Suggestions of the serving model: importing this registers their runner with `roiqa.core.jobs`, and loads no torch."""

import itertools
import logging
import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from ml.worker.networks import network_of, within_memory
from ml.worker.samples import sample_of
from roiqa.core import jobs
from roiqa.core.models import Job, JobState
from roiqa.core.scales import DISTORTIONS, NONEXISTENT
from roiqa.registry import suggesting
from roiqa.registry.models import ModelVersion, Suggestion
from roiqa.registry.selectors import promoted_model
from roiqa.studies.models import Study, StudyROI

if TYPE_CHECKING:
    from ml.seagull.suggesting import Suggestion as Suggested

logger = logging.getLogger(__name__)
IMAGES_AT_ONCE = 8
# People wait for these, perhaps for this very worker; a suggestion nobody has asked for yet makes way. What has waited
# for long waits for somebody else.
_WAITED_FOR = ("embeddings", "proposals", "model_comparison")
_PATIENCE, _IN_VAIN = timedelta(seconds=3), timedelta(seconds=60)


@jobs.runs(suggesting.KIND)
def compute_suggestions(progress: jobs.Progress) -> None:
    """What the serving model says of every ROI of the study that lacks it, batch by batch of images.

    A batch is stored whole; broken off and run again it goes on where it was, and nothing is stored twice. A model
    that is promoted meanwhile takes over at the next batch.
    """
    job = progress.job
    study = Study.objects.get(pk=job.payload["study_id"])
    report = job.report = job.report or {"computed": 0, "leaked": 0, "failed": []}
    counted = None
    for model, batch in _batches(study, report["failed"]):
        if counted != model.pk:
            counted, left = model.pk, suggesting.missing(model).count()
            progress.expect(report["computed"] + left, f"Suggestions of model {model.number}")
        with progress.alive():
            made = list(_suggestions(model, batch, report["failed"]))
        with transaction.atomic():
            report["computed"] += suggesting.keep(made)
            report["leaked"] += sum(one.leaked for one in made)
            _keep_report(job)
        progress.step(report["computed"])
        _make_way(job)
    job.message = (
        f"{report['computed']} suggestions, {report['leaked']} of them for images that the model was trained on; "
        f"{len(report['failed'])} images failed."
    )
    suggesting.finished(study=study, computed=report["computed"])


def _batches(study: Study, failed: list[str]) -> Iterator[tuple[ModelVersion, list[list[StudyROI]]]]:
    """ROIs that lack a suggestion of the model that serves now, by image; until a whole pass finds none."""
    after, found = None, False
    while (model := promoted_model(study)) is not None:
        rows = suggesting.next_images(model, after=after, images=IMAGES_AT_ONCE, without=failed)
        if not rows and not found:
            return
        if not rows:
            after, found = None, False
            continue
        found, after = True, rows[-1].image_id
        yield model, [list(rois) for _, rois in itertools.groupby(rows, key=lambda row: row.image_id)]


def _suggestions(model: ModelVersion, batch: Sequence[Sequence[StudyROI]], failed: list[str]) -> Iterator[Suggestion]:
    from ml.seagull.suggesting import suggest  # noqa: PLC0415

    ready = network_of(model)
    trained = set(model.trained_images)
    for rois in batch:
        image = rois[0].image
        sample = sample_of(image, rois)
        try:
            said = within_memory(ready, partial(suggest, ready.scorer, sample))
        except FileNotFoundError:
            # One lost file must not keep the other images from their suggestions.
            logger.warning("image %s has no display copy in storage: no suggestions", image.pk)
            failed.append(str(image.pk))
            continue
        for row, one in zip(rois, said, strict=True):
            yield Suggestion(
                study_roi=row,
                model=model,
                mask_sha256=row.roi.mask_sha256,
                leaked=image.sha256 in trained,
                answer=one.answer,
                **_numbers(one),
            )


def _numbers(one: "Suggested") -> dict[str, Any]:
    """All probabilities, the levels that they come to, and how unsure they are."""
    scores = one.scores
    # As it says in words, which networks learn first and people see; Yes/No judgments need thresholds fitted to them.
    levels = [_said_of(one, name) for name in DISTORTIONS]
    by_scale = [
        (
            *(scores.distortions[name].present * share for share in scores.distortions[name].severity),
            1 - scores.distortions[name].present,
        )
        for name in DISTORTIONS
    ]
    return {
        "probabilities": scores.to_json(),
        "levels": [*levels, _likeliest(scores.quality), _likeliest(scores.importance)],
        "uncertainty": sum(map(_spread, [*by_scale, scores.quality, scores.importance])) / (len(by_scale) + 2),
    }


def _said_of(one: "Suggested", name: str) -> int:
    if name not in one.distortions:
        return NONEXISTENT
    level = one.distortions[name]
    return _likeliest(one.scores.distortions[name].severity) if level is None else level


def _likeliest(probabilities: Sequence[float]) -> int:
    return max(range(len(probabilities)), key=lambda level: probabilities[level])


def _spread(probabilities: Sequence[float]) -> float:
    """Entropy over its largest: 0 sure, 1 no idea."""
    entropy = -sum(one * math.log(one) for one in probabilities if one > 0)
    return min(1.0, max(0.0, entropy / math.log(len(probabilities))))


def _keep_report(job: Job) -> None:
    """The report so far. Raises JobCancelled if another attempt took over: its transaction then leaves nothing."""
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
    if not mine.update(report=job.report):
        raise jobs.JobCancelled


def _make_way(job: Job) -> None:
    """Raises JobDeferred if somebody has been waiting for this queue: this job goes on afterwards."""
    now = timezone.now()
    waiting = Job.objects.filter(kind__in=_WAITED_FOR, state=JobState.QUEUED, cancel_requested=False)
    waiting = waiting.filter(created_at__range=(now - _IN_VAIN, now - _PATIENCE))
    if waiting.exists():
        raise jobs.JobDeferred(
            f"{job.report['computed']} suggestions so far; makes way for what people wait for.", seconds=1
        )
