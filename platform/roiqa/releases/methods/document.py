"""What a methods page is made of, whatever it is written as: headings, paragraphs, tables, pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Colour = Literal["ink", "muted", "grid", "accent", "soft", "warn", "paper"]

COLOURS: dict[Colour, str] = {
    "ink": "#1c2124",
    "muted": "#535b60",
    "grid": "#cdd2d4",
    "accent": "#0a5a86",
    "soft": "#8fb8d0",
    "warn": "#a1261c",
    "paper": "#ffffff",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Lengths are points, from the upper left corner, as for all shapes."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: Colour = "grid"
    width: float = 0.6
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float
    colour: Colour = "accent"
    # 0 to 1; a scale of severities is one colour of growing strength.
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    radius: float = 2.6
    colour: Colour = "accent"


@dataclass(frozen=True, slots=True)
class Curve:
    points: tuple[tuple[float, float], ...]
    colour: Colour = "accent"
    width: float = 1.2


@dataclass(frozen=True, slots=True)
class Text:
    """`y` is the baseline."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    colour: Colour = "ink"
    size: float = 8


Shape = Line | Rectangle | Dot | Curve | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """The first column is of words, the others of figures."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`says` is what the picture shows, for those who cannot see it."""

    drawing: Drawing
    caption: str
    says: str


Block = Heading | Paragraph | Table | Picture


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    subtitle: str
    blocks: Sequence[Block]
