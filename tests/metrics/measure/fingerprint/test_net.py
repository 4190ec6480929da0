"""Histogram of the labels of a net against NumPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.measure.fingerprint.net import _histogram

# few distinct labels, so that they repeat, the largest and the smallest among them
LABELS = st.lists(st.sampled_from([0, 1, 2**63, 2**64 - 2, 2**64 - 1]), min_size=1, max_size=40)


@settings(deadline=None)
@given(labels=LABELS, repeats=st.integers(1, 6))
def test_a_histogram_is_that_of_numpy_without_the_common_divisor(labels: list[int], repeats: int) -> None:
    values, sizes = np.unique(np.array(labels, dtype=np.uint64), return_counts=True)
    expected = np.stack([values, (sizes // np.gcd.reduce(sizes)).astype(np.uint64)], axis=1)
    np.testing.assert_array_equal(_histogram(np.array(labels * repeats, dtype=np.uint64)), expected)
