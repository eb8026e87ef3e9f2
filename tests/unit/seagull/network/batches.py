"""Batches of random pixels with trees laid out by hand: an image, then one branch of words per ROI."""

from dataclasses import dataclass

import torch

from ml.seagull.network.config import NetworkConfig
from ml.seagull.network.inputs import ImageInputs, ROIInputs
from ml.seagull.tree.batch import IGNORED, AuxTargets, TreeBatch

HEAD, BRANCH = 3, 6


@dataclass(frozen=True)
class Batch:
    images: ImageInputs
    rois: ROIInputs
    tree: TreeBatch


def boxes(*rows: tuple[int, int, int, int], size: int) -> torch.Tensor:
    """Masks of boxes (top, bottom, left, right)."""
    masks = torch.zeros(len(rows), size, size)
    for mask, (top, bottom, left, right) in zip(masks, rows, strict=True):
        mask[top:bottom, left:right] = 1
    return masks


def random_rois(config: NetworkConfig, counts: tuple[int, ...], *, seed: int = 0) -> ROIInputs:
    """`counts[b]` ROIs on image b: random boxes and random crops."""
    torch.manual_seed(seed)
    total, size = sum(counts), config.image_size
    corners = torch.randint(0, size - 8, (total, 2)).tolist()
    sides = torch.randint(3, size, (total, 2)).tolist()
    rows = [(y, min(size, y + h), x, min(size, x + w)) for (y, x), (h, w) in zip(corners, sides, strict=True)]
    crops = torch.rand(total, config.crop_channels, config.crop_size, config.crop_size)
    if config.crop_channels == 4:
        crops[:, 3] = crops[:, 3].round()
    index = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return ROIInputs(image_index=index, masks=boxes(*rows, size=size), crops=crops)


def random_images(config: NetworkConfig, count: int, *, seed: int = 1) -> ImageInputs:
    torch.manual_seed(seed)
    return ImageInputs(torch.rand(count, 3, config.image_size, config.image_size))


def hand_made_tree(config: NetworkConfig, counts: tuple[int, ...]) -> TreeBatch:
    """HEAD words and the image; then per ROI <global>, <local> and four words, the last two of which have labels."""
    tokens = config.image_token_count
    prefix = HEAD + tokens
    length = prefix + max(counts) * BRANCH
    batch = len(counts)
    ids = torch.zeros(batch, length, dtype=torch.long)
    positions, labels = torch.zeros_like(ids), torch.full_like(ids, IGNORED)
    attention = torch.eye(length, dtype=torch.bool).repeat(batch, 1, 1, 1)
    slots = torch.zeros(batch, length, dtype=torch.bool)
    slots[:, HEAD:prefix] = True
    ids[:, :HEAD], positions[:, :prefix] = torch.arange(1, HEAD + 1), torch.arange(prefix)
    attention[:, :, :prefix, :prefix] |= torch.ones(prefix, prefix, dtype=torch.bool).tril()
    starts = []
    for row, count in enumerate(counts):
        for number in range(count):
            start = prefix + number * BRANCH
            end = start + BRANCH
            starts.append(row * length + start)
            ids[row, start:end] = torch.arange(10, 10 + BRANCH)
            positions[row, start:end] = torch.arange(prefix, prefix + BRANCH)
            attention[row, :, start:end, :prefix] = True
            attention[row, :, start:end, start:end] |= torch.ones(BRANCH, BRANCH, dtype=torch.bool).tril()
            labels[row, end - 2 : end] = torch.tensor([20, 2])
    total = sum(counts)
    begins = torch.tensor(starts)
    aux = AuxTargets(
        quality=torch.arange(total) % 5,
        importance=torch.full((total,), IGNORED),
        types=torch.full((total, 6), torch.nan).index_fill(1, torch.tensor([2]), 1.0),
    )
    return TreeBatch(
        token_ids=ids,
        position_ids=positions,
        attention=attention,
        labels=labels,
        subtree_end=torch.full_like(ids, length),
        image_slots=slots,
        global_slots=begins,
        local_slots=begins + 1,
        aux=aux,
    )


def random_batch(config: NetworkConfig, counts: tuple[int, ...] = (2, 1)) -> Batch:
    return Batch(
        images=random_images(config, len(counts)),
        rois=random_rois(config, counts),
        tree=hand_made_tree(config, counts),
    )
