"""Which regions of an image are asked what: a pure function of (run seed, image, epoch).

No state is carried from image to image, so the draws are the same for any number of workers and after any resume.
"""

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.seagull.data.records import ImageSample, ROILabels, ROISample
from ml.seagull.language.answers import (
    WORDS,
    Question,
    air,
    distortion_answer,
    jir,
    level_answer,
    scoring_questions,
    yes_no,
)
from ml.seagull.language.levels import DISTORTIONS, LEVEL_COUNT
from ml.seagull.language.prompts import AIR, JIR, Prompt

_TRIES = 8


@dataclass(frozen=True, slots=True)
class PlannedROI:
    """A region by its index in the sample, and what is asked of it."""

    index: int
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class ImagePlan:
    rois: tuple[PlannedROI, ...]

    @property
    def questions(self) -> int:
        return sum(len(roi.questions) for roi in self.rois)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How instructions are drawn.

    `rois` and `judgments` are counts per image and per region; `rois=None` takes all. `fixed` draws the same in every
    epoch (stage 2). `paraphrase` draws among the wordings, otherwise the first is used. `quality_weights` are the
    odds of regions of each quality level: see `inverse_frequency`.
    """

    rois: int | None = 8
    judgments: int = 3
    analyses: tuple[str, ...] = AIR
    judgment_tasks: tuple[str, ...] = JIR
    fixed: bool = False
    paraphrase: bool = True
    quality_weights: tuple[float, ...] = field(default=(1.0,) * LEVEL_COUNT)

    def __post_init__(self) -> None:
        unknown = set(self.analyses) - set(AIR) | set(self.judgment_tasks) - set(JIR)
        if unknown:
            raise ValueError(f"there is no task {', '.join(sorted(unknown))}")
        if len(self.quality_weights) != LEVEL_COUNT or min(self.quality_weights) < 0:
            raise ValueError(f"quality_weights are {self.quality_weights}: five numbers from 0 on are needed")


def generator(*parts: object) -> np.random.Generator:
    """A generator of its own for these words and numbers, the same on every machine."""
    text = "\x1f".join(map(str, parts)).encode()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(hashlib.sha256(text).digest()[:16], "big")))


def inverse_frequency(samples: Iterable[ImageSample]) -> tuple[float, ...]:
    """Odds per quality level that make all levels equally likely over these images; at most 20 to 1."""
    counts = Counter(roi.labels.quality_level for sample in samples for roi in sample.rois)
    most = max((counts[level] for level in range(LEVEL_COUNT)), default=0)
    return tuple(min(most / counts[level], 20.0) if counts[level] else 1.0 for level in range(LEVEL_COUNT))


def draw_plan(
    sample: ImageSample,
    prompt: Prompt,
    how: Sampling,
    *,
    run_seed: int,
    epoch: int,
    given: ImagePlan | None = None,
) -> ImagePlan:
    """Regions and questions with their answers for one image in one epoch.

    A region gets the analyses that its labels can answer, then `judgments` different judgments. A region without any
    label is never drawn; an image without a labelled region has an empty plan. With `given`, the questions of an
    instruction file, regions are drawn in the same way and asked what it says.
    """
    rng = generator("plan", run_seed, sample.image_id, 0 if how.fixed else epoch)
    if given is not None:
        asked = {roi.index: roi for roi in given.rois}
        return ImagePlan(tuple(asked[index] for index in _draw_rois(sample, how, rng, among=asked)))
    rois = [
        PlannedROI(index, _questions(sample.rois[index], prompt, how, rng)) for index in _draw_rois(sample, how, rng)
    ]
    return ImagePlan(tuple(roi for roi in rois if roi.questions))


def scoring_plan(sample: ImageSample, prompt: Prompt) -> ImagePlan:
    """Every region of an image with the nine closed-set questions, unanswered."""
    questions = scoring_questions(prompt)
    return ImagePlan(tuple(PlannedROI(index, questions) for index in range(len(sample.rois))))


def _draw_rois(
    sample: ImageSample, how: Sampling, rng: np.random.Generator, *, among: Container[int] | None = None
) -> list[int]:
    """Half objects, half components where both are there; within a kind by the odds of the quality level."""
    able = [
        index
        for index, roi in enumerate(sample.rois)
        if (_is_labelled(roi.labels) if among is None else index in among)
    ]
    if how.rois is None or how.rois >= len(able):
        return able
    kinds: dict[str | None, list[int]] = {}
    for index in able:
        kinds.setdefault(sample.rois[index].level, []).append(index)
    # The larger kind fills up what the smaller one lacks.
    drawn: list[int] = []
    for left, kind in zip(range(len(kinds), 0, -1), sorted(kinds, key=lambda one: len(kinds[one])), strict=True):
        share = (how.rois - len(drawn)) / left
        size = int(share) + int(rng.random() < share - int(share))
        drawn += _weighted(kinds[kind], sample.rois, min(size, len(kinds[kind])), how, rng)
    return sorted(drawn)


def _weighted(
    indices: list[int], rois: Sequence[ROISample], size: int, how: Sampling, rng: np.random.Generator
) -> list[int]:
    levels = [rois[index].labels.quality_level for index in indices]
    odds = np.array([1.0 if level is None else how.quality_weights[level] for level in levels]) + 1e-9
    # The largest of u ** (1 / w) are a weighted draw without replacement (Efraimidis and Spirakis).
    keys = np.log(rng.random(len(indices)) + 1e-300) / odds
    return [indices[place] for place in np.argsort(-keys)[:size].tolist()]


def _questions(roi: ROISample, prompt: Prompt, how: Sampling, rng: np.random.Generator) -> tuple[Question, ...]:
    asked = [
        _analysis(task, roi.labels, prompt, _wording(prompt, task, how, rng))
        for task in how.analyses
        if _knows(roi.labels, task)
    ]
    tasks = [task for task in how.judgment_tasks if _knows(roi.labels, task.removeprefix("judge_"))]
    judged: dict[tuple[str, str | None], Question] = {}
    for _ in range(_TRIES * how.judgments if tasks else 0):
        if len(judged) == how.judgments:
            break
        question = _judgment(roi.labels, tasks, prompt, how, rng)
        judged.setdefault((question.task, question.subject), question)
    return (*asked, *judged.values())


def _analysis(task: str, labels: ROILabels, prompt: Prompt, wording: int) -> Question:
    if task == "distortion":
        prefix, answer = distortion_answer(prompt, labels.distortions or {})
    else:
        prefix, answer = level_answer(prompt, task, _level(labels, task))
    unanswered = air(prompt, task, paraphrase=wording)
    return Question(task=task, text=unanswered.text, prefix=prefix, answer=answer)


def _judgment(
    labels: ROILabels, tasks: Sequence[str], prompt: Prompt, how: Sampling, rng: np.random.Generator
) -> Question:
    """A fair coin says whether the right answer is Yes; a condition that fits is then looked for."""
    holds = bool(rng.random() < 0.5)
    task = tasks[int(rng.integers(len(tasks)))]
    if task == "judge_type" and holds and labels.clean and len(tasks) > 1:
        # Nothing can be rightly named in a clean region: the Yes is kept by asking of something else.
        others = [one for one in tasks if one != task]
        task = others[int(rng.integers(len(others)))]
    if task == "judge_type":
        holds, subject = _type_condition(labels, holds, rng)
    else:
        scale = task.removeprefix("judge_")
        subject = WORDS[scale][_level_condition(_level(labels, scale), holds, rng)]
    question = jir(prompt, task, subject, paraphrase=_wording(prompt, task, how, rng))
    return Question(task=task, text=question.text, prefix="", answer=yes_no(holds=holds), subject=subject)


def _level_condition(level: int, holds: bool, rng: np.random.Generator) -> int:  # noqa: FBT001
    """The level asked for: the right one, or half the time one beside it and half the time any other."""
    if holds:
        return level
    others = [one for one in range(LEVEL_COUNT) if one != level]
    if rng.random() < 0.5:
        others = [one for one in others if abs(one - level) == 1]
    return others[int(rng.integers(len(others)))]


def _type_condition(labels: ROILabels, holds: bool, rng: np.random.Generator) -> tuple[bool, str]:  # noqa: FBT001
    present = [name for name in DISTORTIONS if name in (labels.distortions or {})]
    absent = [name for name in DISTORTIONS if name not in present]
    holds = (holds and bool(present)) or not absent
    choice = present if holds else absent
    return holds, choice[int(rng.integers(len(choice)))]


def _wording(prompt: Prompt, task: str, how: Sampling, rng: np.random.Generator) -> int:
    return int(rng.integers(len(prompt.questions[task]))) if how.paraphrase else 0


def _knows(labels: ROILabels, what: str) -> bool:
    return (
        labels.distortions is not None
        if what in {"distortion", "type"}
        else getattr(labels, f"{what}_level") is not None
    )


def _is_labelled(labels: ROILabels) -> bool:
    return any(_knows(labels, task) for task in AIR)


def _level(labels: ROILabels, scale: str) -> int:
    level: int = getattr(labels, f"{scale}_level")
    return level
