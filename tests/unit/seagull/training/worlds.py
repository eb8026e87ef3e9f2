"""A network and a set so small that a step takes a hundredth of a second."""

import numpy as np

from ml.seagull.data.records import ImageSample, ROILabels, ROISample
from ml.seagull.language.tokenizer import word_level
from ml.seagull.network.config import EncoderConfig, LMConfig
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from ml.seagull.training.run import TrainingRun
from ml.seagull.training.settings import LoRA, settings_for

TOKENIZER = word_level()


def network(**overrides):
    import torch

    torch.manual_seed(0)
    return Seagull(
        preset(
            "ci",
            image_size=64,
            encoder=EncoderConfig((4, 8, 12, 16), (1, 1, 1, 1)),
            token_dim=8,
            heads=2,
            lm=LMConfig(layers=1, dim=16, ff=32, heads=2, vocab=128, tied=True),
            crop_size=32,
            kv_grid=2,
            **overrides,
        )
    )


def samples(count=6, size=32):
    """Noise of a strength that is the quality; two ROIs an image."""

    def one(number):
        generator = np.random.default_rng(number)
        pixels = generator.integers(0, 40 + 40 * (number % 5), (size, size, 3)).astype(np.uint8)
        rois = []
        for index in range(2):
            mask = np.zeros((size, size), bool)
            mask[4 + 8 * index : 14 + 8 * index, 3:29] = True
            labels = ROILabels(
                quality=float(number % 5),
                importance=float((number + index) % 5),
                distortions={} if number % 3 == 0 else {"noise": number % 5},
            )
            rois.append(ROISample.of(f"{number}-{index}", mask, labels))
        return ImageSample(f"image-{number}", "train", lambda: pixels, tuple(rois))

    return [one(number) for number in range(count)]


def settings(**changes):
    defaults = {
        "steps": 8,
        "batch_images": 2,
        "rois": 2,
        "judgments": 1,
        "save_every": 2,
        "balance_quality": False,
        "token_steps": 0,
    }
    return settings_for("scratch", **{**defaults, **changes})


def run_in(folder, *, model=None, images=None, evaluate=None, **changes):
    return TrainingRun(
        model or network(),
        tokenizer=TOKENIZER,
        settings=settings(**changes),
        samples=images or samples(),
        folder=folder,
        evaluate=evaluate,
    )


SMALL_LORA = LoRA(rank=2, alpha=4, dropout=0.1)
