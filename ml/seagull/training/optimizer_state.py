"""An AdamW and the generators' states as tensors and JSON: what a resumed run needs to go on bit for bit."""

import base64
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ml.seagull.training.model_files import gathered, spread_like

SEPARATOR = "|"


def build_optimizer(
    model: nn.Module, *, learning_rate: float, betas: tuple[float, float], weight_decay: float
) -> torch.optim.AdamW:
    """AdamW over what is trained; matrices decay, biases, norms and scales do not."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [one for one in trained if one.ndim > 1], "weight_decay": weight_decay},
        {"params": [one for one in trained if one.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate, betas=betas)


def optimizer_tensors(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """Every state tensor under `parameter|key`, by the parameter's name: an index would not survive a changed model."""
    names: dict[Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
    return {
        f"{names[parameter]}{SEPARATOR}{key}": gathered(value)
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put the states back. Raises: ValueError if they are not of this model's trained parameters."""
    parameters = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    states: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        name, _, field = key.rpartition(SEPARATOR)
        states.setdefault(name, {})[field] = value
    unknown = sorted(set(states) - set(parameters))
    if unknown:
        raise ValueError(f"The optimizer's state has {len(unknown)} parameters that are not trained: {unknown[0]}, ...")
    for name, state in states.items():
        parameter = parameters[name]
        optimizer.state[parameter] = {
            # AdamW counts steps in a tensor on the CPU, whatever the device.
            field: value.clone() if field == "step" else spread_like(value.clone(), parameter)
            for field, value in state.items()
        }


def seed_all(seed: int) -> None:
    """The generators of torch, NumPy and Python."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    random.seed(seed)


def random_states() -> dict[str, Any]:
    """The generators of torch, NumPy and Python as JSON."""
    kind, keys, position, has_gauss, cached = np.random.get_state()  # noqa: NPY002 third parties use it
    version, internal, gauss = random.getstate()
    return {
        "torch": base64.b64encode(torch.get_rng_state().numpy().tobytes()).decode(),
        "cuda": [base64.b64encode(one.numpy().tobytes()).decode() for one in torch.cuda.get_rng_state_all()]
        if torch.cuda.is_available()
        else [],
        "numpy": [kind, np.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
        "python": [version, list(internal), gauss],
    }


def restore_random_states(states: Mapping[str, Any]) -> None:
    torch.set_rng_state(_bytes(states["torch"]))
    if states["cuda"] and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([_bytes(one) for one in states["cuda"]])
    kind, keys, position, has_gauss, cached = states["numpy"]
    np.random.set_state((kind, np.asarray(keys, np.uint32), position, has_gauss, cached))  # noqa: NPY002
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))


def _bytes(text: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
