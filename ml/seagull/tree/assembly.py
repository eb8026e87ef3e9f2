"""Trees of plans: an image's prefix, its regions, their questions, and where each answer is read.

How many image tokens there are is known from the configuration, so every length is known before the model runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from ml.seagull.data.records import ImageSample, ROISample
from ml.seagull.language.answers import Question
from ml.seagull.language.levels import DISTORTIONS, SEVERITY_WORDS
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.sampling import ImagePlan
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.tree.attention import chunk_mask, tree_mask
from ml.seagull.tree.batch import IGNORED, AuxTargets, QuestionRow, TreeBatch
from ml.seagull.tree.layout import MissingTarget, Node, Row, lay_out

_CLOSED_SET: Final = {
    "quality": "quality",
    "importance": "importance",
    "distortion": "severity",
    "judge_quality": "judgment",
    "judge_importance": "judgment",
    "judge_type": "judgment",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Where one closed set is read: at the `offset`-th token of `node`."""

    roi_id: str
    task: str
    node: Node
    offset: int
    candidates: tuple[int, ...]
    subject: str | None = None

    @property
    def place(self) -> int:
        """In the row."""
        return self.node.start + self.offset


@dataclass(frozen=True, slots=True)
class Branches:
    """A region's node with all its questions, and the readings in them."""

    root: Node
    readings: tuple[Reading, ...]

    @property
    def size(self) -> int:
        """Tokens of the region and all its questions."""
        return _size(self.root)


@dataclass(frozen=True, slots=True)
class Assembler:
    """What makes nodes: the same for training, scoring and chunks."""

    tokenizer: LanguageTokenizer
    prompt: Prompt
    image_tokens: int
    """N, of the network's configuration."""
    global_tokens: bool = True
    local_tokens: bool = True

    def prefix(self) -> Node:
        """The image's own part: bos, words, N image slots, words."""
        token = self.tokenizer
        before, after = token.encode(self.prompt.before_image), token.encode(self.prompt.after_image)
        return Node(ids=(token.bos, *before, *[token.image] * self.image_tokens, *after))

    @property
    def image_start(self) -> int:
        """Where in the prefix the image slots begin."""
        return 1 + len(self.tokenizer.encode(self.prompt.before_image))

    def region(self, roi: ROISample, questions: Sequence[Question], *, severity_types: bool = False) -> Branches:
        """The region's tokens, then each question as a branch.

        With `severity_types` every unanswered distortion question has five leaves, one for each severity word, at
        which the type is read that this severity is said of. Raises MissingTarget for an answer without any token.
        """
        token = self.tokenizer
        marks = [token.global_] * self.global_tokens + [token.local] * self.local_tokens
        root = Node(ids=(*marks, *token.encode(self.prompt.after_region)))
        readings: list[Reading] = []
        for question in questions:
            node, asked = self._question(question)
            root.children.append(node)
            prefix = token.encode(question.prefix)
            closed = token.closed[_CLOSED_SET[question.task]]
            if question.task == "distortion":
                readings.append(Reading(roi.roi_id, "presence", node, asked - 1, token.closed["presence"]))
            if question.task != "distortion" or prefix:
                at = asked + len(prefix) - 1
                readings.append(Reading(roi.roi_id, question.task, node, at, closed, question.subject))
            if severity_types and question.task == "distortion" and question.answer is None:
                readings += self._severity_leaves(roi, node)
        return Branches(root=root, readings=tuple(readings))

    def _question(self, question: Question) -> tuple[Node, int]:
        """The node, and how many tokens stand before the answer."""
        token = self.tokenizer
        asked = (*token.encode(question.text), *token.encode(self.prompt.before_answer))
        prefix = token.encode(question.prefix)
        if question.answer is None:
            return Node(ids=(*asked, *prefix)), len(asked)
        answer = (*prefix, *token.encode(question.answer))
        if not answer:
            raise MissingTarget(f"the answer to {question.text!r} has no token")
        return Node(ids=(*asked, *answer, token.eos), answer=len(asked)), len(asked)

    def _severity_leaves(self, roi: ROISample, node: Node) -> list[Reading]:
        readings = []
        for word in SEVERITY_WORDS:
            leaf = Node(ids=self.tokenizer.encode(word))
            node.children.append(leaf)
            last = len(leaf.ids) - 1
            readings.append(
                Reading(roi.roi_id, "severity_type", leaf, last, self.tokenizer.closed["type"], subject=word)
            )
        return readings


