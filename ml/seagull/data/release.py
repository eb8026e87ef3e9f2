"""Samples of a release: the `seagull` JSON with a folder of pictures, or the ZIP that has both.

A record that does not say what it should is refused with its id; nothing is guessed or left out silently.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pycocotools import mask as coco_mask

from ml.seagull.data.pictures import PictureFile, inside
from ml.seagull.data.records import RLE, ImageSample, ROILabels, ROISample
from ml.seagull.language.levels import DISTORTIONS, IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS
from ml.seagull.language.sampling import ImagePlan

SPLITS = ("train", "val", "test")
_IN_ARCHIVE = "annotations.json"


class RecordRefused(ValueError):
    """A record of a data file is not what it should be. The message begins with which it is."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """Samples, what their file says of itself, and, by image, the questions that an instruction file asks."""

    samples: tuple[ImageSample, ...]
    info: Mapping[str, Any] = field(default_factory=dict)
    plans: Mapping[str, ImagePlan] = field(default_factory=dict)

    def of(self, split: str) -> list[ImageSample]:
        return [sample for sample in self.samples if sample.split == split]


def read_release(path: Path, *, images: Path | None = None, check_hashes: bool = True) -> DataSet:
    """Read a release export: a `.zip`, or a JSON and the folder that its `file_name`s start from (its own by default).

    Pictures are checked against their sha256, but not in a ZIP, which holds lossless copies of them under that name.
    Raises RecordRefused naming the record, and ValueError for a file that is no export.
    """
    zipped = path.suffix == ".zip"
    if zipped:
        with zipfile.ZipFile(path) as archive:
            document = _parsed(archive.read(_IN_ARCHIVE), path)
    else:
        document = _parsed(path.read_bytes(), path)
    annotations: dict[Any, list[dict[str, Any]]] = {}
    for annotation in document["annotations"]:
        annotations.setdefault(annotation.get("image_id"), []).append(annotation)
    samples = []
    for record in document["images"]:
        name = f"image {record.get('id')!r}"
        try:
            picture = _picture(record, path if zipped else images or path.parent, zipped=zipped)
            if check_hashes and not zipped and "original_file_name" not in record:
                check_hash(picture, record["sha256"])
            sample = _image(record, annotations.pop(record["id"], []), picture)
        except (KeyError, TypeError, ValueError) as error:
            raise refused(name, error) from None
        samples.append(sample)
    for image_id, orphans in annotations.items():
        raise RecordRefused(f"annotation {orphans[0].get('id')!r}: there is no image {image_id!r}")
    return DataSet(samples=unique(samples), info=document.get("info", {}))


def refused(name: str, error: Exception) -> RecordRefused:
    """The refusal of a record; one that was refused further inside keeps its own name."""
    if isinstance(error, RecordRefused):
        return error
    missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return RecordRefused(f"{name}: {missing}")


def unique(samples: list[ImageSample]) -> tuple[ImageSample, ...]:
    """One sample per picture: the same bytes in two splits would leak from training into the test."""
    seen: set[str] = set()
    rois: set[str] = set()
    for sample in samples:
        if sample.image_id in seen:
            raise RecordRefused(f"image {sample.image_id}: it is there twice")
        seen.add(sample.image_id)
        for roi in sample.rois:
            if roi.roi_id in rois:
                raise RecordRefused(f"ROI {roi.roi_id}: it is there twice")
            rois.add(roi.roi_id)
    return tuple(samples)


def mask_of(segmentation: Any, *, height: int, width: int) -> RLE:
    """The mask of a COCO segmentation (compressed or plain RLE, or polygons). Raises ValueError if it is empty or odd."""
    if isinstance(segmentation, list):
        encoded = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    elif isinstance(segmentation["counts"], list):
        encoded = coco_mask.frPyObjects(segmentation, height, width)
    else:
        encoded = segmentation
    if list(encoded["size"]) != [height, width]:
        raise ValueError(f"the mask is of size {list(encoded['size'])}, its image is [{height}, {width}]")
    counts = encoded["counts"]
    rle = RLE(height=height, width=width, counts=counts if isinstance(counts, str) else counts.decode("ascii"))
    runs = _runs(rle.counts)
    if sum(runs) != height * width:
        raise ValueError(f"the mask's runs cover {sum(runs)} of {height * width} pixels")
    if not any(runs[1::2]):
        raise ValueError("the mask is empty")
    return rle


def labels_of(annotation: Mapping[str, Any]) -> ROILabels:
    """The labels of an annotation of the `seagull` JSON. Raises ValueError where they contradict themselves."""
    quality = _score(annotation["quality"], "quality", QUALITY_WORDS)
    importance = _score(annotation["importance"], "importance", IMPORTANCE_WORDS)
    distortions: dict[str, int | None] = {}
    given = annotation["distortions"]
    if set(given) != set(DISTORTIONS):
        raise ValueError(f"distortions are {', '.join(sorted(given))}: the six are {', '.join(DISTORTIONS)}")
    for name in DISTORTIONS:
        one = given[name]
        if one is not None and one["present"]:
            distortions[name] = None if one["level"] is None else _level(one, name, SEVERITY_WORDS)
    if bool(annotation["clean"]) != (not distortions):
        raise ValueError(f"clean is {annotation['clean']}, but the present distortions are {sorted(distortions)}")
    return ROILabels(
        quality=quality[0],
        quality_level=quality[1],
        importance=importance[0],
        importance_level=importance[1],
        distortions=distortions,
        votes={
            scale: tuple(int(count) for count in annotation[scale]["votes"])
            for scale in ("quality", "importance")
            if annotation[scale].get("votes")
        },
    )


def _parsed(data: bytes, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(document, dict) or not {"images", "annotations"} <= set(document):
        raise ValueError(f"{path} is no `seagull` export: it lacks images or annotations")
    return document


def check_hash(picture: PictureFile, sha256: str) -> None:
    """Raises ValueError if the file is another one than the record is about."""
    found = picture.sha256()
    if found != sha256:
        raise ValueError(f"{picture.name} has the sha256 {found}, its record says {sha256}")


def _picture(record: Mapping[str, Any], place: Path, *, zipped: bool) -> PictureFile:
    name, width, height = record["file_name"], int(record["width"]), int(record["height"])
    path = place if zipped else inside(place, name)
    picture = PictureFile(path, width, height, member=name if zipped else None)
    if not picture.exists():
        raise ValueError(f"{name} is not there: {picture.name}")
    return picture


def _image(record: Mapping[str, Any], annotations: list[dict[str, Any]], picture: PictureFile) -> ImageSample:
    if record["split"] not in SPLITS:
        raise ValueError(f"split is {record['split']!r}: it is one of {', '.join(SPLITS)}")
    return ImageSample(
        image_id=record["sha256"],
        split=record["split"],
        load=picture,
        rois=tuple(_roi(annotation, height=picture.height, width=picture.width) for annotation in annotations),
        source=record.get("source") or "",
    )


def _roi(annotation: Mapping[str, Any], *, height: int, width: int) -> ROISample:
    try:
        return ROISample(
            roi_id=str(annotation["roi"]),
            rle=mask_of(annotation["segmentation"], height=height, width=width),
            labels=labels_of(annotation),
            level=annotation["level"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise refused(f"annotation {annotation.get('id')!r} (ROI {annotation.get('roi')!r})", error) from None


def _score(record: Mapping[str, Any], scale: str, words: tuple[str, ...]) -> tuple[float, int]:
    return float(record["mean"]), _level(record, scale, words)


def _level(record: Mapping[str, Any], what: str, words: tuple[str, ...]) -> int:
    level, word = record["level"], record["level_word"]
    if level not in range(len(words)) or words[level] != word:
        raise ValueError(f"{what} is level {level!r} and called {word!r}: the words from 0 on are {', '.join(words)}")
    return int(level)


def _runs(counts: str) -> list[int]:
    """Run lengths of COCO's compressed text: groups of 5 bits, the sixth says that more follow, differences from the
    third run on. pycocotools reads past the end of a wrong text, so it is counted here first.
    """
    runs: list[int] = []
    place = 0
    while place < len(counts):
        value = shift = 0
        more = True
        while more:
            if place >= len(counts) or not 48 <= ord(counts[place]) < 112:
                raise ValueError("the mask's counts are no compressed RLE")
            bits = ord(counts[place]) - 48
            value |= (bits & 31) << shift
            more = bool(bits & 32)
            shift += 5
            place += 1
            if not more and bits & 16:
                value |= -1 << shift
        if len(runs) > 2:
            value += runs[-2]
        if value < 0:
            raise ValueError("the mask's counts have a negative run")
        runs.append(value)
    return runs
