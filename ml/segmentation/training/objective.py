"""One training step's prompts and loss: clicks, boxes, then corrective clicks on what came out."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ml.segmentation.training.architecture import BOX_END, BOX_START, PADDING, POSITIVE, SmallSam

# Weights of the parts of the loss.
FOCAL, DICE, QUALITY = 0.5, 1.0, 1.0
# How much the two candidates that are not the best learn from a click, and how much pseudo-regions teach the predicted IoU
# (it stands for what people mean).
OTHER_CANDIDATES, PSEUDO_QUALITY = 0.05, 0.1
EXACT_BOXES, INNERMOST_CLICKS, BOX_NOISE = 0.5, 0.6, 0.06


@dataclass(frozen=True)
class Batch:
    """B canvases of s x s pixels with P regions each; `corner` is the place of the window on the grid of patches."""

    images: Tensor
    filled: Tensor
    masks: Tensor
    drawn: Tensor
    corner: tuple[int, int]


def loss_of(model: SmallSam, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    """The loss to minimise, and IoU (box, best of three, own choice, corrected) of the step for the log."""
    embeddings = model.encode(batch.images, batch.corner).to(torch.float32)
    offset = torch.tensor([batch.corner[1], batch.corner[0]]) * float(batch.images.shape[-1] // embeddings.shape[-1])
    truth = functional.avg_pool2d(batch.masks.to(torch.float32), 2)
    filled = functional.avg_pool2d(batch.filled.to(torch.float32)[:, None], 2)
    half = truth.shape[1] // 2
    clicks = _clicks(truth[:, :half], generator)
    boxes, corners = _boxes(batch.masks[:, half:], generator)
    log: dict[str, float] = {}

    # One click: the best of three answers learns.
    points, labels = _with_padding(clicks * 2 + 0.5 + offset, torch.full(clicks.shape[:2], POSITIVE)[..., None])
    logits, quality = model.decode(embeddings, points, labels, several=True, corner=batch.corner)
    each, overlap = _mask_loss(logits, truth[:, :half, None], filled[:, None])
    best = each.argmin(dim=2, keepdim=True)
    total = each.gather(2, best).mean() + OTHER_CANDIDATES * each.mean()
    total = total + QUALITY * _quality_loss(quality, overlap, batch.drawn[:, :half])
    own = quality.argmax(dim=2, keepdim=True)
    log |= {"three": overlap.amax(dim=2).mean().item(), "own": overlap.gather(2, own).mean().item()}
    chosen = logits.detach().gather(2, own[..., None, None].expand(-1, -1, -1, *logits.shape[3:]))[:, :, 0]

    # A box: one answer.
    box_points, box_labels = boxes + offset, corners
    logits, quality = model.decode(embeddings, box_points, box_labels, corner=batch.corner)
    each, overlap = _mask_loss(logits, truth[:, half:, None], filled[:, None])
    total = total + each.mean() + QUALITY * _quality_loss(quality, overlap, batch.drawn[:, half:])
    log["box"] = overlap.mean().item()

    # Corrective clicks after either, half of the time with the mask before.
    count = (half + 1) // 2
    after_click = torch.rand(1, generator=generator).item() < 0.6
    first = slice(0, count) if after_click else slice(half, half + count)
    before = chosen[:, :count] if after_click else logits.detach()[:, :count, 0]
    points, labels = (points, labels) if after_click else (box_points, box_labels)
    points, labels = points[:, :count], labels[:, :count]
    for _ in range(int(torch.randint(1, 4, (1,), generator=generator).item())):
        more, kind = _correction(before, truth[:, first], filled, generator)
        points = torch.cat([(more * 2 + 0.5 + offset)[:, :, None], points], dim=2)
        labels = torch.cat([kind[..., None], labels], dim=2)
    previous = before.flatten(0, 1)[:, None] if torch.rand(1, generator=generator).item() < 0.5 else None
    logits, quality = model.decode(embeddings, points, labels, previous=previous, corner=batch.corner)
    each, overlap = _mask_loss(logits, truth[:, first, None], filled[:, None])
    total = total + each.mean() + QUALITY * _quality_loss(quality, overlap, batch.drawn[:, first])
    log["corrected"] = overlap.mean().item()
    return total, log


def _mask_loss(logits: Tensor, truth: Tensor, filled: Tensor) -> tuple[Tensor, Tensor]:
    """Focal and dice loss per mask, and its IoU. logits B x P x C x l x l, truth B x P x 1 x l x l, filled B x 1 x 1 x l x l."""
    logits = logits.to(torch.float32)
    truth = truth.expand_as(logits)
    inside = torch.sigmoid(logits) * filled
    cross = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    # Inside and outside weigh the same, else nearly all of a picture says "background" and so does the model.
    hard = (inside - truth).abs() * cross * filled
    outside = (1 - truth) * filled
    focal = (hard * truth).sum(dim=(-2, -1)) / truth.sum(dim=(-2, -1)).clamp(min=1)
    focal = focal + (hard * outside).sum(dim=(-2, -1)) / outside.sum(dim=(-2, -1)).clamp(min=1)
    crossing = (inside * truth).sum(dim=(-2, -1))
    dice = 1 - (2 * crossing + 1) / (inside.sum(dim=(-2, -1)) + truth.sum(dim=(-2, -1)) + 1)
    with torch.no_grad():
        found, meant = (logits > 0) & (filled > 0), truth > 0.5
        overlap = (found & meant).sum(dim=(-2, -1)) / (found | meant).sum(dim=(-2, -1)).clamp(min=1)
    return FOCAL * focal + DICE * dice, overlap


def _quality_loss(predicted: Tensor, overlap: Tensor, drawn: Tensor) -> Tensor:
    weight = torch.where(drawn, 1.0, PSEUDO_QUALITY)[..., None]
    return (weight * (predicted.to(torch.float32) - overlap) ** 2).mean()


def _clicks(truth: Tensor, generator: torch.Generator) -> Tensor:
    """B x P x 2 (x, y) in cells of the masks: often well inside, else anywhere inside."""
    deep = torch.rand(truth.shape[:2], generator=generator) < INNERMOST_CLICKS
    inside = (truth >= truth.amax(dim=(-2, -1), keepdim=True).clamp(max=0.5)).to(torch.float32)
    depth = _depth(inside) + 0.02 * torch.rand(truth.shape, generator=generator)
    anywhere = inside * (0.01 + torch.rand(truth.shape, generator=generator))
    return _places(torch.where(deep[..., None, None], depth, anywhere))


def _depth(inside: Tensor) -> Tensor:
    """About how far inside each cell is: the mean over ever larger neighbourhoods; what is outside is negative."""
    total = inside - 1
    for side in (3, 7, 15, 31):
        along = functional.avg_pool2d(inside, (side, 1), stride=1, padding=(side // 2, 0))
        total = total + functional.avg_pool2d(along, (1, side), stride=1, padding=(0, side // 2))
    return torch.where(inside > 0, total, -1.0)


def _places(values: Tensor) -> Tensor:
    where = values.flatten(2).argmax(dim=2)
    return torch.stack([where % values.shape[-1], where // values.shape[-1]], dim=-1).to(torch.float32)


def _correction(logits: Tensor, truth: Tensor, filled: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A click (B x P x 2) deep in what was missed or in what was too much, and which of them it is (1 or 0)."""
    found, meant = (logits > 0) & (filled > 0), truth > 0.5
    missed, extra = (meant & ~found).to(torch.float32), (found & ~meant).to(torch.float32)
    is_missed = missed.sum(dim=(-2, -1)) >= extra.sum(dim=(-2, -1))
    wrong = torch.where(is_missed[..., None, None], missed, extra)
    # Nothing wrong: a click inside that confirms.
    wrong = torch.where(wrong.amax(dim=(-2, -1), keepdim=True) > 0, wrong, meant.to(torch.float32))
    spread = 0.6 * torch.rand(wrong.shape, generator=generator)
    return _places(_depth(wrong) + spread * wrong), is_missed.to(torch.int64)


