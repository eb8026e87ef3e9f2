"""Segmentation models of this installation: folders with weights, an ONNX decoder and a manifest.

What ships lies in `fixtures/segmentation`, what an admin added in the data folder's `weights`. `ml` writes the manifests;
the platform reads them with nothing but JSON and a hash, so that the web process needs neither torch nor `ml`.
"""

import hashlib
import json
import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from roiqa.core.errors import Invalid, NotFound

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
FORMAT = 1
# The backend without weights: always there, and no segmentation model.
REGION_TREE = "region-tree"
FAMILIES = ("sam", "sam2")
GEOMETRIES = ("pad", "stretch")
_ID_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_HASH_PATTERN = re.compile(r"[0-9a-f]{64}")
_MAX_SIDE = 4096
_MAX_NUMBERS = 64 * 1024 * 1024
_MAX_DECODER_BYTES = 512 * 1024 * 1024


class ManifestBroken(Exception):
    """The manifest says something that cannot be; the message names what and in which file."""


@dataclass(frozen=True)
class TensorShape:
    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SegmentationModel:
    """What a manifest says. Sizes in pixels of the model's input; `low_res` is [rows, columns] of the decoder's masks."""

    id: str
    title: str
    family: str
    weights_sha256: str
    preprocessing: str
    geometry: str
    input_size: int
    embedding: tuple[TensorShape, ...]
    low_res: tuple[int, int]
    decoder_path: Path
    decoder_sha256: str
    decoder_bytes: int
    licence: str
    source: str

    @property
    def folder(self) -> Path:
        return self.decoder_path.parent

    @property
    def version(self) -> str:
        """What provenance calls these weights."""
        return self.weights_sha256[:12]


class ModelNotFound(NotFound):
    default_code = "segmentation_model_not_found"

    def __init__(self, model_id: str) -> None:
        super().__init__(f"There is no segmentation model {model_id!r} in this installation. {_known()}")


class UnknownModel(Invalid):
    """A study or a request names a model that is not there."""

    default_code = "segmentation_model_unknown"

    def __init__(self, model_id: str, *, field: str) -> None:
        detail = f"There is no segmentation model {model_id!r} in this installation. {_known()}"
        super().__init__(detail, fields={field: [detail]})


def _known() -> str:
    return f"There are: {', '.join([REGION_TREE, *(model.id for model in installed())])}."


def installed() -> list[SegmentationModel]:
    """Every model with a manifest that can be read, by id. A folder that is not one is passed over, and logged."""
    found: dict[str, SegmentationModel] = {}
    for root in settings.SEGMENTATION_FOLDERS:
        for path in sorted(Path(root).glob(f"*/{MANIFEST}")):
            status = path.stat()
            model = _read_once(path, status.st_mtime_ns, status.st_size)
            if model is not None:
                found.setdefault(model.id, model)
    return [found[model_id] for model_id in sorted(found)]


def find(model_id: str) -> SegmentationModel:
    """Raises ModelNotFound (404)."""
    for model in installed():
        if model.id == model_id:
            return model
    raise ModelNotFound(model_id)


def check_name(name: str, *, field: str) -> str:
    """The name of a backend that a study may use: the region tree or a model that is there. Raises UnknownModel (422)."""
    if name != REGION_TREE and name not in {model.id for model in installed()}:
        raise UnknownModel(name, field=field)
    return name


@lru_cache(maxsize=64)
def _read_once(path: Path, changed_ns: int, size: int) -> SegmentationModel | None:
    """The model of this state of the file; a broken one is logged once and must not hide the others."""
    try:
        return read_manifest(path)
    except (ManifestBroken, OSError) as error:
        logger.warning("%s", error)
        return None


def read_manifest(path: Path) -> SegmentationModel:
    """Raises ManifestBroken, OSError."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return _model(said, path.parent)
    except (ValueError, KeyError, TypeError) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise ManifestBroken(f"{path} is no manifest of a segmentation model: {reason}.") from error


def _model(said: dict[str, Any], folder: Path) -> SegmentationModel:
    if said["format"] != FORMAT:
        raise ValueError(f"its format is {said['format']!r}, this version reads {FORMAT}")
    decoder = said["decoder"]
    name = _text(decoder["file"])
    if Path(name).name != name:
        raise ValueError(f"the decoder {name!r} is not a file of the folder itself")
    tensors = tuple(TensorShape(_text(entry["name"]), _shape(entry["shape"])) for entry in said["embedding"])
    rows, columns = _shape(said["low_res"])
    if not tensors or tensors[0].name != "image_embeddings":
        raise ValueError("its embedding does not begin with image_embeddings")
    if rows != columns:
        raise ValueError(f"its low_res {said['low_res']!r} is not square")
    return SegmentationModel(
        id=_matching(said["id"], _ID_PATTERN),
        title=_text(said["title"]),
        family=_one_of(said["family"], FAMILIES),
        weights_sha256=_matching(said["weights_sha256"], _HASH_PATTERN),
        preprocessing=_text(said["preprocessing"]),
        geometry=_one_of(said["geometry"], GEOMETRIES),
        input_size=_number(said["input_size"], _MAX_SIDE),
        embedding=tensors,
        low_res=(rows, columns),
        decoder_path=folder / name,
        decoder_sha256=_matching(decoder["sha256"], _HASH_PATTERN),
        decoder_bytes=_number(decoder["bytes"], _MAX_DECODER_BYTES),
        licence=_text(said["licence"]),
        source=_text(said["source"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 4000:
        raise ValueError(f"{value!r} is no text")
    return value


def _matching(value: Any, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(_text(value)) or value == REGION_TREE:
        raise ValueError(f"{value!r} cannot stand here")
    return str(value)


def _one_of(value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{value!r} is none of {', '.join(choices)}")
    return str(value)


def _number(value: Any, largest: int) -> int:
    if type(value) is not int or not 1 <= value <= largest:
        raise ValueError(f"{value!r} is no whole number from 1 to {largest}")
    return value


def _shape(value: Any) -> tuple[int, ...]:
    sides = tuple(_number(side, _MAX_SIDE) for side in value)
    numbers = 1
    for side in sides:
        numbers *= side
    if len(sides) < 2 or numbers > _MAX_NUMBERS:
        raise ValueError(f"{value!r} is no shape of a tensor")
    return sides


class DecoderBroken(NotFound):
    default_code = "decoder_broken"

    def __init__(self, model: SegmentationModel) -> None:
        super().__init__(
            f"The decoder of {model.id} is missing or not the file that its manifest names: copy the folder again."
        )


def decoder_bytes(model: SegmentationModel) -> bytes:
    """The decoder's ONNX file, checked against the manifest's hash. Raises DecoderBroken."""
    try:
        data = model.decoder_path.read_bytes()
    except OSError:
        raise DecoderBroken(model) from None
    if hashlib.sha256(data).hexdigest() != model.decoder_sha256:
        raise DecoderBroken(model)
    return data
