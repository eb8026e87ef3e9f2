"""What a run writes while it trains, read as it grows: `events.jsonl` and the log of the process."""

import json
from collections import deque
from pathlib import Path
from typing import Any

from roiqa.training.models import TrainingRun
from roiqa.training.running import POINTS_KEPT, Said

EVENTS, LOG = "events.jsonl", "log.txt"
_PIECE = 1_000_000
_LINES_AT_ONCE = 200
_NUMBERS = ("loss", "aux_loss", "norm", "learning_rate", "seconds", "questions_per_second")
_NOT_NUMBERS = frozenset({"event", "step", "time"})


class Follower:
    """Reads whole lines from where the run's row says that it stopped; of other files (another machine) from the start."""

    def __init__(self, run: TrainingRun, folder: Path) -> None:
        self.folder = folder
        self._steps = run.steps
        self._events = _start(folder / EVENTS, run.events_offset)
        self._log = _start(folder / LOG, run.log_offset)
        self._pace: deque[float] = deque(maxlen=20)
        self.stopped = False
        self.error = ""

    def read(self) -> Said | None:
        """What is new, None for nothing."""
        events, log = (
            _lines(self.folder / EVENTS, self._events),
            _lines(self.folder / LOG, self._log),
        )
        if not events and not log:
            return None
        said = Said()
        for text in log.decode("utf-8", "replace").splitlines()[-_LINES_AT_ONCE:]:
            if text.strip():
                said.line(text.rstrip())
        for line in events.splitlines():
            event = _parsed(line)
            if event is not None:
                self._take(event, said)
        self._events += len(events)
        self._log += len(log)
        said.events_offset, said.log_offset = self._events, self._log
        if self._pace:
            said.seconds_per_step = round(sum(self._pace) / len(self._pace), 4)
        return said

    def _take(self, event: dict[str, Any], said: Said) -> None:
        kind, step = event["event"], int(event["step"])
        if kind == "failed":
            self.error = str(event["error"])
            return
        said.step = step
        numbers = {name: value for name, value in event.items() if name not in _NOT_NUMBERS}
        if kind in {"started", "resumed"}:
            self._steps = said.steps = int(event["steps"])
            self.stopped = False
            self._pace.clear()
            said.message = "Training." if kind == "started" else f"Training, from the checkpoint of step {step}."
            said.line(f"{kind.capitalize()} at step {step} of {self._steps}, {event['images']} images.", step)
        elif kind == "step":
            self._step(step, {name: numbers[name] for name in _NUMBERS if name in numbers}, said)
        elif kind == "evaluated":
            said.point(step, {"evaluated": True, **numbers})
            said.metrics |= numbers
        elif kind == "sample":
            said.sample(step, numbers)
        elif kind == "memory":
            said.message = f"Memory ended: goes on with {event['token_budget']:,} tokens a forward."
            said.line(said.message, step)
        elif kind == "skipped":
            said.line(f"Step {step} was left out: loss {event['loss']}, gradient norm {event['norm']}.", step)
        elif kind == "saved":
            said.line(f"Checkpoint {event['checkpoint']}.", step)
        elif kind == "cancelled":
            self.stopped = True
            said.line(f"Stopped at step {step} by {event['signal']}.", step)

    def _step(self, step: int, numbers: dict[str, Any], said: Said) -> None:
        said.metrics |= numbers
        if isinstance(numbers.get("seconds"), float | int):
            self._pace.append(float(numbers["seconds"]))
        stride = max(-(-self._steps // POINTS_KEPT), 1)
        if step % stride == 0 or step == self._steps:
            said.point(step, numbers)


def last_line(folder: Path) -> str:
    """The last line of the log that says something: of a program that gave up, why."""
    path = folder / LOG
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 8000, 0))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip("= -\t")), "")


def _start(path: Path, offset: int) -> int:
    return offset if path.exists() and path.stat().st_size >= offset else 0


def _lines(path: Path, offset: int) -> bytes:
    """The whole lines from there on, a piece at most."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            piece = file.read(_PIECE)
    except FileNotFoundError:
        return b""
    end = piece.rfind(b"\n") + 1
    if not end and len(piece) == _PIECE:
        end = _PIECE
    return piece[:end]


def _parsed(line: bytes) -> dict[str, Any] | None:
    """None for half a line that a killed process left."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event and "step" in event else None
