"""`python -m ml.seagull.training.schema --output FILE`: stages, settings, presets and networks as JSON.

The platform checks what people ask for by this file and never imports torch; a test keeps the file in step.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import torch

from ml.seagull.network import config
from ml.seagull.network.model import Seagull
from ml.seagull.presets import PRESETS, preset
from ml.seagull.training.settings import LIMITS, LORA_LIMITS, PRECISIONS, PROMPTS, STAGES, Limit

HELP: Mapping[str, str] = {
    "learning_rate": "Peak of AdamW's rate; it warms up and falls to 0 on a cosine.",
    "batch_images": "Images of one update, whatever memory does.",
    "epochs": "Passes over the images, where `steps` is none.",
    "steps": "Updates of the whole run; none: `epochs` decides.",
    "warmup": "Share of the updates in which the rate rises.",
    "weight_decay": "AdamW's.",
    "clip_norm": "Gradients longer than this are shortened to it.",
    "betas": "AdamW's two.",
    "rois": "ROIs of an image that are asked about in one update; none: all.",
    "judgments": "Yes/No questions an ROI.",
    "fixed_questions": "Draw the questions once instead of in every pass.",
    "paraphrase": "Draw the wording of a question.",
    "balance_quality": "Draw rare levels of quality more often.",
    "prompt": "Wording of questions and answers.",
    "aux_weight": "Weight of the auxiliary heads in the loss, falling to 0 over the run.",
    "token_steps": "Updates first that train what is seen by the auxiliary heads alone; one process only.",
    "lora": "Train low-rank adapters instead of the language model itself.",
    "freeze_encoder": "Keep the image encoder as the base model has it.",
    "precision": "`auto`: bfloat16 where the device has it.",
    "checkpointing": "Less memory, a third more time.",
    "token_budget": "Padded positions of one forward; halved by itself when memory ends.",
    "seed": "Of weights, order and questions.",
    "save_every": "Updates between two checkpoints.",
    "evaluate_every": "Updates between two measurements on held-out images; 0: never.",
    "evaluate_images": "So many held-out images at most; none: all.",
    "workers": "Processes that prepare batches; 0: the training process itself.",
}
FLAGS = ("fixed_questions", "paraphrase", "balance_quality", "freeze_encoder", "checkpointing")
CHOICES = {"precision": PRECISIONS, "prompt": PROMPTS}
NETWORK_CHOICES: Mapping[str, Any] = {
    "image_tokens": config.ImageTokens,
    "projector": config.Projector,
    "pooling": config.Pooling,
    "extractor": config.FeatureExtractor,
    "sa_axis": config.SelfAttentionAxis,
    "local": config.LocalBranch,
    "preproc": config.Preprocessing,
}
NETWORK_LIMITS: Mapping[str, Limit] = {
    "image_size": Limit(least=32, most=1024, whole=True),
    "token_dim": Limit(least=8, most=8192, whole=True),
    "heads": Limit(least=1, most=128, whole=True),
    "crop_size": Limit(least=16, most=1024, whole=True),
    "kv_grid": Limit(least=1, most=64, whole=True, may_be_none=True),
    "token_scale": Limit(above=0, most=100),
}
NETWORK_FLAGS = ("global_view", "high_pass", "token_norm", "aux_heads")


def document() -> dict[str, Any]:
    """Everything that the platform must know of `ml.seagull` to refuse a run before it starts."""
    return {
        "settings": _settings(),
        "lora": {name: _limited(limit) for name, limit in LORA_LIMITS.items()},
        "stages": {name: settings.as_json() for name, settings in STAGES.items()},
        "network": _network(),
        "presets": {name: _preset(name) for name in PRESETS},
    }


def _settings() -> dict[str, Any]:
    described: dict[str, Any] = {name: _limited(limit) for name, limit in LIMITS.items()}
    described |= {name: {"type": "boolean"} for name in FLAGS}
    described |= {name: {"type": "string", "choices": list(choices)} for name, choices in CHOICES.items()}
    described["betas"] = {"type": "array", "items": _limited(Limit(least=0, below=1)), "length": 2}
    described["lora"] = {"type": "object", "nullable": True}
    return {name: {**one, "help": HELP[name]} for name, one in described.items()}


def _network() -> dict[str, Any]:
    return {
        **{name: _limited(limit) for name, limit in NETWORK_LIMITS.items()},
        **{name: {"type": "string", "choices": list(get_args(kind))} for name, kind in NETWORK_CHOICES.items()},
        **{name: {"type": "boolean"} for name in NETWORK_FLAGS},
    }


def _limited(limit: Limit) -> dict[str, Any]:
    """A JSON schema of the range, and the sentence that refuses what is outside."""
    ends = {
        "exclusiveMinimum": limit.above,
        "minimum": limit.least,
        "exclusiveMaximum": limit.below,
        "maximum": limit.most if limit.below is None else None,
    }
    return {
        "type": "integer" if limit.whole else "number",
        **{name: end for name, end in ends.items() if end is not None},
        **({"nullable": True} if limit.may_be_none else {}),
        "allowed": str(limit),
    }


def _preset(name: Any) -> dict[str, Any]:
    default = preset(name)
    variants = {}
    for variant in get_args(config.Variant):
        made = preset(name, variant)
        # Nothing is stored, and a head tied to the embedding stays tied: it is counted once.
        with torch.device("meta"):
            model = Seagull(made)
        values = {field: getattr(made, field) for field in _network()}
        parameters = sum(one.numel() for one in model.parameters())
        language = sum(one.numel() for one in model.lm.parameters())
        encoder = sum(one.numel() for one in model.encoder.parameters())
        variants[variant] = {
            "parameters": parameters,
            "language_parameters": language,
            "encoder_parameters": encoder,
            "image_tokens": made.image_token_count,
            "network": values,
        }
    return {"variant": default.variant, "variants": variants}


def as_text() -> str:
    return json.dumps(document(), indent=1, sort_keys=True) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.training.schema", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.parse_args(arguments).output.write_text(as_text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
