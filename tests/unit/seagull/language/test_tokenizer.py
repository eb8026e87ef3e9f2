"""Token ids that checkpoints depend on."""

import json

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from ml.seagull.language.prompts import TASKS, load_prompt, prompt_ids
from ml.seagull.language.tokenizer import CLOSED_SETS, SPECIAL, LanguageTokenizer, word_level
from tests.unit.seagull.language.pieces import word_pieces

TOKENIZER = word_level()


def test_golden_ids():
    # Written down when own-v1 was published: a change breaks every stored suggestion's prompt id.
    assert len(TOKENIZER) == 117
    assert TOKENIZER.encode("The quality is good.") == (102, 96, 75, 62, 15)
    assert TOKENIZER.encode("With extreme noise, moderate blur and trivial exposure distortions.") == (
        112, 58, 83, 13, 79, 41, 33, 106, 57, 53, 15,
    )  # fmt: skip
    assert TOKENIZER.encode("Is this region in blur distortion?") == (75, 104, 99, 72, 41, 52, 28)
    assert TOKENIZER.closed["quality"] == (39, 92, 59, 62, 56)
    assert TOKENIZER.closed["importance"] == (108, 78, 84, 71, 55)
    assert TOKENIZER.closed["severity"] == (58, 101, 79, 78, 106)
    assert TOKENIZER.closed["type"] == (57, 83, 41, 47, 44, 45)
    assert TOKENIZER.closed["judgment"] == (115, 82)


def test_special_tokens_come_first():
    assert [TOKENIZER.backend.token_to_id(token) for token in SPECIAL] == list(range(7))
    assert (TOKENIZER.pad, TOKENIZER.bos, TOKENIZER.eos) == (0, 1, 2)
    assert TOKENIZER.encode("<image>") == (TOKENIZER.image,)


def test_every_closed_word_is_one_token_and_tells_itself_apart():
    for words in CLOSED_SETS.values():
        assert all(len(TOKENIZER.encode(word)) == 1 for word in words)
        assert len(set(TOKENIZER.first_tokens(words))) == len(words)


@pytest.mark.parametrize("prompt_id", prompt_ids())
def test_no_prompt_says_an_unknown_word(prompt_id):
    prompt = load_prompt(prompt_id)
    unknown = TOKENIZER.backend.token_to_id("<unk>")
    said = [text.format(level="good", type="blur") for task in TASKS for text in prompt.questions[task]]
    said += [prompt.before_image, prompt.after_image, prompt.after_region, prompt.before_answer, prompt.clean]
    said += [
        text.format(level="good", items="severe blur and minor noise")
        for one in prompt.answers.values()
        for text in one
    ]
    assert not [text for text in said if unknown in TOKENIZER.encode(text)]


def test_case_and_blanks_do_not_matter():
    assert TOKENIZER.encode(" With\n Minor BLUR") == TOKENIZER.encode("with minor blur")


def test_a_comma_behind_a_word_is_the_comma_within_a_text():
    joint = TOKENIZER.encode("blur, noise")
    assert (*TOKENIZER.encode("blur"), *TOKENIZER.following(","), *TOKENIZER.encode("noise")) == joint


def test_words_of_several_pieces_are_told_apart_by_the_first():
    pieces = word_pieces()
    assert len(pieces.encode("unimportant")) > 1
    assert pieces.closed["importance"] == tuple(pieces.encode(word)[0] for word in CLOSED_SETS["importance"])
    assert (pieces.pad, pieces.image) == (0, 0)  # no pad token: <unk>, as released


def test_an_answer_in_pieces_is_the_answer_in_one():
    pieces = word_pieces()
    joint = pieces.encode("With minor blur, trivial noise and trivial contrast distortions.")
    assert joint == (
        *pieces.encode("With"),
        *pieces.encode("minor blur, trivial noise and trivial contrast distortions."),
    )


def test_saved_and_read_back(tmp_path):
    TOKENIZER.save(tmp_path / "tokenizer.json")
    again = LanguageTokenizer.load(tmp_path / "tokenizer.json")
    assert again.closed == TOKENIZER.closed
    assert again.encode("What is the quality of this region?") == TOKENIZER.encode(
        "What is the quality of this region?"
    )
    assert json.loads((tmp_path / "tokenizer.json").read_text())["model"]["type"] == "WordLevel"


def test_words_that_begin_alike_are_refused():
    vocabulary = {
        token: number
        for number, token in enumerate(
            (*SPECIAL, *(word for ws in CLOSED_SETS.values() for word in ws if word != "good"))
        )
    }
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    del vocabulary["bad"]
    ambiguous = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    ambiguous.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(ValueError, match="not distinct"):
        LanguageTokenizer(ambiguous)


def test_a_tokenizer_without_an_end_is_refused():
    with pytest.raises(ValueError, match="no <s>"):
        LanguageTokenizer(Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>")))