def assemble(
    samples: Sequence[ImageSample],
    plans: Sequence[ImagePlan],
    assembler: Assembler,
    *,
    severity_types: bool = False,
    pad_to: int = 1,
) -> TreeBatch:
    """One row per image. ROIs stand in the order of the plans. T is a multiple of `pad_to`.

    Raises MissingTarget, naming image and region, where an answer could teach nothing.
    """
    rows: list[Row] = []
    regions: list[tuple[int, ROISample, Branches]] = []
    for number, (sample, plan) in enumerate(zip(samples, plans, strict=True)):
        prefix = assembler.prefix()
        for planned in plan.rois:
            roi = sample.rois[planned.index]
            try:
                made = assembler.region(roi, planned.questions, severity_types=severity_types)
            except MissingTarget as error:
                raise MissingTarget(f"image {sample.image_id}, ROI {roi.roi_id}: {error}") from None
            regions.append((number, roi, made))
            prefix.children.append(made.root)
        rows.append(lay_out([prefix]))
    length = -(-max(map(len, rows)) // pad_to) * pad_to
    image_slots = torch.zeros(len(rows), length, dtype=torch.bool)
    image_slots[:, assembler.image_start : assembler.image_start + assembler.image_tokens] = True
    ends = _padded([row.subtree_end for row in rows], length, 0)
    return _batch(rows, regions, assembler, image_slots=image_slots, ends=ends, attention=tree_mask(ends))


def assemble_suffix(
    rois: Sequence[ROISample], branches: Sequence[Branches], assembler: Assembler, *, prefix: int
) -> TreeBatch:
    """One row of regions whose prefix of this many tokens is in a cache: its mask is [1, 1, T, prefix + T]."""
    row = lay_out([one.root for one in branches], first_position=prefix)
    regions = [(0, roi, made) for roi, made in zip(rois, branches, strict=True)]
    ends = torch.from_numpy(row.subtree_end)[None]
    return _batch(
        [row],
        regions,
        assembler,
        image_slots=torch.zeros(1, len(row), dtype=torch.bool),
        ends=ends,
        attention=chunk_mask(ends[0], prefix),
    )


def _batch(
    rows: Sequence[Row],
    regions: Sequence[tuple[int, ROISample, Branches]],
    assembler: Assembler,
    *,
    image_slots: torch.Tensor,
    ends: torch.Tensor,
    attention: torch.Tensor,
) -> TreeBatch:
    length = ends.shape[1]
    heads = torch.tensor([number * length + made.root.start for number, _, made in regions], dtype=torch.int64)
    nowhere = torch.full_like(heads, -1)
    return TreeBatch(
        token_ids=_padded([row.ids for row in rows], length, assembler.tokenizer.pad),
        position_ids=_padded([row.positions for row in rows], length, 0),
        attention=attention,
        labels=_padded([row.labels for row in rows], length, IGNORED),
        subtree_end=ends,
        image_slots=image_slots,
        global_slots=heads if assembler.global_tokens else nowhere,
        local_slots=heads + int(assembler.global_tokens) if assembler.local_tokens else nowhere,
        aux=aux_targets([roi for _, roi, _ in regions]),
        question_rows=[
            QuestionRow(
                image=number,
                roi_id=reading.roi_id,
                task=reading.task,
                position=number * length + reading.place,
                candidates=reading.candidates,
                subject=reading.subject,
            )
            for number, _, made in regions
            for reading in made.readings
        ],
    )


def aux_targets(rois: Sequence[ROISample]) -> AuxTargets:
    """Levels and types of these ROIs, -100 and nan where they are unknown."""
    types = np.full((len(rois), len(DISTORTIONS)), np.nan, dtype=np.float32)
    for row, roi in enumerate(rois):
        if roi.labels.distortions is not None:
            types[row] = [name in roi.labels.distortions for name in DISTORTIONS]
    levels = [(roi.labels.quality_level, roi.labels.importance_level) for roi in rois]
    table = np.array([[IGNORED if one is None else one for one in pair] for pair in levels], dtype=np.int64)
    quality, importance = torch.from_numpy(table.reshape(-1, 2)).unbind(1)
    return AuxTargets(quality.contiguous(), importance.contiguous(), torch.from_numpy(types))


def _padded(arrays: Sequence[np.typing.NDArray[np.int64]], length: int, value: int) -> torch.Tensor:
    table = np.full((len(arrays), length), value, dtype=np.int64)
    for row, array in zip(table, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(table)


def _size(node: Node) -> int:
    return len(node.ids) + sum(map(_size, node.children))
