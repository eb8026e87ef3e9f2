"""COCO JSON read as data from a stranger: every field checked, one bad row never spoils the others."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roiqa.core.errors import Invalid
from roiqa.regions.masks import Mask, MaskRefused, mask_from_compressed, mask_from_counts, mask_from_polygons
from roiqa.regions.models import Level

MAX_NAME_LENGTH = 120


class CocoRefused(Invalid):
    """The file, or one of its rows, is not COCO as this platform reads it."""

    default_code = "coco_broken"


@dataclass(frozen=True)
class CocoImage:
    """An entry of `images`. `sha256` is in our own exports; the size may be missing.

    `is_only_of_its_name`: no other entry of the file has the same name in another folder.
    """

    file_name: str
    sha256: str
    width: int | None
    height: int | None
    is_only_of_its_name: bool


@dataclass(frozen=True)
class Annotation:
    """A row of `annotations` that reads well; its mask is decoded later, against the image's true size."""

    id: str
    image: CocoImage
    segmentation: Any
    level: Level | None
    name: str


@dataclass(frozen=True)
class CocoFile:
    name: str
    images: Mapping[Any, CocoImage]
    categories: Mapping[Any, str]
    rows: list[Any]

    def annotations(self, *, start: int = 0) -> Iterator[Annotation | tuple[str, CocoRefused]]:
        """Each row from number `start` on: read, or (its id, why not)."""
        for number in range(start, len(self.rows)):
            row = self.rows[number]
            label = _label(row, number)
            try:
                yield self._annotation(row, label)
            except CocoRefused as refused:
                yield label, refused

    def _annotation(self, row: Any, label: str) -> Annotation:
        if not isinstance(row, dict):
            raise CocoRefused("The annotation is no JSON object.")
        image = self.images.get(_key(row.get("image_id")))
        if image is None:
            raise CocoRefused(
                f"The image id {row.get('image_id')!r} is not among the file's images.", code="unknown_image_id"
            )
        if not row.get("segmentation"):
            raise CocoRefused("There is no segmentation: boxes alone are not taken.", code="segmentation_missing")
        category = self.categories.get(_key(row.get("category_id")), "")
        return Annotation(
            id=label,
            image=image,
            segmentation=row["segmentation"],
            level=_level(row, category),
            name=_name(row, category),
        )


def read_coco(data: bytes, *, name: str) -> CocoFile:
    """Parse a COCO file. Raises CocoRefused (`not_json`, `not_coco`) when it is none at all."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        # Beside syntax and encoding: nesting beyond reason, and numbers of thousands of digits.
        raise CocoRefused(f"The file is no readable JSON ({str(error)[:200]}).", code="not_json") from error
    if not isinstance(document, dict) or not all(isinstance(document.get(k), list) for k in ("images", "annotations")):
        raise CocoRefused("The JSON has no lists `images` and `annotations`, so it is not COCO.", code="not_coco")
    categories = document.get("categories")
    bare_names = Counter(_bare_name(entry) for entry in document["images"])
    images: dict[Any, CocoImage] = {}
    for entry in document["images"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("file_name"), str) or _key(entry.get("id")) is None:
            raise CocoRefused("An entry of `images` lacks `id` or `file_name`.", code="not_coco")
        if _key(entry["id"]) in images:
            raise CocoRefused(f"The image id {entry['id']!r} stands for two images.", code="not_coco")
        images[_key(entry["id"])] = CocoImage(
            file_name=entry["file_name"],
            sha256=entry["sha256"].lower() if isinstance(entry.get("sha256"), str) else "",
            width=_size(entry.get("width")),
            height=_size(entry.get("height")),
            is_only_of_its_name=bare_names[_bare_name(entry)] == 1,
        )
    return CocoFile(
        name=name,
        images=images,
        categories={
            _key(entry.get("id")): entry["name"]
            for entry in (categories if isinstance(categories, list) else [])
            if isinstance(entry, dict) and isinstance(entry.get("name"), str)
        },
        rows=document["annotations"],
    )


def decode_mask(segmentation: Any, *, image: CocoImage, height: int, width: int) -> Mask:
    """The mask of a segmentation on an image of this upright size: RLE (text or list of counts) or polygons.

    Raises MaskRefused: `mask_wrong_size`, `mask_broken`.
    """
    if isinstance(segmentation, dict):
        size, counts = segmentation.get("size"), segmentation.get("counts")
        if not isinstance(size, list) or len(size) != 2 or not all(type(side) is int for side in size):
            raise MaskRefused("The segmentation's `size` is not [height, width].")
        _check_same_size(size[1], size[0], width, height)
        if isinstance(counts, str):
            return mask_from_compressed(counts, height=height, width=width)
        if isinstance(counts, list):
            return mask_from_counts(counts, height=height, width=width)
        raise MaskRefused("The segmentation's `counts` are neither text nor a list.")
    if isinstance(segmentation, list):
        # Polygons carry no size of their own: the image entry says for which size they were drawn.
        _check_same_size(image.width or width, image.height or height, width, height)
        return mask_from_polygons(segmentation, height=height, width=width)
    raise MaskRefused("The segmentation is neither RLE (an object) nor polygons (a list of lists).")


def _check_same_size(mask_width: int, mask_height: int, width: int, height: int) -> None:
    if (mask_width, mask_height) != (width, height):
        raise MaskRefused(
            f"The mask is for {mask_width} x {mask_height} pixels, its image (upright, EXIF orientation applied) has "
            f"{width} x {height}: annotate the image at its full size.",
            code="mask_wrong_size",
        )


def _label(row: Any, number: int) -> str:
    identity = row.get("id") if isinstance(row, dict) else None
    return str(identity)[:80] if isinstance(identity, (int, str)) else f"number {number + 1}"


def _bare_name(entry: Any) -> str:
    name = entry.get("file_name") if isinstance(entry, dict) else None
    return name.replace("\\", "/").rsplit("/", 1)[-1] if isinstance(name, str) else ""


def _key(value: Any) -> Any:
    """An id as a dictionary key; None for what cannot be one."""
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _size(value: Any) -> int | None:
    return value if type(value) is int else None


def _level(row: Mapping[str, Any], category: str) -> Level | None:
    """What the row's `level` says (also inside `attributes`), else its category if that is a level's word, else None."""
    attributes = row.get("attributes")
    given = row.get("level", attributes.get("level") if isinstance(attributes, dict) else None)
    if given is None:
        return Level(category.lower()) if category.lower() in Level.values else None
    if not isinstance(given, str) or given.lower() not in Level.values:
        raise CocoRefused(f"The level {str(given)[:80]!r} is neither object nor component.", code="unknown_level")
    return Level(given.lower())


def _name(row: Mapping[str, Any], category: str) -> str:
    """The row's `name` (also inside `attributes`), else its category unless that only says the level."""
    attributes = row.get("attributes")
    given = row.get("name", attributes.get("name") if isinstance(attributes, dict) else None)
    text = given if isinstance(given, str) else ("" if category.lower() in Level.values else category)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:MAX_NAME_LENGTH]
