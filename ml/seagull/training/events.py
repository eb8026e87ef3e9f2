"""A run's live record: one JSON object a line, TensorBoard scalars, and a progress bar on a terminal."""

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from torch.utils.tensorboard import SummaryWriter

EVENTS_FILE = "events.jsonl"
BAR = 30


class EventLog:
    """Writes `events.jsonl` and TensorBoard files into the run's folder. A resumed run appends.

    Every line has `event` and `step`; numbers that are no numbers become null. Lines are flushed at once, so a reader
    can follow them while the run goes on.
    """

    def __init__(self, folder: Path, *, total_steps: int, bar: TextIO | None = sys.stderr) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _end_last_line(folder / EVENTS_FILE)
        self._file = (folder / EVENTS_FILE).open("a", encoding="utf-8")
        self._board = SummaryWriter(str(folder / "tensorboard"))
        self._total = total_steps
        self._bar = bar if bar is not None and bar.isatty() else None
        self._started = time.monotonic()
        self._first_step: int | None = None

    def write(self, event: str, *, step: int, **facts: Any) -> None:
        line = {"event": event, "step": step, "time": round(time.time(), 3)} | {k: _plain(v) for k, v in facts.items()}
        self._file.write(json.dumps(line, allow_nan=False) + "\n")
        self._file.flush()
        for name, value in _scalars(event, facts):
            self._board.add_scalar(name, value, step)

    def progress(self, step: int, **facts: float) -> None:
        """Draw the bar: `step` updates are done."""
        if self._bar is None:
            return
        self._first_step = step - 1 if self._first_step is None else self._first_step
        done = step - self._first_step
        left = (time.monotonic() - self._started) / done * (self._total - step) if done else 0.0
        filled = BAR * step // max(self._total, 1)
        shown = " ".join(f"{name} {value:.4g}" for name, value in facts.items())
        self._bar.write(
            f"\r[{'#' * filled}{'.' * (BAR - filled)}] {step}/{self._total} {shown} {left:.0f} s left \x1b[K"
        )
        self._bar.flush()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.write("\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._board.close()


def note_failure(folder: Path, error: str) -> None:
    """Say in the record why there was no training, or no more of it: for whoever follows it."""
    if folder.is_dir():
        _end_last_line(folder / EVENTS_FILE)
        with (folder / EVENTS_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": "failed", "step": 0, "time": round(time.time(), 3), "error": error}) + "\n")


def _end_last_line(path: Path) -> None:
    """A killed process may have left half a line: what follows must not be read as the rest of it."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _scalars(event: str, facts: dict[str, Any]) -> list[tuple[str, float]]:
    flat = [(f"{event}/{name}", value) for name, value in facts.items()]
    return [
        (name, float(value))
        for name, value in flat
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ]
