"""Token ids of texts, piece by piece.

A sequence is put together from pieces that are tokenized one at a time, so where an answer begins is known and never
counted afterwards. Two kinds: our word-level vocabulary, and the `tokenizer.json` of a released model.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from ml.seagull.language.levels import DISTORTIONS, IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS, YES_NO
from ml.seagull.language.prompts import TASKS, Prompt, load_prompt, prompt_ids

SPECIAL: Final = ("<pad>", "<s>", "</s>", "<unk>", "<image>", "<global>", "<local>")
CLOSED_SETS: Final = {
    "quality": QUALITY_WORDS,
    "importance": IMPORTANCE_WORDS,
    "severity": SEVERITY_WORDS,
    "type": DISTORTIONS,
    "judgment": YES_NO,
    "presence": ("With", "Without"),
}
_PUNCTUATION: Final = tuple(".,:;?!'\"()-%")
_DIGITS: Final = tuple("0123456789")
_FIXED: Final = ("distortion", "distortions", "and")


class LanguageTokenizer:
    """Ids of texts without any special token added."""

    def __init__(self, backend: Any) -> None:
        """Of a `tokenizers.Tokenizer`. Raises ValueError if it lacks bos or eos, or if a closed set is ambiguous."""
        self.backend = backend
        self._known: dict[str, tuple[int, ...]] = {"": ()}
        self.bos = self._special("<s>")
        self.eos = self._special("</s>")
        unknown = self._special("<unk>")
        # Llama has no pad: there it is <unk>, id 0. Never eos, which labels must be able to hold.
        self.pad = self._optional("<pad>", unknown)
        self.image = self._optional("<image>", self.pad)
        self.global_ = self._optional("<global>", self.pad)
        self.local = self._optional("<local>", self.pad)
        self.closed = {name: self.first_tokens(words) for name, words in CLOSED_SETS.items()}

    def __len__(self) -> int:
        return int(self.backend.get_vocab_size())

    def __getstate__(self) -> str:
        return str(self.backend.to_str())

    def __setstate__(self, state: str) -> None:
        self.__init__(Tokenizer.from_str(state))  # type: ignore[misc]

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids of one piece of text."""
        ids = self._known.get(text)
        if ids is None:
            ids = tuple(self.backend.encode(text, add_special_tokens=False).ids)
            self._known[text] = ids
        return ids

    def following(self, text: str) -> tuple[int, ...]:
        """Ids of a text that goes on right behind a word, such as a comma: no blank is put before it."""
        return self.encode(f"a{text}")[len(self.encode("a")) :]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, special tokens left out."""
        return str(self.backend.decode(list(ids), skip_special_tokens=True))

    def first_tokens(self, words: Sequence[str]) -> tuple[int, ...]:
        """The first token of each word. Raises ValueError if two begin alike: they could not be told apart by it."""
        first = tuple(self.encode(word)[0] for word in words)
        if len(set(first)) < len(first):
            raise ValueError(f"first tokens of {', '.join(words)} are not distinct: {first}")
        return first

    def save(self, path: Path) -> None:
        self.backend.save(str(path), pretty=False)

    @classmethod
    def load(cls, path: Path) -> "LanguageTokenizer":
        """Of a `tokenizer.json`: ours or a released model's."""
        return cls(Tokenizer.from_file(str(path)))

    def _optional(self, token: str, default: int) -> int:
        found: int | None = self.backend.token_to_id(token)
        return default if found is None else found

    def _special(self, token: str) -> int:
        found = self._optional(token, -1)
        if found < 0:
            raise ValueError(f"the tokenizer has no {token}")
        return found


def word_level() -> LanguageTokenizer:
    """The vocabulary of the small presets: every word of the shipped prompts and of the closed sets, lower case.

    Ids 0..6 are pad, bos, eos, unk, image, global, local; then the words in alphabetical order. Raises ValueError if
    a level word, a type, Yes or No takes more than one token.
    """
    words = {*_PUNCTUATION, *_DIGITS, *_FIXED}
    splitting = _pre_tokenizer()
    for text in _texts():
        words.update(word for word, _ in splitting.pre_tokenize_str(text.lower()))
    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *sorted(words)))}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))  # noqa: S106
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = splitting
    backend.add_special_tokens(list(SPECIAL))
    made = LanguageTokenizer(backend)
    for name, closed in CLOSED_SETS.items():
        for word in closed:
            if len(made.encode(word)) != 1:
                raise ValueError(f"{name} word {word!r} takes {len(made.encode(word))} tokens instead of one")
    return made


def _pre_tokenizer() -> Any:
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation("isolated"), pre_tokenizers.Digits(True)]
    )


def _texts() -> list[str]:
    """All that may be said, in no order that matters."""
    texts = [word for words in CLOSED_SETS.values() for word in words]
    for prompt in map(load_prompt, prompt_ids()):
        texts += _said(prompt)
    return texts


def _said(prompt: Prompt) -> list[str]:
    questions = [text.format(level="", type="") for task in TASKS for text in prompt.questions[task]]
    answers = [text.format(level="", items="") for parts in prompt.answers.values() for text in parts]
    frame = [prompt.before_image, prompt.after_image, prompt.after_region, prompt.before_answer]
    return [*questions, *answers, *frame, prompt.clean]
