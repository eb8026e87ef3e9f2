"""A shard: some references, their masks and the scores of all their distorted images. `run_shard` is pure and idempotent.

A shard's folder is named for everything that decides its content and appears whole or not at all, so it can be run again
anywhere, after any death, without losing or doubling a row. Images are not stored: a recipe renders them again.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ml.synthesis.masks import MaskSource
from ml.synthesis.quality import Metric
from ml.synthesis.references import Reference, read_reference
from ml.synthesis.render import PIPELINE
from ml.synthesis.rows import (
    MASK_SCHEMA,
    REFERENCE_SCHEMA,
    SCORE_SCHEMA,
    mask_rows,
    metric_id,
    reference_row,
    score_reference,
)
from ml.synthesis.settings import SettingsTable

REFERENCES_PER_SHARD = 8
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Tools:
    """What a worker makes shards with; it must be what the specs name."""

    table: SettingsTable
    metric: Metric
    masks: MaskSource
    device: str = "cpu"


@dataclass(frozen=True)
class ShardSpec:
    """What decides a shard's content. `references` are (sha256, path) of photographs; `masks` names the mask source."""

    references: tuple[tuple[str, str], ...]
    table: str
    metric: str
    masks: str
    long_side: int
    pipeline: str = PIPELINE

    @property
    def key(self) -> str:
        """The name of the shard's folder: a hash of the content's causes, not of where the files lie."""
        causes = asdict(self) | {"references": [sha for sha, _ in self.references]}
        return hashlib.sha256(json.dumps(causes, sort_keys=True).encode()).hexdigest()[:20]

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "ShardSpec":
        return cls(**document | {"references": tuple((sha, path) for sha, path in document["references"])})


def run_shard(
    spec: ShardSpec,
    output: Path,
    tools: Tools,
    *,
    step: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Make the shard below `output` unless it is there, and return its manifest. `step` is called after each reference.

    Raises ValueError when the table, the metric or a photograph is not the one that the spec names.
    """
    _check(spec, tools)
    folder = output / "shards" / spec.key
    known = read_manifest(folder)
    if known is not None:
        return known
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{spec.key}-", dir=folder.parent))
    try:
        rows = _write(spec, making, tools, step)
        files = {path.name: _file_hash(path) for path in sorted(making.iterdir())}
        manifest = {"format": 1, "key": spec.key, "spec": asdict(spec), "rows": rows, "sha256": files}
        _write_whole(making / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
        making.chmod(0o755)
        try:
            making.rename(folder)
        except OSError:
            # Another worker was quicker with the same shard: the same bytes.
            found = read_manifest(folder)
            if found is None:
                raise
            return found
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return read_manifest(folder) or manifest


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished shard, None if there is none. Raises ValueError when a file is not what it says."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for name, digest in manifest["sha256"].items():
        file = folder / name
        if not file.exists() or _file_hash(file) != digest:
            raise ValueError(f"{file} is missing or damaged: delete the folder {folder} and build again.")
    return manifest


def _check(spec: ShardSpec, tools: Tools) -> None:
    for what, wanted, given in (
        ("settings table", spec.table, tools.table.version),
        ("metric", spec.metric, metric_id(tools.metric)),
        ("pipeline", spec.pipeline, PIPELINE),
    ):
        if wanted != given:
            raise ValueError(f"The shard was planned with {what} {wanted}; this worker has {given}. Plan it again.")


def _write(spec: ShardSpec, folder: Path, tools: Tools, step: Callable[[int], None] | None) -> dict[str, int]:
    rows = {"references": 0, "masks": 0, "scores": 0}
    with (
        pq.ParquetWriter(folder / "references.parquet", REFERENCE_SCHEMA, compression="zstd") as references,
        pq.ParquetWriter(folder / "masks.parquet", MASK_SCHEMA, compression="zstd") as masks,
        pq.ParquetWriter(folder / "scores.parquet", SCORE_SCHEMA, compression="zstd") as scores,
    ):
        for number, (sha, path) in enumerate(spec.references):
            reference = read_reference(Path(path), long_side=spec.long_side)
            if reference.id != sha:
                raise ValueError(f"{path} is not the photograph that was planned (sha256 {sha[:12]}…). Plan it again.")
            found = tools.masks(reference)
            table_of_scores = score_reference(_on(reference, tools.device), found, tools.table, tools.metric)
            references.write_table(reference_row(reference))
            # A row group per reference: a reader takes one without the others.
            masks.write_table(mask_rows(reference, found))
            scores.write_table(table_of_scores)
            rows["references"] += 1
            rows["masks"] += len(found)
            rows["scores"] += table_of_scores.num_rows
            if step is not None:
                step(number + 1)
    return rows


def _on(reference: Reference, device: str) -> Reference:
    if device == "cpu":
        return reference
    pixels, linear = reference.pixels.to(device), reference.linear.to(device)
    return Reference(reference.id, reference.name, pixels, linear, reference.camera)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_whole(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
