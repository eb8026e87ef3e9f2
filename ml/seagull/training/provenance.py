"""What a checkpoint says of where it came from: data, code, packages, machine."""

import hashlib
import importlib.metadata
import json
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from ml.seagull.data.records import ImageSample

PACKAGES = ("torch", "transformers", "peft", "accelerate", "safetensors", "tokenizers", "numpy")


def data_fingerprint(samples: Iterable[ImageSample], *, prompt: str) -> str:
    """sha256 over the sorted (image, ROI, split, label, mask) of a data set and the prompt's id (specs 7).

    Equal for equal data in any order; a suggestion stores it, so that a model is not asked about what it learned.
    """
    rows = sorted(
        json.dumps(
            [
                sample.image_id,
                roi.roi_id,
                sample.split,
                [roi.labels.quality, roi.labels.quality_level, roi.labels.importance, roi.labels.importance_level],
                None if roi.labels.distortions is None else sorted(roi.labels.distortions.items()),
                [roi.rle.height, roi.rle.width, roi.rle.counts],
            ]
        )
        for sample in samples
        for roi in sample.rois
    )
    return hashlib.sha256("\n".join([prompt, *rows]).encode()).hexdigest()


def surroundings(device: torch.device) -> dict[str, Any]:
    """Git commit (None outside a checkout), versions of packages, Python and the device."""
    return {
        "commit": _commit(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
    }


def _commit() -> str | None:
    here = Path(__file__).resolve().parent
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 git of whoever trains
            cwd=here,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip()
