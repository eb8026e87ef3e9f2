"""Resampling of images."""

import numpy as np
import pytest

from roiqa.consensus.rules.resampling import bootstrap_mean, cluster_numbers, drawn_counts, percentile_interval


def test_every_resample_draws_as_many_images_as_there_are():
    blocks = list(drawn_counts(40, resamples=100, seed=1))
    assert np.concatenate(blocks).shape == (100, 40)
    assert (np.concatenate(blocks).sum(axis=1) == 40).all()


def test_blocks_hold_back_memory_and_not_resamples():
    blocks = list(drawn_counts(10, resamples=9, seed=1, cells=1_000_000))
    assert [len(block) for block in blocks] == [4, 4, 1]


def test_interval_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(0).normal(0, 1, 400)
    interval = bootstrap_mean(values, clusters=None)
    half = 1.96 * values.std() / np.sqrt(400)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.1)
    assert interval.low < values.mean() < interval.high


def test_equal_rois_of_one_image_count_once():
    values = np.repeat(np.random.default_rng(0).normal(0, 1, 60), 9)
    by_roi = bootstrap_mean(values, clusters=None)
    by_image = bootstrap_mean(values, clusters=np.repeat(np.arange(60), 9))
    assert (by_image.high - by_image.low) / (by_roi.high - by_roi.low) == pytest.approx(3, rel=0.2)


def test_unknown_values_are_left_out():
    known = np.array([1.0, 2.0, 3.0])
    interval = bootstrap_mean(np.array([1.0, np.nan, 2.0, 3.0]), clusters=np.array([0, 0, 1, 2]), resamples=200)
    assert interval == bootstrap_mean(known, clusters=None, resamples=200)


def test_resamples_without_a_value_are_counted_and_left_out():
    assert percentile_interval(np.array([np.nan, 1.0, 1.0])).undefined == 1
    assert percentile_interval(np.array([np.nan])).low is None
    assert bootstrap_mean(np.array([np.nan]), clusters=None, resamples=5).undefined == 5


def test_images_may_have_any_numbers():
    cluster, count = cluster_numbers(4, np.array([70, -3, 70, 9]))
    assert (cluster.tolist(), count) == ([2, 0, 2, 1], 3)
