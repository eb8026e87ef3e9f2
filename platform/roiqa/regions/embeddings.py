"""Image embeddings as they are stored and sent: where they lie, what they are called, and how to read one.

`RQE1`, the header's length (u32, little endian, a multiple of 4), the header (JSON, padded with spaces), then the tensors
as fp16, little endian. docs/segmentation.md describes it; `ml.segmentation` writes it.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roiqa.images.models import Image
from roiqa.regions.segmentation_models import SegmentationModel

MAGIC = b"RQE1"
_MAX_HEADER_BYTES = 64 * 1024


class EmbeddingBroken(Exception):
    """These bytes are no embedding of this image by this model."""


@dataclass(frozen=True)
class Embedding:
    """Tensors (float32, with the batch dimension) by the name of the decoder's input; sizes are [rows, columns]."""

    tensors: dict[str, NDArray[np.float32]]
    image_size: tuple[int, int]
    resized: tuple[int, int]

    @property
    def byte_size(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors.values())


def key_of(image: Image, model: SegmentationModel) -> str:
    """What makes this embedding this one: another picture, model, weights or preprocessing is another key."""
    identity = f"{image.sha256}:{model.id}:{model.weights_sha256}:{model.preprocessing}"
    return hashlib.sha256(identity.encode()).hexdigest()


def storage_key(image: Image, model: SegmentationModel) -> str:
    return f"{image.folder_key}/embedding-{key_of(image, model)[:16]}.bin"


def read_embedding(data: bytes, *, image: Image, model: SegmentationModel) -> Embedding:
    """Raises EmbeddingBroken for anything but the embedding of this image by this model."""
    try:
        header, body = _split(data)
        if (header["model"], header["key"]) != (model.id, key_of(image, model)):
            raise EmbeddingBroken(f"These bytes are an embedding of another image or model ({header['model']!r}).")
        given = {entry["name"]: entry for entry in header["tensors"]}
        tensors = {tensor.name: _tensor(body, given[tensor.name], tensor.shape) for tensor in model.embedding}
        image_size, resized = _pair(header["image_size"]), _pair(header["resized"])
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise EmbeddingBroken(f"These bytes are no embedding: {error!r}.") from error
    if image_size != (image.height, image.width):
        raise EmbeddingBroken(f"The embedding is of an image of {image_size}, not of {(image.height, image.width)}.")
    if max(resized) > model.input_size:
        raise EmbeddingBroken(f"The embedding's resized size {resized} is larger than the model's input.")
    return Embedding(tensors=tensors, image_size=image_size, resized=resized)


def _split(data: bytes) -> tuple[dict[str, Any], memoryview]:
    if data[:4] != MAGIC:
        raise ValueError("they do not begin with RQE1")
    (length,) = struct.unpack_from("<I", data, 4)
    if length % 4 or length > min(_MAX_HEADER_BYTES, len(data) - 8):
        raise ValueError(f"a header of {length} bytes cannot be")
    return json.loads(data[8 : 8 + length]), memoryview(data)[8 + length :]


def _tensor(body: memoryview, entry: dict[str, Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    count = prod(shape)
    if tuple(entry["shape"]) != shape or entry["bytes"] != 2 * count:
        raise ValueError(f"{entry['name']} has the shape {entry['shape']}, the model's is {list(shape)}")
    half = np.frombuffer(body, dtype="<f2", count=count, offset=entry["offset"])
    return half.astype(np.float32).reshape(1, *shape)


def _pair(value: Any) -> tuple[int, int]:
    rows, columns = value
    if type(rows) is not int or type(columns) is not int or min(rows, columns) < 1:
        raise ValueError(f"{value!r} is no size")
    return rows, columns
