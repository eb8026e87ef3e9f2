"""The layout of the published SEAGULL-100w, written small by the test, in the forms that its JSON may have."""

import io
import json
import random
import zipfile

import numpy as np
import pytest
from PIL import Image

from ml.seagull.data.files import read_data
from ml.seagull.data.records import RLE
from ml.synthesis import json_stream
from ml.synthesis.dataset import BadSet
from ml.synthesis.published import MASKS, SCORES, PublishedSet

NAMES = ("r0001", "r0002")
FOLDERS = ("Blur", "Noise")
SETTINGS = (0, 7)


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def write_zip(path, images, inner=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, pixels in images.items():
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            archive.writestr(f"{inner}{name}.png", buffer.getvalue())


def mask(number: int) -> np.ndarray:
    found = np.zeros((40, 60), bool)
    found[5 + number : 25, 10:40] = True
    return found


def roi(number: int) -> dict:
    rle = RLE.of(mask(number))
    box = [10, 5 + number, 30, 20 - number]
    return {"segmentation": {"size": [40, 60], "counts": rle.counts}, "bbox": box}


def quality(name: str, kind: str, k: int, number: int) -> float:
    return round(0.99 - 0.1 * k - 0.05 * number - 0.01 * NAMES.index(name), 4)


@pytest.fixture
def folder(tmp_path):
    write_zip(tmp_path / "Ref.Images.zip", {name: picture(n) for n, name in enumerate(NAMES)}, "Ref.Images/")
    for f, kind in enumerate(FOLDERS):
        for k in SETTINGS:
            images = {name: picture(100 * f + 10 * k + n + 2) for n, name in enumerate(NAMES)}
            write_zip(tmp_path / "Dist.Images" / kind / f"{kind}_{k}.zip", images, f"{kind}_{k}/")
    (tmp_path / "Labels").mkdir()
    (tmp_path / MASKS).write_text(json.dumps({f"{name}.png": [roi(0), roi(1)] for name in NAMES}))
    (tmp_path / SCORES).write_text(json.dumps(flat()))
    return tmp_path


def pair(name, kind, k, number):
    return {"quality_score": quality(name, kind, k, number), "importance_score": 0.01 * k}


def flat():
    """`Blur/Blur_0/id1.png`, with a list in the order of the masks."""
    return {
        f"{kind}/{kind}_{k}/{name}.png": [pair(name, kind, k, number) for number in range(2)]
        for kind in FOLDERS
        for k in SETTINGS
        for name in NAMES
    }


def nested():
    """Type, setting, reference; ROIs by name, pairs in a list."""
    return {
        kind: {
            f"{kind}_{k}": {name: {str(n): [quality(name, kind, k, n), 0.01 * k] for n in range(2)} for name in NAMES}
            for k in SETTINGS
        }
        for kind in FOLDERS
    }


def by_reference():
    return {
        "about": ["whatever", 1.5e3, None],
        **{name: {f"{kind}_{k}": [pair(name, kind, k, n) for n in range(2)] for kind in FOLDERS for k in SETTINGS} for name in NAMES},
    }  # fmt: skip


@pytest.mark.parametrize("form", [flat, nested, by_reference])
def test_every_form_of_scores_gives_the_same_samples(folder, form):
    (folder / SCORES).write_text(json.dumps(form(), indent=1))
    samples = {sample.image_id: sample for sample in PublishedSet.open(folder).samples()}
    assert len(samples) == 8
    mild, harsh = samples["r0001:blur:0"], samples["r0002:noise:7"]
    assert [roi.labels.quality for roi in mild.rois] == pytest.approx([3.96, 3.76])
    assert mild.rois[0].labels.clean
    assert harsh.rois[1].labels.distortions == {"noise": None}
    assert np.array_equal(mild.rois[1].mask, mask(1))
    assert np.array_equal(harsh.load(), picture(100 + 70 + 1 + 2))


def test_some_references_may_be_asked_for_and_read_as_they_are(folder):
    published = PublishedSet.open(folder)
    assert {sample.image_id[:5] for sample in published.samples(references=["r0002"])} == {"r0002"}
    assert np.array_equal(published.reference("r0002"), picture(1))


def test_training_reads_the_folder_and_holds_out_whole_references(folder):
    data = read_data(folder, validation=0.5)
    assert (len(data.of("train")), len(data.of("val"))) == (4, 4)
    assert len({sample.image_id[:5] for sample in data.of("val")}) == 1


@pytest.mark.parametrize("chunk", [1, 3, 17])
def test_the_file_is_read_in_pieces(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    draw = random.Random(chunk)
    document = {
        f'k"{n}é': {"wanted": [draw.random(), "a\\b", -12, True], "other": {"wanted": 123456}} for n in range(9)
    }
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document, ensure_ascii=bool(chunk % 2)), encoding="utf-8")
    found = dict(json_stream.values_at(path, lambda keys: keys[-1] == "wanted"))
    assert found == {
        **{(key, "wanted"): value["wanted"] for key, value in document.items()},
        **{(key, "other", "wanted"): 123456 for key in document},
    }


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (SCORES, "[1, 2]", "begins with"),
        (SCORES, '{"Blur_0": {"r0001": [[0.5', "cut off"),
        (SCORES, '{"Blur_0": {"r0001": [{"mos": 3}]}}', "a quality and an importance are expected"),
        (SCORES, '{"somewhere": {"else": 1}}', "no key names both"),
        (SCORES, '{"Blur_0": {"r0001": {"9": [0.5, 0.1]}}}', "scores of ROI '9', but no such mask"),
        (MASKS, '{"r0001": [{"points": []}]}', "no COCO mask"),
        (MASKS, json.dumps({"r0001": [{**roi(0), "bbox": [0, 0, 30, 20]}]}), "bbox is"),
    ],
)
def test_what_is_not_as_it_should_be_is_refused_by_name(folder, file, text, said):
    (folder / file).write_text(text)
    with pytest.raises(ValueError, match=said):
        list(PublishedSet.open(folder).samples())


def test_a_missing_part_is_named(folder):
    (folder / "Dist.Images" / "Blur" / "Blur_7.zip").unlink()
    published = PublishedSet.open(folder)
    sample = next(sample for sample in published.samples() if sample.image_id == "r0001:blur:7")
    with pytest.raises(BadSet, match=r"Blur_7\.zip is missing"):
        sample.load()
    (folder / MASKS).unlink()
    with pytest.raises(BadSet, match=r"mask-based-rois\.json is missing"):
        PublishedSet.open(folder)
