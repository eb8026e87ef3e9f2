"""One update: forwards and backwards of a step's pieces, and the optimizer's move, or none if the numbers are bad."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ml.seagull.network.auxiliary import auxiliary_loss
from ml.seagull.training.batches import StepData
from ml.seagull.tree.collate import Batch


@dataclass(frozen=True, slots=True)
class Gradients:
    """What a step's pieces gave: mean loss per answer token, auxiliary loss per ROI, gradient norm before clipping."""

    loss: float
    aux_loss: float
    norm: float
    questions: int
    tokens: int


def accumulate(
    model: Any, data: StepData, *, accelerator: Any, aux_weight: float, clip_norm: float, tokens_only: bool = False
) -> Gradients:
    """Gradients of the whole step, whatever pieces it was cut into and however many processes share it.

    Every answer token weighs the same: a piece's mean is scaled by its share of the tokens of all processes, and by
    their number, since the wrapped model averages over them. The auxiliary loss likewise by ROIs. With `tokens_only`
    the auxiliary loss is all there is: the language model does not run.
    """
    device, world = accelerator.device, accelerator.num_processes
    sizes = torch.tensor(
        [sum(piece.targets for piece in data.pieces), sum(piece.rois for piece in data.pieces)],
        dtype=torch.float64 if device.type == "cpu" else torch.float32,
        device=device,
    )
    if world > 1:
        sizes = accelerator.reduce(sizes, reduction="sum")
    targets, rois = (max(value, 1.0) for value in sizes.tolist())
    loss_sum = torch.zeros((), device=device)
    aux_sum = torch.zeros((), device=device)
    tokens = 0
    for number, piece in enumerate(data.pieces):
        is_last = number == len(data.pieces) - 1
        batch = piece.batch.to(device)
        with nullcontext() if is_last or world == 1 else accelerator.no_sync(model):
            loss, aux_loss = _tokens_loss(model, batch) if tokens_only else _losses(model, batch)
            share = loss * (piece.targets / targets)
            loss_sum += share.detach()
            if aux_loss is not None:
                aux_share = aux_loss * (piece.rois / rois)
                aux_sum += aux_share.detach()
                share = share + aux_weight * aux_share
            accelerator.backward(share * world)
        tokens += piece.batch.tree.tokens
    if world > 1:
        loss_sum, aux_sum = (accelerator.reduce(one, reduction="sum") for one in (loss_sum, aux_sum))
    norm = accelerator.clip_grad_norm_([one for one in model.parameters() if one.requires_grad], clip_norm)
    return Gradients(
        loss=float(loss_sum),
        aux_loss=float(aux_sum),
        norm=float(norm),
        questions=sum(piece.questions for piece in data.pieces),
        tokens=tokens,
    )


def _losses(model: Any, batch: Batch) -> tuple[Tensor, Tensor | None]:
    output = model(batch.images, batch.rois, batch.tree)
    return output.loss, output.aux_loss


def _tokens_loss(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    aux_loss = auxiliary_loss(model.describe(model.perceive(batch.images), batch.rois).aux, batch.tree.aux)
    return torch.zeros_like(aux_loss), aux_loss


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def step_seed(seed: int, step: int) -> int:
    """Dropout of a step depends on the run's seed and the step alone, so a resumed step draws the same."""
    return (seed * 1_000_003 + step) % 2**63
