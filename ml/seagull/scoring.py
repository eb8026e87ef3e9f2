"""Closed-set scores: probabilities of the words that may stand at one place, all regions of an image in one pass.

Quality and importance are read behind the forced beginning of their answers, a type's presence from Yes and No to its
judgment. Severity of a type: P(severity word behind `With`) times P(type behind `With` and that word), normalised over
the five words. Source: the paper's section 5.1 (after Q-Align); the severity of a type is ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ml.seagull.data.records import ImageSample
from ml.seagull.language.answers import scoring_questions
from ml.seagull.language.levels import DISTORTIONS, SEVERITY_WORDS
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.sampling import ImagePlan, scoring_plan
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.inputs import ImageInputs, prepare_image
from ml.seagull.network.model import ROITokens, Seagull
from ml.seagull.tree.assembly import Assembler, assemble, assemble_suffix
from ml.seagull.tree.batch import QuestionRow
from ml.seagull.tree.collate import assembler_for, prepare
from ml.seagull.tree.prefix import PrefixCache, PrefixState, run_prefix, run_suffix

# On a CPU attention within a long row costs more than going through the layers once more for each chunk.
TOKEN_BUDGET_CPU, TOKEN_BUDGET = 1_024, 16_384
HEADS = ("quality", "importance", "severity", "presence")
_HEAD_OF = {"quality": "quality", "importance": "importance", "distortion": "severity", "judge_type": "presence"}


@dataclass(frozen=True, slots=True)
class TypeScore:
    present: float
    """Probability of Yes."""
    severity: tuple[float, ...]
    """Probabilities of extreme .. trivial, given that it is present."""


@dataclass(frozen=True, slots=True)
class ROIScores:
    """Probabilities of each level word, from 0 (bad, unimportant, extreme) to 4."""

    roi_id: str
    quality: tuple[float, ...]
    importance: tuple[float, ...]
    clean: float
    """Probability of `Without` against `With`."""
    distortions: Mapping[str, TypeScore]

    def to_json(self) -> dict[str, Any]:
        return {
            "quality": list(self.quality),
            "importance": list(self.importance),
            "clean": self.clean,
            "distortions": {
                name: {"present": one.present, "severity": list(one.severity)} for name, one in self.distortions.items()
            },
        }


def expected(probabilities: Sequence[float]) -> float:
    """The score 0..4 of five probabilities: their mean level."""
    return sum(level * probability for level, probability in enumerate(probabilities))


@dataclass
class Scorer:
    """Scores regions with one model.

    At most `budget` tokens go through the language model at once: small images together, an image that is larger
    in chunks of regions behind a cached prefix. `temperatures` by head (see HEADS) divide logits. With `prefixes`
    every image's prefix is kept for the next question about it; `weights_id` must then name the weights.
    """

    model: Seagull
    tokenizer: LanguageTokenizer
    prompt: Prompt
    token_budget: int | None = None
    """None: what suits the device."""
    temperatures: Mapping[str, float] = field(default_factory=dict)
    prefixes: PrefixCache | None = None
    weights_id: str = ""

    def __post_init__(self) -> None:
        unknown = set(self.temperatures) - set(HEADS)
        if unknown or not all(value > 0 for value in self.temperatures.values()):
            raise ValueError(
                f"temperatures are {dict(self.temperatures)}: give positive numbers for {', '.join(HEADS)}"
            )
        self.budget = self.token_budget or (TOKEN_BUDGET_CPU if self.device.type == "cpu" else TOKEN_BUDGET)
        self._questions = scoring_questions(self.prompt)

    @property
    def assembler(self) -> Assembler:
        return assembler_for(self.model.config, self.tokenizer, self.prompt)

    def score(self, samples: Sequence[ImageSample]) -> list[list[ROIScores]]:
        """Scores of every region of each image, in their order; an image without regions has none."""
        scores: list[list[ROIScores]] = [[] for _ in samples]
        with evaluating(self.model):
            for group in self._groups(samples):
                made = self._together([samples[number] for number in group])
                for number, one in zip(group, made, strict=True):
                    scores[number] = one
        return scores

    def prefix_of(self, sample: ImageSample) -> PrefixState:
        """The prefix of one image, from `prefixes` if it is there."""
        key = (self.weights_id, self.prompt.id, sample.image_id)
        state = self.prefixes.get(key) if self.prefixes is not None else None
        if state is None:
            tree = assemble([sample], [ImagePlan(())], self.assembler).to(self.device)
            pixels = prepare_image(sample.load(), self.model.config)[None]
            pyramid = self.model.perceive(ImageInputs(pixels=pixels).to(self.device))
            state = run_prefix(self.model, pyramid, tree)
            if self.prefixes is not None:
                self.prefixes.put(key, state)
        return state

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def longest_question(self) -> int:
        """Tokens of the longest of the nine questions, the beginning of its answer included."""
        pieces = (self.prompt.before_answer, "")
        said = [(question.text, question.prefix, *pieces) for question in self._questions]
        return max(sum(len(self.tokenizer.encode(one)) for one in texts) for texts in said)

    def _groups(self, samples: Sequence[ImageSample]) -> Iterator[list[int]]:
        """Images that go together: rows padded to the longest within the budget."""
        group: list[int] = []
        longest = 0
        for number, sample in enumerate(samples):
            if not sample.rois:
                continue
            size = self._size(sample)
            if group and max(longest, size) * (len(group) + 1) > self.budget:
                yield group
                group, longest = [], 0
            group.append(number)
            longest = max(longest, size)
        if group:
            yield group

    def _size(self, sample: ImageSample) -> int:
        one = self.assembler.region(sample.rois[0], self._questions, severity_types=True).size
        return len(self.assembler.prefix().ids) + len(sample.rois) * one

    def _together(self, samples: Sequence[ImageSample]) -> list[list[ROIScores]]:
        if len(samples) == 1 and (self.prefixes is not None or self._size(samples[0]) > self.budget):
            return [self._chunked(samples[0])]
        plans = [scoring_plan(sample, self.prompt) for sample in samples]
        images, rois = prepare(samples, plans, self.model.config)
        tree = assemble(samples, plans, self.assembler, severity_types=True).to(self.device)
        tokens = self.model.encode(images.to(self.device), rois.to(self.device))
        hidden = self.model.hidden(self.model.embed(tokens, tree), tree)
        read = self._read(hidden, tree.question_rows)
        return [
            [_scores_of(roi.roi_id, read[number, roi.roi_id]) for roi in sample.rois]
            for number, sample in enumerate(samples)
        ]

    def _chunked(self, sample: ImageSample) -> list[ROIScores]:
        state = self.prefix_of(sample)
        _, rois = prepare([sample], [scoring_plan(sample, self.prompt)], self.model.config)
        described = self.model.describe(state.pyramid, rois.to(self.device))
        assembler = self.assembler
        branches = [assembler.region(roi, self._questions, severity_types=True) for roi in sample.rois]
        scores: list[ROIScores] = []
        for first, end in chunks([one.size for one in branches], self.budget):
            tree = assemble_suffix(sample.rois[first:end], branches[first:end], assembler, prefix=state.length)
            hidden = run_suffix(self.model, part(described, first, end), tree.to(self.device), state.cache())
            read = self._read(hidden, tree.question_rows)
            scores += [_scores_of(roi.roi_id, read[0, roi.roi_id]) for roi in sample.rois[first:end]]
        return scores

    def _read(
        self, hidden: Tensor, rows: Sequence[QuestionRow]
    ) -> dict[tuple[int, str], dict[tuple[str, str], Tensor]]:
        """By (image, ROI), then by (task, subject): the probabilities of the closed set."""
        positions = torch.tensor([row.position for row in rows], device=hidden.device)
        logits = self.model.logits_at(hidden, positions).float()
        kinds: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        for number, row in enumerate(rows):
            kinds.setdefault((row.task, row.candidates), []).append(number)
        read: dict[tuple[int, str], dict[tuple[str, str], Tensor]] = {}
        for (task, candidates), numbers in kinds.items():
            closed = logits[numbers][:, list(candidates)] / self.temperatures.get(_HEAD_OF.get(task, ""), 1.0)
            for number, probabilities in zip(numbers, closed.softmax(dim=-1).cpu(), strict=True):
                row = rows[number]
                read.setdefault((row.image, row.roi_id), {})[task, row.subject or ""] = probabilities
        return read


def score(
    model: Seagull,
    tokenizer: LanguageTokenizer,
    samples: Sequence[ImageSample],
    *,
    prompt: Prompt,
    token_budget: int | None = None,
    temperatures: Mapping[str, float] | None = None,
) -> list[list[ROIScores]]:
    """Scores of every region of each image: see Scorer."""
    return Scorer(model, tokenizer, prompt, token_budget, temperatures or {}).score(samples)


def chunks(sizes: Sequence[int], budget: int) -> Iterator[tuple[int, int]]:
    """(first, end) of runs whose sizes add up to at most `budget`; what is larger by itself goes alone."""
    first, total = 0, 0
    for number, size in enumerate(sizes):
        if number > first and total + size > budget:
            yield first, number
            first, total = number, 0
        total += size
    if sizes:
        yield first, len(sizes)


def part(described: ROITokens, first: int, end: int) -> ROITokens:
    """The tokens of some of the regions."""
    return ROITokens(
        global_=None if described.global_ is None else described.global_[first:end],
        local=None if described.local is None else described.local[first:end],
        aux=None,
        empty=described.empty,
    )


@contextmanager
def evaluating(model: Seagull) -> Iterator[None]:
    """Without gradients and without dropout; the mode is put back afterwards."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(was_training)


def _scores_of(roi_id: str, read: Mapping[tuple[str, str], Tensor]) -> ROIScores:
    by_severity = torch.stack([read["severity_type", word] for word in SEVERITY_WORDS])
    joint = read["distortion", ""][:, None] * by_severity
    severity = joint / joint.sum(dim=0, keepdim=True).clamp_min(torch.finfo(joint.dtype).tiny)
    return ROIScores(
        roi_id=roi_id,
        quality=_floats(read["quality", ""]),
        importance=_floats(read["importance", ""]),
        clean=float(read["presence", ""][1]),
        distortions={
            name: TypeScore(present=float(read["judge_type", name][0]), severity=_floats(severity[:, number]))
            for number, name in enumerate(DISTORTIONS)
        },
    )


def _floats(values: Tensor) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
