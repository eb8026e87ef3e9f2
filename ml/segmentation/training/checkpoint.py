"""The state of a training run: safetensors and JSON only, written so that a kill at any moment leaves a whole one."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ml.segmentation.training.architecture import SmallSam, new_model

NAME = "state.safetensors"
# The folder in a run that `python -m ml.segmentation.export` takes.
MODEL = "model"


@dataclass
class Run:
    """What goes on: the step that comes next and the moving average of the weights."""

    step: int
    average: dict[str, Tensor]


def save(
    folder: Path, *, model: nn.Module, optimizer: torch.optim.Optimizer, run: Run, settings: dict[str, Any]
) -> None:
    """Write folder/state.safetensors; its header holds the step and the settings, so that one rename replaces all."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in run.average.items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in state.items()}
    header = {"step": str(run.step), "settings": json.dumps(settings, sort_keys=True)}
    unfinished = folder / f"{NAME}.part"
    # Weights that are shared have one storage: safetensors wants each on its own.
    save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()}, unfinished, header)
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(folder / NAME)


def write_model(average: dict[str, Tensor], folder: Path) -> None:
    """The averaged weights in half precision, in the layout of transformers."""
    shell = SmallSam(new_model(0))
    shell.load_state_dict(average)
    shell.model.to(torch.float16).save_pretrained(folder)


def restore(folder: Path, *, model: nn.Module, optimizer: torch.optim.Optimizer) -> Run | None:
    """Bring model and optimizer back to the last save; None if there is none."""
    path = folder / NAME
    if not path.exists():
        return None
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "average": {}}
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        kind, rest = name.split(".", 1)
        if kind == "optimizer":
            index, key = rest.split(".", 1)
            states.setdefault(int(index), {})[key] = value
        else:
            parts[kind][rest] = value
    model.load_state_dict(parts["model"])
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": states, "param_groups": groups})
    return Run(step=int(header["step"]), average=parts["average"])
