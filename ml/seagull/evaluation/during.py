"""A few numbers on the validation part while training goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.seagull.data.records import ImageSample
from ml.seagull.evaluation.predictions import predict
from ml.seagull.evaluation.table import quality_of, types_of
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.model import Seagull


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
