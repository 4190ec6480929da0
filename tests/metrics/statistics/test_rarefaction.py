"""Numbers of bins against exact fractions and against drawing samples."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics.rarefaction import covered_bins, expected_bins, further

RECORDS = st.lists(st.integers(1, 40), min_size=1, max_size=12).map(np.array)


@given(records=RECORDS, size=st.integers(1, 60))
def test_the_number_of_bins_in_a_part_is_that_of_hurlbert(records: np.ndarray, size: int) -> None:
    # Hurlbert 1971, DOI 10.2307/1934145: sum over bins of 1 - C(n - n_i, m) / C(n, m)
    total = int(records.sum())
    size = min(size, total)
    expected = sum(1 - Fraction(comb(total - int(count), size), comb(total, size)) for count in records)
    assert expected_bins(records, total, size) == pytest.approx(float(expected), rel=1e-9)
    assert covered_bins(records, total, size)[0] == pytest.approx(float(expected), rel=1e-9)


@given(records=RECORDS, size=st.integers(1, 500), n_without=st.integers(0, 30))
def test_the_interval_holds_the_number_and_does_not_see_the_order(
    records: np.ndarray, size: int, n_without: int
) -> None:
    total = int(records.sum()) + n_without
    value, low, high = covered_bins(records, total, size)
    assert 0 <= low <= value <= high
    assert covered_bins(records[::-1], total, size) == pytest.approx((value, low, high))


def test_what_more_records_would_show_is_that_of_chao() -> None:
    # Chao 1984: f1^2 / (2 f2) unseen bins, of n = 1,000 records (n - 1) / n of it: 10^2 / (2 * 5) = 10 in endless ones
    assert further(10, 5, 1_000, 10**7) == pytest.approx(10 * 999 / 1_000, rel=1e-3)
    # one more record finds a new one with probability f1 / n (Good 1953, DOI 10.1093/biomet/40.3-4.237)
    assert further(10, 5, 1_000, 1) == pytest.approx(10 / 1_000, rel=2e-3)
    assert further(0, 5, 1_000, 1_000) == 0


@pytest.mark.parametrize(("n", "size"), [(500, 500), (2_500, 500)])
def test_intervals_cover_the_expected_number(n: int, size: int) -> None:
    # bins of a zipf law, 400 samples: standard error of 95% 1.1 points
    generator = np.random.default_rng(17)
    shares = 1 / np.arange(1, 121) ** 1.3
    shares /= shares.sum()
    expected = float((1 - (1 - shares) ** size).sum())
    held = []
    for drawn in generator.multinomial(n, shares, size=400):
        _, low, high = covered_bins(drawn[drawn > 0], n, size)
        held.append(low <= expected <= high)
    assert 0.92 <= np.mean(held) <= 0.98
