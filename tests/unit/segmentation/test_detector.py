"""Boxes from a detector of transformers: a tiny one with random weights, saved and loaded as a real one is."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import YolosConfig, YolosForObjectDetection

from ml.segmentation import detector
from ml.segmentation.detector import DetectorError
from ml.segmentation.prompts import Box
from ml.segmentation.proposals import propose
from ml.segmentation.tree_prompts import RegionTreeBackend
from tests.unit.segmentation.pictures import disc

PREPROCESSOR = (
    '{"image_processor_type": "YolosImageProcessor", "size": {"shortest_edge": 64, "longest_edge": 96},'
    ' "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A detector that is sure of one box in the middle, half as wide and high as the picture."""
    config = YolosConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=[64, 64],
        patch_size=16, num_detection_tokens=3, num_labels=2,
    )  # fmt: skip
    torch.manual_seed(0)
    network = YolosForObjectDetection(config)
    with torch.no_grad():
        for head in (network.class_labels_classifier, network.bbox_predictor):
            head.layers[-1].weight.zero_()
        network.class_labels_classifier.layers[-1].bias.copy_(torch.tensor([4.0, 0.0, 0.0]))
        network.bbox_predictor.layers[-1].bias.zero_()
    network.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(PREPROCESSOR, encoding="utf-8")
    return tmp_path


def test_boxes_are_in_pixels_of_the_picture(folder: Path) -> None:
    found = detector.load(folder, "cpu").detect(np.zeros((60, 100, 3), dtype=np.uint8))
    assert {one.box for one in found} == {Box(25, 15, 75, 45)}
    assert all(one.score == pytest.approx(np.exp(4) / (np.exp(4) + 2), abs=1e-4) for one in found)


def test_the_configured_detector_gives_object_proposals(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(detector.VARIABLE, str(folder))
    pixels, mask = disc()
    (only,) = propose(RegionTreeBackend(), pixels, level="object", seed=0)
    assert only.prompt.box == Box(24, 24, 72, 72)
    assert np.count_nonzero(only.mask & mask) > 0.9 * np.count_nonzero(mask)


def test_without_a_detector_the_message_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(detector.VARIABLE, raising=False)
    with pytest.raises(DetectorError, match="ROIQA_DETECTOR is not set"):
        propose(RegionTreeBackend(), disc()[0], level="object", seed=0)


def test_a_folder_without_a_detector_is_told(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match=r"no config\.json"):
        detector.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "sam"}', encoding="utf-8")
    with pytest.raises(DetectorError, match="cannot be loaded"):
        detector.load(tmp_path)


def test_weights_that_lack_a_part_are_refused(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["bbox_predictor.layers.0.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with warnings.catch_warnings(), pytest.raises(DetectorError, match="bbox_predictor"):
        warnings.simplefilter("ignore")
        detector.load(folder, "cpu")
