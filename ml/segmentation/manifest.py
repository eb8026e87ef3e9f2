"""manifest.json of a segmentation model's folder: what the platform and the browser must know of it.

A folder holds config.json, model.safetensors, preprocessor_config.json (the layout of transformers), decoder.onnx,
manifest.json and MODEL_CARD.md. docs/segmentation.md describes the fields.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

FORMAT = 1
FILE_NAME = "manifest.json"
Family = Literal["sam", "sam2"]
Geometry = Literal["pad", "stretch"]
GEOMETRY_OF: dict[Family, Geometry] = {"sam": "pad", "sam2": "stretch"}
# The name of what `geometry.py` does to pixels: it changes whenever the same picture would give another input.
PREPROCESSING_OF: dict[Family, str] = {"sam": "sam-1", "sam2": "sam2-1"}
# `region-tree` is the name of the backend without weights.
_ID = re.compile(r"(?!region-tree$)[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


class ModelError(ValueError):
    """A model that cannot be loaded: the message names the file or field, its value and the remedy."""


class ManifestError(ModelError):
    """A manifest or the folder around it is not as it must be."""


@dataclass(frozen=True)
class TensorShape:
    """One tensor of the embedding: its name in the decoder and its (C, h, w)."""

    name: str
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class DecoderFile:
    """The ONNX decoder beside the manifest."""

    file: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """What one model is. `decoder` is None until `python -m ml.segmentation.export` has made one.

    `input_size` S: the model sees S x S pixels; `low_res` (L, L): the size of the decoder's masks.
    """

    id: str
    title: str
    family: Family
    weights_sha256: str
    preprocessing: str
    geometry: Geometry
    input_size: int
    embedding: tuple[TensorShape, ...]
    low_res: tuple[int, int]
    decoder: DecoderFile | None
    licence: str
    source: str

    @property
    def version(self) -> str:
        """The weights in twelve letters, as provenance has them."""
        return self.weights_sha256[:12]

    def with_decoder(self, decoder: Path) -> "Manifest":
        """The same with the hash and size of this file."""
        found = DecoderFile(file=decoder.name, sha256=sha256_of(decoder), bytes=decoder.stat().st_size)
        return replace(self, decoder=found)

    def write(self, folder: Path) -> None:
        if not _ID.fullmatch(self.id):
            raise ManifestError(f"id: {self.id!r} {_ID_RULE}: give another id.")
        document = {"format": FORMAT} | asdict(self)
        if self.decoder is None:
            del document["decoder"]
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        (folder / FILE_NAME).write_text(text, encoding="utf-8")


_ID_RULE = "is no id: lower-case letters, digits, dots, hyphens and underscores, at most 64, a letter or digit at both ends, not region-tree"


def read(folder: Path, *, verify: bool = True) -> Manifest:
    """The manifest of a model's folder. Raises ManifestError.

    With `verify` the hashes of the weights and of the decoder are compared with the files.
    """
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(
            f"{path} does not exist: `python -m ml.segmentation.export {folder} --output {folder}` writes it."
        ) from None
    except ValueError as error:
        raise ManifestError(f"{path} is not JSON ({error}): export the model again.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else document
        raise ManifestError(f"{path}: format is {found!r}, and this version reads {FORMAT}: export the model again.")
    manifest = _Reader(path, document).manifest()
    if verify:
        _verify(folder, manifest)
    return manifest


def sha256_of(*paths: Path) -> str:
    """SHA-256 over the contents of files, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while part := file.read(_CHUNK):
                digest.update(part)
    return digest.hexdigest()


def weights_files(folder: Path) -> list[Path]:
    """The safetensors of a folder, in the order in which they are hashed: one file, or the parts of a large model."""
    return sorted(folder.glob("model*.safetensors"))


def weights_sha256(folder: Path) -> str:
    """Raises ManifestError where there are no weights."""
    files = weights_files(folder)
    if not files:
        raise ManifestError(
            f"{folder} has no model.safetensors: pickled weights are not read here; "
            "`python -m ml.segmentation.official_checkpoint` turns an official .pth file into such a folder."
        )
    return sha256_of(*files)


