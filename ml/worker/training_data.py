"""The data of a run where the training finds it: a release streamed out of the platform, or a built synthetic set."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roiqa.core import jobs
from roiqa.releases.exports.formats import Export, export_of
from roiqa.releases.snapshot_file import SnapshotReader
from roiqa.training import options
from roiqa.training.errors import TrainingFailed
from roiqa.training.models import TrainingRun


@dataclass(frozen=True, slots=True)
class DataFile:
    """What `--data` names, whether it has a test part to measure on, and what the model's row says of it."""

    path: Path
    has_test: bool
    facts: dict[str, Any]


def data_of(run: TrainingRun, folder: Path, progress: jobs.Progress) -> DataFile:
    """Raises TrainingFailed for a synthetic set that is not on this machine, SnapshotBroken."""
    if run.release is None:
        path = options.folder_of_synthetic_set(run.synthetic_set)
        found = options.synthetic_set(run.synthetic_set)
        if found is None:
            raise TrainingFailed(
                f"The synthetic set {run.synthetic_set!r} is not at {path.parent} on this worker: share ROIQA_SYNTHETIC_DIR."
            )
        facts = {"kind": "synthetic", "name": run.synthetic_set, "fraction": run.fraction, **found}
        return DataFile(path, has_test=False, facts=facts)
    release = run.release
    export = export_of(release, name="seagull", images=True)
    path = folder / "data" / "release.zip"
    if not path.exists():
        _stream(export, path, progress)
    images = [image.record["split"] for image in SnapshotReader(release.snapshot_key).images()]
    facts = {
        "kind": "release",
        "number": release.number,
        "hash": release.content_sha256,
        "fraction": run.fraction,
        "train_images": images.count("train"),
        "test_images": images.count("test"),
        "rois": release.counts["rois"],
    }
    return DataFile(path, has_test="test" in images, facts=facts)


def _stream(export: Export, path: Path, progress: jobs.Progress) -> None:
    """Labels and pictures straight out of storage, piece by piece; the file is there when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    progress.expect(export.steps, f"Fetching {export.file_name}")
    with part.open("wb") as file, progress.alive():
        for piece in export.pieces(watch=progress.step):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
