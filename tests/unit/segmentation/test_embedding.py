"""The bytes of an embedding."""

import json
import struct

import numpy as np
import pytest

from ml.segmentation.embedding import Embedding, embedding_key, read_header


@pytest.fixture
def embedding() -> Embedding:
    random = np.random.default_rng(0)
    tensors = {
        "image_embeddings": random.normal(size=(4, 3, 3)).astype(np.float16),
        "high_res_feats_0": random.normal(size=(1, 12, 12)).astype(np.float16),
    }
    return Embedding(model="small-sam-1", image_size=(40, 61), resized=(21, 32), tensors=tensors)


def test_bytes_bring_the_same_embedding_back(embedding: Embedding) -> None:
    found = Embedding.from_bytes(embedding.to_bytes(key="ab" * 32))
    assert (found.model, found.image_size, found.resized) == ("small-sam-1", (40, 61), (21, 32))
    assert list(found.tensors) == list(embedding.tensors)
    for name, tensor in embedding.tensors.items():
        assert np.array_equal(found.tensors[name], tensor)


def test_the_layout_is_the_one_that_the_browser_reads(embedding: Embedding) -> None:
    data = embedding.to_bytes(key="ab" * 32)
    magic, length = struct.unpack_from("<4sI", data)
    assert (magic, length % 4) == (b"RQE1", 0)
    header = json.loads(data[8 : 8 + length])
    assert header == read_header(data)
    assert header["key"] == "ab" * 32
    second = header["tensors"][1]
    assert (second["offset"], second["bytes"], second["shape"]) == (72, 288, [1, 12, 12])
    values = np.frombuffer(data, "<f2", count=144, offset=8 + length + second["offset"])
    assert np.array_equal(values.reshape(1, 12, 12), embedding.tensors["high_res_feats_0"])
    assert len(data) == 8 + length + 72 + 288


def test_the_key_depends_on_each_part() -> None:
    parts = {"image_sha256": "1" * 64, "model": "small-sam-1", "weights_sha256": "2" * 64, "preprocessing": "sam-1"}
    keys = {embedding_key(**parts)} | {embedding_key(**(parts | {name: "other"})) for name in parts}
    assert len(keys) == 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: b"RQT1" + data[4:], "begin with b'RQT1'"),
        (lambda data: data[:6], "begin with"),
        (lambda data: data[:40], "header has"),
        (lambda data: data[:-2], "'high_res_feats_0' of the embedding should hold 288 bytes"),
        (lambda data: data[:8] + b"x" + data[9:], "not JSON"),
        (lambda data: data[:4] + struct.pack("<I", 4) + b"{}  " + data, "lacks model, key"),
        (lambda data: data.replace(b'"offset"', b'"Offset"'), "not of the form that is written: KeyError"),
        (lambda data: data.replace(b"[40,61]", b"null   "), "not of the form that is written: TypeError"),
    ],
)
def test_other_bytes_are_refused_with_the_reason(embedding: Embedding, change, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Embedding.from_bytes(change(embedding.to_bytes(key="ab" * 32)))
