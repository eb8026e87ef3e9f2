"""A small release on disk, as the platform exports it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ml.seagull.data.records import RLE
from ml.seagull.language.levels import DISTORTIONS, IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS

Document = dict[str, Any]
SIZE = (40, 30)


def write_release(folder: Path) -> Document:
    """Two images, train and test, with two regions and one; the document, which is also `release.json`."""
    document: Document = {"info": {"release": "f" * 64}, "images": [], "annotations": [], "categories": []}
    for number, (name, split, regions) in enumerate((("a/one.png", "train", 2), ("two.png", "test", 1)), start=1):
        (folder / name).parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        image = {"id": number, "file_name": name, "width": SIZE[0], "height": SIZE[1], "sha256": digest}
        document["images"].append(image | {"source": "koniq", "split": split})
        for _ in range(regions):
            document["annotations"].append(_annotation(len(document["annotations"]) + 1, number))
    save(folder, document)
    return document


def save(folder: Path, document: Document) -> Path:
    path = folder / "release.json"
    path.write_text(json.dumps(document))
    return path


def _annotation(number: int, image: int) -> Document:
    mask = np.zeros(SIZE[::-1], bool)
    mask[3 : 3 + 5 * number, 2:20] = True
    rle = RLE.of(mask)
    absent = {"present": False, "severity": None, "level": None, "level_word": None}
    blurred = {"present": True, "severity": 1.5, "level": 1, "level_word": SEVERITY_WORDS[1]}
    return {
        "id": number,
        "image_id": image,
        "segmentation": {"size": [rle.height, rle.width], "counts": rle.counts},
        "roi": f"roi-{number}",
        "level": "object",
        "clean": number != 1,
        "quality": {"mean": 2.43, "level": 3, "level_word": QUALITY_WORDS[3], "votes": [0, 1, 3, 2, 1]},
        "importance": {"mean": 0.0, "level": 0, "level_word": IMPORTANCE_WORDS[0]},
        "distortions": dict.fromkeys(DISTORTIONS, absent) | ({"blur": blurred} if number == 1 else {}),
    }
