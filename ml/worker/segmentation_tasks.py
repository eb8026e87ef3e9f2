"""Embeddings and proposals: importing this registers their runners with `roiqa.core.jobs`, and loads no torch."""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from ml.segmentation.embedding import Embedding
from ml.segmentation.prompts import Backend, Pixels, PreparedImage, Prompt
from ml.segmentation.proposals import propose
from ml.worker.backends import backend_of, detector, sam
from ml.worker.pictures import display_pixels
from roiqa.core import jobs
from roiqa.core.models import Job, JobState
from roiqa.images.models import Image
from roiqa.images.storage import keep_computed
from roiqa.regions.embeddings import key_of, storage_key
from roiqa.regions.masks import mask_from_array
from roiqa.regions.models import Level
from roiqa.regions.segmentation_models import REGION_TREE, SegmentationModel, find
from roiqa.studies import embeddings, proposals
from roiqa.studies.proposals import NewProposal

logger = logging.getLogger(__name__)


@jobs.runs(embeddings.KIND)
def compute_embeddings(progress: jobs.Progress) -> None:
    """Encode every image of the job that has no embedding. Broken off and run again it goes on where it was."""
    job = progress.job
    model = find(job.payload["model"])
    images = list(embeddings.images_of(job))
    job.report = {"computed": 0, "known": 0, "failed": []}
    progress.expect(len(images), f"Encoding images with {model.title}")
    for number, image in enumerate(images):
        progress.step(number, f"Embeddings: {number} of {len(images)} images")
        if embeddings.is_ready(image, model):
            job.report["known"] += 1
            continue
        try:
            with progress.alive():
                _encode(image, model)
        except FileNotFoundError:
            # One lost file must not keep the other images from their embeddings.
            logger.warning("image %s has no display copy in storage: no embedding", image.pk)
            job.report["failed"].append(str(image.pk))
            continue
        job.report["computed"] += 1
    report = job.report
    job.message = (
        f"{report['computed']} embeddings computed, {report['known']} known before, {len(report['failed'])} failed."
    )


def _encode(image: Image, model: SegmentationModel) -> None:
    embedding = sam(model).encode(display_pixels(image))
    keep_computed(image, storage_key(image, model), embedding.to_bytes(key=key_of(image, model)))


@jobs.runs(proposals.KIND)
def compute_proposals(progress: jobs.Progress) -> None:
    """Propose masks for every image of the job. Each image is stored with the progress, so nothing is done twice."""
    job = progress.job
    level, name = job.payload["level"], job.payload["model"]
    images = list(proposals.images_of(job))
    report = job.report = job.report or {"images": 0, "added": 0, "failed": [], "last": ""}
    progress.expect(len(images), "Loading the backend")
    with progress.alive():
        backend = backend_of(name)
        detect = detector() if level == Level.OBJECT else None
    for image in _after(images, report["last"]):
        progress.step(report["images"], f"Proposals: {report['images']} of {len(images)} images")
        try:
            with progress.alive():
                seen = _Seen(backend=backend, image=image, name=name)
                found = propose(seen, display_pixels(image), level=level, seed=int(image.sha256[:8], 16), detect=detect)
        except FileNotFoundError:
            logger.warning("image %s has no display copy in storage: no proposals", image.pk)
            report["failed"].append(str(image.pk))
            found = []
        incoming = [
            NewProposal(
                mask=mask_from_array(one.mask),
                score=one.score,
                stability=one.stability,
                source=_source(backend, one.prompt),
            )
            for one in found
        ]
        with transaction.atomic():
            report["added"] += proposals.add(
                study_id=job.payload["study_id"], image=image, level=level, incoming=incoming
            )
            report["images"] += 1
            report["last"] = str(image.pk)
            _keep(job)
    job.message = f"{report['added']} proposals for {report['images']} images, {len(report['failed'])} failed."


@dataclass(frozen=True)
class _Seen:
    """The backend for one image, whose embedding is taken from storage, or put there."""

    backend: Backend
    image: Image
    name: str

    @property
    def version(self) -> str:
        return self.backend.version

    def prepare(self, pixels: Pixels) -> PreparedImage:
        if self.name == REGION_TREE:
            return self.backend.prepare(pixels)
        model = find(self.name)
        if not embeddings.is_ready(self.image, model):
            _encode(self.image, model)
        with default_storage.open(storage_key(self.image, model), "rb") as stored:
            return sam(model).open(Embedding.from_bytes(stored.read()))


def _after(images: list[Image], last: str) -> Iterator[Image]:
    """Those after the last that an earlier attempt finished; all if that one is gone: doing them again adds nothing."""
    if last not in {str(image.pk) for image in images}:
        return iter(images)
    rest = itertools.dropwhile(lambda image: str(image.pk) != last, images)
    return itertools.islice(rest, 1, None)


def _keep(job: Job) -> None:
    """The report so far. Raises JobCancelled if another attempt took over: its transaction then leaves nothing."""
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
    if not mine.update(report=job.report):
        raise jobs.JobCancelled


def _source(backend: Backend, prompt: Prompt) -> dict[str, Any]:
    """What becomes the provenance of the ROI."""
    tool = "region-tree" if backend.name == REGION_TREE else "sam"
    model = {} if tool == REGION_TREE else {"model": backend.name}
    points: list[dict[str, Any]] = [
        {"type": "point", "x": point.x, "y": point.y, "positive": point.positive} for point in prompt.points
    ]
    box = prompt.box
    boxes = [] if box is None else [{"type": "box", "x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1}]
    return {"tool": tool, **model, "version": backend.version, "home": "worker", "events": [*boxes, *points]}
