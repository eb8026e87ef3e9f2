"""What is asked depends on (run seed, image, epoch) alone, and is fair."""

from collections import Counter

import numpy as np
import pytest

from ml.seagull.data.records import ImageSample, ROILabels, ROISample
from ml.seagull.language.levels import QUALITY_WORDS
from ml.seagull.language.prompts import load_prompt
from ml.seagull.language.sampling import Sampling, draw_plan, inverse_frequency, scoring_plan

PROMPT = load_prompt("own-v1")
MASK = np.ones((8, 8), bool)


def _image(*labels: ROILabels, name: str = "a", levels: tuple[str, ...] = ()) -> ImageSample:
    rois = tuple(
        ROISample.of(f"r{number}", MASK, one, level=levels[number] if levels else None)
        for number, one in enumerate(labels)
    )
    return ImageSample(image_id=name, split="train", load=lambda: np.zeros((8, 8, 3), np.uint8), rois=rois)


def _labels(quality: int = 2, **distortions: int) -> ROILabels:
    return ROILabels(quality=quality, importance=1, distortions=distortions)


def _plan(sample: ImageSample, how: Sampling | None = None, *, seed: int = 0, epoch: int = 0):
    return draw_plan(sample, PROMPT, how or Sampling(), run_seed=seed, epoch=epoch)


def test_the_same_draw_again_and_another_in_another_epoch_run_or_image():
    sample = _image(*[_labels(number % 5, blur=1) for number in range(20)])
    assert _plan(sample) == _plan(sample)
    other = [_plan(sample, epoch=1), _plan(sample, seed=1), _plan(ImageSample("b", "train", sample.load, sample.rois))]
    assert all(plan != _plan(sample) for plan in other)
    fixed = Sampling(fixed=True)
    assert _plan(sample, fixed) == _plan(sample, fixed, epoch=7)


def test_golden_draw():
    # The same on every machine and in every version: an epoch must be resumable.
    sample = _image(*[_labels(number % 5, blur=1) for number in range(6)], name="golden")
    plan = _plan(sample, Sampling(rois=2, judgments=1))
    assert [(roi.index, roi.questions[3].text) for roi in plan.rois] == [
        (0, "Would you call this region normal to the overall quality?"),
        (2, "Does this region count as minor to the overall quality?"),
    ]


def test_half_objects_half_components():
    sample = _image(*[_labels() for _ in range(30)], levels=("object",) * 5 + ("component",) * 25)
    for seed in range(10):
        drawn = Counter(sample.rois[roi.index].level for roi in _plan(sample, Sampling(rois=8), seed=seed).rois)
        assert drawn == {"object": 4, "component": 4}


def test_the_larger_kind_fills_up():
    sample = _image(*[_labels() for _ in range(12)], levels=("object",) + ("component",) * 11)
    drawn = Counter(sample.rois[roi.index].level for roi in _plan(sample, Sampling(rois=8)).rois)
    assert drawn == {"object": 1, "component": 7}


def test_rare_levels_are_drawn_as_often():
    sample = _image(*[_labels(0 if number < 4 else 3) for number in range(40)])
    how = Sampling(rois=2, quality_weights=inverse_frequency([sample]))
    drawn = Counter(
        sample.rois[roi.index].labels.quality_level for seed in range(300) for roi in _plan(sample, how, seed=seed).rois
    )
    assert 0.4 < drawn[0] / 600 < 0.6


def test_answers_fit_the_labels():
    sample = _image(_labels(3, noise=4, blur=1))
    answers = {
        question.task: f"{question.prefix} {question.answer}" for question in _plan(sample).rois[0].questions[:3]
    }
    assert answers == {
        "quality": "The quality is good.",
        "importance": "This region is minor to the overall quality.",
        "distortion": "With severe blur and trivial noise distortions.",
    }


def test_judgments_are_a_fair_coin_and_near_misses_are_half_of_the_noes():
    sample = _image(_labels(2, blur=1))
    asked = [
        question
        for seed in range(400)
        for question in _plan(sample, Sampling(judgments=1), seed=seed).rois[0].questions[3:]
    ]
    assert 0.44 < sum(question.answer == "Yes" for question in asked) / len(asked) < 0.56
    quality_noes = [QUALITY_WORDS.index(q.subject) for q in asked if q.task == "judge_quality" and q.answer == "No"]
    beside = sum(level in {1, 3} for level in quality_noes) / len(quality_noes)
    assert 0.6 < beside < 0.9  # half on purpose, half of the rest by chance


def test_judgments_are_right_and_never_asked_twice():
    sample = _image(_labels(2, blur=1), _labels(4))
    for seed in range(40):
        for roi in _plan(sample, Sampling(judgments=6), seed=seed).rois:
            labels = sample.rois[roi.index].labels
            judged = roi.questions[3:]
            assert len({(question.task, question.subject) for question in judged}) == len(judged) == 6
            for question in judged:
                truth = {
                    "judge_quality": QUALITY_WORDS[labels.quality_level] == question.subject,
                    "judge_importance": question.subject == "minor",
                    "judge_type": question.subject in labels.distortions,
                }[question.task]
                assert question.answer == ("Yes" if truth else "No")
                assert question.subject in question.text


def test_a_clean_region_is_asked_as_distorted_and_still_says_yes_elsewhere():
    sample = _image(_labels(2))
    asked = [q for seed in range(200) for q in _plan(sample, Sampling(judgments=1), seed=seed).rois[0].questions[3:]]
    assert {q.answer for q in asked if q.task == "judge_type"} == {"No"}
    assert 0.4 < sum(q.answer == "Yes" for q in asked) / len(asked) < 0.6


def test_only_what_is_labelled_is_asked():
    sample = _image(ROILabels(quality=1), ROILabels(), ROILabels(distortions={}))
    plan = _plan(sample)
    assert [roi.index for roi in plan.rois] == [0, 2]
    assert {q.task for q in plan.rois[0].questions} == {"quality", "judge_quality"}
    assert {q.task for q in plan.rois[1].questions} == {"distortion", "judge_type"}


def test_nine_questions_score_a_region():
    plan = scoring_plan(_image(_labels(), _labels()), PROMPT)
    assert [len(roi.questions) for roi in plan.rois] == [9, 9]
    assert {question.answer for roi in plan.rois for question in roi.questions} == {None}


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="judge_beauty"):
        Sampling(judgment_tasks=("judge_beauty",))
