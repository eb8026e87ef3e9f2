"""Pictures of the viewing check, drawn from a seed: dotted plates with a digit, and rows of faint squares.

The plates follow the principle of pseudo-isochromatic plates, and none of anybody's drawings: the digit differs from its
ground along a line on which people with one kind of colour deficiency confuse colours (the lines of a kind meet in one
point of the CIE 1931 diagram, its copunctal point), while lightness varies at random from dot to dot and tells nothing.
They screen; they do not diagnose, and an uncalibrated display can fail them for anybody (docs/qualification.md).
"""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIZE = 360
# Copunctal points (x, y) for the fundamentals of Smith and Pokorny.
COPUNCTAL = {"protan": (0.7465, 0.2535), "deutan": (1.4, -0.4), "tritan": (0.1748, 0.0)}
KINDS = ("control", *COPUNCTAL)
# Between the two colours of a plate lies this chromaticity; its light is near that of a neutral grey.
_MIDDLE = np.array([0.325, 0.345])
_LUMINANCE = (0.24, 0.46)
_DIGITS = "23456789"
_XYZ_TO_RGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
# Differences from black and from white, in steps of 8 bits, from the faintest on.
DARK_STEPS = (9, 13, 17, 22, 28, 36, 45)
LIGHT_STEPS = (5, 8, 11, 15, 20, 26, 33)
_CELLS = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """`kind` is one of KINDS, "dark" or "light"; `answer` the digit, or how many squares there are."""

    kind: str
    answer: int
    seed: int

    def png(self) -> bytes:
        drawn = squares(self) if self.kind in {"dark", "light"} else plate(self)
        buffer = io.BytesIO()
        drawn.save(buffer, "PNG")
        return buffer.getvalue()


def pictures(seed: int) -> list[Picture]:
    """The pictures of one check: the four plates in an order of their own, then the dark and the light squares."""
    random = np.random.default_rng(seed)
    digits = random.permutation(list(_DIGITS))
    kinds = random.permutation(list(KINDS))
    made = [
        Picture(str(kind), int(digit), seed + n) for n, (kind, digit) in enumerate(zip(kinds, digits, strict=False))
    ]
    counts = random.integers(4, len(DARK_STEPS) + 1, 2)
    return [*made, Picture("dark", int(counts[0]), seed + 10), Picture("light", int(counts[1]), seed + 11)]


def figure_and_ground(kind: str) -> NDArray[np.float64]:
    """(2, 2) chromaticities x, y of a plate's digit and ground: as far apart on the confusion line as sRGB shows."""
    if kind == "control":
        # No confusion line: orange and blue differ for everybody, and `plate` makes them differ in lightness too.
        return np.array([[0.42, 0.39], [0.25, 0.27]])
    away = _MIDDLE - np.array(COPUNCTAL[kind])
    away /= np.linalg.norm(away)
    ends = []
    for sign in (-1, 1):
        steps = [_MIDDLE + sign * step * away for step in np.arange(0.0, 0.078, 0.002)]
        inside = [xy for xy in steps if all(_in_gamut(xy, y) for y in _LUMINANCE)]
        ends.append(inside[-1])
    return np.array(ends)


def linear_rgb(xy: NDArray[np.float64], luminance: float) -> NDArray[np.float64]:
    """Linear sRGB (3,) of a chromaticity at a luminance of 0 to 1; outside 0..1 where sRGB has no such colour."""
    x, y = xy
    rgb: NDArray[np.float64] = _XYZ_TO_RGB @ np.array([x / y, 1.0, (1 - x - y) / y]) * luminance
    return rgb


def _in_gamut(xy: NDArray[np.float64], luminance: float) -> bool:
    rgb = linear_rgb(xy, luminance)
    return bool(rgb.min() >= 0 and rgb.max() <= 1)


def _srgb(linear: NDArray[np.float64]) -> tuple[int, int, int]:
    clipped = np.clip(linear, 0, 1)
    encoded = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(encoded * 255).astype(int)
    return int(red), int(green), int(blue)


def plate(picture: Picture) -> Image.Image:
    """A disc of dots, SIZE x SIZE px; those inside the digit have the figure's colour."""
    random = np.random.default_rng(picture.seed)
    digit = _digit(str(picture.answer))
    colours = figure_and_ground(picture.kind)
    scale = 2
    drawn = Image.new("RGB", (SIZE * scale, SIZE * scale), (128, 128, 128))
    draw = ImageDraw.Draw(drawn)
    for x, y, radius in _dots(random):
        inside = bool(digit[int(y), int(x)])
        low, high = _LUMINANCE
        if picture.kind == "control":
            low, high = (0.5, 0.62) if inside else (0.14, 0.24)
        colour = _srgb(linear_rgb(colours[0 if inside else 1], float(random.uniform(low, high))))
        draw.ellipse([scale * (x - radius), scale * (y - radius), scale * (x + radius), scale * (y + radius)], colour)
    return drawn.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def _dots(random: np.random.Generator) -> list[tuple[float, float, float]]:
    """Centres and radii (px) of dots that do not touch, large ones first, inside the disc."""
    centre, disc = SIZE / 2, SIZE / 2 - 4
    kept = np.empty((0, 3))
    for radius, tries in ((7.5, 600), (6.0, 900), (4.6, 1500), (3.2, 2200)):
        for x, y in random.uniform(0, SIZE, (tries, 2)):
            if np.hypot(x - centre, y - centre) + radius > disc:
                continue
            if not np.any(np.hypot(kept[:, 0] - x, kept[:, 1] - y) < kept[:, 2] + radius + 1):
                kept = np.vstack([kept, (x, y, radius)])
    return [(float(x), float(y), float(radius)) for x, y, radius in kept]


def _digit(text: str) -> NDArray[np.bool_]:
    """Where the digit is, as a (SIZE, SIZE) mask."""
    mask = Image.new("L", (SIZE, SIZE))
    font = ImageFont.load_default(size=SIZE * 0.86)
    ImageDraw.Draw(mask).text((SIZE / 2, SIZE / 2), text, fill=255, font=font, anchor="mm", stroke_width=SIZE // 26)
    return np.asarray(mask) > 127


def squares(picture: Picture) -> Image.Image:
    """Eight places in two rows, `answer` of them holding a square: on black a little lighter, on white a little darker."""
    random = np.random.default_rng(picture.seed)
    steps = DARK_STEPS if picture.kind == "dark" else LIGHT_STEPS
    cell = SIZE // 4
    drawn = Image.new("L", (SIZE, cell * 2), 0 if picture.kind == "dark" else 255)
    draw = ImageDraw.Draw(drawn)
    places = random.permutation(_CELLS)[: picture.answer]
    # The hardest steps always, so that every check asks the same of the display.
    for place, step in zip(places, steps, strict=False):
        left, top = int(place) % 4 * cell + cell // 4, int(place) // 4 * cell + cell // 4
        level = step if picture.kind == "dark" else 255 - step
        draw.rectangle([left, top, left + cell // 2, top + cell // 2], level)
    return drawn
