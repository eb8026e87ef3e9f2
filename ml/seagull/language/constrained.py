"""Decoding that can only say what parses: the language of distortion answers, word by word.

The language is a trie of 46,656 answers; it is walked without being built. An answer names its distortions in
canonical order, so every state is (what may follow, last item, types left).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ml.seagull.language.levels import DISTORTIONS, SEVERITY_WORDS
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.tokenizer import LanguageTokenizer

_MORE: Final = ","
_LAST: Final = "and"


@dataclass(frozen=True, slots=True)
class _State:
    """After the words so far. `expects` is start, type, item or separator."""

    expects: str = "start"
    severity: int = 0
    order: int = -1
    """The last type's place among the six, for canonical order."""
    used: frozenset[int] = frozenset()
    to_come: int = 1
    """How many more items the words so far promise at least, and at most where `closing`."""
    closing: bool = False
    """`and` was said: the next item is the last."""


class DistortionLanguage:
    """Which tokens may follow the tokens said so far.

    Raises ValueError if the prompt's wording is none that this language knows (`With ...`/`Without ...`).
    """

    def __init__(self, tokenizer: LanguageTokenizer, prompt: Prompt) -> None:
        prefix, singular = prompt.answers["distortion"]
        plural_prefix, plural = prompt.answers["distortions"]
        if not prefix or prefix != plural_prefix or not singular.startswith("{items} ") or "{items} " not in plural:
            raise ValueError(f"prompt {prompt.id}: distortion answers must be `prefix` and `{{items}} ...`")
        self._tokenizer = tokenizer
        self._ends = {1: singular.removeprefix("{items} "), 2: plural.removeprefix("{items} ")}
        self._starts = (prefix, prompt.clean)
        self._prefix = prefix
        self._words = lru_cache(maxsize=None)(self._next_words)
        self._known: dict[tuple[int, ...], tuple[int, ...]] = {}

    def allowed(self, said: Sequence[int]) -> tuple[int, ...]:
        """Tokens that may follow these, ascending; eos alone where an answer is complete.

        Raises ValueError for tokens that are no beginning of an answer.
        """
        key = tuple(said)
        if key not in self._known:
            follow = {path[0] if path else self._tokenizer.eos for path in self._paths(key, _State())}
            if not follow:
                raise ValueError(f"no answer begins with the tokens {list(key)}")
            self._known[key] = tuple(sorted(follow))
        return self._known[key]

    def _paths(self, rest: tuple[int, ...], state: _State) -> Iterator[tuple[int, ...]]:
        """What is left of every word that goes on from `rest`; an empty path is the end of an answer."""
        for text, following in self._words(state):
            ids = self._tokenizer.following(text) if text == _MORE else self._tokenizer.encode(text)
            if len(ids) > len(rest):
                if ids[: len(rest)] == rest:
                    yield ids[len(rest) :]
            elif ids == rest[: len(ids)]:
                if following is not None:
                    yield from self._paths(rest[len(ids) :], following)
                elif len(ids) == len(rest):
                    yield ()

    def _next_words(self, state: _State) -> tuple[tuple[str, _State | None], ...]:
        """Each word that may follow, with the state after it; None after the last word of an answer."""
        if state.expects == "start":
            return ((self._prefix, _State(expects="severity")), (self._starts[1], None))
        if state.expects == "severity":
            return tuple(
                (SEVERITY_WORDS[level], _next(state, expects="type", severity=level))
                for level in range(state.severity, len(SEVERITY_WORDS))
                if any(True for _ in _types(state, level))
            )
        if state.expects == "type":
            return tuple((DISTORTIONS[name], _after(state, name)) for name in _types(state, None))
        return self._after_item(state)

    def _after_item(self, state: _State) -> tuple[tuple[str, _State | None], ...]:
        words: list[tuple[str, _State | None]] = []
        one = len(state.used) == 1
        if one or state.closing:
            words.append((self._ends[1 if one else 2], None))
        if not state.closing:
            room = _room(state)
            if room >= 2:
                words.append((_MORE, _next(state, expects="severity", to_come=2)))
            if room >= 1:
                words.append((_LAST, _next(state, expects="severity", to_come=1, closing=True)))
        return tuple(words)


def _next(
    state: _State, *, expects: str, severity: int | None = None, to_come: int | None = None, closing: bool | None = None
) -> _State:
    return _State(
        expects=expects,
        severity=state.severity if severity is None else severity,
        # A severity that grew begins the order of types anew.
        order=state.order if severity is None or severity == state.severity else -1,
        used=state.used,
        to_come=state.to_come if to_come is None else to_come,
        closing=state.closing if closing is None else closing,
    )


def _after(state: _State, name: int) -> _State:
    return _State(
        expects="item",
        severity=state.severity,
        order=name,
        used=state.used | {name},
        to_come=max(state.to_come - 1, 0),
        closing=state.closing,
    )


def _types(state: _State, level: int | None) -> Iterator[int]:
    """Types that may come now, at this severity, and still leave room for what was promised."""
    severity = state.severity if level is None else level
    order = state.order if severity == state.severity else -1
    for name in range(order + 1, len(DISTORTIONS)):
        if name in state.used:
            continue
        chosen = _State(severity=severity, order=name, used=state.used | {name})
        if _room(chosen) >= state.to_come - 1:
            yield name


def _room(state: _State) -> int:
    """How many more items may follow the last one in canonical order."""
    left = [name for name in range(len(DISTORTIONS)) if name not in state.used]
    if state.severity < len(SEVERITY_WORDS) - 1:
        return len(left)
    return sum(name > state.order for name in left)
