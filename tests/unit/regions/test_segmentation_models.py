"""Reading manifests: what a good one gives, and that a bad one costs nothing but itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ml.segmentation import manifest as ml_manifest
from roiqa.regions.segmentation_models import (
    DecoderBroken,
    ManifestBroken,
    ModelNotFound,
    SegmentationModel,
    UnknownModel,
    check_name,
    decoder_bytes,
    find,
    installed,
    read_manifest,
)
from tests.conftest import TEST_WEIGHTS

TINY = TEST_WEIGHTS / "tiny-sam"


def write(folder: Path, **changes: Any) -> Path:
    """A folder with the tiny model's manifest, changed, and its decoder."""
    folder.mkdir(parents=True, exist_ok=True)
    said = json.loads((TINY / "manifest.json").read_text())
    for name, value in changes.items():
        if value is None:
            del said[name]
        else:
            said[name] = value
    path = folder / "manifest.json"
    path.write_text(json.dumps(said))
    shutil.copy(TINY / "decoder.onnx", folder)
    return path


def test_both_sides_read_the_same_manifest_alike() -> None:
    """`ml` has a reader of its own; the platform must not import it."""
    here, there = read_manifest(TINY / "manifest.json"), ml_manifest.read(TINY)
    for name in ("id", "title", "family", "weights_sha256", "preprocessing", "geometry", "input_size", "low_res"):
        assert getattr(here, name) == getattr(there, name)
    assert [(part.name, part.shape) for part in here.embedding] == [(p.name, p.shape) for p in there.embedding]
    assert there.decoder is not None
    assert (here.decoder_sha256, here.decoder_bytes) == (there.decoder.sha256, there.decoder.bytes)
    assert (here.version, here.licence, here.source) == (there.version, there.licence, there.source)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": 2}, "format"),
        ({"id": "../etc"}, "../etc"),
        ({"id": "region-tree"}, "region-tree"),
        ({"id": "a" * 65}, "aaa"),
        ({"weights_sha256": "abc"}, "abc"),
        ({"family": "yolo"}, "yolo"),
        ({"geometry": "crop"}, "crop"),
        ({"input_size": 0}, "0"),
        ({"input_size": True}, "True"),
        ({"low_res": [32, 64]}, "square"),
        ({"embedding": []}, "image_embeddings"),
        ({"embedding": [{"name": "image_embeddings", "shape": [4096, 4096, 4096]}]}, "4096"),
        ({"title": None}, "title"),
        ({"decoder": None}, "decoder"),
        ({"decoder": {"file": "../../secret", "sha256": "0" * 64, "bytes": 1}}, "secret"),
        ({"decoder": "decoder.onnx"}, "indices"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_manifest_that_cannot_be_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    path = write(tmp_path / "model", **changes)
    with pytest.raises(ManifestBroken) as refused:
        read_manifest(path)
    assert why in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_what_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ManifestBroken):
        read_manifest(tmp_path / "manifest.json")


def test_a_broken_folder_hides_no_other(tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "weights" / "good", id="good")
    write(tmp_path / "weights" / "bad", family="yolo")
    (tmp_path / "weights" / "empty").mkdir()
    settings.SEGMENTATION_FOLDERS = [tmp_path / "nowhere", tmp_path / "weights"]
    assert [model.id for model in installed()] == ["good"]
    installed()
    assert len([record for record in caplog.records if "yolo" in record.message]) == 1


def test_of_two_with_one_id_the_first_folder_wins(tmp_path: Path, settings: Any) -> None:
    write(tmp_path / "shipped" / "a", title="Shipped")
    write(tmp_path / "own" / "a", title="Own")
    settings.SEGMENTATION_FOLDERS = [tmp_path / "shipped", tmp_path / "own"]
    assert [model.title for model in installed()] == ["Shipped"]


def test_a_model_added_while_the_server_runs_is_seen(tmp_path: Path, settings: Any) -> None:
    settings.SEGMENTATION_FOLDERS = [tmp_path]
    with pytest.raises(ModelNotFound):
        find("late")
    write(tmp_path / "late", id="late")
    assert find("late").title == "Tiny SAM"
    write(tmp_path / "late", id="late", title="Another title")
    assert find("late").title == "Another title"


def test_a_study_may_use_the_region_tree_and_what_is_there(tiny_sam: SegmentationModel) -> None:
    assert check_name("region-tree", field="segmentation_model") == "region-tree"
    assert check_name("tiny-sam", field="segmentation_model") == "tiny-sam"
    with pytest.raises(UnknownModel) as refused:
        check_name("sam-vit-h", field="segmentation_model")
    assert "There are: region-tree, tiny-sam." in refused.value.detail
    assert list(refused.value.fields) == ["segmentation_model"]


def test_a_decoder_is_the_file_that_the_manifest_names(tmp_path: Path, settings: Any) -> None:
    settings.SEGMENTATION_FOLDERS = [tmp_path]
    write(tmp_path / "model", id="model")
    model = find("model")
    assert len(decoder_bytes(model)) == model.decoder_bytes
    (tmp_path / "model" / "decoder.onnx").write_bytes(b"another")
    with pytest.raises(DecoderBroken):
        decoder_bytes(model)
    (tmp_path / "model" / "decoder.onnx").unlink()
    with pytest.raises(DecoderBroken):
        decoder_bytes(model)
