import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ml.seagull import weights
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from tests.unit.seagull.network.batches import random_batch


@pytest.fixture(scope="module")
def model() -> Seagull:
    torch.manual_seed(0)
    return Seagull(preset("ci")).eval()


@pytest.fixture
def saved(model: Seagull, tmp_path: Path) -> Path:
    weights.save(model, tmp_path / "weights", source={"commit": "abc"})
    return tmp_path / "weights"


def rehash(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in manifest["files"]:
        path = folder / name
        manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": weights.sha256_of(path)}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_loaded_weights_answer_exactly_as_the_saved_ones(model: Seagull, saved: Path) -> None:
    loaded = weights.from_pretrained(saved)
    batch = random_batch(model.config)
    with torch.no_grad():
        expected = model(batch.images, batch.rois, batch.tree).logits
        found = loaded(batch.images, batch.rois, batch.tree).logits
    assert torch.equal(found, expected)
    assert not loaded.training
    assert all(one.requires_grad for one in loaded.parameters())
    assert loaded.lm.lm_head.weight is loaded.lm.get_input_embeddings().weight


def test_the_same_weights_make_the_same_bytes(model: Seagull, saved: Path, tmp_path: Path) -> None:
    weights.save(model, tmp_path / "again", source={"commit": "abc"})
    assert weights.fingerprint(saved) == weights.fingerprint(tmp_path / "again")


def test_large_weights_are_written_in_shards(model: Seagull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SHARD_BYTES", 2_000_000)
    weights.save(model, tmp_path / "weights")
    assert len(list((tmp_path / "weights").glob("weights-*-of-*.safetensors"))) > 2
    assert set(weights.from_pretrained(tmp_path / "weights").state_dict()) == set(model.state_dict())


def test_the_language_model_may_be_read_in_half_precision(saved: Path) -> None:
    loaded = weights.from_pretrained(saved, frozen_dtype=torch.bfloat16)
    assert {one.dtype for one in loaded.lm.parameters()} == {torch.bfloat16}
    assert {one.dtype for one in loaded.extractor.parameters()} == {torch.float32}
    assert {one.dtype for one in loaded.encoder.parameters()} == {torch.float32}
    batch = random_batch(loaded.config)
    assert loaded(batch.images, batch.rois, batch.tree).loss.isfinite()


def test_a_frozen_encoder_in_half_precision_feeds_the_rest_in_full(tmp_path: Path) -> None:
    config = preset("ci", "official")
    torch.manual_seed(0)
    model = Seagull(dataclasses.replace(config, encoder=dataclasses.replace(config.encoder, frozen=True))).eval()
    weights.save(model, tmp_path / "weights")
    loaded = weights.from_pretrained(tmp_path / "weights", frozen_dtype=torch.bfloat16)
    assert {one.dtype for one in loaded.encoder.parameters()} == {torch.bfloat16}
    assert not any(one.requires_grad for one in loaded.encoder.parameters())
    batch = random_batch(config)
    with torch.no_grad():
        expected = model.encode(batch.images, batch.rois)
        found = loaded.encode(batch.images, batch.rois)
    torch.testing.assert_close(found.global_, expected.global_, rtol=0, atol=0.05)
    output = loaded(batch.images, batch.rois, batch.tree)
    output.loss.backward()
    assert all(one.grad is not None for one in loaded.extractor.parameters())


def test_a_changed_byte_is_found_before_anything_is_read(saved: Path) -> None:
    shard = next(saved.glob("*.safetensors"))
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    with pytest.raises(weights.WeightsDamaged, match=shard.name):
        weights.from_pretrained(saved)


@pytest.mark.parametrize("name", ["config.json", "manifest.json", "weights-00001-of-00001.safetensors"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(weights.WeightsDamaged, match=name):
        weights.from_pretrained(saved)


def test_a_manifest_cannot_point_out_of_its_folder(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest["files"]["../elsewhere.safetensors"] = {"bytes": 1, "sha256": "0"}
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(weights.WeightsDamaged, match="own folder"):
        weights.from_pretrained(saved)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda state: state.pop("projector.0.bias"), "projector.0.bias"),
        (lambda state: state.update(stranger=torch.zeros(1)), "stranger"),
        (lambda state: state.update({"projector.0.bias": torch.zeros(3)}), "projector.0.bias has shape"),
    ],
)
def test_a_parameter_too_few_too_many_or_too_short_is_named(saved: Path, change, named: str) -> None:
    path = next(saved.glob("*.safetensors"))
    state = load_file(path)
    change(state)
    save_file(state, path)
    rehash(saved)
    with pytest.raises(weights.WeightsDamaged, match=named):
        weights.from_pretrained(saved)


def test_a_folder_that_exists_is_not_written_over(model: Seagull, saved: Path) -> None:
    before = weights.fingerprint(saved)
    with pytest.raises(FileExistsError):
        weights.save(model, saved)
    assert weights.fingerprint(saved) == before


def test_a_failed_write_leaves_nothing_behind(model: Seagull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(weights, "save_file", full)
    with pytest.raises(OSError, match="no space"):
        weights.save(model, tmp_path / "weights")
    assert list(tmp_path.iterdir()) == []
