import json

import pytest
import torch

from ml.seagull.training.checkpoints import (
    BrokenCheckpoint,
    Checkpoint,
    pointed,
    read_checkpoint,
    write_checkpoint,
)


def checkpoint(value):
    return Checkpoint(
        tensors={"mfe.safetensors": {"weight": torch.tensor([value])}},
        texts={"config.json": "{}"},
        facts={"value": value},
    )


def test_what_was_written_is_read(tmp_path):
    folder = write_checkpoint(tmp_path, step=3, checkpoint=checkpoint(1.5))
    stored = read_checkpoint(folder)
    assert stored.tensors["mfe.safetensors"]["weight"].item() == 1.5
    assert (stored.texts, stored.facts) == ({"config.json": "{}"}, {"value": 1.5})
    assert pointed(tmp_path, "latest") == folder


def test_the_last_three_and_the_best_are_kept(tmp_path):
    for step in range(1, 8):
        write_checkpoint(tmp_path, step=step, checkpoint=checkpoint(step), is_best=step == 2)
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir() if path.is_dir())
    assert kept == ["step-00000002", "step-00000005", "step-00000006", "step-00000007"]
    assert pointed(tmp_path, "best").name == "step-00000002"


def test_a_folder_that_a_crash_left_unnamed_is_replaced(tmp_path):
    write_checkpoint(tmp_path, step=1, checkpoint=checkpoint(1.0))
    folder = write_checkpoint(tmp_path, step=2, checkpoint=checkpoint(2.0))
    (tmp_path / "checkpoints" / "latest").write_text("step-00000001\n")
    assert read_checkpoint(write_checkpoint(tmp_path, step=2, checkpoint=checkpoint(2.5))).facts["value"] == 2.5
    assert pointed(tmp_path, "latest") == folder


@pytest.mark.parametrize("stage", ["tensors", "manifest", "rename"])
def test_a_crash_while_writing_leaves_the_checkpoint_before(tmp_path, monkeypatch, stage):
    from ml.seagull.training import atomic, checkpoints

    before = write_checkpoint(tmp_path, step=1, checkpoint=checkpoint(1.0))

    def crash(*given, **named):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        if stage == "tensors":
            patched.setattr(checkpoints, "save_file", crash)
        elif stage == "manifest":
            patched.setattr(checkpoints, "sha256_of", crash)
        else:
            patched.setattr(atomic, "sync_folder", crash)
        with pytest.raises(OSError, match="disk is full"):
            write_checkpoint(tmp_path, step=2, checkpoint=checkpoint(2.0))
    assert pointed(tmp_path, "latest") == before
    assert read_checkpoint(before).facts["value"] == 1.0
    assert read_checkpoint(write_checkpoint(tmp_path, step=2, checkpoint=checkpoint(2.0))).facts["value"] == 2.0


def test_a_changed_a_missing_and_an_unknown_file_are_refused_by_name(tmp_path):
    folder = write_checkpoint(tmp_path, step=1, checkpoint=checkpoint(1.0))
    (folder / "config.json").write_text("{ }")
    with pytest.raises(BrokenCheckpoint, match=r"config\.json has changed"):
        read_checkpoint(folder)
    (folder / "config.json").unlink()
    with pytest.raises(BrokenCheckpoint, match=r"config\.json is missing"):
        read_checkpoint(folder)
    (folder / "config.json").write_text("{}")
    (folder / "extra.bin").write_bytes(b"")
    with pytest.raises(BrokenCheckpoint, match=r"extra\.bin is not in the manifest"):
        read_checkpoint(folder)


def test_a_folder_without_manifest_is_no_checkpoint(tmp_path):
    with pytest.raises(BrokenCheckpoint, match=r"no manifest\.json"):
        read_checkpoint(tmp_path)


def test_nothing_in_it_is_a_pickle(tmp_path):
    folder = write_checkpoint(tmp_path, step=1, checkpoint=checkpoint(1.0))
    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}
    assert set(json.loads((folder / "manifest.json").read_text())) == {"files", "facts"}
