"""The export `instructions` says what the labels say, and `ml.seagull` reads it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ml.seagull.data.instructions import read_instructions
from ml.seagull.language.prompts import prompt_text
from roiqa.core.scales import DISTORTIONS
from roiqa.releases.exports import instructions
from roiqa.releases.models import Release
from tests.api.release_study import exported, freeze, seagull_of, small_study

pytestmark = pytest.mark.django_db(transaction=True)


def lines_of(release: Release) -> list[Any]:
    return [json.loads(line) for line in exported(release, "instructions").splitlines()]


def test_a_line_per_roi_with_its_image_its_mask_and_where_it_is_from() -> None:
    release = freeze(small_study())
    lines = lines_of(release)
    document = seagull_of(release)
    by_roi = {annotation["roi"]: annotation for annotation in document["annotations"]}
    images = {image["id"]: image for image in document["images"]}
    assert len(lines) == 3
    for line in lines:
        annotation = by_roi[line["id"]]
        image = images[annotation["image_id"]]
        assert line["annotation"][0]["segmentation"] == annotation["segmentation"]
        assert (line["image"], line["sha256"], line["split"]) == (image["file_name"], image["sha256"], image["split"])
        assert line["means"]["quality"] == annotation["quality"]["mean"]
        assert (line["release"], line["prompt"], line["ruleset"]) == (release.content_sha256, "paper-v1", "anchor-v1")


def test_three_analyses_and_three_judgments_are_said_in_turn() -> None:
    line = next(line for line in lines_of(freeze(small_study())) if line["means"]["quality"] == 2.0)
    said = line["conversations"]
    assert [turn["from"] for turn in said] == ["human", "gpt"] * 6
    assert said[0]["value"] == (
        "<image>\nThis is the overview of the image. Here is the region <global><local>. "
        "Analyze the quality of this region."
    )
    assert said[1]["value"] == "The quality is fair."
    assert said[5]["value"] == "With moderate blur distortion."
    assert {turn["value"] for turn in said[7::2]} <= {"Yes", "No"}


def test_the_wording_is_the_networks_own() -> None:
    assert instructions.PROMPT_PATH.read_text(encoding="utf-8") == prompt_text("paper-v1")


def test_the_network_reads_the_labels_back(tmp_path: Path) -> None:
    release = freeze(small_study())
    (tmp_path / "instructions.jsonl").write_bytes(exported(release, "instructions"))
    by_roi = {annotation["roi"]: annotation for annotation in seagull_of(release)["annotations"]}
    for image in seagull_of(release)["images"]:
        (tmp_path / image["file_name"]).parent.mkdir(exist_ok=True)
        (tmp_path / image["file_name"]).touch()  # what is in it is not read here
    found = read_instructions(tmp_path / "instructions.jsonl", check_hashes=False)
    rois = {roi.roi_id: roi for sample in found.samples for roi in sample.rois}
    assert set(rois) == set(by_roi)
    for roi_id, roi in rois.items():
        wanted = by_roi[roi_id]
        assert (roi.labels.quality, roi.labels.importance) == (wanted["quality"]["mean"], wanted["importance"]["mean"])
        assert roi.labels.quality_level == wanted["quality"]["level"]
        present = {name: one["level"] for name, one in wanted["distortions"].items() if one["present"]}
        assert roi.labels.distortions == present
        assert roi.level == wanted["level"]
    assert sum(plan.questions for plan in found.plans.values()) == 18


def label(level: int = 2, **severities: int) -> Any:
    absent = {"present": False, "level": None}
    return {
        "quality": {"level": level},
        "importance": {"level": level},
        "distortions": dict.fromkeys(DISTORTIONS, absent)
        | {name: {"present": True, "level": one} for name, one in severities.items()},
    }


def test_judgments_are_fair_coins_that_belong_to_the_roi() -> None:
    asked = [list(instructions._judgments(label(2, blur=1), f"roi {number}")) for number in range(400)]
    assert asked == [list(instructions._judgments(label(2, blur=1), f"roi {number}")) for number in range(400)]
    for scale in range(3):
        answers = Counter(roi[scale][1] for roi in asked)
        assert 160 < answers["Yes"] < 240
    for question, answer in (roi[0] for roi in asked):
        assert (answer == "Yes") == ("fair" in question)
    noes = [question for roi in asked for question, answer in roi[:1] if answer == "No"]
    beside = sum("poor" in question or "good" in question for question in noes)
    assert 0.6 < beside / len(noes) < 0.9  # half on purpose, half of the rest by chance


def test_a_clean_roi_is_asked_as_distorted_and_one_with_all_six_rightly() -> None:
    for number in range(20):
        *_, clean = instructions._judgments(label(), f"roi {number}")
        assert clean[1] == "No"
        *_, full = instructions._judgments(label(2, **dict.fromkeys(DISTORTIONS, 3)), f"roi {number}")
        assert full[1] == "Yes"


def test_distortions_are_told_in_one_order() -> None:
    answer = instructions._distortion_answer({"compression": 0, "blur": 3, "exposure": 3})
    assert answer == "With extreme compression, minor exposure and minor blur distortions."
    assert instructions._distortion_answer({}) == "Without distortions."
