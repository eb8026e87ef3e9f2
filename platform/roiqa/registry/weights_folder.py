"""A folder of weights as the registry takes it: every file hashed, the manifest's word checked, nothing loaded.

The format is that of `ml.seagull.weights`, which the platform does not import: config.json, weights-*.safetensors and
manifest.json with the hashes of both; beside them tokenizer.json, prompts.json, calibration.json, report.json,
predictions.jsonl and card.md, where there are any.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roiqa.registry.errors import WeightsRefused

MANIFEST, CONFIG = "manifest.json", "config.json"
# What can be read without running anything: no format that is unpickled.
_SUFFIXES = frozenset({".safetensors", ".json", ".jsonl", ".md"})
_LARGEST_HEADER = 100_000_000


@dataclass(frozen=True, slots=True)
class WeightsFolder:
    folder: Path
    files: dict[str, dict[str, Any]]
    """{name: {"bytes", "sha256"}}."""
    weights_sha256: str
    """sha256 of the manifest, which names every other file of the weights by its hash."""
    network: dict[str, Any]
    source: dict[str, Any]
    """What the weights were made of, as their maker wrote it into the manifest."""

    @property
    def parameters(self) -> int:
        """Numbers in all tensors, from the files' headers."""
        return sum(_numbers(self.folder / name) for name in self.files if name.endswith(".safetensors"))

    def text(self, name: str) -> str:
        """A file's text; empty if it is not there."""
        return (self.folder / name).read_text(encoding="utf-8") if name in self.files else ""

    def document(self, name: str) -> dict[str, Any]:
        """A JSON file's object; empty if it is not there. Raises WeightsRefused if it is none."""
        try:
            return dict(json.loads(self.text(name) or "{}"))
        except (TypeError, ValueError) as problem:
            raise WeightsRefused(f"{name} is no JSON object: {problem}") from problem


def read_folder(folder: Path) -> WeightsFolder:
    """The folder, every file read once for its hash. Raises WeightsRefused naming the file that is wrong."""
    if not folder.is_dir():
        raise WeightsRefused(f"{folder.name!r} is no folder of weights.")
    paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    for path in paths:
        if path.suffix not in _SUFFIXES:
            raise WeightsRefused(
                f"{path.name} is not taken: a model consists of {', '.join(sorted(_SUFFIXES))} files, never of pickles."
            )
    files = {path.name: _described(path) for path in paths}
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        network = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        for name, expected in manifest["files"].items():
            if files.get(name) != expected:
                raise WeightsRefused(f"{name} is not the file that {MANIFEST} describes: export the weights again.")
        source = dict(manifest.get("source") or {})
        unnamed = [name for name in files if name.endswith(".safetensors") and name not in manifest["files"]]
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise WeightsRefused(f"{folder.name!r} is no complete folder of weights: {problem}") from problem
    if unnamed:
        raise WeightsRefused(f"{MANIFEST} does not name {unnamed[0]}: export the weights again.")
    return WeightsFolder(
        folder=folder, files=files, weights_sha256=files[MANIFEST]["sha256"], network=network, source=source
    )


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _numbers(path: Path) -> int:
    """How many numbers a safetensors file holds: eight bytes of length, then JSON with every tensor's shape."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _LARGEST_HEADER:
            raise WeightsRefused(f"{path.name} is no safetensors file.")
        try:
            header = json.loads(file.read(length))
        except ValueError:
            raise WeightsRefused(f"{path.name} is no safetensors file.") from None
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
