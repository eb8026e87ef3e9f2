"""The wording of prompts: versioned JSON beside this file, under `prompts/`. A published version never changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

AIR: Final = ("quality", "importance", "distortion")
JIR: Final = ("judge_quality", "judge_importance", "judge_type")
TASKS: Final = AIR + JIR
_FOLDER: Final = Path(__file__).with_name("prompts")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One wording of everything that is said to the language model.

    A sequence is: bos, `before_image`, image tokens, `after_image`; for each ROI: its tokens, `after_region`; for each
    question of it: the question, `before_answer`, the answer, eos. Every piece is tokenized by itself.
    """

    id: str
    before_image: str
    after_image: str
    after_region: str
    before_answer: str
    questions: Mapping[str, Sequence[str]]
    """Paraphrases of each task; the first is the one that scoring asks."""
    answers: Mapping[str, Sequence[str]]
    """The forced beginning of each answer and the rest."""
    clean: str
    """The answer for a region without any distortion."""

    @classmethod
    def from_json(cls, text: str) -> "Prompt":
        """Raises ValueError naming what is missing."""
        given = json.loads(text)
        try:
            answers = dict(given["answers"])
            prompt = cls(
                id=given["id"],
                **given["frame"],
                questions={task: tuple(given["questions"][task]) for task in TASKS},
                clean=answers.pop("clean"),
                answers={task: tuple(answers[task]) for task in ("quality", "importance", "distortion", "distortions")},
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no prompt file: {error}") from error
        if not all(prompt.questions.values()):
            raise ValueError(f"prompt {prompt.id}: a task has no question")
        return prompt


def prompt_text(prompt_id: str) -> str:
    """The file as it is, for checkpoints. Raises ValueError for an unknown id."""
    path = _FOLDER / f"{prompt_id}.json"
    if prompt_id not in prompt_ids():
        raise ValueError(f"there is no prompt {prompt_id!r}: choose one of {', '.join(prompt_ids())}")
    return path.read_text(encoding="utf-8")


@cache
def load_prompt(prompt_id: str = "own-v1") -> Prompt:
    """The shipped prompt of this id. Raises ValueError for an unknown id."""
    return Prompt.from_json(prompt_text(prompt_id))


@cache
def prompt_ids() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))
