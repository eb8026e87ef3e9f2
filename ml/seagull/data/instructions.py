"""Instruction files: JSON lines, one region each, in the conversation form that LLaVA and Osprey read.

    {"id": "roi", "image": "a/one.png", "sha256": "...", "width": 640, "height": 480, "split": "train",
     "annotation": [{"segmentation": {...}, "level": "object"}],
     "conversations": [{"from": "human", "value": "<image>... <global><local>. question"}, {"from": "gpt", ...}, ...]}

The first question of a line follows the marks of image and region; the others stand alone. All of them are about the
one region, and each is answered by itself. The labels of a region are what its analysis answers say, with the means
from `means` where they are given.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ml.seagull.data.pictures import PictureFile, inside
from ml.seagull.data.records import ImageSample, ROILabels, ROISample
from ml.seagull.data.release import SPLITS, DataSet, check_hash, mask_of, refused, unique
from ml.seagull.language.answers import WORDS, Question, distortion_answer, level_answer
from ml.seagull.language.levels import DISTORTIONS, YES_NO
from ml.seagull.language.parser import parse_distortions, parse_importance, parse_judgment, parse_quality
from ml.seagull.language.prompts import TASKS, Prompt, load_prompt, prompt_ids
from ml.seagull.language.sampling import ImagePlan, PlannedROI

_MARKS: Final = re.compile(r"^.*(?:<global>|<local>)[\s.]*", re.DOTALL)
_SPEAKERS: Final = ("human", "gpt")


@dataclass(frozen=True, slots=True)
class _Line:
    roi: ROISample
    image: tuple[str, str, int, int, str]
    """image_id, file name, width, height, split."""
    source: str
    questions: tuple[Question, ...]


def read_instructions(path: Path, *, images: Path | None = None, check_hashes: bool = True) -> DataSet:
    """Read a file whose `image`s start from a folder (its own by default).

    Raises RecordRefused naming the line and its id: for an answer that does not parse or a judgment that contradicts
    the analysis of the same region, for a mask or a picture that does not fit, for an image in two splits.
    """
    groups: dict[str, list[_Line]] = {}
    with path.open(encoding="utf-8") as lines:
        for number, text in enumerate(lines, start=1):
            if text.strip():
                line = _line(number, text)
                groups.setdefault(line.image[0], []).append(line)
    folder = images or path.parent
    samples = unique([_sample(group, folder, check_hashes=check_hashes) for group in groups.values()])
    plans = {
        image_id: ImagePlan(tuple(PlannedROI(index, line.questions) for index, line in enumerate(group)))
        for image_id, group in groups.items()
    }
    return DataSet(samples=samples, plans=plans)


def question_of(text: str, answer: str) -> Question:
    """What is asked and answered, by the wordings of the shipped prompts. Raises ValueError if neither is known."""
    asked = _MARKS.sub("", text).strip()
    for task, subject, wordings in _wordings():
        if asked in wordings:
            return _answered(task, subject, asked, answer)
    raise ValueError(f"the question {asked!r} is none of the prompts {', '.join(prompt_ids())}")


def labels_from(questions: Sequence[Question], means: Mapping[str, float] | None = None) -> ROILabels:
    """The labels that the analyses state. Raises ValueError if two answers contradict each other."""
    said: dict[str, Any] = {}
    for question in questions:
        if question.task in {"quality", "importance", "distortion"}:
            value = _value(question.task, f"{question.prefix} {question.answer}")
            if said.setdefault(question.task, value) != value:
                raise ValueError(f"{question.task} is answered in two ways")
    means = means or {}
    labels = ROILabels(
        quality=means.get("quality"),
        quality_level=said.get("quality"),
        importance=means.get("importance"),
        importance_level=said.get("importance"),
        distortions=said.get("distortion"),
    )
    for question in questions:
        _check_judgment(question, labels)
    return labels


def _line(number: int, text: str) -> _Line:
    name = f"line {number}"
    try:
        record = json.loads(text)
        name = f"line {number}, id {record['id']!r}"
        width, height = int(record["width"]), int(record["height"])
        if record["split"] not in SPLITS:
            raise ValueError(f"split is {record['split']!r}: it is one of {', '.join(SPLITS)}")  # noqa: TRY301
        (annotation,) = record["annotation"]
        questions = _conversation(record["conversations"])
        roi = ROISample(
            roi_id=str(record["id"]),
            rle=mask_of(annotation["segmentation"], height=height, width=width),
            labels=labels_from(questions, record.get("means")),
            level=annotation.get("level"),
        )
        image_id = record.get("sha256") or record["image"]
        image = (image_id, record["image"], width, height, record["split"])
        return _Line(roi=roi, image=image, source=record.get("source") or "", questions=questions)
    except (KeyError, TypeError, ValueError) as error:
        raise refused(name, error) from None


def _conversation(turns: Sequence[Mapping[str, str]]) -> tuple[Question, ...]:
    if not turns or [turn["from"] for turn in turns] != [*_SPEAKERS] * (len(turns) // 2):
        raise ValueError("conversations are not human and gpt in turn")
    return tuple(question_of(human["value"], gpt["value"]) for human, gpt in zip(turns[::2], turns[1::2], strict=True))


def _sample(group: Sequence[_Line], folder: Path, *, check_hashes: bool) -> ImageSample:
    first = group[0]
    image_id, file_name, width, height, split = first.image
    for line in group[1:]:
        if line.image != first.image:
            raise refused(f"id {line.roi.roi_id!r}", ValueError(f"image {image_id} is {line.image} and {first.image}"))
    try:
        picture = PictureFile(inside(folder, file_name), width, height)
        if not picture.exists():
            raise ValueError(f"{file_name} is not there: {picture.name}")  # noqa: TRY301
        if check_hashes and image_id != file_name:
            check_hash(picture, image_id)
    except ValueError as error:
        raise refused(f"id {first.roi.roi_id!r}", error) from None
    rois = tuple(line.roi for line in group)
    return ImageSample(image_id=image_id, split=split, load=picture, rois=rois, source=first.source)


@cache
def _wordings() -> tuple[tuple[str, str | None, frozenset[str]], ...]:
    """Every task with every subject, and all ways to ask for it."""
    subjects: dict[str, tuple[str | None, ...]] = dict.fromkeys(TASKS, (None,))
    subjects |= {"judge_quality": WORDS["quality"], "judge_importance": WORDS["importance"], "judge_type": DISTORTIONS}
    prompts = [load_prompt(prompt_id) for prompt_id in prompt_ids()]
    return tuple(
        (task, subject, frozenset(_spoken(prompts, task, subject))) for task in TASKS for subject in subjects[task]
    )


def _spoken(prompts: Iterable[Prompt], task: str, subject: str | None) -> Iterable[str]:
    return (text.format(level=subject, type=subject) for prompt in prompts for text in prompt.questions[task])


def _answered(task: str, subject: str | None, asked: str, answer: str) -> Question:
    value = _value(task, answer)
    if task.startswith("judge_"):
        return Question(task=task, text=asked, prefix="", answer=YES_NO[0 if value else 1], subject=subject)
    prompt = load_prompt()
    prefix, rest = distortion_answer(prompt, value) if task == "distortion" else level_answer(prompt, task, value)
    return Question(task=task, text=asked, prefix=prefix, answer=rest)


def _value(task: str, answer: str) -> Any:
    """What an answer says. Raises ValueError if it says nothing."""
    if task == "distortion":
        parsed = parse_distortions(answer)
        if parsed.error is not None:
            raise ValueError(f"the answer {answer!r} does not parse: {parsed.error}")
        return parsed.distortions
    reader = {"quality": parse_quality, "importance": parse_importance}.get(task, parse_judgment)
    value = reader(answer)
    if value is None:
        raise ValueError(f"the answer {answer!r} to a question about {task} does not parse")
    return value


def _check_judgment(question: Question, labels: ROILabels) -> None:
    if question.task == "judge_type":
        truth = None if labels.distortions is None else question.subject in labels.distortions
    elif question.task.startswith("judge_"):
        scale = question.task.removeprefix("judge_")
        level = getattr(labels, f"{scale}_level")
        truth = None if level is None else WORDS[scale][level] == question.subject
    else:
        return
    if truth is not None and truth != (question.answer == YES_NO[0]):
        raise ValueError(f"{question.text!r} is answered {question.answer}, which the analysis contradicts")
