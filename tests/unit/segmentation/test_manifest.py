"""manifest.json: what is written is read, and what is wrong is named."""

import json
from pathlib import Path

import pytest

from ml.segmentation import manifest as manifests
from ml.segmentation.manifest import Manifest, ManifestError, TensorShape


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "decoder.onnx").write_bytes(b"decoder")
    manifest = Manifest(
        id="small-sam-1",
        title="Small SAM",
        family="sam",
        weights_sha256=manifests.weights_sha256(tmp_path),
        preprocessing="sam-1",
        geometry="pad",
        input_size=256,
        embedding=(TensorShape(name="image_embeddings", shape=(128, 32, 32)),),
        low_res=(128, 128),
        decoder=None,
        licence="CC BY 4.0",
        source="trained here",
    )
    manifest.with_decoder(tmp_path / "decoder.onnx").write(tmp_path)
    return tmp_path


def test_what_is_written_is_read(folder: Path) -> None:
    manifest = manifests.read(folder)
    assert (manifest.title, manifest.low_res, manifest.embedding[0].shape) == ("Small SAM", (128, 128), (128, 32, 32))
    assert manifest.decoder is not None
    assert (manifest.decoder.file, manifest.decoder.bytes) == ("decoder.onnx", 7)
    document = json.loads((folder / "manifest.json").read_text())
    assert document["format"] == 1
    assert document["embedding"] == [{"name": "image_embeddings", "shape": [128, 32, 32]}]


def test_the_large_models_weights_are_hashed_part_after_part(tmp_path: Path) -> None:
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"ghts")
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"wei")
    (tmp_path / "whole").write_bytes(b"weights")
    assert manifests.weights_sha256(tmp_path) == manifests.sha256_of(tmp_path / "whole")


def test_changed_weights_and_decoders_are_noticed(folder: Path) -> None:
    (folder / "decoder.onnx").write_bytes(b"another")
    with pytest.raises(ManifestError, match=r"decoder\.onnx has another hash"):
        manifests.read(folder)
    (folder / "decoder.onnx").unlink()
    with pytest.raises(ManifestError, match=r"decoder\.onnx.*does not exist"):
        manifests.read(folder)
    (folder / "model.safetensors").write_bytes(b"trained further")
    with pytest.raises(ManifestError, match=r"weights_sha256.*Export the model again"):
        manifests.read(folder)
    assert manifests.read(folder, verify=False).id == "small-sam-1"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("format", 2, "format is 2"),
        ("id", "../small", r"id is '\.\./small'"),
        ("id", None, "id is None"),
        ("id", "region-tree", "id is 'region-tree'"),
        ("title", "", "title is ''"),
        ("family", "sam3", "family is 'sam3', not sam or sam2"),
        ("geometry", "crop", "geometry is 'crop'"),
        ("weights_sha256", "12ab", "weights_sha256 is '12ab'"),
        ("input_size", 0, "input_size is 0"),
        ("input_size", True, "input_size is True"),
        ("embedding", [], r"embedding is \[\]"),
        ("embedding", [{"name": "image_embeddings", "shape": [128, 32]}], r"embedding\[0\]\.shape"),
        ("low_res", [128, "128"], "low_res is '128'"),
        ("decoder", {"file": "../x.onnx", "sha256": "0" * 64, "bytes": 1}, r"decoder\.file"),
        ("decoder", {"file": "x.onnx", "sha256": "0" * 64, "bytes": -1}, r"decoder\.bytes is -1"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(folder: Path, field: str, value: object, says: str) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(ManifestError, match=says) as refusal:
        manifests.read(folder)
    assert "export the model again" in str(refusal.value)


def test_a_missing_or_broken_manifest_says_what_writes_one(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")
    with pytest.raises(ManifestError, match="not JSON"):
        manifests.read(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(ManifestError, match=r"python -m ml\.segmentation\.export"):
        manifests.read(folder)


def test_pickled_weights_are_no_weights(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02")
    with pytest.raises(ManifestError, match="pickled weights are not read"):
        manifests.weights_sha256(tmp_path)


def test_an_id_that_is_none_is_not_written(folder: Path) -> None:
    from dataclasses import replace

    with pytest.raises(ManifestError, match="'Small SAM' is no id"):
        replace(manifests.read(folder), id="Small SAM").write(folder)
