"""One measured row of the benches' table, and the table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`ours` and `baseline` in `unit`, smaller is better; `baseline` None where there is nothing to compare with.

    `target` is DESIGN's bound on `ours` in the same unit, None where it names none.
    """

    what: str
    ours: float
    baseline: float | None
    unit: str
    target: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times less ours needs than the baseline of the same run."""
        return None if self.baseline is None or not self.ours else self.baseline / self.ours

    @property
    def met(self) -> bool | None:
        return None if self.target is None else self.ours <= self.target


def table(rows: Sequence[Row]) -> str:
    """A Markdown table, its columns aligned for a terminal too."""
    head = ["what", "ours", "baseline", "ratio", "unit", "target", "met"]
    cells = [head] + [
        [
            row.what,
            f"{row.ours:,.2f}",
            "" if row.baseline is None else f"{row.baseline:,.2f}",
            "" if row.ratio is None else f"{row.ratio:.1f}",
            row.unit,
            "" if row.target is None else f"{row.target:,g}",
            {None: "", True: "yes", False: "NO"}[row.met],
        ]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
