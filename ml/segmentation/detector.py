"""Boxes of objects from a detector of `transformers` (DETR, RT-DETR, D-FINE, YOLOS and the like), from a folder of weights."""

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from ml.segmentation.prompts import Box, Pixels
from ml.segmentation.proposals import OBJECT_SCORE, Detection

# Names the folder of the detector that object proposals use.
VARIABLE = "ROIQA_DETECTOR"


class DetectorError(RuntimeError):
    """There is no detector, or its folder cannot be read: the message says what to do."""


@dataclass(frozen=True, eq=False)
class Detector:
    """A detector in evaluation mode with the preprocessing of its folder."""

    network: Any
    processor: Any
    device: torch.device

    @torch.inference_mode()
    def detect(self, pixels: Pixels) -> list[Detection]:
        """Boxes with a score of at least 0.5 in an image (height x width x 3, sRGB), the best first."""
        size = (int(pixels.shape[0]), int(pixels.shape[1]))
        inputs = self.processor(images=pixels, input_data_format="channels_last", return_tensors="pt").to(self.device)
        outputs = self.network(**inputs)
        (found,) = self.processor.post_process_object_detection(outputs, threshold=OBJECT_SCORE, target_sizes=[size])
        rows = zip(found["boxes"].tolist(), found["scores"].tolist(), strict=True)
        detections = [Detection(box=_box(corners, size), score=float(score)) for corners, score in rows]
        return sorted(detections, key=lambda one: -one.score)


def load(folder: Path, device: str | None = None) -> Detector:
    """A detector from a folder with config.json, model.safetensors and preprocessor_config.json. Raises DetectorError."""
    from transformers import AutoImageProcessor, AutoModelForObjectDetection  # noqa: PLC0415  (seconds)

    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if not (folder / "config.json").is_file():
        raise DetectorError(f"{folder} has no config.json: give a folder that save_pretrained of transformers wrote.")
    try:
        network, report = AutoModelForObjectDetection.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, output_loading_info=True
        )
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError, json.JSONDecodeError) as error:
        raise DetectorError(f"The detector in {folder} cannot be loaded ({error}): copy its folder again.") from error
    if report["missing_keys"]:
        names = ", ".join(sorted(report["missing_keys"])[:5])
        raise DetectorError(f"{folder}: model.safetensors lacks {names}: copy config.json and weights from one source.")
    if not hasattr(processor, "post_process_object_detection"):
        raise DetectorError(
            f"{folder}: {type(processor).__name__} finds no boxes by itself (detectors that are asked in words are not "
            "read here): give the folder of a DETR, RT-DETR, D-FINE or YOLOS."
        )
    return Detector(network=network.to(where).eval(), processor=processor, device=where)


def configured() -> Detector:
    """The detector that ROIQA_DETECTOR names, kept in the process. Raises DetectorError."""
    folder = os.environ.get(VARIABLE, "")
    if not folder:
        raise DetectorError(
            f"Object proposals need a detector, and {VARIABLE} is not set: set it to the folder of an object detector of "
            "transformers and restart the worker, or ask for component proposals."
        )
    return _loaded(Path(folder))


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> Detector:
    return load(folder)


def _box(corners: list[float], size: tuple[int, int]) -> Box:
    """The whole pixels around corners given as x0, y0, x1, y1, cut to the image (height, width)."""
    x0, y0, x1, y1 = corners
    height, width = size
    return Box(
        x0=min(max(round(x0), 0), width),
        y0=min(max(round(y0), 0), height),
        x1=min(max(round(x1), 0), width),
        y1=min(max(round(y1), 0), height),
    )
