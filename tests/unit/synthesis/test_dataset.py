"""A built set as training reads it."""

import json

import numpy as np
import pytest

from ml.synthesis import build
from ml.synthesis.dataset import BadSet, SyntheticSet
from ml.synthesis.references import read_reference
from ml.synthesis.render import render
from tests.unit.synthesis.test_shards import photographs  # noqa: F401


@pytest.fixture(scope="module")
def built(photographs, tmp_path_factory):  # noqa: F811
    output = tmp_path_factory.mktemp("built") / "set"
    build.main(["--references", str(photographs), "--coco", str(photographs / "masks.json"), "--output", str(output), "--workers", "1"])  # fmt: skip
    return output


def test_every_reference_gives_120_images_with_labelled_regions(built):
    samples = SyntheticSet.open(built).samples()
    assert len(samples) == 360
    assert len({sample.image_id for sample in samples}) == 360
    for sample in samples:
        (roi,) = sample.rois
        assert 0.0 <= roi.labels.quality <= 4.0
        assert set(roi.labels.distortions) <= {sample.image_id.split(":")[1]}


def test_harsher_settings_have_lower_quality_and_mild_ones_are_clean(built):
    samples = SyntheticSet.open(built).samples()
    for kind in ("noise", "blur", "compression"):
        labels = [sample.rois[0].labels for sample in samples if sample.image_id.split(":")[1] == kind]
        quality = np.array([one.quality for one in labels]).reshape(3, 20).mean(axis=0)
        assert quality[0] > quality[10] > quality[19]
        assert any(one.clean for one in labels)


def test_loading_renders_the_recipe(built):
    opened = SyntheticSet.open(built)
    sample = next(sample for sample in opened.samples() if sample.image_id.endswith("blur:17"))
    sha = sample.image_id.split(":")[0]
    (path,) = (built / "references" / sha).iterdir()
    expected = render(read_reference(path), "blur", [17], opened.table)[0].permute(1, 2, 0).numpy()
    assert np.array_equal(sample.load(), expected)


def test_some_references_may_be_asked_for_alone(built):
    opened = SyntheticSet.open(built)
    first, *_ = opened.references()
    assert {sample.image_id.split(":")[0] for sample in opened.samples(references=[first])} == {first}


def test_a_folder_that_is_no_set_is_refused(tmp_path):
    with pytest.raises(BadSet, match="no finished synthetic set"):
        SyntheticSet.open(tmp_path)


def test_a_set_of_another_pipeline_is_refused(built, tmp_path):
    info = json.loads((built / "dataset.json").read_text()) | {"pipeline": "isp-0"}
    (tmp_path / "dataset.json").write_text(json.dumps(info))
    (tmp_path / "settings_table.json").write_bytes((built / "settings_table.json").read_bytes())
    with pytest.raises(BadSet, match="pipeline isp-0"):
        SyntheticSet.open(tmp_path)
