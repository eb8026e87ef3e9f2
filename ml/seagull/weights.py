"""Weights on disk: a folder of safetensors with the configuration and the hash of every file. Nothing is unpickled.

config.json                 NetworkConfig
weights-00001-of-0000N.safetensors
manifest.json               {"format", "files": {name: {"bytes", "sha256"}}, "source"}
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ml.seagull.network.adapters import has_adapters
from ml.seagull.network.config import NetworkConfig
from ml.seagull.network.model import Seagull

FORMAT = 1
CONFIG, MANIFEST = "config.json", "manifest.json"
SHARD_BYTES = 4_000_000_000
# The word embeddings under their second name, where the two are one.
_TIED = "lm.lm_head.weight"


class WeightsDamaged(ValueError):
    """A folder of weights that is incomplete, altered, or of another network."""


def save(model: Seagull, directory: Path, *, source: Mapping[str, Any] | None = None) -> None:
    """Write the weights to a folder that does not exist yet; it appears whole or not at all.

    `source` says where they came from (commit, data fingerprint, hashes of converted files) and is kept in the manifest.
    Raises ValueError if the language model still has adapters, FileExistsError if the folder exists.
    """
    if has_adapters(model):
        raise ValueError("the language model has adapters: merge them first (network.adapters.merge_adapters)")
    state = {name: value for name, value in model.state_dict().items() if not _is_tied(name, model.config)}
    write(directory, model.config, shards(state), source=source)


def write(
    directory: Path,
    config: NetworkConfig,
    shards: Iterable[dict[str, Tensor]],
    *,
    source: Mapping[str, Any] | None = None,
    files: Iterable[Path] = (),
) -> None:
    """Write shards as they come (one is in memory at a time), the configuration, copies of `files`, and the manifest."""
    if directory.exists():
        raise FileExistsError(f"{directory} exists: weights are written to a new folder")
    directory.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        written = []
        for number, shard in enumerate(shards, 1):
            written.append(made / f"{number:05}.safetensors")
            tensors = {name: value.detach().cpu().contiguous() for name, value in shard.items()}
            save_file(tensors, written[-1], metadata={"format": "pt"})
        for number, path in enumerate(written, 1):
            path.rename(made / f"weights-{number:05}-of-{len(written):05}.safetensors")
        (made / CONFIG).write_text(config.to_json())
        for file in files:
            shutil.copyfile(file, made / file.name)
        hashes = {path.name: _described(path) for path in sorted(made.iterdir())}
        manifest = {"format": FORMAT, "files": hashes, "source": dict(source or {})}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
        for path in [*made.iterdir(), made]:
            _to_disk(path)
        made.chmod(0o755)
        made.rename(directory)
        _to_disk(directory.parent)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def shards(state: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """The same tensors in groups of at most SHARD_BYTES (or one larger tensor), in their order."""
    shard: dict[str, Tensor] = {}
    size = 0
    for name, value in state.items():
        if shard and size + value.nbytes > SHARD_BYTES:
            yield shard
            shard, size = {}, 0
        shard[name] = value
        size += value.nbytes
    yield shard


def from_pretrained(
    directory: Path, *, device: torch.device | str = "cpu", frozen_dtype: torch.dtype | None = None
) -> Seagull:
    """The network of a folder, in eval mode, every file checked against its hash before a byte of it is used.

    `frozen_dtype` (bfloat16 on a GPU) is for the language model and a frozen encoder; the rest stays float32.
    Raises WeightsDamaged naming the file or the parameter that is wrong.
    """
    config = read_config(directory)
    manifest = verify(directory)
    with init_empty_weights(include_buffers=False):
        model = Seagull(config)
    missing = {name for name in model.state_dict() if not _is_tied(name, config)}
    for name in sorted(manifest["files"]):
        if name.endswith(".safetensors"):
            shard = dict(_tensors(directory / name, device))
            missing -= _put(model, shard, missing, frozen_dtype)
    if missing:
        raise WeightsDamaged(f"{directory} lacks {len(missing)} parameters, first {min(missing)}")
    if config.lm.tied:
        model.lm.tie_weights()
    model.to(device)
    return model.eval()


def read_config(directory: Path) -> NetworkConfig:
    """The network that the weights of a folder belong to."""
    try:
        return NetworkConfig.from_json((directory / CONFIG).read_text())
    except (OSError, TypeError, ValueError, KeyError) as problem:
        raise WeightsDamaged(f"{directory / CONFIG} cannot be read: {problem}") from problem


def verify(directory: Path) -> dict[str, Any]:
    """The manifest, after every file that it names has been found with its size and hash."""
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST).read_text())
        if manifest["format"] != FORMAT:
            raise WeightsDamaged(f"{directory} has format {manifest['format']}: this version reads {FORMAT}")
        files: dict[str, dict[str, Any]] = manifest["files"]
        for name, expected in files.items():
            if Path(name).name != name:
                raise WeightsDamaged(f"{directory / MANIFEST} names {name!r}: only files of its own folder are read")
            if _described(directory / name) != expected:
                raise WeightsDamaged(f"{directory / name} is not the file that the manifest describes")
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as problem:
        raise WeightsDamaged(
            f"{directory} is no complete folder of weights: {type(problem).__name__} {problem}"
        ) from problem
    return manifest


def fingerprint(directory: Path) -> str:
    """sha256 of the manifest: names these weights, their configuration and their origin."""
    return hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()


def sha256_of(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(model: Seagull, shard: dict[str, Tensor], missing: set[str], frozen_dtype: torch.dtype | None) -> set[str]:
    stray = sorted(set(shard) - missing)
    if stray:
        raise WeightsDamaged(f"the network has no place for {stray[0]} (and {len(stray) - 1} more), or it came twice")
    expected = model.state_dict()
    for name, value in shard.items():
        if value.shape != expected[name].shape:
            found, wanted = tuple(value.shape), tuple(expected[name].shape)
            raise WeightsDamaged(f"{name} has shape {found}: the network's is {wanted}")
        shard[name] = value.to(_dtype_of(name, model.config, frozen_dtype))
    trained = {name for name, one in model.named_parameters() if one.requires_grad}
    model.load_state_dict(shard, strict=False, assign=True)
    for name, one in model.named_parameters():
        if name in shard:
            one.requires_grad_(name in trained)
    return set(shard)


def _dtype_of(name: str, config: NetworkConfig, frozen_dtype: torch.dtype | None) -> torch.dtype:
    frozen = name.startswith("lm.") or (name.startswith("encoder.") and config.encoder.frozen)
    return frozen_dtype if frozen_dtype is not None and frozen else torch.float32


def _is_tied(name: str, config: NetworkConfig) -> bool:
    return config.lm.tied and name == _TIED


def _tensors(path: Path, device: torch.device | str) -> Iterator[tuple[str, Tensor]]:
    with safe_open(path, framework="pt", device=str(device)) as file:
        for name in file.keys():  # noqa: SIM118 - not a mapping
            yield name, file.get_tensor(name)


def _described(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
