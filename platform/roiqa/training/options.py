"""What the form offers: stages and presets in words, synthetic sets that are built, workers that were seen."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings as installation
from django.utils import timezone

from roiqa.training.models import WorkerSeen
from roiqa.training.settings_rules import needs_gpu, schema

STAGES: Mapping[str, tuple[str, str]] = {
    "finetune": (
        "Fine-tune a small network",
        "Goes on from a base model and trains all of it, gently. For `ci`, `tiny` and `small`.",
    ),
    "scratch": (
        "Train a small network from the beginning",
        "Random weights; first what is seen, then what is said. For `ci`, `tiny` and `small`.",
    ),
    "stage1": (
        "Pre-train (paper, first stage)",
        "Adapters on the language model, projector and extractor in full, encoder kept. Needs a base model; one pass.",
    ),
    "stage2": (
        "Fine-tune (paper, second stage)",
        "As the first stage, gentler, all ROIs, five passes. Needs a base model.",
    ),
}
PRESET_TITLES: Mapping[str, tuple[str, str]] = {
    "ci": ("ci, for trying things out", "Learns little; a run takes minutes on any machine."),
    "tiny": ("tiny, the network that ships", "Trains on a CPU in an hour or less."),
    "small": ("small", "For one GPU."),
    "seagull-7b": ("SEAGULL 7B, the paper's network", "For GPUs with 40 GB or more; needs converted weights as base."),
}
_DATASET = "dataset.json"
# Six distortions in twenty settings.
_IMAGES_OF_A_REFERENCE = 120


def stages() -> list[dict[str, Any]]:
    known = schema()["settings"]
    return [
        {
            "name": name,
            "title": title,
            "description": description,
            "settings": [
                {
                    "name": setting,
                    "type": one["type"],
                    "default": schema()["stages"][name][setting],
                    "nullable": bool(one.get("nullable", False)),
                    "minimum": one.get("minimum", one.get("exclusiveMinimum")),
                    "maximum": one.get("maximum", one.get("exclusiveMaximum")),
                    "choices": one.get("choices"),
                    "help": one["help"],
                    "allowed": one.get("allowed", ""),
                }
                for setting, one in known.items()
            ],
        }
        for name, (title, description) in STAGES.items()
    ]


def presets() -> list[dict[str, Any]]:
    made = []
    for name, (title, note) in PRESET_TITLES.items():
        known = schema()["presets"][name]
        default = known["variant"]
        made.append(
            {
                "name": name,
                "title": title,
                "parameters": known["variants"][default]["parameters"],
                "variant": default,
                "needs_gpu": needs_gpu(name),
                "note": note,
            }
        )
    return made


def variants() -> list[str]:
    return list(schema()["presets"]["ci"]["variants"])


def synthetic_sets() -> list[dict[str, Any]]:
    """Finished sets of the installation's folder, by name."""
    found = []
    for folder in _set_folders():
        info = _info(folder)
        if info is not None:
            found.append({"name": folder.name, **info})
    return found


def synthetic_set(name: str) -> dict[str, Any] | None:
    return next((one for one in synthetic_sets() if one["name"] == name), None)


def folder_of_synthetic_set(name: str) -> Path:
    return installation.SYNTHETIC_DIR / name


def _set_folders() -> list[Path]:
    place: Path = installation.SYNTHETIC_DIR
    return sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []


def _info(folder: Path) -> dict[str, Any] | None:
    """None for a folder that is no finished set."""
    try:
        document = json.loads((folder / _DATASET).read_text(encoding="utf-8"))
        rows = document["rows"]
        return {
            "rows": int(rows["scores"]),
            "images": int(rows["references"]) * _IMAGES_OF_A_REFERENCE,
            "references": int(rows["references"]),
            "fingerprint": str(document["fingerprint"]),
        }
    except (OSError, KeyError, TypeError, ValueError):
        return None


def workers() -> dict[str, Any]:
    """Whether a worker with a GPU was seen of late (null: no worker was), and when the last one was."""
    seen = list(WorkerSeen.objects.order_by("-seen_at")[:100])
    fresh = [one for one in seen if one.seen_at > timezone.now() - WorkerSeen.SEEN]
    return {
        "gpu": any(one.gpus for one in fresh) if fresh else None,
        "seen_at": seen[0].seen_at if seen else None,
        "machines": [{"host": one.host, "gpus": [gpu["name"] for gpu in one.gpus]} for one in fresh],
    }