def _boxes(masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Corners (B x P x 2 x 2) of boxes around B x P x s x s masks, half of them inexact, and their labels."""
    size = masks.shape[-1]
    columns, rows = masks.any(dim=-2).to(torch.int64), masks.any(dim=-1).to(torch.int64)
    start = torch.stack([columns.argmax(dim=-1), rows.argmax(dim=-1)], dim=-1)
    end = size - torch.stack([columns.flip(-1).argmax(dim=-1), rows.flip(-1).argmax(dim=-1)], dim=-1)
    corners = torch.stack([start, end], dim=2).to(torch.float32)
    extent = (corners[:, :, 1] - corners[:, :, 0])[:, :, None]
    noise = torch.randn(corners.shape, generator=generator).clamp(-2, 2) * BOX_NOISE * extent
    exact = torch.rand(masks.shape[:2], generator=generator) < EXACT_BOXES
    corners = torch.where(exact[..., None, None], corners, (corners + noise).clamp(0, size))
    labels = torch.tensor([BOX_START, BOX_END]).expand(*masks.shape[:2], 2)
    return corners, labels


def _with_padding(points: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """A click without a box is followed by one padding point."""
    padding = torch.full_like(labels, PADDING)
    points = points[:, :, None]
    return torch.cat([points, torch.zeros_like(points)], dim=2), torch.cat([labels, padding], dim=2)
