"""Suggestions for the regions of an image: closed-set scores, and an answer about distortions that always parses."""

from dataclasses import dataclass

from ml.seagull.data.records import ImageSample
from ml.seagull.language.answers import distortion_answer
from ml.seagull.language.constrained import DistortionLanguage
from ml.seagull.language.parser import parse_distortions
from ml.seagull.language.sampling import scoring_plan
from ml.seagull.scoring import ROIScores, Scorer, chunks, evaluating, part
from ml.seagull.tree.collate import prepare
from ml.seagull.tree.decoding import Decoded, decode_distortions


@dataclass(frozen=True, slots=True)
class Suggestion:
    scores: ROIScores
    answer: str
    """What the model says of the distortions."""
    distortions: dict[str, int | None]
    """The same, read: severity level by type; empty for a clean region."""
    confidence: float
    """Probability of the answer among all that parse."""


def suggest(scorer: Scorer, sample: ImageSample) -> list[Suggestion]:
    """One suggestion per region of an image, in their order. The encoder runs once if the scorer keeps prefixes."""
    if not sample.rois:
        return []
    (scores,) = scorer.score([sample])
    return [_suggestion(scorer, one, decoded) for one, decoded in zip(scores, _decode(scorer, sample), strict=True)]


def _decode(scorer: Scorer, sample: ImageSample) -> list[Decoded]:
    language = DistortionLanguage(scorer.tokenizer, scorer.prompt)
    _, rois = prepare([sample], [scoring_plan(sample, scorer.prompt)], scorer.model.config)
    with evaluating(scorer.model):
        state = scorer.prefix_of(sample)
        described = scorer.model.describe(state.pyramid, rois.to(scorer.device))
        size = scorer.assembler.region(sample.rois[0], ()).size + scorer.longest_question
        return [
            decoded
            for first, end in chunks([size] * len(sample.rois), scorer.budget)
            for decoded in decode_distortions(
                scorer.model,
                scorer.assembler,
                state,
                part(described, first, end),
                sample.rois[first:end],
                language=language,
            )
        ]


def _suggestion(scorer: Scorer, scores: ROIScores, decoded: Decoded) -> Suggestion:
    text = scorer.tokenizer.decode(decoded.ids)
    parsed = parse_distortions(text)
    if parsed.error is not None:
        raise ValueError(f"the answer {text!r} does not parse: {parsed.error}")
    # As it is written, not as tokens are joined: a word-level vocabulary knows neither capitals nor blanks.
    answer = " ".join(part for part in distortion_answer(scorer.prompt, parsed.distortions) if part)
    return Suggestion(scores=scores, answer=answer, distortions=parsed.distortions, confidence=decoded.confidence)
