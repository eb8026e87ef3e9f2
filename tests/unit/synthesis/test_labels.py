"""Labels of distorted regions."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.synthesis.labels import SMALLEST_BOX, _grown, level_of_quality, levels_of_importance, score_regions
from ml.synthesis.quality import MultiScaleSSIM, Region
from ml.synthesis.render import render_way
from ml.synthesis.settings import Setting


def disk(height, width, cy, cx, radius):
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (y - cy) ** 2 + (x - cx) ** 2 <= radius**2


def distorted(reference):
    settings_ = [Setting("gaussian", 1.0), Setting("gaussian", 4.0)]
    return torch.cat(
        [
            render_way(reference, settings_, ["a", "b"]),
            render_way(reference, [Setting("chroma", 0.0)], ["c"]),
            render_way(reference, [Setting("stops", -2.0)], ["d"]),
        ]
    ).float() / 255.0  # fmt: skip


@pytest.mark.parametrize("place", [(60, 80, 25), (10, 8, 17), (140, 185, 20), (72, 96, 200), (40, 100, 3)])
def test_pasting_a_region_scores_as_comparing_the_whole_frames(reference, place):
    mask = disk(144, 192, *place)
    frames, metric = distorted(reference), MultiScaleSSIM()
    whole = metric(torch.where(mask, frames, reference.display), reference.display)
    assert torch.allclose(metric.pasted(frames, reference.display, Region.of(mask)), whole, atol=2e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(33, 90), st.integers(33, 90), st.data())
def test_pasting_scores_the_same_in_frames_of_any_size(height, width, data):
    random = torch.Generator().manual_seed(height * 100 + width)
    frame = torch.rand(3, height, width, generator=random)
    other = (frame + 0.2 * torch.randn(2, 3, height, width, generator=random)).clamp(0, 1)
    cy, cx = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    mask = disk(height, width, cy, cx, data.draw(st.integers(1, 40)))
    metric = MultiScaleSSIM()
    whole = metric(torch.where(mask, other, frame), frame)
    assert torch.allclose(metric.pasted(other, frame, Region.of(mask)), whole, atol=5e-5)


def test_a_regions_quality_does_not_depend_on_what_lies_outside_it(reference):
    mask = disk(144, 192, 70, 90, 22)
    frames = distorted(reference)
    ruined_outside = torch.where(mask, frames, torch.rand_like(frames))
    metric = MultiScaleSSIM()
    first = score_regions(frames, reference.display, [mask], metric).quality
    assert torch.equal(first, score_regions(ruined_outside, reference.display, [mask], metric).quality)


def test_a_larger_region_is_more_important_at_the_same_distortion(reference):
    frames = distorted(reference)
    small, large = disk(144, 192, 70, 90, 12), disk(144, 192, 70, 90, 50)
    scores = score_regions(frames, reference.display, [small, large], MultiScaleSSIM())
    assert (scores.importance[1] > scores.importance[0]).all()


def test_an_undistorted_region_is_perfect_and_unimportant(reference):
    mask = disk(144, 192, 70, 90, 30)
    scores = score_regions(reference.display[None], reference.display, [mask], MultiScaleSSIM())
    assert scores.quality[0, 0] == pytest.approx(1.0, abs=1e-4)
    assert scores.importance[0, 0] == pytest.approx(0.0, abs=1e-4)


@given(st.data(), st.integers(32, 300))
def test_boxes_hold_the_mask_and_stay_in_the_frame(data, size):
    start = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(start + 1, size))
    low, high = _grown(start, stop, size)
    assert 0 <= low <= start < stop <= high <= size
    assert high - low >= min(SMALLEST_BOX, size)
    assert high - low == max(stop - start, min(SMALLEST_BOX, size))


def test_quality_levels_cut_at_fifths_and_close_upwards():
    assert [level_of_quality(q) for q in (0.0, 0.2, 0.21, 0.4, 0.61, 0.8, 0.81, 1.0)] == [0, 0, 1, 1, 3, 3, 4, 4]


def test_importance_levels_follow_the_cuts():
    values = torch.tensor([0.0, 0.05, 0.1, 0.3, 0.9])
    assert levels_of_importance(values, [0.01, 0.06, 0.2, 0.5]).tolist() == [0, 1, 2, 3, 4]
