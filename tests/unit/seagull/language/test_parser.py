"""Answers are read whatever a model writes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.seagull.language.answers import canonical, distortion_answer, level_answer
from ml.seagull.language.levels import DISTORTIONS, QUALITY_WORDS, SEVERITY_WORDS
from ml.seagull.language.parser import parse_distortions, parse_importance, parse_judgment, parse_quality
from ml.seagull.language.prompts import load_prompt, prompt_ids

WORDS = [
    *DISTORTIONS,
    *SEVERITY_WORDS,
    *QUALITY_WORDS,
    "with",
    "without",
    "and",
    ",",
    ".",
    ":",
    "distortions",
    "colour",
]
TEXT = st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
LABELS = st.dictionaries(st.sampled_from(DISTORTIONS), st.none() | st.integers(0, 4), max_size=6)


@given(text=TEXT)
@settings(max_examples=200, deadline=None)
def test_reading_never_raises(text):
    parsed = parse_distortions(text)
    assert (parsed.error is None) == (parsed.clean or bool(parsed.distortions))
    assert parse_quality(text) in {None, *range(5)}
    assert parse_importance(text) in {None, *range(5)}
    assert parse_judgment(text) in {None, True, False}


@given(labels=LABELS, prompt_id=st.sampled_from(prompt_ids()))
@settings(max_examples=100, deadline=None)
def test_what_is_answered_is_what_is_read(labels, prompt_id):
    prefix, rest = distortion_answer(load_prompt(prompt_id), labels)
    parsed = parse_distortions(f"{prefix} {rest}")
    assert (parsed.distortions, parsed.clean, parsed.error) == (labels, not labels, None)
    assert list(parsed.distortions.items()) == canonical(labels)


@pytest.mark.parametrize("level", range(5))
def test_levels_are_read_back(level):
    prompt = load_prompt("official-v1")
    assert parse_quality(" ".join(level_answer(prompt, "quality", level))) == level
    assert parse_importance(" ".join(level_answer(prompt, "importance", level))) == level


@pytest.mark.parametrize(
    ("text", "distortions"),
    [
        ("With minor colorfulness and trivial contrast distortions.", {"colorfulness": 3, "contrast": 4}),
        ("with blur distortion.", {"blur": None}),
        (
            "Answer: With SEVERE  Blur,\n minor noise, and exposure distortions",
            {"blur": 1, "noise": 3, "exposure": None},
        ),
        ("With severe blur and trivial blur distortions.", {"blur": 1}),
        ("With minor colour distortion.", {"colorfulness": 3}),
        ("With minor colourfulness distortion.", {"colorfulness": 3}),
        ("With severe blur distortion and minor noise distortion.", {"blur": 1, "noise": 3}),
        ("With severe blur distortion. With severe noise distortion. With", {"blur": 1}),
        ("With noise distortion.", {"noise": None}),
    ],
)
def test_tolerated_wordings(text, distortions):
    parsed = parse_distortions(text)
    assert (parsed.distortions, parsed.clean, parsed.error) == (distortions, False, None)


@pytest.mark.parametrize("text", ["Without distortions.", "without", "Without any distortion", "With no distortions."])
def test_clean_wordings(text):
    assert parse_distortions(text).clean


@pytest.mark.parametrize("text", ["", "blurry", "With distortions.", "With blurry edges.", "Without blur distortion."])
def test_what_is_not_understood_names_nothing_and_says_so(text):
    parsed = parse_distortions(text)
    assert (parsed.distortions, parsed.clean) == ({}, False)
    assert parsed.error


def test_two_levels_are_none():
    assert parse_quality("The quality is good or bad.") is None


def test_a_word_that_begins_with_no_is_no_judgment():
    assert parse_judgment("noise") is None
    assert parse_judgment("No.") is False
    assert parse_judgment("yes") is True
