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
from tests.unit.seagull.language.pieces import word_pieces

PROMPT = load_prompt("own-v1")
TOKENIZER = word_level()
LANGUAGE = DistortionLanguage(TOKENIZER, PROMPT)
# As of the released network: words of several pieces, which a constraint must walk through.
PIECES = word_pieces()
LANGUAGES = {"words": LANGUAGE, "pieces": DistortionLanguage(PIECES, PROMPT)}
TOKENIZERS = {"words": TOKENIZER, "pieces": PIECES}
LABELS = st.dictionaries(st.sampled_from(DISTORTIONS), st.integers(0, 4), max_size=6)


def _ids(labels: dict[str, int], kind: str = "words") -> tuple[int, ...]:
    prefix, rest = distortion_answer(PROMPT, labels)
    return (*TOKENIZERS[kind].encode(prefix), *TOKENIZERS[kind].encode(rest))


@pytest.mark.parametrize("kind", LANGUAGES)
@given(labels=LABELS)
@settings(max_examples=80, deadline=None)
def test_every_answer_can_be_said_and_then_ends(kind, labels):
    ids = _ids(labels, kind)
    for place in range(len(ids)):
        assert ids[place] in LANGUAGES[kind].allowed(ids[:place])
    assert LANGUAGES[kind].allowed(ids) == (TOKENIZERS[kind].eos,)


@pytest.mark.parametrize("kind", LANGUAGES)
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_whatever_is_chosen_parses_and_is_said_in_canonical_order(kind, data):
    said: list[int] = []
    end = TOKENIZERS[kind].eos
    while (allowed := LANGUAGES[kind].allowed(said)) != (end,):
        assert end not in allowed
        said.append(data.draw(st.sampled_from(allowed)))
    parsed = parse_distortions(TOKENIZERS[kind].decode(said))
    assert parsed.error is None
    assert _ids(parsed.distortions, kind) == tuple(said)


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
