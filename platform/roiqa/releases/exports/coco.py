"""The JSON exports: `seagull` (all labels, in valid COCO) and `coco` (images, masks and categories only)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from roiqa.core.scales import DISTORTIONS
from roiqa.releases.snapshot_file import FrozenImage, FrozenROI, Record, SnapshotReader

VERSION = 1
CATEGORY_ID = {"object": 1, "component": 2}

_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode
_Naming = Callable[[Record], str]


def seagull(reader: SnapshotReader, content_sha256: str, *, with_images: bool) -> Iterator[str]:
    """SEAGULL-3k-style JSON: every label with mean, sd, interval, level word and vote histogram."""
    name = picture_name if with_images else _imported_name

    def image(frozen: FrozenImage) -> dict[str, Any]:
        record = frozen.record
        entry = _image(frozen, name) | {
            "sha256": record["sha256"],
            "source": record["source"],
            "split": record["split"],
        }
        return entry | {"original_file_name": record["file_name"]} if with_images else entry

    def annotation(frozen: FrozenROI) -> dict[str, Any]:
        record, label = frozen.record, frozen.record["label"]
        annotation = _annotation(frozen) | {
            "roi": record["id"],
            "name": record["name"],
            "level": record["level"],
            "n_raters": label["n"],
            "clean": label["clean"],
            "contested_clean": label["contested_clean"],
            "tie": label["tie"],
            "quality": label["quality"],
            "importance": label["importance"],
            "distortions": {name: label["distortions"][name] for name in DISTORTIONS},
        }
        # A release of the first version of snapshots knows neither, and keeps its bytes.
        return annotation | {name: label[name] for name in ("n_prefilled", "variants") if name in label}

    return _document(reader, content_sha256, image, annotation)


def coco(reader: SnapshotReader, content_sha256: str, *, with_images: bool) -> Iterator[str]:
    """Plain COCO for tools that refuse fields they do not know."""
    name = picture_name if with_images else _imported_name
    return _document(reader, content_sha256, lambda frozen: _image(frozen, name), _annotation)


def picture_name(record: Record) -> str:
    """Where the archive holds an image: as the annotators saw it, under the hash that the JSON calls it by."""
    return f"images/{record['sha256']}.png"


def _imported_name(record: Record) -> str:
    name: str = record["file_name"]
    return name


def _image(frozen: FrozenImage, name: _Naming) -> dict[str, Any]:
    record = frozen.record
    return {
        "id": frozen.number,
        "file_name": name(record),
        "width": record["width"],
        "height": record["height"],
    }


def _annotation(frozen: FrozenROI) -> dict[str, Any]:
    record, image = frozen.record, frozen.image.record
    return {
        "id": frozen.number,
        "image_id": frozen.image.number,
        "category_id": CATEGORY_ID[record["level"]],
        "segmentation": {"size": [image["height"], image["width"]], "counts": record["counts"]},
        "bbox": record["bbox"],
        "area": record["area"],
        "iscrowd": 0,
    }


def _document(
    reader: SnapshotReader,
    content_sha256: str,
    image: Callable[[FrozenImage], dict[str, Any]],
    annotation: Callable[[FrozenROI], dict[str, Any]],
) -> Iterator[str]:
    """The file in pieces, one image or annotation a line."""
    header = reader.header
    info: Record = {
        "description": header["study"]["title"],
        "study": header["study"],
        "protocol": header["protocol"],
        "ruleset": header["ruleset"],
        "release": content_sha256,
        "versions": header["versions"] | {"exporter": VERSION},
        "licence": header["licence"],
        "split_rule": header["split_rule"],
        "counts": header["counts"],
    }
    info |= {name: header[name] for name in ("statistics", "collection") if name in header}
    yield f'{{"info":{_json(info)},\n"images":['
    yield from _rows(image(frozen) for frozen in reader.images())
    yield '],\n"annotations":['
    yield from _rows(annotation(frozen) for frozen in reader.rois())
    categories = [{"id": number, "name": name, "supercategory": "roi"} for name, number in CATEGORY_ID.items()]
    yield f'],\n"categories":{_json(categories)}}}\n'


def _rows(entries: Iterator[dict[str, Any]]) -> Iterator[str]:
    comma = ""
    for entry in entries:
        yield f"{comma}\n{_json(entry)}"
        comma = ","
