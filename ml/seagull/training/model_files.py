"""Which file of a checkpoint holds which part of the network (specs 7). Only what is trained is stored.

mfe: feature extractor, local branch, token norms and auxiliary heads; a frozen encoder or language model stays with
the base weights, whose hash the manifest names.
"""

import json
from collections.abc import Mapping
from typing import Any

from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch import Tensor, nn

from ml.seagull.network.model import Seagull
from ml.seagull.training.settings import LoRA

FILE_OF = {
    "encoder": "encoder.safetensors",
    "projector": "projector.safetensors",
    "extractor": "mfe.safetensors",
    "local": "mfe.safetensors",
    "norms": "mfe.safetensors",
    "aux": "mfe.safetensors",
    "lm": "lm.safetensors",
}
ADAPTER = "adapter/adapter_model.safetensors"
ADAPTER_CONFIG = "adapter/adapter_config.json"
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def attach_lora(model: Seagull, lora: LoRA) -> None:
    """Wrap the language model alone: its own weights freeze, the adapters and everything outside it stay trained.

    The projections of the feature extractor have the same names; wrapping the whole network would adapt those as well.
    """
    model.lm = get_peft_model(
        model.lm,
        LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            bias="none",
            target_modules=list(TARGETS),
            task_type="CAUSAL_LM",
        ),
    )


def trained_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def model_tensors(model: Seagull) -> dict[str, dict[str, Tensor]]:
    """Tensors by file, under the network's own names; of an adapted language model only the adapter, as peft does."""
    files: dict[str, dict[str, Tensor]] = {}
    for name, parameter in model.named_parameters():
        child = name.partition(".")[0]
        if parameter.requires_grad and not (child == "lm" and _is_adapted(model)):
            files.setdefault(FILE_OF[child], {})[name] = parameter
    if _is_adapted(model):
        files[ADAPTER] = dict(get_peft_model_state_dict(model.lm))
    return files


def model_texts(model: Seagull) -> dict[str, str]:
    """The adapter's configuration, as `PeftModel.from_pretrained` reads it."""
    if not _is_adapted(model):
        return {}
    config = model.lm.peft_config["default"].to_dict()
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    return {ADAPTER_CONFIG: json.dumps(plain, indent=2, sort_keys=True, default=str) + "\n"}


def restore_model(model: Seagull, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Put the tensors back. Raises: ValueError if a trained tensor is missing, unknown or of another shape."""
    expected = model_tensors(model)
    stored = {name: tensors.get(name, {}) for name in expected}
    for file, parts in expected.items():
        for name in sorted(set(parts) ^ set(stored[file])):
            where = "the network" if name in stored[file] else "the checkpoint"
            raise ValueError(f"{file}: {where} has no {name}. Was it trained with another configuration?")
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    if _is_adapted(model):
        set_peft_model_state_dict(model.lm, dict(stored.pop(ADAPTER)))
    flat = {name: value for parts in stored.values() for name, value in parts.items()}
    # load_state_dict names everything that is not there: frozen parts and tied copies are not, by intent.
    model.load_state_dict(flat, strict=False)
    now = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    if now != trained:
        raise ValueError(f"Loading changed what is trained: {min(now ^ trained)}, ...")


def _is_adapted(model: Seagull) -> bool:
    return hasattr(model.lm, "peft_config")


def trained_by_child(model: nn.Module) -> dict[str, Any]:
    """How many parameters of each part are trained, and of how many."""
    return {
        name: {
            "trained": trained_parameters(child),
            "all": sum(parameter.numel() for parameter in child.parameters()),
        }
        for name, child in model.named_children()
    }
