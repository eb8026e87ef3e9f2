"""A network ready to be asked: weights, tokenizer, prompt and calibration of one folder.

Beside the weights lie `tokenizer.json`, and, where they are known, `prompts.json` and `calibration.json`
(`{"temperatures": {head: T}, "thresholds": {type: p}}`). A checkpoint of a run from scratch is such a folder too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ml.seagull import weights
from ml.seagull.language.levels import DISTORTIONS
from ml.seagull.language.prompts import Prompt, load_prompt
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.config import NetworkConfig
from ml.seagull.network.model import Seagull
from ml.seagull.scoring import Scorer
from ml.seagull.training.checkpoints import read_checkpoint
from ml.seagull.training.model_files import restore_model
from ml.seagull.tree.prefix import PrefixCache

TOKENIZER, PROMPT, CALIBRATION = "tokenizer.json", "prompts.json", "calibration.json"
_PROMPT_OF = {"official": "official-v1", "paper": "paper-v1", "native": "own-v1"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on a validation part; without a fit temperatures are 1 and thresholds 0.5."""

    temperatures: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def threshold(self, distortion: str) -> float:
        return self.thresholds.get(distortion, 0.5)


@dataclass(frozen=True, slots=True)
class Ready:
    scorer: Scorer
    calibration: Calibration


def load_scorer(
    directory: Path,
    *,
    device: torch.device | str = "cpu",
    token_budget: int | None = None,
    prefix_bytes: int = 0,
) -> Ready:
    """The folder's network. With `prefix_bytes` prefixes of the images asked last are kept.

    Raises ValueError (WeightsDamaged, BrokenCheckpoint) naming the file that is missing or not what it should be.
    """
    if not (directory / TOKENIZER).is_file():
        raise ValueError(f"{directory} has no {TOKENIZER}: copy the one that these weights were trained with")
    tokenizer = LanguageTokenizer.load(directory / TOKENIZER)
    model = _network(directory, device)
    vocabulary = model.config.lm.vocab
    if len(tokenizer) > vocabulary:
        raise ValueError(
            f"{TOKENIZER} has {len(tokenizer)} tokens, the network {vocabulary}: they do not belong together"
        )
    calibration = read_calibration(directory)
    scorer = Scorer(
        model=model,
        tokenizer=tokenizer,
        prompt=_prompt(directory, model.config),
        token_budget=token_budget,
        temperatures=calibration.temperatures,
        prefixes=PrefixCache(prefix_bytes) if prefix_bytes else None,
        weights_id=weights.fingerprint(directory),
    )
    return Ready(scorer=scorer, calibration=calibration)


def read_calibration(directory: Path) -> Calibration:
    """What was fitted for these weights. Raises ValueError for types that are none."""
    path = directory / CALIBRATION
    if not path.is_file():
        return Calibration()
    given = json.loads(path.read_text(encoding="utf-8"))
    unknown = set(given["thresholds"]) - set(DISTORTIONS)
    if unknown:
        raise ValueError(f"{path}: thresholds of {', '.join(sorted(unknown))}, the six are {', '.join(DISTORTIONS)}")
    return Calibration(temperatures=given["temperatures"], thresholds=given["thresholds"])


def _network(directory: Path, device: torch.device | str) -> Seagull:
    manifest = json.loads((directory / weights.MANIFEST).read_text(encoding="utf-8"))
    if "facts" not in manifest:
        dtype = torch.bfloat16 if torch.device(device).type == "cuda" else None
        return weights.from_pretrained(directory, device=device, frozen_dtype=dtype)
    stored = read_checkpoint(directory)
    config = NetworkConfig.from_json(stored.texts[weights.CONFIG])
    if config.encoder.frozen or any(name.startswith("adapter/") for name in stored.tensors):
        raise ValueError(f"{directory} holds only what was trained: merge it with its base weights first")
    model = Seagull(config)
    restore_model(model, stored.tensors)
    return model.to(device).eval()


def _prompt(directory: Path, config: NetworkConfig) -> Prompt:
    path = directory / PROMPT
    if path.is_file():
        return Prompt.from_json(path.read_text(encoding="utf-8"))
    return load_prompt(_PROMPT_OF[config.variant])
