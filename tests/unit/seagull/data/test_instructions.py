"""Instruction files: labels and questions of what is said; a line that does not parse is refused with its id."""

import json

import pytest

from ml.seagull.data.files import read_data
from ml.seagull.data.instructions import question_of, read_instructions
from ml.seagull.data.release import RecordRefused
from ml.seagull.language.prompts import load_prompt
from ml.seagull.language.sampling import Sampling, draw_plan
from ml.seagull.language.tokenizer import word_level
from ml.seagull.tree.assembly import Assembler, assemble
from tests.unit.seagull.data.exports import write_release

MARKS = "<image>\nThis is the overview of the image. Here is the region <global><local>. "
SAID = [
    ("Analyze the quality of this region.", "The quality is good."),
    ("Consider the impact of this region on the overall image quality. Analyze its importance.", "This region is minor to the overall quality."),
    ("Analyze the distortions of this region.", "With severe blur and trivial noise distortions."),
    ("Is the quality of this region good?", "Yes"),
    ("Is this region important to the overall quality?", "No"),
    ("Is this region in blur distortion?", "Yes"),
]  # fmt: skip


def _turns(said):
    turns = []
    for question, answer in said:
        turns.append({"from": "human", "value": question if turns else MARKS + question})
        turns.append({"from": "gpt", "value": answer})
    return turns


def _lines(folder, *conversations):
    """One line for each conversation, all about the first image of a release."""
    document = write_release(folder)
    image, annotation = document["images"][0], document["annotations"][0]
    return [
        {
            "id": f"roi-{number}",
            "image": image["file_name"],
            **{name: image[name] for name in ("sha256", "width", "height", "split", "source")},
            "annotation": [{"segmentation": annotation["segmentation"], "level": "object"}],
            "conversations": _turns(said),
        }
        for number, said in enumerate(conversations, start=1)
    ]


def _read(folder, lines):
    (folder / "x.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_data(folder / "x.jsonl")


def test_labels_and_questions_are_read(tmp_path):
    lines = _lines(tmp_path, SAID, SAID[:1])
    lines[0]["means"] = {"quality": 2.6, "importance": 1.0}
    found = _read(tmp_path, lines)
    (sample,) = found.of("train")
    labels = sample.rois[0].labels
    assert (labels.quality, labels.quality_level, labels.importance_level) == (2.6, 3, 1)
    assert labels.distortions == {"blur": 1, "noise": 4}
    assert (sample.rois[1].labels.quality, sample.rois[1].labels.distortions) == (None, None)
    plan = found.plans[sample.image_id]
    assert [question.task for question in plan.rois[0].questions] == [
        "quality", "importance", "distortion", "judge_quality", "judge_importance", "judge_type",
    ]  # fmt: skip
    assert plan.rois[0].questions[0].text == SAID[0][0]
    tree = assemble([sample], [plan], Assembler(word_level(), load_prompt("paper-v1"), 4))
    assert len(tree.global_slots) == 2


def test_a_run_draws_regions_and_asks_what_the_file_asks(tmp_path):
    found = _read(tmp_path, _lines(tmp_path, SAID, SAID[:2], SAID[3:]))
    (sample,) = found.samples
    given = found.plans[sample.image_id]
    drawn = draw_plan(sample, load_prompt(), Sampling(rois=2), run_seed=0, epoch=0, given=given)
    assert len(drawn.rois) == 2
    assert all(roi == given.rois[roi.index] for roi in drawn.rois)
    whole = draw_plan(sample, load_prompt(), Sampling(rois=None), run_seed=0, epoch=0, given=given)
    assert whole == given  # also the region of judgments alone, whose labels nobody states


@pytest.mark.parametrize("prompt_id", ["own-v1", "paper-v1", "official-v1"])
def test_every_shipped_wording_is_known(prompt_id):
    prompt = load_prompt(prompt_id)
    answers = {"quality": "The quality is bad.", "importance": "This region is normal to the overall quality."}
    for task, wordings in prompt.questions.items():
        for wording in wordings:
            subject = "blur" if task == "judge_type" else "normal" if task == "judge_importance" else "fair"
            answer = answers.get(task, "Without distortions." if task == "distortion" else "no")
            found = question_of(wording.format(level=subject, type=subject), answer)
            assert found.task == task
            assert found.subject == (subject if task.startswith("judge") else None)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([(SAID[0][0], "It is fine.")], "id 'roi-1': the answer 'It is fine.' .* does not parse"),
        ([(SAID[2][0], "With holes.")], "id 'roi-1': the answer 'With holes.' does not parse"),
        ([("How are you?", "Yes")], "id 'roi-1': the question 'How are you\\?' is none"),
        ([SAID[0], ("Is the quality of this region good?", "No")], "which the analysis contradicts"),
        ([SAID[2], ("Is this region in noise distortion?", "No")], "which the analysis contradicts"),
        ([SAID[0], (SAID[0][0], "The quality is bad.")], "quality is answered in two ways"),
        ([], "not human and gpt in turn"),
    ],
)
def test_what_does_not_parse_is_refused_with_its_id(tmp_path, said, message):
    with pytest.raises(RecordRefused, match=f"line 1, .*{message}"):
        _read(tmp_path, _lines(tmp_path, said))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "test"}, "id 'roi-2': image .* is "),
        ({"width": 41}, "line 2, id 'roi-2': the mask is of size"),
        ({"annotation": []}, "line 2, id 'roi-2': not enough values"),
        ({"id": "roi-1"}, "ROI roi-1: it is there twice"),
    ],
)
def test_a_line_that_does_not_fit_the_others_is_refused(tmp_path, change, message):
    lines = _lines(tmp_path, SAID, SAID)
    lines[1] |= change
    with pytest.raises(RecordRefused, match=message):
        _read(tmp_path, lines)


def test_another_picture_under_the_name_is_refused(tmp_path):
    lines = _lines(tmp_path, SAID)
    (tmp_path / "a" / "one.png").write_bytes(b"other")
    with pytest.raises(RecordRefused, match=r"id .roi-1.: .*has the sha256"):
        _read(tmp_path, lines)


def test_a_line_that_is_no_json_is_refused_by_number(tmp_path):
    (tmp_path / "x.jsonl").write_text("\n{\n")
    with pytest.raises(RecordRefused, match="line 2: "):
        read_instructions(tmp_path / "x.jsonl")
