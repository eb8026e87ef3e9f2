"""`python -m ml.seagull.predict --weights DIR --image FILE --rois COCO.json --output JSON`: scores of an image's regions.

Per region: quality and importance (score 0..4, most likely word, five probabilities), for each distortion the
probability that it is there and its severity, and the answer about distortions in words.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from ml.seagull.data.records import ImageSample, Pixels, ROISample
from ml.seagull.data.release import mask_of, refused
from ml.seagull.language.levels import DISTORTIONS, IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS
from ml.seagull.loading import Calibration, Ready, load_scorer
from ml.seagull.scoring import expected
from ml.seagull.suggesting import Suggestion, suggest

# The image's prefix is needed twice: for the scores and for the answers. 581 MB with the 7B network.
PREFIX_BYTES = 2**30


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    try:
        picture = read_picture(given.image)
        sample = read_sample(given.rois, given.image, picture)
        ready = load_scorer(
            given.weights, device=given.device, token_budget=given.token_budget, prefix_bytes=PREFIX_BYTES
        )
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if torch.device(given.device).type == "cpu":
        torch.set_flush_denormal(True)
    document = predict(ready, sample)
    given.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def predict(ready: Ready, sample: ImageSample) -> dict[str, Any]:
    """The document that is written."""
    scorer = ready.scorer
    return {
        "image": sample.image_id,
        "model": {
            "weights": scorer.weights_id,
            "network": scorer.model.config.name,
            "variant": scorer.model.config.variant,
            "prompt": scorer.prompt.id,
        },
        "rois": [_record(one, ready.calibration) for one in suggest(scorer, sample)],
    }


def read_picture(path: Path) -> Pixels:
    """Upright RGB, H x W x 3."""
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), dtype=np.uint8)


def read_sample(rois: Path, image: Path, picture: Pixels) -> ImageSample:
    """The regions of a COCO file that belong to this picture: those of its file name, or of the file's only image.

    Raises RecordRefused for an annotation whose mask does not fit, ValueError if no image of the file is this one.
    """
    document = json.loads(rois.read_text(encoding="utf-8"))
    named = [one for one in document["images"] if Path(one["file_name"]).name == image.name]
    records = named or document["images"]
    if len(records) != 1:
        raise ValueError(
            f"{rois} has {len(named)} images named {image.name} among {len(document['images'])}: one is needed"
        )
    height, width = picture.shape[:2]
    found = []
    for annotation in document["annotations"]:
        if annotation["image_id"] == records[0]["id"]:
            try:
                rle = mask_of(annotation["segmentation"], height=height, width=width)
            except (KeyError, TypeError, ValueError) as error:
                raise refused(f"annotation {annotation.get('id')!r}", error) from None
            found.append(ROISample(roi_id=str(annotation.get("roi") or annotation["id"]), rle=rle))
    return ImageSample(image_id=image.name, split="test", load=lambda: picture, rois=tuple(found))


def _record(suggestion: Suggestion, calibration: Calibration) -> dict[str, Any]:
    scores = suggestion.scores
    return {
        "id": scores.roi_id,
        "quality": _scale(scores.quality, QUALITY_WORDS),
        "importance": _scale(scores.importance, IMPORTANCE_WORDS),
        "clean": round(scores.clean, 6),
        "distortions": {
            name: {
                "probability": round(scores.distortions[name].present, 6),
                "present": scores.distortions[name].present >= calibration.threshold(name),
                "severity": _scale(scores.distortions[name].severity, SEVERITY_WORDS),
            }
            for name in DISTORTIONS
        },
        "answer": {
            "text": suggestion.answer,
            "distortions": {
                name: None if level is None else SEVERITY_WORDS[level] for name, level in suggestion.distortions.items()
            },
            "probability": round(suggestion.confidence, 6),
        },
    }


def _scale(probabilities: Sequence[float], words: Sequence[str]) -> dict[str, Any]:
    level = int(np.argmax(probabilities))
    return {
        "score": round(expected(probabilities), 4),
        "level": level,
        "level_word": words[level],
        "probabilities": [round(one, 6) for one in probabilities],
    }


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.predict", description="Scores of an image's regions.")
    parser.add_argument("--weights", type=Path, required=True, help="folder of weights or a checkpoint")
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--rois", type=Path, required=True, help="COCO JSON with a mask for each region")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--token-budget", type=int, help="tokens at once; less needs less memory")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
