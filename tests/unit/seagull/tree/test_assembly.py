"""Rows of trees: who sees whom, where positions go on, and what is a target."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.seagull.data.records import ImageSample, ROILabels, ROISample
from ml.seagull.language.answers import Question
from ml.seagull.language.prompts import load_prompt
from ml.seagull.language.sampling import ImagePlan, PlannedROI, Sampling, draw_plan, scoring_plan
from ml.seagull.language.tokenizer import word_level
from ml.seagull.tree.assembly import Assembler, assemble
from ml.seagull.tree.attention import chunk_mask, tree_mask
from ml.seagull.tree.batch import IGNORED
from ml.seagull.tree.layout import MissingTarget, Node, lay_out
from tests.unit.seagull.tree.pictures import image

TOKENIZER = word_level()
PROMPT = load_prompt("own-v1")
ASSEMBLER = Assembler(TOKENIZER, PROMPT, image_tokens=5)
PLAIN = Sampling(judgments=1, paraphrase=False)


def _drawn(*samples: ImageSample, how: Sampling = PLAIN) -> list[ImagePlan]:
    return [draw_plan(sample, PROMPT, how, run_seed=0, epoch=0) for sample in samples]


def _nodes(depth: int) -> st.SearchStrategy[list[Node]]:
    ids = st.lists(st.integers(3, 9), min_size=1, max_size=3)
    children = st.just([]) if depth == 0 else _nodes(depth - 1)
    return st.lists(st.builds(Node, ids=ids, children=children), min_size=1, max_size=3)


@given(roots=_nodes(3))
@settings(max_examples=60, deadline=None)
def test_a_token_sees_its_path_and_nothing_else(roots):
    row = lay_out(roots)
    seen = {}

    def walk(siblings: list[Node], path: list[int]) -> None:
        for node in siblings:
            places = path + list(range(node.start, node.last + 1))
            for number, place in enumerate(places[len(path) :], start=len(path)):
                seen[place] = set(places[: number + 1])
                assert row.positions[place] == number
            walk(node.children, places)

    walk(roots, [])
    mask = tree_mask(torch.from_numpy(row.subtree_end)[None])[0, 0]
    assert {place: set(mask[place].nonzero()[:, 0].tolist()) for place in range(len(row))} == seen


def test_padding_sees_itself_and_nobody_sees_it():
    mask = tree_mask(torch.tensor([[3, 3, 3, 0, 0]]))[0, 0]
    assert mask.tolist() == [
        [True, False, False, False, False],
        [True, True, False, False, False],
        [True, True, True, False, False],
        [False, False, False, True, False],
        [False, False, False, False, True],
    ]


def test_a_chunk_sees_the_whole_prefix():
    mask = chunk_mask(torch.tensor([2, 2, 3]), prefix=2)
    assert mask.shape == (1, 1, 3, 5)
    assert mask[0, 0].int().tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 0, 0, 1]]


def test_a_row_reads_as_prefix_regions_questions_and_answers():
    sample = image(rois=2)
    tree = assemble([sample], _drawn(sample), ASSEMBLER)
    ids = tree.token_ids[0].tolist()
    assert ids[:8] == [TOKENIZER.bos, *[TOKENIZER.image] * 5, TOKENIZER.global_, TOKENIZER.local]
    assert tree.image_slots[0].nonzero()[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert tree.token_ids.flatten()[tree.global_slots].tolist() == [TOKENIZER.global_] * 2
    assert tree.token_ids.flatten()[tree.local_slots].tolist() == [TOKENIZER.local] * 2
    assert TOKENIZER.decode(ids[8:]).startswith("analyze the quality of this region . the quality is bad . analyze")


def test_targets_are_the_answers_and_their_ends():
    sample = image(rois=2)
    plans = _drawn(sample)
    tree = assemble([sample], plans, ASSEMBLER)
    targets = tree.labels[tree.labels != IGNORED].tolist()
    expected = [
        token
        for roi in plans[0].rois
        for question in roi.questions
        for token in (*TOKENIZER.encode(question.prefix), *TOKENIZER.encode(question.answer), TOKENIZER.eos)
    ]
    assert targets == expected


def test_every_branch_goes_on_from_its_parent():
    sample = image(rois=3)
    tree = assemble([sample], _drawn(sample), ASSEMBLER)
    assert set(tree.position_ids.flatten()[tree.global_slots].tolist()) == {6}
    assert tree.position_ids.max() < 40


def test_rows_of_unequal_length_are_padded_at_the_right():
    samples = [image("a", rois=1), image("b", rois=3)]
    tree = assemble(samples, _drawn(*samples), ASSEMBLER, pad_to=64)
    assert tree.token_ids.shape[1] % 64 == 0
    short = int((tree.subtree_end[0] > 0).sum())
    assert (tree.token_ids[0, short:] == TOKENIZER.pad).all()
    assert (tree.labels[0, short:] == IGNORED).all()
    assert tree.tokens == int((tree.subtree_end > 0).sum()) < tree.token_ids.numel()


def test_readings_stand_before_the_first_word_of_each_closed_set():
    sample = image(rois=3)
    tree = assemble([sample], _drawn(sample), ASSEMBLER)
    following = tree.labels.flatten()
    read = {
        (row.roi_id, row.task): (row.candidates.index(int(following[row.position])), row) for row in tree.question_rows
    }
    for roi in sample.rois:
        assert read[roi.roi_id, "quality"][0] == roi.labels.quality_level
        assert read[roi.roi_id, "importance"][0] == roi.labels.importance_level
        assert read[roi.roi_id, "presence"][0] == int(roi.labels.clean)
        if roi.labels.distortions:
            assert read[roi.roi_id, "distortion"][0] == min(roi.labels.distortions.values())


def test_scoring_asks_nine_questions_and_reads_types_after_each_severity():
    sample = image(rois=2)
    tree = assemble([sample], [scoring_plan(sample, PROMPT)], ASSEMBLER, severity_types=True)
    tasks = [row.task for row in tree.question_rows if row.roi_id == sample.rois[0].roi_id]
    assert tasks == ["quality", "importance", "presence", "distortion", *["severity_type"] * 5, *["judge_type"] * 6]
    assert (tree.labels == IGNORED).all()
    leaf = next(row for row in tree.question_rows if row.subject == "moderate")
    assert tree.token_ids.flatten()[leaf.position] == TOKENIZER.closed["severity"][2]


def test_tokens_that_are_off_take_no_place():
    sample = image(rois=2)
    tree = assemble([sample], _drawn(sample), Assembler(TOKENIZER, PROMPT, 5, global_tokens=False))
    assert tree.global_slots.tolist() == [-1, -1]
    assert tree.token_ids.flatten()[tree.local_slots].tolist() == [TOKENIZER.local] * 2
    assert TOKENIZER.global_ not in tree.token_ids


def test_unknown_labels_are_no_auxiliary_targets():
    mask = np.ones((4, 4), bool)
    rois = (
        ROISample.of("a", mask, ROILabels(quality=3, distortions={"blur": None})),
        ROISample.of("b", mask, ROILabels(importance=0)),
    )
    sample = ImageSample("i", "train", lambda: np.zeros((4, 4, 3), np.uint8), rois)
    aux = assemble([sample], _drawn(sample), ASSEMBLER).aux
    assert aux.quality.tolist() == [3, IGNORED]
    assert aux.importance.tolist() == [IGNORED, 0]
    assert aux.types[0].tolist() == [0, 0, 1, 0, 0, 0]
    assert aux.types[1].isnan().all()


def test_an_answer_without_a_token_is_refused_by_name():
    sample = image(rois=1)
    empty = Question(task="quality", text="Why?", prefix="", answer="")
    with pytest.raises(MissingTarget, match=f"image {sample.image_id}, ROI {sample.rois[0].roi_id}: .*'Why\\?'"):
        assemble([sample], [ImagePlan((PlannedROI(0, (empty,)),))], ASSEMBLER)


def test_an_answer_that_nothing_stands_before_is_refused():
    with pytest.raises(MissingTarget, match="nothing can be learned"):
        lay_out([Node(ids=(1, 2), answer=0)])
