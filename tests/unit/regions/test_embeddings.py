"""Embeddings as bytes: what `ml` writes the platform reads, and nothing else."""

import json
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.segmentation.embedding import embedding_key
from roiqa.images.models import Image
from roiqa.regions.embeddings import EmbeddingBroken, key_of, read_embedding, storage_key
from roiqa.regions.segmentation_models import SegmentationModel, read_manifest
from tests.api.factories import embedding_of
from tests.conftest import TEST_WEIGHTS

MODEL = read_manifest(TEST_WEIGHTS / "tiny-sam" / "manifest.json")
IMAGE = Image(sha256="ab" * 32, width=160, height=120)
GOOD = embedding_of(IMAGE, MODEL).to_bytes(key=key_of(IMAGE, MODEL))


def read(data: bytes, image: Image = IMAGE, model: SegmentationModel = MODEL) -> Any:
    return read_embedding(data, image=image, model=model)


def with_header(**changes: Any) -> bytes:
    length = struct.unpack_from("<I", GOOD, 4)[0]
    header = json.dumps({**json.loads(GOOD[8 : 8 + length]), **changes}).encode()
    header += b" " * (-len(header) % 4)
    return GOOD[:4] + struct.pack("<I", len(header)) + header + GOOD[8 + length :]


def test_the_tensors_come_back_with_a_batch_dimension() -> None:
    embedding = read(GOOD)
    written = embedding_of(IMAGE, MODEL).tensors["image_embeddings"]
    assert embedding.tensors["image_embeddings"].shape == (1, 32, 8, 8)
    np.testing.assert_array_equal(embedding.tensors["image_embeddings"][0], written.astype(np.float32))
    assert (embedding.image_size, embedding.resized) == ((120, 160), (96, 128))
    assert embedding.byte_size == 4 * 32 * 8 * 8


def test_both_sides_name_an_embedding_alike() -> None:
    key = embedding_key(
        image_sha256=IMAGE.sha256,
        model=MODEL.id,
        weights_sha256=MODEL.weights_sha256,
        preprocessing=MODEL.preprocessing,
    )
    assert key_of(IMAGE, MODEL) == key
    assert storage_key(IMAGE, MODEL) == f"images/ab/{IMAGE.sha256}/embedding-{key[:16]}.bin"


@pytest.mark.parametrize("change", [{"id": "other"}, {"weights_sha256": "0" * 64}, {"preprocessing": "sam-2"}])
def test_another_model_weights_or_preprocessing_is_another_key(change: dict[str, str]) -> None:
    other = replace(MODEL, **change)
    assert key_of(IMAGE, other) != key_of(IMAGE, MODEL)
    with pytest.raises(EmbeddingBroken):
        read(GOOD, model=other)


def test_the_embedding_of_another_image_is_refused() -> None:
    with pytest.raises(EmbeddingBroken):
        read(GOOD, image=Image(sha256="cd" * 32, width=160, height=120))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RQE1",
        b"PK\x03\x04" + GOOD[4:],
        GOOD[:-1],
        GOOD[:4] + struct.pack("<I", 2**31) + GOOD[8:],
        GOOD[:4] + struct.pack("<I", 7) + GOOD[8:],
        with_header(image_size=[160, 120]),
        with_header(image_size=["120", 160]),
        with_header(resized=[96, 129]),
        with_header(resized=[0, 128]),
        with_header(tensors=[]),
        with_header(tensors=[{"name": "image_embeddings", "shape": [32, 8, 9], "offset": 0, "bytes": 4608}]),
        with_header(tensors=[{"name": "image_embeddings", "shape": [32, 8, 8], "offset": -2, "bytes": 4096}]),
        with_header(tensors=[{"name": "image_embeddings", "shape": [32, 8, 8], "offset": 2**40, "bytes": 4096}]),
    ],
    ids=range(14),
)
def test_what_is_no_such_embedding_is_refused(data: bytes) -> None:
    with pytest.raises(EmbeddingBroken):
        read(data)


@given(place=st.integers(0, len(GOOD) - 1), value=st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused_but_never_breaks(place: int, value: int) -> None:
    changed = bytearray(GOOD)
    changed[place] = value
    try:
        embedding = read(bytes(changed))
    except EmbeddingBroken:
        return
    assert embedding.tensors["image_embeddings"].shape == (1, 32, 8, 8)
