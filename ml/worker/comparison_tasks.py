"""Comparisons of two models on the frozen test split: importing this registers their runner, and loads no torch.

What a model says of a release's test part is kept with the model: a later comparison needs no second scoring.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage

from ml.worker.backends import TorchMissing
from ml.worker.networks import network_of, within_memory
from ml.worker.pictures import display_pixels
from roiqa.core import jobs
from roiqa.core.errors import Conflict
from roiqa.images.models import Image, Split
from roiqa.registry import comparing, services, storage
from roiqa.registry.models import ModelVersion
from roiqa.releases.exports.formats import export_of
from roiqa.releases.models import Release, ReleaseState

if TYPE_CHECKING:
    from ml.seagull.data.records import ImageSample
    from ml.seagull.evaluation.predictions import Prediction

IMAGES_AT_ONCE = 8


class NotComparable(Conflict):
    default_code = "not_comparable"


# Intervals are over images: of one image drawn anew they have no width, and would pass for certainty.
FEWEST_IMAGES = 2


@jobs.runs(comparing.KIND)
def compare_models(progress: jobs.Progress) -> None:
    """The paired comparison of the job's two models; where it was asked for, the better one is promoted."""
    try:
        from ml.seagull.evaluation.paired import compare  # noqa: PLC0415
        from ml.seagull.loading import read_calibration  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TorchMissing(error.name or "torch") from None
    job = progress.job
    models = [ModelVersion.objects.get(pk=job.payload[name]) for name in ("model", "other")]
    release = _release(models)
    progress.expect(3, f"Reading the test split of release {release.number}")
    with progress.alive():
        samples = _test_samples(release)
        seen = {one for model in models for one in model.trained_images}
        predictions = []
        for done, model in enumerate(models):
            progress.step(done, f"Model {model.number} on the test split of release {release.number}")
            made = _predictions(model, release, samples)
            predictions.append([one for one in made if one.image_id not in seen])
        progress.step(2, "Comparing")
        thresholds = [read_calibration(storage.folder_of(model)).thresholds for model in models]
        try:
            result = compare(predictions[0], predictions[1], thresholds=(thresholds[0], thresholds[1]))
        except ValueError as error:
            raise NotComparable(f"Release {release.number}: {error}") from error
    if result["n_images"] < FEWEST_IMAGES:
        raise NotComparable(
            f"Release {release.number} has {result['n_images']} test image that neither model was trained on: an interval "
            f"over images takes {FEWEST_IMAGES}. Label more test images and freeze another release."
        )
    job.report = {
        **result,
        "release": {"id": str(release.pk), "number": release.number},
        "images_left_out": sum(one.image_id in seen for one in samples),
        "model": {"id": str(models[0].pk), "number": models[0].number},
        "other": {"id": str(models[1].pk), "number": models[1].number},
    }
    said = "not worse" if result["not_worse"] else "worse"
    job.message = (
        f"Model {models[0].number} is {said} than model {models[1].number} on {result['n_rois']} ROIs of "
        f"{result['n_images']} test images of release {release.number}."
    )
    if job.payload.get("promote_if_not_worse"):
        services.promote_if_not_worse(model=models[0], other=models[1], comparison=job.report)


def _release(models: Sequence[ModelVersion]) -> Release:
    """The newest release that one of the two was made of, else the newest of the study. Raises NotComparable."""
    ready = Release.objects.filter(study=models[0].study_id, state=ReleaseState.READY).order_by("-number")
    own = ready.filter(pk__in=[model.release for model in models if model.release is not None])
    release = own.first() or ready.first()
    if release is None:
        raise NotComparable("The study has no release: freeze one, whose test split the models can be compared on.")
    return release


def _test_samples(release: Release) -> "list[ImageSample]":
    """The labelled ROIs of the release's test images. Raises NotComparable if there are none."""
    from ml.seagull.data.records import ImageSample, ROISample  # noqa: PLC0415
    from ml.seagull.data.release import labels_of, mask_of  # noqa: PLC0415

    document = json.loads(b"".join(export_of(release, name="seagull", images=False).pieces()))
    records = {one["id"]: one for one in document["images"] if one["split"] == Split.TEST}
    rois: dict[Any, list[ROISample]] = {}
    for annotation in document["annotations"]:
        record = records.get(annotation["image_id"])
        if record is not None:
            mask = mask_of(annotation["segmentation"], height=record["height"], width=record["width"])
            roi = ROISample(
                roi_id=str(annotation["roi"]), rle=mask, labels=labels_of(annotation), level=annotation["level"]
            )
            rois.setdefault(record["id"], []).append(roi)
    images = {one.sha256: one for one in Image.objects.filter(sha256__in=[records[key]["sha256"] for key in rois])}
    if not rois:
        raise NotComparable(
            f"The test split of release {release.number} has no labelled ROI: label some test images and freeze another "
            "release."
        )
    return [
        ImageSample(
            image_id=records[key]["sha256"],
            split=Split.TEST,
            load=partial(display_pixels, images[records[key]["sha256"]]),
            rois=tuple(found),
        )
        for key, found in rois.items()
    ]


def _predictions(model: ModelVersion, release: Release, samples: "Sequence[ImageSample]") -> "list[Prediction]":
    """What the model says of these samples, in their order: as it was kept, else scored now and kept."""
    labels = {roi.roi_id: roi.labels for sample in samples for roi in sample.rois}
    key = f"{model.folder_key}test-parts/{release.content_sha256}.jsonl"
    kept = _kept(key, labels) or (_own(model, labels) if model.release == release.pk else None)
    if kept is None:
        kept = _scored(model, samples)
        _keep(key, kept.values())
    return [replace(kept[roi_id], labels=label) for roi_id, label in labels.items()]


def _own(model: ModelVersion, wanted: Mapping[str, Any]) -> "dict[str, Prediction] | None":
    """What the run itself wrote of its release's test part."""
    return _kept(f"{model.folder_key}predictions.jsonl", wanted) if "predictions.jsonl" in model.files else None


def _kept(key: str, wanted: Mapping[str, Any]) -> "dict[str, Prediction] | None":
    """The predictions of a stored file, if it has one for every ROI."""
    from ml.seagull.evaluation.predictions import parse_predictions  # noqa: PLC0415

    if not default_storage.exists(key):
        return None
    with default_storage.open(key, "rb") as stored:
        found = {one.roi_id: one for one in parse_predictions(stored.read().decode())}
    return found if wanted.keys() <= found.keys() else None


def _scored(model: ModelVersion, samples: "Sequence[ImageSample]") -> "dict[str, Prediction]":
    from ml.seagull.evaluation.predictions import answered  # noqa: PLC0415

    ready = network_of(model)
    found: dict[str, Prediction] = {}
    for first in range(0, len(samples), IMAGES_AT_ONCE):
        some = samples[first : first + IMAGES_AT_ONCE]
        found |= {one.roi_id: one for one in within_memory(ready, partial(answered, ready.scorer, some))}
    return found


def _keep(key: str, predictions: Any) -> None:
    from ml.seagull.evaluation.predictions import write_predictions  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="roiqa-predictions-") as folder:
        path = Path(folder) / "predictions.jsonl"
        write_predictions(path, predictions)
        storage.store(path, key)
