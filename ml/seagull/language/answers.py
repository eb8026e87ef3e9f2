"""Questions with their answers: what is asked of a region, and the words that its labels make of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.seagull.language.levels import DISTORTIONS, IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS, YES_NO
from ml.seagull.language.prompts import Prompt

WORDS = {"quality": QUALITY_WORDS, "importance": IMPORTANCE_WORDS}


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one region."""

    task: str
    text: str
    prefix: str
    """How the answer is forced to begin when it is scored; empty for a judgment."""
    answer: str | None = None
    """What follows the prefix; None where it is what we want to know."""
    subject: str | None = None
    """The level word or the type that a judgment asks for."""


def air(prompt: Prompt, task: str, *, paraphrase: int = 0) -> Question:
    """An analysis question (quality, importance, distortion) without its answer."""
    return Question(task=task, text=prompt.questions[task][paraphrase], prefix=prompt.answers[task][0])


def jir(prompt: Prompt, task: str, subject: str, *, paraphrase: int = 0) -> Question:
    """A judgment question (judge_quality, judge_importance, judge_type) without its answer."""
    text = prompt.questions[task][paraphrase].format(level=subject, type=subject)
    return Question(task=task, text=text, prefix="", subject=subject)


def level_answer(prompt: Prompt, task: str, level: int) -> tuple[str, str]:
    """The forced prefix and the rest of the answer about quality or importance."""
    prefix, rest = prompt.answers[task]
    return prefix, rest.format(level=WORDS[task][level])


def canonical(distortions: Mapping[str, int | None]) -> list[tuple[str, int | None]]:
    """The one order in which distortions are told: the most severe first, then the order of the six.

    Without it the answer to one label could be any of up to 720, and which is right would be a matter of luck.
    Unknown severities come last.
    """
    return sorted(
        distortions.items(), key=lambda item: (len(SEVERITY_WORDS) if item[1] is None else item[1], _rank(item[0]))
    )


def distortion_answer(prompt: Prompt, distortions: Mapping[str, int | None]) -> tuple[str, str]:
    """The forced prefix and the rest; for a clean region the prefix is empty: `Without` forbids `With`."""
    if not distortions:
        return "", prompt.clean
    named = [name if level is None else f"{SEVERITY_WORDS[level]} {name}" for name, level in canonical(distortions)]
    prefix, rest = prompt.answers["distortion" if len(named) == 1 else "distortions"]
    return prefix, rest.format(items=listed(named))


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def yes_no(*, holds: bool) -> str:
    return YES_NO[0] if holds else YES_NO[1]


def scoring_questions(prompt: Prompt) -> tuple[Question, ...]:
    """The nine closed-set questions of a region: quality, importance, distortion, and each type by itself."""
    return (
        *(air(prompt, task) for task in ("quality", "importance", "distortion")),
        *(jir(prompt, "judge_type", name) for name in DISTORTIONS),
    )


def _rank(name: str) -> int:
    return DISTORTIONS.index(name)
