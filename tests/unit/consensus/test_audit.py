"""The figures of the audit, on simulated people whose pull is known (methodology section 6)."""

import numpy as np
import pytest

from roiqa.consensus.rules.anchoring import (
    ComparedVotes,
    Gate,
    anchoring,
    movement,
    overall,
    share_interval,
)

ROIS, IMAGES, PER_ROI = 400, 80, 7


def simulated(
    lean: float, *, seed: int = 1, blind_share: float = 0.4, rater_sd: float = 0.75, lift: float = 0.0, rois: int = ROIS
) -> ComparedVotes:
    """Raters of sd .75 and a model of error .6: pre-filled answers are (1 - lean) x own + lean x model (+ lift)."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(2, 0.85, rois)
    model = np.clip(np.rint(truth + rng.normal(0, 0.6, rois)), 0, 4).astype(np.int64)
    roi = np.repeat(np.arange(rois), PER_ROI)
    prefilled = rng.random(len(roi)) > blind_share
    own = truth[roi] + rng.normal(0, rater_sd, len(roi))
    answer = np.where(prefilled, (1 - lean) * own + lean * model[roi] + lift, own)
    votes = np.clip(np.rint(answer), 0, 4).astype(np.int64)[:, None]
    return ComparedVotes(
        roi=roi,
        image=np.arange(rois) % IMAGES,
        votes=votes,
        model=model[roi][:, None],
        prefilled=prefilled,
        wrong=np.zeros(votes.shape, dtype=bool),
    )


@pytest.mark.parametrize("lean", [0.0, 0.15, 0.3, 0.5])
def test_the_index_finds_how_far_people_lean(lean: float) -> None:
    (figures,) = anchoring(simulated(lean), resamples=300)
    assert figures.index.value == pytest.approx(lean, abs=0.08)
    low, high = figures.index.interval.low, figures.index.interval.high
    assert low is not None
    assert high is not None
    assert low < figures.index.value < high
    assert high - low < 0.15


def test_leaning_shrinks_the_spread_and_leaves_levels_unchanged() -> None:
    (free,), (pulled,) = (anchoring(simulated(lean), resamples=100) for lean in (0.0, 0.5))
    assert free.sd_ratio.value == pytest.approx(1, abs=0.05)
    assert pulled.sd_ratio.value is not None
    assert pulled.sd_ratio.value < 0.7
    assert free.unchanged == pytest.approx(free.coincidence, abs=0.04)
    assert pulled.unchanged is not None
    assert pulled.coincidence is not None
    assert pulled.unchanged > pulled.coincidence + 0.15


def test_the_gate_lets_independent_votes_pass_and_stops_pulled_ones() -> None:
    assert anchoring(simulated(0.0, rois=2000), resamples=200)[0].gate == Gate.PASSES
    assert anchoring(simulated(0.3), resamples=200)[0].gate == Gate.FAILS
    # Nobody leans, but every pre-filled vote is lifted: the mean is off.
    assert anchoring(simulated(0.0, lift=0.4), resamples=200)[0].gate == Gate.FAILS
    assert anchoring(simulated(0.0, rois=12), resamples=200)[0].gate == Gate.UNDECIDED


def test_the_interval_covers_the_index_as_often_as_it_says() -> None:
    """Its ends are of the resampled images: of 60 studies about 57 hold the value of a very large one."""
    (large,) = anchoring(simulated(0.3, rois=20_000, seed=99), resamples=2)
    assert large.index.value is not None
    covered = 0
    for seed in range(60):
        (figures,) = anchoring(simulated(0.3, rois=160, seed=seed), resamples=200, seed=seed)
        low, high = figures.index.interval.low, figures.index.interval.high
        assert low is not None
        assert high is not None
        covered += low <= large.index.value <= high
    assert 52 <= covered <= 60


def test_bias_compares_votes_of_the_same_roi() -> None:
    # Pre-filled votes lie on good ROIs and blind ones on bad ROIs; where both are, they agree.
    votes = ComparedVotes(
        roi=np.array([0, 0, 1, 1, 2, 2]),
        image=np.array([0, 1, 2]),
        votes=np.array([[4], [4], [0], [0], [2], [2]]),
        model=np.full((6, 1), 2),
        prefilled=np.array([True, True, False, False, True, False]),
        wrong=np.zeros((6, 1), dtype=bool),
    )
    (figures,) = anchoring(votes, resamples=50)
    assert figures.bias.value == 0


def test_levels_that_are_wrong_on_purpose_stay_out() -> None:
    votes = simulated(0.0)
    wrong = votes.prefilled[:, None] & (np.arange(len(votes.roi)) % 3 == 0)[:, None]
    spoilt = ComparedVotes(
        roi=votes.roi,
        image=votes.image,
        votes=np.where(wrong, 4 - votes.votes, votes.votes),
        model=votes.model,
        prefilled=votes.prefilled,
        wrong=wrong,
    )
    assert anchoring(spoilt, resamples=20)[0].index.value == pytest.approx(0, abs=0.08)


def test_without_votes_of_both_kinds_nothing_is_said() -> None:
    empty = np.zeros((0, 8), dtype=np.int64)
    nothing = ComparedVotes(
        roi=np.zeros(0, dtype=np.int64),
        image=np.zeros(0, dtype=np.int64),
        votes=empty,
        model=empty,
        prefilled=np.zeros(0, dtype=bool),
        wrong=empty.astype(bool),
    )
    figures = anchoring(nothing, resamples=10)
    assert {one.gate for one in figures} == {Gate.UNDECIDED}
    assert all(one.index.value is None and one.unchanged is None for one in figures)
    (blind_only,) = anchoring(simulated(0.0, blind_share=1.1), resamples=10)
    assert (blind_only.index.value, blind_only.gate) == (None, Gate.UNDECIDED)


def test_one_scale_that_fails_is_enough() -> None:
    assert overall([Gate.PASSES, Gate.FAILS, Gate.UNDECIDED]) == Gate.FAILS
    assert overall([Gate.PASSES, Gate.UNDECIDED]) == Gate.UNDECIDED
    assert overall([Gate.PASSES, Gate.PASSES]) == Gate.PASSES
    assert overall([]) == Gate.UNDECIDED


def test_second_thoughts_that_take_the_models_level_have_moved_all_the_way() -> None:
    rng = np.random.default_rng(3)
    first, model = rng.integers(0, 5, (300, 1)), rng.integers(0, 5, (300, 1))
    image = np.arange(300) % 60
    half = np.where(np.arange(300)[:, None] % 2 == 0, model, first)
    for second, expected in ((first, 0.0), (model, 1.0), (half, 0.5)):
        (moved,) = movement(first=first, second=second, model=model, image=image, resamples=100)
        assert moved.value == pytest.approx(expected, abs=0.1)
    (away,) = movement(first=model, second=first, model=model, image=image, resamples=10)
    assert away.value is None


@pytest.mark.parametrize(
    ("caught", "shown", "expected"),
    [(0, 0, None), (0, 10, (0.0, 0.3085)), (10, 10, (0.6915, 1.0)), (8, 10, (0.4439, 0.9748))],
)
def test_the_catch_rate_has_its_exact_interval(caught: int, shown: int, expected: tuple[float, float] | None) -> None:
    interval = share_interval(caught, shown)
    assert interval == (None if expected is None else pytest.approx(expected, abs=1e-4))
