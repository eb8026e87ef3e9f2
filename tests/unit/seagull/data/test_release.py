"""A release is read as it is, or refused with the id of what is wrong."""

import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ml.seagull.data.records import RLE, ROILabels
from ml.seagull.data.release import RecordRefused, mask_of, read_release
from tests.unit.seagull.data.exports import SIZE, save, write_release


def test_images_splits_masks_and_labels(tmp_path):
    document = write_release(tmp_path)
    data = read_release(tmp_path / "release.json")
    assert data.info == document["info"]
    assert [(sample.split, len(sample.rois), sample.source) for sample in data.samples] == [
        ("train", 2, "koniq"),
        ("test", 1, "koniq"),
    ]
    assert [sample.image_id for sample in data.of("test")] == [document["images"][1]["sha256"]]
    first = data.samples[0].rois[0]
    assert first.labels == ROILabels(
        quality=2.43,
        quality_level=3,
        importance=0.0,
        importance_level=0,
        distortions={"blur": 1},
        votes={"quality": (0, 1, 3, 2, 1)},
    )
    assert data.samples[0].rois[1].labels.clean
    assert (first.roi_id, first.level, int(first.mask.sum())) == ("roi-1", "object", 5 * 18)


def test_pixels_are_loaded_upright(tmp_path):
    write_release(tmp_path)
    pixels = read_release(tmp_path / "release.json").samples[0].load()
    assert np.array_equal(pixels, np.asarray(Image.open(tmp_path / "a" / "one.png")))


def test_pictures_may_lie_in_another_folder(tmp_path):
    document = write_release(tmp_path)
    (tmp_path / "json").mkdir()
    path = save(tmp_path / "json", document)
    assert len(read_release(path, images=tmp_path).samples) == 2


def test_a_zip_is_read_in_place(tmp_path):
    document = write_release(tmp_path)
    with zipfile.ZipFile(tmp_path / "release.zip", "w") as archive:
        for image in document["images"]:
            imported = image["file_name"]
            image |= {"file_name": f"images/{image['sha256']}.png", "original_file_name": imported}
            archive.write(tmp_path / imported, image["file_name"])
        archive.writestr("annotations.json", json.dumps(document))
    data = read_release(tmp_path / "release.zip")
    assert data.samples[0].load().shape == (SIZE[1], SIZE[0], 3)
    with zipfile.ZipFile(tmp_path / "release.zip") as archive:
        archive.extractall(tmp_path / "out")
    assert read_release(tmp_path / "out" / "annotations.json").samples[1].load().shape == (SIZE[1], SIZE[0], 3)


def _changed(tmp_path, change) -> None:
    document = write_release(tmp_path)
    change(document)
    save(tmp_path, document)
    read_release(tmp_path / "release.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["annotations"][0]["quality"].update(level=2), r"annotation 1 \(ROI 'roi-1'\): quality is level 2"),
        (lambda d: d["annotations"][0].pop("importance"), r"annotation 1 .*'importance' is missing"),
        (lambda d: d["annotations"][0]["quality"].update(mean=7), "annotation 1 .*quality is 7.0"),
        (lambda d: d["annotations"][1].update(clean=False), r"annotation 2 .*clean is False"),
        (lambda d: d["annotations"][0]["distortions"].pop("blur"), "annotation 1 .*the six are"),
        (lambda d: d["annotations"][0]["segmentation"].update(size=[9, 9]), r"annotation 1 .*size \[9, 9\]"),
        (lambda d: d["annotations"][0]["segmentation"].update(counts="0"), "annotation 1 .*cover 0 of 1200"),
        (lambda d: d["annotations"][0]["segmentation"].update(counts="a~"), "annotation 1 .*no compressed RLE"),
        (lambda d: d["annotations"][0].update(image_id=9), "annotation 1: there is no image 9"),
        (lambda d: d["annotations"][1].update(roi="roi-1"), "ROI roi-1: it is there twice"),
        (lambda d: d["images"][0].update(split="validation"), "image 1: split is 'validation'"),
        (lambda d: d["images"][0].update(file_name="gone.png"), "image 1: gone.png is not there"),
        (lambda d: d["images"][0].update(file_name="../up.png"), "image 1: .*leads out of"),
        (lambda d: d["images"][0].update(sha256="0" * 64), "image 1: .*has the sha256"),
        (lambda d: d["images"][0].pop("width"), "image 1: 'width' is missing"),
    ],
)
def test_what_is_wrong_is_refused_with_its_id(tmp_path, change, message):
    with pytest.raises(RecordRefused, match=message):
        _changed(tmp_path, change)


def test_one_picture_in_two_splits_is_refused(tmp_path):
    document = write_release(tmp_path)
    document["images"].append(document["images"][0] | {"id": 3, "split": "test"})
    save(tmp_path, document)
    with pytest.raises(RecordRefused, match="it is there twice"):
        read_release(tmp_path / "release.json")


def test_a_picture_of_another_size_is_refused_when_it_is_loaded(tmp_path):
    document = write_release(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "two.png")
    sample = read_release(save(tmp_path, document), check_hashes=False).samples[1]
    with pytest.raises(ValueError, match="is 8 x 8, its record says 40 x 30"):
        sample.load()


@pytest.mark.parametrize("text", ["{", "[]", '{"images": []}'])
def test_a_file_that_is_no_export_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"x\.json is no"):
        read_release(tmp_path / "x.json")


@given(
    bits=st.lists(st.booleans(), min_size=12, max_size=12), flip=st.integers(0, 40), to=st.characters(max_codepoint=127)
)
@settings(max_examples=80, deadline=None)
def test_a_mask_is_read_back_and_a_damaged_one_never_crashes(bits, flip, to):
    mask = np.array(bits).reshape(3, 4)
    rle = RLE.of(mask)
    given = {"size": [3, 4], "counts": rle.counts}
    if mask.any():
        assert np.array_equal(mask_of(given, height=3, width=4).decode(), mask)
    damaged = rle.counts[: flip % (len(rle.counts) + 1)] + to + rle.counts[flip % (len(rle.counts) + 1) + 1 :]
    try:
        assert mask_of({"size": [3, 4], "counts": damaged}, height=3, width=4).decode().shape == (3, 4)
    except ValueError as error:
        assert "mask" in str(error)


def test_polygons_and_plain_runs_are_masks_too():
    square = mask_of([[1, 1, 3, 1, 3, 3, 1, 3]], height=5, width=6).decode()
    assert square.sum() == 4
    runs = mask_of({"size": [2, 3], "counts": [1, 2, 3]}, height=2, width=3).decode()
    assert runs.T.flatten().tolist() == [False, True, True, False, False, False]
