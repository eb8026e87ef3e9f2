"""Random `ci` networks as folders of weights, and studies that have taken one in."""

import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from ml.seagull import weights
from ml.seagull.language.prompts import prompt_text
from ml.seagull.language.tokenizer import word_level
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from roiqa.registry.models import ModelVersion
from roiqa.registry.services import add_model_version
from roiqa.studies.models import Study


@lru_cache
def random_weights(seed: int = 0) -> Path:
    """A folder of weights as a run writes it; random, so it says anything. Made once a process, gone with its folder."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    place = Path(_FOLDER.name) / str(seed)
    weights.save(Seagull(preset("ci")), place, source={"data": f"{seed:064x}", "seed": seed})
    word_level().save(place / "tokenizer.json")
    (place / "prompts.json").write_text(prompt_text("own-v1"))
    return place


_FOLDER = tempfile.TemporaryDirectory(prefix="roiqa-random-weights-")


def copied(seed: int, place: Path, **files: str) -> Path:
    """A copy of such a folder to spoil or to add to; `files` by name with `_` for the dot: {report_json: text}."""
    folder = Path(shutil.copytree(random_weights(seed), place))
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def taken_in(study: Study, *, seed: int = 0, **facts: Any) -> ModelVersion:
    """A model of the study that can be loaded and asked."""
    return add_model_version(study=study, folder=random_weights(seed), **{"stage": "scratch", **facts})
