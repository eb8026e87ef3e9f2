"""Checkpoints of a run: folders of safetensors and JSON, whole or not there, with the hash of every file.

Layout: `run/checkpoints/step-00000100/`, and beside them two small files, `latest` and `best`, that name a folder.
`latest` is written last, so a crash anywhere leaves the checkpoint before. The last KEPT and the best one stay.
No pickle is ever written or read.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from ml.seagull.training.atomic import PART, sha256_of, sync_folder, write_bytes, write_folder

KEPT = 3
MANIFEST = "manifest.json"
LATEST, BEST = "latest", "best"
TENSORS = ".safetensors"


class BrokenCheckpoint(ValueError):
    """A checkpoint's files are not those that its manifest names."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a folder holds: tensors of each `.safetensors` file by name, the text of every other file, the manifest."""

    tensors: Mapping[str, Mapping[str, Tensor]]
    texts: Mapping[str, str]
    facts: Mapping[str, Any]

    def document(self, name: str) -> Any:
        return json.loads(self.texts[name])


def as_text(document: Any) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def write_checkpoint(run: Path, *, step: int, checkpoint: Checkpoint, is_best: bool = False) -> Path:
    """Write the folder of `step`, then point `best` and last `latest` to it, then remove what is no longer kept.

    A folder of the same step that `latest` never came to name (a crash in between) is replaced.
    """
    folder = run / "checkpoints" / f"step-{step:08d}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        _discard(folder)
    write_folder(folder, lambda part: _fill(part, checkpoint))
    if is_best:
        _point(run, BEST, folder)
    _point(run, LATEST, folder)
    _prune(run)
    return folder


def pointed(run: Path, name: str) -> Path | None:
    """The folder that `latest` or `best` names, None if there is none yet."""
    pointer = run / "checkpoints" / name
    return run / "checkpoints" / pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None


def read_checkpoint(folder: Path) -> Checkpoint:
    """Raises: BrokenCheckpoint naming the first file that is missing, unknown or has another hash."""
    manifest_path = folder / MANIFEST
    if not manifest_path.exists():
        raise BrokenCheckpoint(f"{folder} has no {MANIFEST}: it is no checkpoint, or was not written by this program.")
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    for name in sorted(there ^ set(manifest["files"])):
        raise BrokenCheckpoint(f"{folder}: {name} is {'not in the manifest' if name in there else 'missing'}.")
    for name, expected in manifest["files"].items():
        if sha256_of(folder / name) != expected:
            raise BrokenCheckpoint(f"{folder}: {name} has changed since it was written. Use an older checkpoint.")
    return Checkpoint(
        tensors={name: load_file(folder / name) for name in sorted(there) if name.endswith(TENSORS)},
        texts={
            name: (folder / name).read_text(encoding="utf-8") for name in sorted(there) if not name.endswith(TENSORS)
        },
        facts=manifest["facts"],
    )


def _fill(part: Path, checkpoint: Checkpoint) -> None:
    for name, tensors in checkpoint.tensors.items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, part / name)
    for name, text in checkpoint.texts.items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).write_text(text, encoding="utf-8")
    files = {path.relative_to(part).as_posix(): sha256_of(path) for path in sorted(part.rglob("*")) if path.is_file()}
    (part / MANIFEST).write_text(as_text({"files": files, "facts": checkpoint.facts}), encoding="utf-8")


def _point(run: Path, name: str, folder: Path) -> None:
    write_bytes(run / "checkpoints" / name, f"{folder.name}\n".encode())


def _prune(run: Path) -> None:
    folders = sorted((run / "checkpoints").glob("step-????????"))
    kept = {*folders[-KEPT:], pointed(run, BEST), pointed(run, LATEST)}
    for folder in folders:
        if folder not in kept:
            _discard(folder)


def _discard(folder: Path) -> None:
    # Renamed first: a crash while it is taken apart must not leave half a folder under a checkpoint's name.
    part = folder.with_name(f"{folder.name}{PART}")
    if part.exists():
        shutil.rmtree(part)
    folder.rename(part)
    sync_folder(folder.parent)
    shutil.rmtree(part)
