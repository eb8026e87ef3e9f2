"""What a label may be."""

import numpy as np
import pytest

from ml.seagull.data.records import ROILabels, ROISample


def test_a_level_follows_from_its_mean():
    assert ROILabels(quality=2.43).quality_level == 3
    assert ROILabels(quality=2.43, quality_level=2).quality_level == 2


def test_clean_means_labelled_and_without_distortions():
    assert ROILabels(distortions={}).clean
    assert not ROILabels().clean
    assert not ROILabels(distortions={"blur": None}).clean


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"quality": 4.5}, "quality is 4.5"),
        ({"importance_level": 5}, "importance_level is 5"),
        ({"distortions": {"fog": 1}}, "'fog'"),
        ({"distortions": {"blur": -1}}, "severity of blur is -1"),
    ],
)
def test_what_is_no_label_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        ROILabels(**fields)


def test_a_mask_is_kept_small_and_given_back():
    mask = np.zeros((50, 70), bool)
    mask[10:20, 5:60] = True
    roi = ROISample.of("r", mask)
    assert np.array_equal(roi.mask, mask)
    assert len(roi.rle.counts) < mask.size / 10
