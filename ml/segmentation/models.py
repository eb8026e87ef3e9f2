"""`load`: a segmentation model from a folder, from Hugging Face's hub or from an official .pth checkpoint."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError

from ml.segmentation import manifest as manifests
from ml.segmentation.decoder import SAM2Decoder, SAMDecoder
from ml.segmentation.geometry import MEAN, STD
from ml.segmentation.manifest import Family, Manifest, ModelError, TensorShape
from ml.segmentation.sam_backend import SAMBackend

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_HUB_FILES = ["config.json", "preprocessor_config.json", "manifest.json", "decoder.onnx", "model*.safetensors*"]
_CHECKPOINTS = (".pth", ".pt")
# The checkpoints of SAM 2 on the hub are named for video; the image model is a part of it.
_FAMILY_OF: dict[str, Family] = {"sam": "sam", "sam2": "sam2", "sam2_video": "sam2"}
_PREPROCESSOR = "preprocessor_config.json"


def load(model: str | Path, device: str = "cpu") -> SAMBackend:
    """A backend, ready to encode.

    `model`: a folder in transformers' layout, an official `segment_anything` checkpoint (*.pth) or an id on the hub such
    as `facebook/sam-vit-base`, which is fetched if the local cache has none. Raises ModelError.
    """
    with folder_of(model) as folder:
        return _load_folder(folder, device, name=name_of(model))


def id_of(name: str) -> str:
    """The nearest word that a manifest takes for an id."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:64] or "model"


def name_of(model: str | Path) -> str:
    """What a model is called where its folder has no manifest."""
    path = Path(model)
    return path.stem if path.suffix in _CHECKPOINTS else path.resolve().name


@contextmanager
def folder_of(model: str | Path) -> Iterator[Path]:
    """The folder in transformers' layout behind what `load` takes; that of a checkpoint is gone afterwards."""
    path = Path(model)
    if path.suffix in _CHECKPOINTS:
        with tempfile.TemporaryDirectory(prefix="roiqa-sam-") as converted:
            _convert(path, Path(converted))
            yield Path(converted)
    elif path.is_dir():
        yield path
    elif path.exists():
        raise ModelError(
            f"{path} is a file of a kind that is not read here: give the folder of config.json, or a .pth."
        )
    elif _HUB_ID.fullmatch(str(model)):
        yield _fetched(str(model))
    else:
        raise ModelError(
            f"{path} does not exist: give a folder with config.json and model.safetensors, or a .pth file."
        )


def described(
    folder: Path, network: Any, *, name: str, title: str = "", licence: str = "", source: str = ""
) -> Manifest:
    """The manifest of a model that has none yet, without a decoder."""
    family = family_of(folder)
    decoder = decoder_for(network, family)
    side = decoder.input_size
    return Manifest(
        id=id_of(name),
        title=title or name,
        family=family,
        weights_sha256=manifests.weights_sha256(folder),
        preprocessing=manifests.PREPROCESSING_OF[family],
        geometry=manifests.GEOMETRY_OF[family],
        input_size=side,
        embedding=_embedding_shapes(network, decoder),
        low_res=cast("tuple[int, int]", tuple(4 * cells for cells in _cells(network))),
        decoder=None,
        licence=licence or "not stated",
        source=source or "not stated",
    )


def family_of(folder: Path) -> Family:
    """Raises ModelError for a folder of something else."""
    path = folder / "config.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8")).get("model_type")
    except FileNotFoundError:
        raise ModelError(f"{path} does not exist: a model's folder has config.json and model.safetensors.") from None
    except (ValueError, AttributeError) as error:
        raise ModelError(f"{path} is not a JSON object ({error}): copy it again from the model's source.") from None
    if kind not in _FAMILY_OF:
        raise ModelError(f"{path}: model_type is {kind!r}; the models read here are {', '.join(_FAMILY_OF)}.")
    return _FAMILY_OF[kind]


def decoder_for(network: Any, family: Family) -> SAMDecoder:
    return SAM2Decoder(network) if family == "sam2" else SAMDecoder(network)


