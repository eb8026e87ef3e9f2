"""What a run does about numbers that are none, and about memory that is not there."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from ml.seagull.training.atomic import write_bytes

MAX_IN_A_ROW = 5
MIN_TOKEN_BUDGET = 64
Made = TypeVar("Made")


class TooManyBadSteps(RuntimeError):
    """The loss or the gradient was no number several updates in a row: going on would teach nothing."""


class NoMemoryLeft(RuntimeError):
    """Even one image at a time does not fit."""


@dataclass(slots=True)
class BadSteps:
    """Counts updates that were left out. State of the run: it is stored in checkpoints."""

    in_a_row: int = 0
    total: int = 0
    since_last: int | None = None

    def good(self) -> None:
        self.in_a_row = 0
        if self.since_last is not None:
            self.since_last += 1

    def bad(self, *, step: int, loss: float, norm: float, image_ids: Sequence[str]) -> None:
        """Raises: TooManyBadSteps after MAX_IN_A_ROW in a row."""
        self.in_a_row += 1
        self.total += 1
        self.since_last = 0
        if self.in_a_row >= MAX_IN_A_ROW:
            raise TooManyBadSteps(
                f"Step {step}: loss {loss}, gradient norm {norm}, the {self.in_a_row}th bad update in a row; images "
                f"{', '.join(image_ids)}. Look at them, lower learning_rate, or use precision float32."
            )


def is_finite(loss: float, norm: float) -> bool:
    return math.isfinite(loss) and math.isfinite(norm)


@dataclass(slots=True)
class TokenBudget:
    """Padded positions of one forward. It is halved when memory ends, and remembered by device and preset."""

    tokens: int
    key: str
    memory: Path | None = None

    def __post_init__(self) -> None:
        known = _remembered(self.memory)
        self.tokens = min(self.tokens, known.get(self.key, self.tokens))

    def halve(self) -> None:
        """Raises: NoMemoryLeft below MIN_TOKEN_BUDGET."""
        if self.tokens // 2 < MIN_TOKEN_BUDGET:
            raise NoMemoryLeft(
                f"Out of memory at a budget of {self.tokens} tokens on {self.key}: switch checkpointing on, "
                "take fewer ROIs per image, or a smaller preset."
            )
        self.tokens //= 2
        if self.memory is not None:
            known = _remembered(self.memory) | {self.key: self.tokens}
            write_bytes(self.memory, (json.dumps(known, indent=2, sort_keys=True) + "\n").encode())


def _remembered(memory: Path | None) -> dict[str, int]:
    if memory is None or not memory.exists():
        return {}
    known: dict[str, int] = json.loads(memory.read_text(encoding="utf-8"))
    return known


def with_memory(work: Callable[[], Made], *, budget: TokenBudget, undo: Callable[[], None]) -> Made:
    """`work()`, again with half the budget for as long as memory ends in it. `undo` drops what a failed try left."""
    while True:
        try:
            return work()
        except torch.OutOfMemoryError:
            undo()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        budget.halve()
