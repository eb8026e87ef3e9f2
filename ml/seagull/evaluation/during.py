"""A few numbers on the validation part while training goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ml.seagull.data.records import ImageSample
from ml.seagull.evaluation.predictions import Prediction, predict
from ml.seagull.evaluation.table import quality_of, types_of
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.model import Seagull
from ml.seagull.scoring import expected

ROIS_SHOWN = 2


@dataclass(frozen=True)
class Validation:
    """What `TrainingRun` calls: closed-set scores of the samples and their main metrics, without intervals."""

    samples: Sequence[ImageSample]
    tokenizer: LanguageTokenizer
    prompt: Prompt

    def __call__(self, model: Seagull, step: int) -> dict[str, float]:
        found = predict(model, self.tokenizer, self.samples, prompt=self.prompt)
        quality, importance = quality_of(found, "quality"), quality_of(found, "importance")
        return {
            "quality_srocc": quality.srocc,
            "quality_plcc": quality.plcc,
            "importance_srocc": importance.srocc,
            "type_f1": types_of(found).f1,
        }


@dataclass(frozen=True)
class Examples:
    """What the network says of a few images, ROI by ROI, beside the labels: to look at, not to measure with."""

    samples: Sequence[ImageSample]
    tokenizer: LanguageTokenizer
    prompt: Prompt

    def __call__(self, model: Seagull) -> list[dict[str, Any]]:
        """At most two ROIs an image; quality and importance are scores 0..4, `types` those it would name."""
        found = predict(model, self.tokenizer, self.samples, prompt=self.prompt)
        shown: dict[str, int] = {}
        examples = []
        for one in found:
            shown[one.image_id] = shown.get(one.image_id, 0) + 1
            if shown[one.image_id] <= ROIS_SHOWN:
                examples.append(_example(one))
        return examples


def _example(one: Prediction) -> dict[str, Any]:
    labels = one.labels
    return {
        "image": one.image_id,
        "roi": one.roi_id,
        "quality": round(expected(one.quality), 3),
        "quality_label": labels.quality,
        "importance": round(expected(one.importance), 3),
        "importance_label": labels.importance,
        "types": sorted(one.judged({})),
        "types_label": sorted(labels.distortions or {}),
    }