def write_preprocessor_config(folder: Path, manifest: Manifest) -> None:
    """preprocessor_config.json as transformers writes it for the same preprocessing."""
    side = manifest.input_size
    size = {"longest_edge": side} if manifest.geometry == "pad" else {"height": side, "width": side}
    document: dict[str, Any] = {
        "image_processor_type": "SamImageProcessor" if manifest.family == "sam" else "Sam2ImageProcessor",
        "do_convert_rgb": True,
        "do_normalize": True,
        "do_pad": manifest.geometry == "pad",
        "do_rescale": True,
        "do_resize": True,
        "image_mean": list(MEAN),
        "image_std": list(STD),
        "pad_size": {"height": side, "width": side},
        "resample": 2,
        "rescale_factor": 1 / 255,
        "size": size,
    }
    (folder / _PREPROCESSOR).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _load_folder(folder: Path, device: str, *, name: str) -> SAMBackend:
    family = family_of(folder)
    manifests.weights_sha256(folder)
    _check_preprocessing(folder)
    network = _network(folder, family)
    if (folder / manifests.FILE_NAME).exists():
        manifest = manifests.read(folder)
    else:
        manifest = described(folder, network, name=name, source=str(name))
    try:
        network = network.to(device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"device {device!r} cannot be used here ({error}): cpu always can.") from None
    return SAMBackend(
        manifest=manifest, network=network, decoder=decoder_for(network, family).eval(), device=torch.device(device)
    )


def _network(folder: Path, family: Family) -> Any:
    from transformers import Sam2Model, SamModel  # noqa: PLC0415  (seconds, which reading a manifest need not cost)
    from transformers.utils import logging  # noqa: PLC0415

    # Bars of loading weights have no place in a worker's log.
    logging.disable_progress_bar()
    kind = Sam2Model if family == "sam2" else SamModel
    try:
        network, report = kind.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder} could not be loaded: {error}") from error
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[what]:
            names = ", ".join(str(key) for key in sorted(report[what])[:5])
            raise ModelError(
                f"{folder}: the weights and config.json do not fit each other ({what}: {names}): "
                "copy both from the same source."
            )
    return network.eval()


def _check_preprocessing(folder: Path) -> None:
    """Raises ModelError for pixels normalised in another way than the one done here."""
    path = folder / _PREPROCESSOR
    if not path.exists():
        return
    given = json.loads(path.read_text(encoding="utf-8"))
    for field, wanted in (("image_mean", MEAN), ("image_std", STD)):
        found = given.get(field, wanted)
        if [round(value, 3) for value in found] != list(wanted):
            raise ModelError(
                f"{path}: {field} is {found}; only {list(wanted)} is done here, with which SAM was trained."
            )


def _cells(network: Any) -> tuple[int, int]:
    height, width = network.prompt_encoder.image_embedding_size
    return int(height), int(width)


def _embedding_shapes(network: Any, decoder: SAMDecoder) -> tuple[TensorShape, ...]:
    height, width = _cells(network)
    channels = int(network.prompt_encoder.hidden_size)
    shapes = [(channels, height, width), (channels // 8, 4 * height, 4 * width), (channels // 4, 2 * height, 2 * width)]
    return tuple(
        TensorShape(name=name, shape=shape) for name, shape in zip(decoder.feature_names, shapes, strict=False)
    )


def _convert(checkpoint: Path, output: Path) -> None:
    """Pickles are opened in a process of their own, which leaves safetensors."""
    if not checkpoint.is_file():
        raise ModelError(f"{checkpoint} does not exist: give the path of an official segment_anything checkpoint.")
    command = [sys.executable, "-m", "ml.segmentation.official_checkpoint", str(checkpoint), "--output", str(output)]
    # Renaming tensors gains nothing from threads.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # noqa: S603  (our own)
    if done.returncode != 0:
        raise ModelError(done.stderr.strip().rpartition("\n")[2] or f"{checkpoint} could not be converted.")


def _fetched(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(snapshot_download(hub_id, allow_patterns=_HUB_FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{hub_id} is neither a folder here nor in the local cache of the hub, and could not be fetched ({first}): "
            "copy its config.json and model.safetensors into a folder and give that folder."
        ) from error
