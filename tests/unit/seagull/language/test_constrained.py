"""Constrained decoding: everything it can say parses, and everything our answers say it can say."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.seagull.language.answers import distortion_answer
from ml.seagull.language.constrained import DistortionLanguage
from ml.seagull.language.levels import DISTORTIONS
from ml.seagull.language.parser import parse_distortions
from ml.seagull.language.prompts import load_prompt
from ml.seagull.language.tokenizer import word_level

TOKENIZER = word_level()
PROMPT = load_prompt("own-v1")
LANGUAGE = DistortionLanguage(TOKENIZER, PROMPT)
LABELS = st.dictionaries(st.sampled_from(DISTORTIONS), st.integers(0, 4), max_size=6)


def _ids(labels: dict[str, int]) -> tuple[int, ...]:
    prefix, rest = distortion_answer(PROMPT, labels)
    return (*TOKENIZER.encode(prefix), *TOKENIZER.encode(rest))


@given(labels=LABELS)
@settings(max_examples=150, deadline=None)
def test_every_answer_can_be_said_and_then_ends(labels):
    ids = _ids(labels)
    for place in range(len(ids)):
        assert ids[place] in LANGUAGE.allowed(ids[:place])
    assert LANGUAGE.allowed(ids) == (TOKENIZER.eos,)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_is_chosen_parses_and_is_said_in_canonical_order(data):
    said: list[int] = []
    while (allowed := LANGUAGE.allowed(said)) != (TOKENIZER.eos,):
        assert TOKENIZER.eos not in allowed
        said.append(data.draw(st.sampled_from(allowed)))
    parsed = parse_distortions(TOKENIZER.decode(said))
    assert parsed.error is None
    assert _ids(parsed.distortions) == tuple(said)


def test_what_is_no_beginning_of_an_answer_is_refused():
    with pytest.raises(ValueError, match="no answer begins"):
        LANGUAGE.allowed(TOKENIZER.encode("the quality"))


def test_one_type_at_a_severity_leaves_room_for_what_a_comma_promises():
    # After "With trivial colorfulness" only compression may follow: a comma would promise two.
    said = TOKENIZER.encode("With trivial colorfulness")
    follow = {TOKENIZER.decode([token]) for token in LANGUAGE.allowed(said)}
    assert follow == {"and", "distortion"}


def test_all_pairs_are_sayable():
    for first, second in product(DISTORTIONS, repeat=2):
        if first != second:
            ids = _ids({first: 1, second: 3})
            assert all(ids[place] in LANGUAGE.allowed(ids[:place]) for place in range(len(ids)))
