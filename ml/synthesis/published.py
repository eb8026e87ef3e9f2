"""Read the published SEAGULL-100w: `Ref.Images.zip`, `Dist.Images/<Type>/<Type>_<k>.zip` and two JSON files in `Labels`.

Files, folders and sizes are as the data set's card lists them. The card does not show the inside of the JSON files, so
they are read by rules that several forms satisfy (docs/synthesis.md has them); anything else is refused by name.
"""

import io
import os
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask

from ml.seagull.data.records import RLE, ImageSample, ROISample
from ml.seagull.data.release import mask_of
from ml.seagull.data.split import SYNTHETIC
from ml.synthesis.dataset import BadSet, labels_of_scores
from ml.synthesis.json_stream import Keys, values_at
from ml.synthesis.settings import SETTINGS, TYPES

REFERENCES = "Ref.Images.zip"
MASKS = Path("Labels") / "SEAGULL-100w_mask-based-rois.json"
SCORES = Path("Labels") / "SEAGULL-100w_scores.json"
# The card's text calls one type sharpness, its folders and the paper noise.
OTHER_NAMES = {"sharpness": "noise", "colourfulness": "colorfulness"}
_SETTING = re.compile(r"^([A-Za-z]+)_(\d+)$")
# How far a given box may be from the mask's own.
BOX_TOLERANCE = 2.0


@dataclass(frozen=True)
class Distorted:
    """What the keys of a score say: reference, type (ours), setting, and the type as the folders spell it."""

    reference: str
    type: str
    setting: int
    spelt: str


@dataclass(frozen=True)
class PublishedSet:
    """The folder of the data set; `references` are the names (without .png) in Ref.Images.zip."""

    folder: Path
    references: frozenset[str]

    @classmethod
    def open(cls, folder: Path) -> "PublishedSet":
        """Raises BadSet naming the file that is missing or no ZIP."""
        for part in (REFERENCES, MASKS, SCORES):
            if not (folder / part).is_file():
                raise BadSet(f"{folder} is no SEAGULL-100w: {part} is missing.")
        try:
            return cls(folder, frozenset(_members(folder / REFERENCES, os.getpid())))
        except zipfile.BadZipFile as error:
            raise BadSet(f"{folder / REFERENCES} is no ZIP ({error}): fetch it again.") from error

    def masks(self, references: Collection[str] | None = None) -> dict[str, dict[str, RLE]]:
        """The masks of these references (of all), by reference and the ROI's name: its key, `id`, or place in the list."""
        wanted = self.references if references is None else set(references)
        found: dict[str, dict[str, RLE]] = {}
        for keys, value in values_at(self.folder / MASKS, lambda keys: _stem(keys[-1]) in self.references):
            if (name := _stem(keys[-1])) in wanted:
                found[name] = {roi: _mask(given, f"{name}, ROI {roi}") for roi, given in _named(value, name)}
        return found

    def scores(
        self, references: Collection[str] | None = None
    ) -> Iterator[tuple[Distorted, dict[str, tuple[float, float]]]]:
        """Distorted images with (quality, importance) by ROI, in the file's order."""
        wanted = self.references if references is None else set(references)
        for keys, value in values_at(self.folder / SCORES, lambda keys: self._image(keys) is not None):
            image = self._image(keys)
            if image is not None and image.reference in wanted:
                where = f"{image.reference}, {image.spelt}_{image.setting}"
                yield image, {roi: _pair(given, f"{where}, ROI {roi}") for roi, given in _named(value, where)}

    def importance_cuts(self, images: int = 2000) -> list[float]:
        """Four cuts that make five levels: fifths of the importances of the first images."""
        values: list[float] = []
        for number, (_, scores) in enumerate(self.scores()):
            if number == images:
                break
            values += [importance for _, importance in scores.values()]
        if not values:
            raise BadSet(
                f"{self.folder / SCORES}: no key names both a reference of {REFERENCES} and <Type>_<0..{SETTINGS - 1}>."
            )
        return [float(cut) for cut in np.quantile(values, [0.2, 0.4, 0.6, 0.8])]

    def samples(
        self, *, split: str = "train", references: Collection[str] | None = None, cuts: list[float] | None = None
    ) -> Iterator[ImageSample]:
        """Distorted images with their labelled ROIs, one after another; pixels are read when they are asked for.

        Raises BadSet naming the record that is not what it should be, and for a score of an ROI without a mask.
        """
        cuts = self.importance_cuts() if cuts is None else cuts
        masks = self.masks(references)
        for image, scores in self.scores(references):
            of_reference = masks.get(image.reference, {})
            if lacking := sorted(set(scores) - set(of_reference)):
                raise BadSet(f"{MASKS.name}: {image.reference} has scores of ROI {lacking[0]!r}, but no such mask.")
            yield ImageSample(
                image_id=f"{image.reference}:{image.type}:{image.setting}",
                split=split,
                load=partial(self.image, image),
                rois=tuple(
                    ROISample(f"{image.reference}:{roi}", of_reference[roi], labels_of_scores(image.type, *pair, cuts))
                    for roi, pair in scores.items()
                ),
                source=SYNTHETIC,
            )

    def image(self, image: Distorted) -> npt.NDArray[np.uint8]:
        """The pixels, height x width x 3. Raises BadSet if the image's ZIP or its member is not there."""
        path = self.folder / "Dist.Images" / image.spelt / f"{image.spelt}_{image.setting}.zip"
        if not path.is_file():
            raise BadSet(f"{path} is missing: fetch it, or leave its images out.")
        return _pixels(path, image.reference)

    def reference(self, name: str) -> npt.NDArray[np.uint8]:
        """The pixels of an undistorted photograph."""
        return _pixels(self.folder / REFERENCES, name)

    def _image(self, keys: Keys) -> Distorted | None:
        """The image that the keys name together, in whatever order and nesting; None if they do not yet."""
        parts = [_stem(part) for key in keys for part in key.split("/")]
        names = [part for part in parts if part in self.references]
        settings = [match for part in parts if (match := _SETTING.match(part))]
        if not names or not settings:
            return None
        spelt, number = settings[-1].groups()
        kind = OTHER_NAMES.get(spelt.lower(), spelt.lower())
        if kind not in TYPES or int(number) >= SETTINGS:
            return None
        return Distorted(names[-1], kind, int(number), spelt)