def _verify(folder: Path, manifest: Manifest) -> None:
    found = weights_sha256(folder)
    if found != manifest.weights_sha256:
        raise ManifestError(
            f"{folder / FILE_NAME}: weights_sha256 is {manifest.weights_sha256}, but the weights have {found}: "
            "they were changed after the export. Export the model again."
        )
    if manifest.decoder is None:
        return
    decoder = folder / manifest.decoder.file
    if not decoder.is_file():
        raise ManifestError(f"{decoder}, named by decoder.file, does not exist: export the model again.")
    if sha256_of(decoder) != manifest.decoder.sha256:
        raise ManifestError(f"{decoder} has another hash than decoder.sha256 in the manifest: export the model again.")


@dataclass(frozen=True)
class _Reader:
    """Reads one field after the other; an error names the field, its value and what it should be."""

    path: Path
    document: dict[str, Any]

    def manifest(self) -> Manifest:
        family = cast("Family", self._text("family", "sam or sam2", lambda value: value in GEOMETRY_OF))
        geometry = cast("Geometry", self._text("geometry", "pad or stretch", lambda v: v in GEOMETRY_OF.values()))
        return Manifest(
            id=self._text("id", "an id; one " + _ID_RULE, lambda value: _ID.fullmatch(value) is not None),
            title=self._text("title", "a text"),
            family=family,
            weights_sha256=self._sha256("weights_sha256", self.document.get("weights_sha256")),
            preprocessing=self._text("preprocessing", "a text"),
            geometry=geometry,
            input_size=self._positive("input_size", self.document.get("input_size")),
            embedding=self._embedding(),
            low_res=cast("tuple[int, int]", self._sizes("low_res", self.document.get("low_res"), 2)),
            decoder=self._decoder(),
            licence=self._text("licence", "a text"),
            source=self._text("source", "a text"),
        )

    def _refuse(self, field: str, value: object, wanted: str) -> ManifestError:
        return ManifestError(f"{self.path}: {field} is {value!r}, not {wanted}: export the model again.")

    def _text(self, field: str, wanted: str, holds: Callable[[str], bool] = bool) -> str:
        value = self.document.get(field)
        if not isinstance(value, str) or not holds(value):
            raise self._refuse(field, value, wanted)
        return value

    def _sha256(self, field: str, value: object) -> str:
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise self._refuse(field, value, "a SHA-256 in hexadecimal digits")
        return value

    def _positive(self, field: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._refuse(field, value, "a positive whole number")
        return value

    def _sizes(self, field: str, value: object, count: int) -> tuple[int, ...]:
        if not isinstance(value, list) or len(value) != count:
            raise self._refuse(field, value, f"a list of {count} sizes")
        return tuple(self._positive(field, size) for size in value)

    def _embedding(self) -> tuple[TensorShape, ...]:
        rows = self.document.get("embedding")
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise self._refuse("embedding", rows, "a list of tensors")
        found = []
        for number, row in enumerate(rows):
            name = row.get("name")
            if not isinstance(name, str):
                raise self._refuse(f"embedding[{number}].name", name, "a text")
            shape = self._sizes(f"embedding[{number}].shape", row.get("shape"), 3)
            found.append(TensorShape(name=name, shape=cast("tuple[int, int, int]", shape)))
        return tuple(found)

    def _decoder(self) -> DecoderFile | None:
        given = self.document.get("decoder")
        if given is None:
            return None
        if not isinstance(given, dict):
            raise self._refuse("decoder", given, "an object with file, sha256 and bytes")
        name = given.get("file")
        if not isinstance(name, str) or name != Path(name).name:
            raise self._refuse("decoder.file", name, "the name of a file in the same folder")
        sha256 = self._sha256("decoder.sha256", given.get("sha256"))
        return DecoderFile(file=name, sha256=sha256, bytes=self._positive("decoder.bytes", given.get("bytes")))
