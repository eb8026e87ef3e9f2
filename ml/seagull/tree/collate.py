"""Samples and plans to a batch: pixels, regions and the tree, in one order of regions."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ml.seagull.data.records import ImageSample, Pixels, ROISample
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.sampling import ImagePlan, generator
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.config import NetworkConfig
from ml.seagull.network.inputs import ImageInputs, ROIInputs, prepare_image, prepare_roi
from ml.seagull.tree.assembly import Assembler, assemble
from ml.seagull.tree.batch import TreeBatch


@dataclass(frozen=True, slots=True)
class Batch:
    """What `Seagull.forward` takes."""

    images: ImageInputs
    rois: ROIInputs
    tree: TreeBatch

    def to(self, device: torch.device | str) -> "Batch":
        return Batch(self.images.to(device), self.rois.to(device), self.tree.to(device))


def assembler_for(config: NetworkConfig, tokenizer: LanguageTokenizer, prompt: Prompt) -> Assembler:
    """How this network's sequences are put together."""
    return Assembler(
        tokenizer=tokenizer,
        prompt=prompt,
        image_tokens=config.image_token_count,
        global_tokens=config.global_view,
        local_tokens=config.local != "none",
    )


def collate(
    samples: Sequence[ImageSample],
    *,
    tokenizer: LanguageTokenizer,
    config: NetworkConfig,
    prompt: Prompt,
    plan: Sequence[ImagePlan],
    severity_types: bool = False,
    pad_to: int = 1,
    draw: Sequence[tuple[int, int]] | None = None,
) -> Batch:
    """The batch of these images under these plans (one per sample, see `language.sampling`).

    `draw` is (run seed, epoch) of each image in training, where local crops of large regions are random windows.
    Raises MissingTarget, naming image and region, for an answer that could teach nothing, and ValueError for a mask
    that is not of its image's size.
    """
    images, rois = prepare(samples, plan, config, draw=draw)
    tree = assemble(
        samples, plan, assembler_for(config, tokenizer, prompt), severity_types=severity_types, pad_to=pad_to
    )
    return Batch(images=images, rois=rois, tree=tree)


def prepare(
    samples: Sequence[ImageSample],
    plan: Sequence[ImagePlan],
    config: NetworkConfig,
    *,
    draw: Sequence[tuple[int, int]] | None = None,
) -> tuple[ImageInputs, ROIInputs]:
    """Pixels and regions of the plans, region after region in their order. Raises ValueError if there is no region."""
    if not any(planned.rois for planned in plan):
        raise ValueError("no image of the batch has a region with a question: leave such images out")
    pixels, masks, crops, index = [], [], [], []
    for number, (sample, planned) in enumerate(zip(samples, plan, strict=True)):
        picture = sample.load()
        pixels.append(prepare_image(picture, config))
        for one in planned.rois:
            mask, crop = _region(sample, sample.rois[one.index], picture, config, draw[number] if draw else None)
            masks.append(mask)
            crops.append(crop)
            index.append(number)
    return (
        ImageInputs(pixels=torch.stack(pixels)),
        ROIInputs(
            image_index=torch.tensor(index, dtype=torch.int64), masks=torch.stack(masks), crops=torch.stack(crops)
        ),
    )


def _region(
    sample: ImageSample, roi: ROISample, picture: Pixels, config: NetworkConfig, draw: tuple[int, int] | None
) -> tuple[Tensor, Tensor]:
    if (roi.rle.height, roi.rle.width) != picture.shape[:2]:
        raise ValueError(
            f"image {sample.image_id} is {picture.shape[1]} x {picture.shape[0]}, the mask of ROI {roi.roi_id} "
            f"{roi.rle.width} x {roi.rle.height}: a mask must be of its image's size"
        )
    rng = None if draw is None else generator("window", *draw, sample.image_id, roi.roi_id)
    return prepare_roi(picture, roi.mask, config, rng=rng)
