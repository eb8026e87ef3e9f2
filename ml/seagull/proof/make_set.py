"""`python -m ml.seagull.proof.make_set --coco JSON --images DIR --output DIR`: a labelled set made of photographs.

Windows of the photographs are distorted, whole or ROI by ROI, and every ROI gets labels from full-reference scores:
quality from its fidelity, importance from what its distortion alone costs the image, severity from each type alone.
The scores become 0..4 by quantile maps of the train split, which are stored. The result is a release's `seagull` JSON
with the pictures beside it; the same command makes the same bytes.
"""

import argparse
import hashlib
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask

from ml.seagull.data.records import RLE
from ml.seagull.language.levels import (
    DISTORTIONS,
    IMPORTANCE_WORDS,
    LEVEL_COUNT,
    QUALITY_WORDS,
    SEVERITY_WORDS,
    level_of,
)
from ml.seagull.proof.distortions import to_bytes
from ml.seagull.proof.scene import ROIScores, Scene, draw_scene
from ml.seagull.proof.windows import BoolMask, Window, draw_window, shrink

TOP = float(LEVEL_COUNT - 1)
KNOTS = 41
NOISE_FLOOR = 1e-9


@dataclass(frozen=True)
class Recipe:
    """How many windows of each photograph, how large, with how many ROIs at most."""

    variants: int
    size: int
    rois: int
    seed: int


@dataclass(frozen=True)
class Shot:
    """A finished window: its name, split, pixels' hash and the ROIs with their raw scores."""

    name: str
    split: str
    sha256: str
    masks: tuple[BoolMask, ...]
    scene: Scene


@dataclass(frozen=True)
class QuantileMap:
    """A monotone map of raw scores to 0..4 that spreads the train split's distinct scores evenly."""

    scores: tuple[float, ...]

    @classmethod
    def fit(cls, raw: Sequence[float]) -> "QuantileMap":
        """Ties (clean ROIs) count once, so that they do not take a level's whole share."""
        quantiles = np.quantile(np.unique(np.asarray(raw, np.float64)), np.linspace(0, 1, KNOTS))
        return cls(tuple(float(value) for value in np.maximum.accumulate(quantiles)))

    def __call__(self, raw: float) -> float:
        return float(np.round(np.interp(raw, self.scores, np.linspace(0, TOP, KNOTS)), 4))


def shots(coco: Path, images: Path, output: Path, *, recipe: Recipe, split: str, limit: int | None) -> Iterator[Shot]:
    """Draw, distort and write the windows of the photographs whose name begins with `split/`, in name order."""
    document = json.loads(coco.read_text(encoding="utf-8"))
    rows = sorted((row for row in document["images"] if row["file_name"].startswith(f"{split}/")), key=_file_name)
    for row in rows[:limit]:
        regions = [mask for one in document["annotations"] if one["image_id"] == row["id"] for mask in _masks(one, row)]
        with Image.open(images / row["file_name"]) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        photograph, masks = shrink(pixels, regions)
        stem = Path(row["file_name"]).stem
        for variant in range(recipe.variants):
            generator = np.random.Generator(
                np.random.Philox(key=[recipe.seed, zlib.crc32(f"{stem}/{variant}".encode())])
            )
            window = draw_window(photograph, masks, size=recipe.size, rois=recipe.rois, generator=generator)
            if window.masks:
                yield _write(window, draw_scene(window, generator=generator), output, f"{stem}_{variant:02d}", split)


def _file_name(row: dict[str, Any]) -> str:
    name: str = row["file_name"]
    return name


def _masks(annotation: dict[str, Any], image: dict[str, Any]) -> list[BoolMask]:
    given = annotation["segmentation"]
    if isinstance(given, list):
        given = coco_mask.merge(coco_mask.frPyObjects(given, image["height"], image["width"]))
    return [np.asarray(coco_mask.decode(given), dtype=np.bool_)]


def _write(window: Window, scene: Scene, output: Path, name: str, split: str) -> Shot:
    path = output / "images" / f"{name}.png"
    Image.fromarray(to_bytes(scene.picture)).save(path, "PNG")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Shot(name=name, split=split, sha256=digest, masks=window.masks, scene=scene)


