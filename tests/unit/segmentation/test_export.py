"""decoder.onnx and the folder around it: onnxruntime and torch give the same masks."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from ml.segmentation import export as exporting
from ml.segmentation import manifest as manifests
from ml.segmentation.export import Words, export, main
from ml.segmentation.manifest import ManifestError
from ml.segmentation.models import load
from ml.segmentation.onnx_decoder import overlaps_with_torch, run_decoder, session_of
from ml.segmentation.prompts import Box, Point, Prompt
from ml.segmentation.sam_backend import SAMBackend
from tests.unit.segmentation.pictures import blocks
from tests.unit.segmentation.tiny_models import saved, tiny_sam, tiny_sam2

WORDS = Words(title="A tiny one", licence="Apache-2.0", source="random numbers")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("exported")
    for name, network in (("sam", tiny_sam()), ("sam2", tiny_sam2())):
        export(saved(network, folder / "source" / name), folder / f"tiny-{name}", WORDS)
    return {name: folder / f"tiny-{name}" for name in ("sam", "sam2")}


@pytest.fixture(scope="module", params=["sam", "sam2"])
def backend(request: pytest.FixtureRequest, exported: dict[str, Path]) -> SAMBackend:
    return load(exported[request.param])


def decoder_of(backend: SAMBackend, exported: dict[str, Path]) -> bytes:
    return (exported[backend.manifest.family] / "decoder.onnx").read_bytes()


def test_the_folder_is_complete_and_describes_itself(exported: dict[str, Path]) -> None:
    for family, folder in exported.items():
        names = ["MODEL_CARD.md", "config.json", "decoder.onnx", "manifest.json", "model.safetensors"]
        assert sorted(path.name for path in folder.iterdir()) == [*names, "preprocessor_config.json"]
        manifest = manifests.read(folder)
        assert (manifest.id, manifest.title, manifest.licence) == (f"tiny-{family}", "A tiny one", "Apache-2.0")
        assert manifest.decoder is not None
        assert manifest.decoder.bytes == (folder / "decoder.onnx").stat().st_size


def test_inputs_and_outputs_are_those_of_the_contract(backend: SAMBackend, exported: dict[str, Path]) -> None:
    graph = onnx.load_from_string(decoder_of(backend, exported)).graph
    finer = [] if backend.manifest.family == "sam" else ["high_res_feats_0", "high_res_feats_1"]
    prompt = ["point_coords", "point_labels", "mask_input", "has_mask_input"]
    assert [value.name for value in graph.input] == ["image_embeddings", *finer, *prompt]
    assert [value.name for value in graph.output] == ["low_res_masks", "iou_predictions"]
    session = session_of(decoder_of(backend, exported))
    shapes = {value.name: value.shape for value in session.get_inputs()}
    assert shapes["point_coords"] == [1, "points", 2]
    assert shapes["mask_input"] == [1, 1, 32, 32]
    assert {value.name: value.shape for value in session.get_outputs()} == {
        "low_res_masks": [1, 4, 32, 32],
        "iou_predictions": [1, 4],
    }


def test_large_weights_have_16_bits_and_the_file_names_no_machine(
    backend: SAMBackend, exported: dict[str, Path]
) -> None:
    data = decoder_of(backend, exported)
    for weight in onnx.load_from_string(data).graph.initializer:
        if weight.data_type == onnx.TensorProto.FLOAT:
            assert np.prod(weight.dims) < 1024
    assert str(Path(__file__).parents[3]).encode() not in data
    assert b"decoder.py" not in data


def test_torch_and_onnxruntime_overlap_for_prompts_of_every_kind(
    backend: SAMBackend, exported: dict[str, Path]
) -> None:
    overlaps = overlaps_with_torch(backend, decoder_of(backend, exported))
    assert len(overlaps) == 7
    assert min(overlaps.values()) >= 0.99


def test_any_number_of_points_is_answered(backend: SAMBackend, exported: dict[str, Path]) -> None:
    session = session_of(decoder_of(backend, exported))
    image = backend.prepare(blocks(60, 90, seed=3, tile=13))
    for count in (1, 2, 3, 8, 21):
        points = tuple(Point(4 * number, 2 * number, positive=number % 3 != 1) for number in range(count))
        for prompt in (Prompt(points=points), Prompt(points=points, box=Box(3, 4, 80, 50))):
            expected, scores = image.decode([prompt])
            found, found_scores = run_decoder(session, image, prompt)
            # Weights rounded to 16 bits move logits by about a thousandth of their size.
            assert np.abs(found - expected[0]).max() < 0.01 * np.abs(expected).max()
            assert np.abs(found_scores - scores[0]).max() < 0.01


def test_a_decoder_that_differs_is_not_written(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exporting, "decoder_bytes", lambda backend: b"another")
    monkeypatch.setattr(exporting, "overlaps_with_torch", lambda backend, data: {"box": 0.995, "one point": 0.5})
    with pytest.raises(SystemExit, match=r"IoU of only 0\.5000 for the prompt 'one point'"):
        main([str(exported["sam"]), "--output", str(tmp_path / "new")])
    assert not (tmp_path / "new" / "decoder.onnx").exists()


def test_an_export_into_its_own_folder_writes_down_what_changed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(exporting, "decoder_bytes", lambda backend: b"decoder")
    monkeypatch.setattr(exporting, "overlaps_with_torch", lambda backend, data: {"box": 1.0})
    folder = saved(tiny_sam(), tmp_path / "tiny")
    first = export(folder, folder, WORDS)
    saved(tiny_sam(seed=2), folder)
    with pytest.raises(ManifestError, match="weights_sha256"):
        load(folder)
    second = export(folder, folder)
    assert second.weights_sha256 != first.weights_sha256
    assert (second.title, second.licence) == (first.title, first.licence)
    assert load(folder).manifest == second


def test_wrong_arguments_say_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--output", str(tmp_path)])
    assert "give either a MODEL or --random NAME" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="none does not exist"):
        main([str(tmp_path / "none"), "--output", str(tmp_path / "new")])
    with pytest.raises(SystemExit, match="'No id' is no id"):
        main([str(saved(tiny_sam(), tmp_path / "tiny")), "--output", str(tmp_path / "new"), "--id", "No id"])


def test_random_weights_have_the_decoder_of_a_released_model(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(exporting, "decoder_bytes", lambda backend: b"decoder")
    monkeypatch.setattr(exporting, "overlaps_with_torch", lambda backend, data: {"box": 1.0})
    main(["--random", "sam-decoder", "--output", str(tmp_path / "random")])
    manifest = json.loads((tmp_path / "random" / "manifest.json").read_text())
    assert (manifest["input_size"], manifest["low_res"]) == (1024, [256, 256])
    assert manifest["embedding"] == [{"name": "image_embeddings", "shape": [256, 64, 64]}]
    assert "random weights" in manifest["source"]
