"""Convert the published SEAGULL weights to safetensors. The only place where a pickle is read, in a process of its own.

    python -m ml.seagull.convert --checkpoint SEAGULL-7B --encoder open_clip_pytorch_model.bin --output weights/seagull-7b

`--checkpoint` is a folder with config.json and pytorch_model*.bin (or *.safetensors), with or without an index. For
weights published as LoRA it is the base model, and `--adapter` the folder of the adapter.
"""

import argparse
import json
import pickle
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ml.seagull.network.config import NetworkConfig
from ml.seagull.network.model import Seagull
from ml.seagull.network.released import (
    ConversionRefused,
    config_of_release,
    is_unused,
    match,
    our_name,
    plain_name,
    trunk_of,
    with_placeholder_rows,
)
from ml.seagull.network.released_lora import merged
from ml.seagull.weights import fingerprint, sha256_of, shards, write

_CHECKPOINTS = ("model.safetensors", "pytorch_model.bin")
_ADAPTERS = ("adapter_model.safetensors", "adapter_model.bin")
_BESIDE_ADAPTERS = ("non_lora_trainables.safetensors", "non_lora_trainables.bin")
# Carried over beside the weights if they are there.
_TOKENIZER = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)


def convert(*, checkpoint: Path, encoder: Path, output: Path, adapter: Path | None = None) -> None:
    """Write the folder that `weights.from_pretrained` reads; values keep the type they were published in.

    Raises ConversionRefused, before anything is written, unless every parameter of the network is found once and every
    published one is used or known to be without effect.
    """
    state, read = _load_folder(checkpoint, _CHECKPOINTS)
    fields = _json(checkpoint / "config.json")
    if adapter is not None:
        state, more = _with_adapter(state, adapter)
        read += more
        if (adapter / "config.json").is_file():
            fields = _json(adapter / "config.json")
    state = _without_unused(state)
    trunk = trunk_of(_load(encoder))
    config = config_of_release(fields, state, trunk)
    named = {our_name(name): value for name, value in state.items()}
    named |= {f"encoder.{name}": value for name, value in trunk.items()}
    match("the checkpoint", _expected(config), named)
    source = {"converted": {path.name: sha256_of(path) for path in [*read, encoder]}}
    beside = [path for path in (checkpoint / name for name in _TOKENIZER) if path.is_file()]
    write(output, config, shards(named), source=source, files=beside)


def _expected(config: NetworkConfig) -> dict[str, Tensor]:
    with torch.device("meta"):
        expected: dict[str, Tensor] = Seagull(config).state_dict()
    return expected


def _without_unused(state: dict[str, Tensor]) -> dict[str, Tensor]:
    unused = {name: value for name, value in state.items() if is_unused(name)}
    if unused:
        size = sum(value.numel() for value in unused.values())
        kinds = sorted({".".join(name.split(".")[:2]) for name in unused})
        warnings.warn(f"Dropped {len(unused)} tensors ({size:,} values) of {', '.join(kinds)}: not used.", stacklevel=2)
    return {name: value for name, value in state.items() if name not in unused}


def _with_adapter(state: dict[str, Tensor], folder: Path) -> tuple[dict[str, Tensor], list[Path]]:
    path = _first(folder, _ADAPTERS)
    read = [path]
    beside = next((folder / name for name in _BESIDE_ADAPTERS if (folder / name).is_file()), None)
    if beside is not None:
        state = state | {plain_name(name): value for name, value in _load(beside).items()}
        read.append(beside)
    state = with_placeholder_rows(state)
    return merged(state, _load(path), _json(folder / "adapter_config.json")), read


def _load_folder(folder: Path, names: Sequence[str]) -> tuple[dict[str, Tensor], list[Path]]:
    """All tensors of a checkpoint, checked against its index, and the files that they came from."""
    index = next((path for name in names if (path := folder / f"{name}.index.json").is_file()), None)
    if index is None:
        path = _first(folder, names)
        return _load(path), [path]
    places: dict[str, str] = _json(index)["weight_map"]
    files = sorted(set(places.values()))
    state: dict[str, Tensor] = {}
    for file in files:
        if Path(file).name != file:
            raise ConversionRefused(f"{index.name} names {file!r}: shards lie beside their index")
        found = _load(folder / file)
        listed = {name for name, place in places.items() if place == file}
        if set(found) != listed:
            stray = min(set(found) ^ listed)
            raise ConversionRefused(f"{file} and {index.name} disagree about {stray}: is the download complete?")
        state |= found
    return state, [folder / file for file in files]


def _load(path: Path) -> dict[str, Tensor]:
    """Tensors of one file, mapped from the disk rather than read where its format allows."""
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except (OSError, RuntimeError, SafetensorError, pickle.UnpicklingError) as problem:
        raise ConversionRefused(f"{path} cannot be read as tensors alone: {problem}") from problem
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ConversionRefused(f"{path} is no dictionary of tensors")
    return state


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _first(folder: Path, names: Sequence[str]) -> Path:
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        raise ConversionRefused(f"{folder} has none of {', '.join(names)}, with or without an index")
    return path


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as problem:
        raise ConversionRefused(f"{path} cannot be read: {problem}") from problem


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.convert", description=__doc__.split("\n\n")[0])
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of the published checkpoint")
    parser.add_argument("--encoder", type=Path, required=True, help="open_clip file of the ConvNeXt encoder")
    parser.add_argument("--adapter", type=Path, help="folder of a LoRA adapter to merge")
    parser.add_argument("--output", type=Path, required=True, help="new folder for the converted weights")
    given = parser.parse_args(arguments)
    try:
        convert(checkpoint=given.checkpoint, encoder=given.encoder, output=given.output, adapter=given.adapter)
    except (ConversionRefused, FileExistsError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{given.output}: weights {fingerprint(given.output)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
