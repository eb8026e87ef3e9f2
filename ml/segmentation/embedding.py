"""The bytes of an image's embedding: what the encoder leaves in storage and the browser and the server decode from.

    "RQE1" | u32 length of the header, a multiple of 4 | header, JSON filled up with spaces | fp16 tensors

All little endian. The header: {"model", "key", "image_size": [h, w], "resized": [h', w'], "tensors": [{"name", "shape",
"offset", "bytes"}]} with offsets from the end of the header.
"""

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"RQE1"
_START = struct.Struct("<4sI")
_FIELDS = ("model", "key", "image_size", "resized", "tensors")


@dataclass(frozen=True, eq=False)
class Embedding:
    """What a model knows of one image. `tensors` are float16 without a batch axis, (C, h, w) each, by the decoder's names.

    `image_size` is the image's (height, width), `resized` the (height, width) it had in the model's input, padding not
    counted.
    """

    model: str
    image_size: tuple[int, int]
    resized: tuple[int, int]
    tensors: Mapping[str, NDArray[np.float16]]

    def to_bytes(self, *, key: str) -> bytes:
        """`key` is `embedding_key` of the image and the model."""
        parts, described, offset = [], [], 0
        for name, tensor in self.tensors.items():
            part = np.ascontiguousarray(tensor, dtype="<f2").tobytes()
            described.append({"name": name, "shape": list(tensor.shape), "offset": offset, "bytes": len(part)})
            parts.append(part)
            offset += len(part)
        document = {
            "model": self.model,
            "key": key,
            "image_size": list(self.image_size),
            "resized": list(self.resized),
            "tensors": described,
        }
        header = json.dumps(document, separators=(",", ":")).encode()
        header += b" " * (-len(header) % 4)
        return b"".join([_START.pack(MAGIC, len(header)), header, *parts])

    @classmethod
    def from_bytes(cls, data: bytes) -> "Embedding":
        """Raises ValueError, which says what is wrong, for what `to_bytes` did not write."""
        header, start = _header_of(data)
        try:
            height, width = header["image_size"]
            resized_height, resized_width = header["resized"]
            return cls(
                model=str(header["model"]),
                image_size=(int(height), int(width)),
                resized=(int(resized_height), int(resized_width)),
                tensors={str(row["name"]): _tensor_of(row, data, start) for row in header["tensors"]},
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"The embedding's header is not of the form that is written: {error!r}.") from error


def read_header(data: bytes) -> dict[str, Any]:
    """The header alone, `key` in it. Raises ValueError as `Embedding.from_bytes` does."""
    return _header_of(data)[0]


def embedding_key(*, image_sha256: str, model: str, weights_sha256: str, preprocessing: str) -> str:
    """SHA-256 over all that an embedding depends on: with another image, model, weights or preprocessing it is another."""
    return hashlib.sha256(f"{image_sha256}:{model}:{weights_sha256}:{preprocessing}".encode()).hexdigest()


def _header_of(data: bytes) -> tuple[dict[str, Any], int]:
    """The header and where the tensors begin."""
    if len(data) < _START.size or data[:4] != MAGIC:
        raise ValueError(f"These bytes are no embedding: they begin with {bytes(data[:4])!r}, not with {MAGIC!r}.")
    length = _START.unpack_from(data)[1]
    start = _START.size + length
    if start > len(data):
        raise ValueError(f"The embedding's header has {length} bytes, but only {len(data) - _START.size} follow.")
    try:
        header = json.loads(bytes(data[_START.size : start]))
    except ValueError as error:
        raise ValueError(f"The embedding's header is not JSON: {error}") from error
    missing = [name for name in _FIELDS if not isinstance(header, dict) or name not in header]
    if missing:
        raise ValueError(f"The embedding's header lacks {', '.join(missing)}.")
    return header, start


def _tensor_of(row: Mapping[str, Any], data: bytes, start: int) -> NDArray[np.float16]:
    shape = tuple(int(size) for size in row["shape"])
    begin, count = start + int(row["offset"]), int(row["bytes"])
    if count != 2 * math.prod(shape) or begin < start or begin + count > len(data):
        raise ValueError(
            f"Tensor {row['name']!r} of the embedding should hold {count} bytes of shape {list(shape)} at offset "
            f"{row['offset']}, and the embedding has {len(data) - start} bytes of tensors."
        )
    return np.frombuffer(data, dtype="<f2", count=count // 2, offset=begin).reshape(shape)
