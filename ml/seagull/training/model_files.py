"""Which file of a checkpoint holds which part of the network (specs 7). Only what is trained is stored.

mfe: feature extractor, local branch, token norms and auxiliary heads; a frozen encoder or language model stays with
the base weights, whose hash the manifest names.
"""

import json
from collections.abc import Mapping

from peft import get_peft_model_state_dict, set_peft_model_state_dict
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from ml.seagull.network.adapters import has_adapters
from ml.seagull.network.model import Seagull

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


def trained_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def model_tensors(model: Seagull) -> dict[str, dict[str, Tensor]]:
    """Tensors by file, under the network's own names; of an adapted language model only the adapter, as peft does.

    With FSDP every process must call it.
    """
    files: dict[str, dict[str, Tensor]] = {}
    for name, parameter in model.named_parameters():
        child = name.partition(".")[0]
        if parameter.requires_grad and not (child == "lm" and has_adapters(model)):
            files.setdefault(FILE_OF[child], {})[name] = gathered(parameter)
    if has_adapters(model):
        adapter = get_peft_model_state_dict(model.lm)
        files[ADAPTER] = {name: gathered(value) for name, value in adapter.items()}
    return files


def gathered(value: Tensor) -> Tensor:
    """A tensor that FSDP has spread over processes, whole; all of them must ask for it."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def spread_like(value: Tensor, parameter: Tensor) -> Tensor:
    """A whole tensor on the parameter's device, spread as the parameter is."""
    if isinstance(parameter, DTensor):
        return distribute_tensor(value.to(parameter.device), parameter.device_mesh, parameter.placements)
    return value.to(parameter.device)


def model_texts(model: Seagull) -> dict[str, str]:
    """The adapter's configuration, as `PeftModel.from_pretrained` reads it."""
    if not has_adapters(model):
        return {}
    config = model.lm.peft_config["default"].to_dict()
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    return {ADAPTER_CONFIG: json.dumps(plain, indent=2, sort_keys=True, default=str) + "\n"}


def restore_model(model: Seagull, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Put the tensors back, before FSDP spreads the network. Raises: ValueError if a trained tensor is missing, unknown or of another shape."""
    expected = model_tensors(model)
    stored = {name: tensors.get(name, {}) for name in expected}
    for file, parts in expected.items():
        for name in sorted(set(parts) ^ set(stored[file])):
            where = "the network" if name in stored[file] else "the checkpoint"
            raise ValueError(f"{file}: {where} has no {name}. Was it trained with another configuration?")
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    if has_adapters(model):
        set_peft_model_state_dict(model.lm, dict(stored.pop(ADAPTER)))
    flat = {name: value for parts in stored.values() for name, value in parts.items()}
    # load_state_dict names everything that is not there: frozen parts and tied copies are not, by intent.
    model.load_state_dict(flat, strict=False)
    now = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    if now != trained:
        raise ValueError(f"Loading changed what is trained: {min(now ^ trained)}, ...")