def _stem(key: str) -> str:
    return PurePosixPath(key).name.removesuffix(".png")


def _named(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """The ROIs of an image by name."""
    match value:
        case list():
            for place, one in enumerate(value):
                named = isinstance(one, Mapping) and "id" in one
                yield str(one["id"] if named else place), one
        case Mapping():
            yield from ((str(name), one) for name, one in value.items())
        case _:
            raise BadSet(f"{where}: a list or an object of ROIs is expected, not {value!r}.")


def _mask(given: Any, where: str) -> RLE:
    fields = given if isinstance(given, Mapping) else {}
    rle = next((fields[name] for name in ("segmentation", "mask", "rle") if name in fields), given)
    try:
        found = mask_of(rle, height=int(rle["size"][0]), width=int(rle["size"][1]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BadSet(f"{where}: no COCO mask with size and counts ({error!r}).") from error
    if (box := fields.get("bbox")) is not None:
        own = coco_mask.toBbox({"size": [found.height, found.width], "counts": found.counts.encode()})
        if len(box) != 4 or np.abs(own - np.asarray(box, dtype=float)).max() > BOX_TOLERANCE:
            raise BadSet(
                f"{where}: bbox is {box}, but the mask's is {own.tolist()} (x, y, width, height of the frame)."
            )
    return found


def _pair(given: Any, where: str) -> tuple[float, float]:
    """(quality, importance) of an object that has them under names that begin so, or of a list of the two."""
    values: list[Any] = [None, None]
    if isinstance(given, Mapping):
        values = [
            next((value for name, value in given.items() if name.lower().startswith(begin)), None)
            for begin in ("qual", "imp")
        ]
    elif isinstance(given, list) and len(given) == 2:
        values = given
    if not all(isinstance(value, int | float) for value in values):
        raise BadSet(f"{where}: a quality and an importance are expected, not {given!r}.")
    return float(values[0]), float(values[1])


def _pixels(path: Path, name: str) -> npt.NDArray[np.uint8]:
    try:
        member = _members(path, os.getpid())[name]
    except KeyError:
        raise BadSet(f"{path} has no picture {name}.png.") from None
    with Image.open(io.BytesIO(_archive(path, os.getpid()).read(member))) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


# Opening 10 GB with 8,000 members takes a while, so archives stay open; by process, for two must not share a file's place.
@lru_cache(maxsize=128)
def _archive(path: Path, process: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


@lru_cache(maxsize=128)
def _members(path: Path, process: int) -> dict[str, str]:
    names: Callable[[], list[str]] = _archive(path, process).namelist
    return {_stem(name): name for name in names() if name.endswith(".png") and not name.startswith("__MACOSX/")}
