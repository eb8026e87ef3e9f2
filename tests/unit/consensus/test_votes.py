"""Telling vote histograms apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roiqa.consensus.rules.votes import distinct_histograms

counts = st.one_of(st.integers(0, 3), st.integers(0, 2**31))
some_histograms = st.lists(st.lists(counts, min_size=6, max_size=6), min_size=1, max_size=12)


@settings(deadline=None)  # a busy machine is not a defect
@given(some_histograms)
def test_each_distinct_histogram_is_found_once(rows):
    histograms = np.array(rows * 2, dtype=np.int64)
    first, kind = distinct_histograms(histograms)
    assert np.array_equal(histograms[first][kind], histograms)
    assert len(first) == len({tuple(row) for row in rows})


@pytest.mark.parametrize("columns", [5, 6])
def test_no_histograms_have_no_kinds(columns):
    first, kind = distinct_histograms(np.zeros((0, columns), dtype=np.int64))
    assert (len(first), len(kind)) == (0, 0)
