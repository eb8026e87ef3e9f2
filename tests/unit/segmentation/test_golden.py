"""A decoder on onnxruntime answers as torch did when the golden files were written, padding point included."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from ml.segmentation import manifest as manifests
from ml.segmentation.evaluate import iou
from ml.segmentation.geometry import prompt_arrays
from ml.segmentation.onnx_decoder import session_of
from ml.segmentation.prompts import Box, Point, Prompt
from roiqa.regions import segmentation_models
from roiqa.regions.enlarging import full_mask

REPOSITORY = Path(__file__).parents[3]
GOLDEN = REPOSITORY / "fixtures" / "golden" / "segmentation"
DOCUMENT: dict[str, Any] = json.loads((GOLDEN / "decoder.json").read_text())
MODEL = REPOSITORY / DOCUMENT["folder"]
CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in DOCUMENT["cases"]}
DATA = (GOLDEN / "decoder.bin").read_bytes()


@pytest.fixture(scope="module")
def session() -> Any:
    return session_of((MODEL / "decoder.onnx").read_bytes())


def array_at(row: dict[str, Any]) -> np.ndarray:
    values = np.frombuffer(DATA, "<f2", count=row["bytes"] // 2, offset=row["offset"])
    return values.reshape(row["shape"]).astype(np.float32)


def answer(session: Any, case: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Logits (4 x L x L) and predicted IoU (4)."""
    previous = CASES[case["previous"]] if case["previous"] else None
    mask_input = array_at(previous["logits"])[0] if previous else np.zeros(DOCUMENT["low_res"], np.float32)
    inputs = {row["name"]: array_at(row)[None] for row in DOCUMENT["embedding"]}
    inputs["point_coords"] = np.array([case["point_coords"]], np.float32)
    inputs["point_labels"] = np.array([case["point_labels"]], np.float32)
    inputs["mask_input"] = mask_input[None, None]
    inputs["has_mask_input"] = np.array([previous is not None], np.float32)
    masks, scores = session.run(["low_res_masks", "iou_predictions"], inputs)
    return masks[0], scores[0]


def test_the_golden_files_are_of_the_weights_in_their_folder() -> None:
    manifest = manifests.read(MODEL)
    assert manifest.weights_sha256 == DOCUMENT["weights_sha256"], (
        f"the weights changed: run fixtures/golden/segmentation/make_golden.py {DOCUMENT['folder']}"
    )


@pytest.mark.parametrize("name", CASES)
def test_onnxruntime_answers_as_torch_did(session: Any, name: str) -> None:
    case = CASES[name]
    logits, scores = answer(session, case)
    found, expected = logits[case["indices"]], array_at(case["logits"])
    for mask, golden in zip(found, expected, strict=True):
        assert iou(mask > 0, golden > 0) >= 0.99
    # Weights and golden numbers are rounded to 16 bits.
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()
    assert np.abs(scores - case["iou_predictions"]).max() < 0.01


@pytest.mark.parametrize("name", CASES)
def test_the_servers_masks_are_those_of_torch(name: str) -> None:
    model = segmentation_models.read_manifest(MODEL / "manifest.json")
    case = CASES[name]
    for logits, golden in zip(array_at(case["logits"]), case["masks"], strict=True):
        mask = full_mask(logits, model=model, image_size=DOCUMENT["image_size"], resized=DOCUMENT["resized"])
        found = coco_mask.decode({"size": [mask.height, mask.width], "counts": mask.counts})
        assert iou(found > 0, coco_mask.decode(golden) > 0) >= 0.999


def test_prompts_become_the_golden_arrays() -> None:
    sizes = {"image_size": tuple(DOCUMENT["image_size"]), "resized": tuple(DOCUMENT["resized"])}
    for case in CASES.values():
        prompt = Prompt(tuple(Point(**point) for point in case["points"]), Box(*case["box"]) if case["box"] else None)
        coords, labels = prompt_arrays(prompt, **sizes)
        if not case["padded"]:
            assert labels[-1] == -1
            coords, labels = coords[:-1], labels[:-1]
        assert labels.tolist() == case["point_labels"]
        assert np.allclose(coords, case["point_coords"], atol=1e-4)


def test_the_padding_point_is_no_decoration(session: Any) -> None:
    padded, bare = CASES["one click"], CASES["one click without the padding point"]
    assert padded["point_labels"] == [1, -1]
    assert bare["point_labels"] == [1]
    index = padded["indices"][0]
    with_it, without = (array_at(case["logits"])[case["indices"].index(index)] for case in (padded, bare))
    apart = np.abs(with_it - without).max()
    for case, golden in ((padded, with_it), (bare, without)):
        assert np.abs(answer(session, case)[0][index] - golden).max() < apart / 2