def document_of(made: Sequence[Shot], *, recipe: Recipe, licence: str | None) -> dict[str, Any]:
    """The release-like JSON. The quantile maps are fitted on the train split alone."""
    training = [roi for shot in made if shot.split == "train" for roi in shot.scene.rois]
    if not training:
        raise ValueError("No ROI of the train split was made: give photographs named train/... with regions.")
    quality = QuantileMap.fit([roi.fidelity for roi in training])
    importance = QuantileMap.fit([roi.cost for roi in training if roi.cost > NOISE_FLOOR])
    severity = QuantileMap.fit([value for roi in training for value in roi.types.values()])
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, shot in enumerate(made, start=1):
        height, width = shot.scene.picture.shape[:2]
        images.append(
            {
                "id": number,
                "file_name": f"images/{shot.name}.png",
                "width": width,
                "height": height,
                "sha256": shot.sha256,
                "source": "proof",
                "split": shot.split,
                "distorted_whole": shot.scene.is_global,
            }
        )
        for index, (mask, scores) in enumerate(zip(shot.masks, shot.scene.rois, strict=True)):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    **_shape(mask),
                    "roi": f"{shot.name}_{index}",
                    "name": f"{shot.name}_{index}",
                    "level": "component",
                    "n_raters": 0,
                    **_labels(scores, quality=quality, importance=importance, severity=severity),
                }
            )
    info = {
        "description": "Photographs distorted by ml.seagull.proof.make_set; labels are scores of a program, not votes",
        "licence": licence,
        "split_rule": "folder of the photograph",
        "seed": recipe.seed,
        "maps": {"quality": quality.scores, "importance": importance.scores, "severity": severity.scores},
        "counts": {"images": len(images), "rois": len(annotations)},
        "references": {shot.sha256: shot.name.rsplit("_", 1)[0] for shot in made},
    }
    categories = [{"id": 1, "name": "object"}, {"id": 2, "name": "component"}]
    return {"info": info, "images": images, "annotations": annotations, "categories": categories}


def _shape(mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    rle = RLE.of(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return {
        "category_id": 2,
        "segmentation": {"size": [rle.height, rle.width], "counts": rle.counts},
        "bbox": [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1],
        "area": int(mask.sum()),
        "iscrowd": 0,
    }


def _labels(
    scores: ROIScores, *, quality: QuantileMap, importance: QuantileMap, severity: QuantileMap
) -> dict[str, Any]:
    means = {kind: severity(value) for kind, value in scores.types.items()}
    return {
        "clean": not means,
        "quality": _score(quality(scores.fidelity), QUALITY_WORDS),
        "importance": _score(importance(scores.cost) if scores.cost > NOISE_FLOOR else 0.0, IMPORTANCE_WORDS),
        "distortions": {
            kind: {"present": True, "severity": means[kind], **_level(means[kind], SEVERITY_WORDS)}
            if kind in means
            else None
            for kind in DISTORTIONS
        },
    }


def _score(mean: float, words: Sequence[str]) -> dict[str, Any]:
    return {"mean": mean, **_level(mean, words)}


def _level(mean: float, words: Sequence[str]) -> dict[str, Any]:
    return {"level": level_of(mean), "level_word": words[level_of(mean)]}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.proof.make_set", description=__doc__)
    parser.add_argument("--coco", type=Path, required=True, metavar="JSON", help="regions of the photographs")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the file names in JSON")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="a folder that does not exist yet")
    parser.add_argument("--train-variants", type=int, default=12, help="windows of each train photograph")
    parser.add_argument("--val-variants", type=int, default=4, help="windows of each val photograph")
    parser.add_argument("--size", type=int, default=160, help="side of a window in pixels")
    parser.add_argument("--rois", type=int, default=4, help="ROIs of a window, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--licence", help="of the photographs; it binds what is trained on the set")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photographs of each split")
    given = parser.parse_args(arguments)
    if given.output.exists():
        sys.exit(f"{given.output} exists already: name a folder that does not, or remove it.")
    (given.output / "images").mkdir(parents=True)
    made: list[Shot] = []
    for split, variants in (("train", given.train_variants), ("val", given.val_variants)):
        recipe = Recipe(variants=variants, size=given.size, rois=given.rois, seed=given.seed)
        made += shots(given.coco, given.images, given.output, recipe=recipe, split=split, limit=given.limit)
    document = document_of(made, recipe=recipe, licence=given.licence)
    text = json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"
    (given.output / "annotations.json").write_text(text, encoding="utf-8")
    counts = document["info"]["counts"]
    sys.stdout.write(f"{counts['images']} images with {counts['rois']} ROIs in {given.output}\n")


if __name__ == "__main__":
    main()
