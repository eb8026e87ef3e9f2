"""What a model says of every ROI of a set, beside what the labels say.

Types are told in two ways: `judged` from the Yes/No judgment of each type (probability against its threshold), and
`told` as the greedy answer to the distortion question, decoded so that it always parses (paper 5.1: the free answer).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ml.seagull.data.records import ImageSample, ROILabels
from ml.seagull.language.levels import DISTORTIONS
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.model import Seagull
from ml.seagull.scoring import ROIScores, Scorer
from ml.seagull.suggesting import suggest

IMAGES_AT_ONCE = 8
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Prediction:
    """One ROI. Probabilities are over the five words, worst first; distortions as {type: severity level or None}."""

    image_id: str
    roi_id: str
    quality: tuple[float, ...]
    importance: tuple[float, ...]
    present: dict[str, float]
    severity: dict[str, tuple[float, ...]]
    clean: float
    labels: ROILabels
    told: dict[str, int | None] | None = None
    """Of the answer in words; None if it was not asked for, or did not parse."""

    def judged(self, thresholds: Mapping[str, float]) -> dict[str, int]:
        """Types whose probability reaches its threshold, each with its likeliest severity; empty: clean."""
        return {
            name: max(range(len(self.severity[name])), key=lambda level: self.severity[name][level])
            for name in DISTORTIONS
            if self.present[name] >= thresholds.get(name, DEFAULT_THRESHOLD)
        }


def predict(
    model: Seagull, tokenizer: LanguageTokenizer, samples: Sequence[ImageSample], *, prompt: Prompt
) -> list[Prediction]:
    """Closed-set scores of every ROI, image after image."""
    return scored(Scorer(model, tokenizer, prompt), samples)


def scored(scorer: Scorer, samples: Sequence[ImageSample]) -> list[Prediction]:
    """Closed-set scores of every ROI, image after image, by a scorer with its own calibration."""
    found: list[Prediction] = []
    for group in _groups(samples):
        for sample, scores in zip(group, scorer.score(group), strict=True):
            found += [
                _prediction(sample.image_id, one, roi.labels) for roi, one in zip(sample.rois, scores, strict=True)
            ]
    return found


def answered(scorer: Scorer, samples: Sequence[ImageSample]) -> list[Prediction]:
    """As `scored`, with the answer in words beside it: one decoding more per image."""
    found: list[Prediction] = []
    for sample in samples:
        for roi, one in zip(sample.rois, suggest(scorer, sample), strict=True):
            found.append(replace(_prediction(sample.image_id, one.scores, roi.labels), told=one.distortions))
    return found


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """One JSON object a line: what was predicted and what the label was."""
    with path.open("w", encoding="utf-8") as file:
        for one in predictions:
            file.write(json.dumps(_as_json(one)) + "\n")


def read_predictions(path: Path) -> list[Prediction]:
    """What `write_predictions` wrote."""
    return parse_predictions(path.read_text(encoding="utf-8"))


def parse_predictions(text: str) -> list[Prediction]:
    """The predictions of the lines of such a file."""
    return [_from_json(json.loads(line)) for line in text.splitlines()]


def _from_json(row: dict[str, Any]) -> Prediction:
    tuples = {name: tuple(row[name]) for name in ("quality", "importance")}
    severity = {name: tuple(values) for name, values in row["severity"].items()}
    votes = {scale: tuple(counts) for scale, counts in row["labels"].get("votes", {}).items()}
    labels = ROILabels(**{**row["labels"], "votes": votes})
    return Prediction(**{**row, **tuples, "severity": severity, "labels": labels})


def _as_json(prediction: Prediction) -> dict[str, Any]:
    document = asdict(prediction)
    document["labels"]["distortions"] = prediction.labels.distortions
    return document


def _groups(samples: Sequence[ImageSample]) -> Iterator[list[ImageSample]]:
    able = [sample for sample in samples if sample.rois]
    for first in range(0, len(able), IMAGES_AT_ONCE):
        yield able[first : first + IMAGES_AT_ONCE]


def _prediction(image_id: str, scores: ROIScores, labels: ROILabels) -> Prediction:
    return Prediction(
        image_id=image_id,
        roi_id=scores.roi_id,
        quality=scores.quality,
        importance=scores.importance,
        present={name: scores.distortions[name].present for name in DISTORTIONS},
        severity={name: scores.distortions[name].severity for name in DISTORTIONS},
        clean=scores.clean,
        labels=labels,
    )
