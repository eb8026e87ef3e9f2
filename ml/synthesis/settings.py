"""The twenty settings of each distortion type: what they are, and the calibrated table that names their strengths.

A table is a JSON file with a hash over its content; a recipe names the table's version, so that an image made once can be
made again. `python -m ml.synthesis.calibrate` makes a table.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TYPES = ("exposure", "noise", "blur", "contrast", "colorfulness", "compression")
SETTINGS = 20
SHIPPED_TABLE = Path(__file__).with_name("settings_table.json")


@dataclass(frozen=True)
class Knob:
    """One way to distort: its strength runs from `mildest` (nothing to be seen) to `harshest`, evenly or in logarithm."""

    kind: str
    mildest: float
    harshest: float
    settings: int
    logarithmic: bool = False

    def value(self, strength: float) -> float:
        """The parameter at a strength 0..1."""
        if self.logarithmic:
            return float(self.mildest * (self.harshest / self.mildest) ** strength)
        return self.mildest + (self.harshest - self.mildest) * strength


# Ranges wide enough for calibration to find both ends of the quality scale in them (specification, section 4.2).
KNOBS: Mapping[str, tuple[Knob, ...]] = {
    "exposure": (Knob("stops", -0.05, -6.0, 10), Knob("stops", 0.05, 5.0, 10)),
    "noise": (Knob("shot_variance", 1e-6, 0.5, 20, logarithmic=True),),
    "blur": (
        Knob("gaussian", 0.2, 24.0, 10, logarithmic=True),
        Knob("disk", 0.3, 40.0, 5, logarithmic=True),
        Knob("motion", 1.0, 121.0, 5, logarithmic=True),
    ),
    "contrast": (Knob("factor", 0.98, 0.0, 10), Knob("factor", 1.02, 12.0, 10, logarithmic=True)),
    "colorfulness": (
        Knob("chroma", 0.98, 0.0, 8),
        Knob("chroma", 1.02, 8.0, 8, logarithmic=True),
        Knob("white_balance", 0.02, 2.5, 4),
    ),
    "compression": (Knob("jpeg", 95.0, 1.0, 20),),
}


@dataclass(frozen=True)
class Setting:
    """`kind` says what is done, `value` how strongly (the unit is the kind's: stops, pixels, factor, JPEG quality)."""

    kind: str
    value: float


@dataclass(frozen=True)
class SettingsTable:
    """Twenty settings per type, mildest first; `version` changes with any of them."""

    settings: Mapping[str, tuple[Setting, ...]]

    @property
    def version(self) -> str:
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:12]

    def setting(self, kind: str, number: int) -> Setting:
        """Setting 0 (mildest) to 19 (harshest) of a type. Raises ValueError for another type or number."""
        if kind not in self.settings or not 0 <= number < len(self.settings[kind]):
            raise ValueError(
                f"There is no setting {number} of {kind!r}: types are {', '.join(TYPES)}, settings 0 to {SETTINGS - 1}."
            )
        return self.settings[kind][number]

    def to_json(self) -> dict[str, list[list[Any]]]:
        return {kind: [[s.kind, s.value] for s in rows] for kind, rows in self.settings.items()}


def table_of(rows: Mapping[str, Sequence[Sequence[Any]]]) -> SettingsTable:
    """The table of its JSON form. Raises ValueError when a type is missing or has not twenty settings."""
    for kind in TYPES:
        if len(rows.get(kind, ())) != SETTINGS:
            raise ValueError(f"Type {kind!r} has {len(rows.get(kind, ()))} settings, not {SETTINGS}.")
    return SettingsTable({kind: tuple(Setting(str(k), float(v)) for k, v in rows[kind]) for kind in TYPES})


def read_table(path: Path = SHIPPED_TABLE) -> SettingsTable:
    """The table in a file. Raises ValueError when its hash does not fit its content."""
    document = json.loads(path.read_text(encoding="utf-8"))
    table = table_of(document["settings"])
    if table.version != document["version"]:
        raise ValueError(f"{path}: the settings are of version {table.version}, not {document['version']} as it says.")
    return table
