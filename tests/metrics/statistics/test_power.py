"""Power and sample sizes against simulated boards, a textbook value and their own definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.statistics.power import MOST_STRUCTURES, POWER, Sample, power, runs_needed, structures_needed
from metrics.statistics.runs import RunVariance, pooled
from metrics.statistics.uncertainty import Estimate, difference, wilson_interval


def share(value: float, n: int = 2_500) -> Sample:
    hits = round(value * n)
    return Sample(Estimate(hits / n, *wilson_interval(hits, n)), n, is_share=True)


def test_a_textbook_sample_size() -> None:
    # J. L. Fleiss, B. Levin and M. C. Paik, Statistical Methods for Rates and Proportions (2003), eq. 4.14 without the
    # correction for continuity, in its unpooled form: (1.96 + 0.8416)^2 (0.6 x 0.4 + 0.5 x 0.5) / 0.1^2 = 384.6
    assert structures_needed(share(0.6), share(0.5)) == 385


@pytest.mark.parametrize(("first", "second"), [(0.70, 0.66), (0.10, 0.07), (0.02, 0.005)])
def test_the_structures_found_give_the_power_on_simulated_boards(first: float, second: float) -> None:
    n = structures_needed(share(first), share(second))
    assert n is not None
    generator, n_boards = np.random.default_rng(5), 4_000
    hits = generator.binomial(n, [first, second], size=(n_boards, 2)).tolist()
    found = 0
    for one, other in hits:
        gap = difference(Estimate(one / n, *wilson_interval(one, n)), Estimate(other / n, *wilson_interval(other, n)))
        found += gap.p_value < 0.05 and gap.value > 0
    # a simulated power of 4,000 boards is within 2 points; the normal approximation of shares of a few hits within 5
    assert found / n_boards == pytest.approx(POWER, abs=0.05)


def test_the_runs_found_give_the_power_where_runs_differ() -> None:
    """The spread between runs of a model is that of the first board; the test uses the runs' own spread."""
    truth, between, n = (0.16, 0.13), 0.014, 2_500
    known = RunVariance(between**2 + 0.15 * 0.85 / n, 0.15 * 0.85 / n, 40)
    n_runs = runs_needed(share(truth[0]), share(truth[1]), known, n)
    assert n_runs is not None
    assert n_runs > 1
    generator, found, n_boards = np.random.default_rng(6), 0, 1_000
    for _ in range(n_boards):
        behind = [generator.normal(mean, between, size=n_runs) for mean in truth]
        runs = [generator.binomial(n, np.clip(of_model, 0, 1)) / n for of_model in behind]
        error = math.hypot(*(of_model.std(ddof=1) / math.sqrt(n_runs) for of_model in runs))
        ratio = (runs[0].mean() - runs[1].mean()) / error
        found += ratio > {3: 2.776, 4: 2.447, 5: 2.306, 6: 2.228, 7: 2.179, 8: 2.145}[n_runs]
    # the runs' own spread is known less well than the forty degrees of freedom say: a few points less power
    assert POWER - 0.12 < found / n_boards < POWER + 0.08


def test_structures_do_not_replace_runs() -> None:
    wide = pooled([[Estimate(value, value - 0.001, value + 0.001) for value in (0.10, 0.14)]])
    assert structures_needed(share(0.13), share(0.12), wide) is None
    runs = runs_needed(share(0.13), share(0.12), wide, 2_500)
    assert runs is not None
    assert runs > 50


def test_no_hits_at_all_still_vary() -> None:
    """A structure of a model without a hit in 2,500 varies as that of one with half a hit."""
    assert share(0).variance == pytest.approx(0.5 / 2_501, rel=1e-3)
    n = structures_needed(share(0), share(0.002))
    assert n is not None
    assert n > 1_000


def test_equal_values_are_never_told_apart() -> None:
    assert structures_needed(share(0.3), share(0.3)) is None


@settings(max_examples=40)
@given(first=st.floats(0.01, 0.99), second=st.floats(0.01, 0.99), n_runs=st.integers(1, 5))
def test_one_structure_less_is_too_few(first: float, second: float, n_runs: int) -> None:
    one, other = share(first), share(second)
    n = structures_needed(one, other, n_runs=n_runs)
    if n is None or n == 1:
        assert n is not None or abs(one.estimate.value - other.estimate.value) < 3 / math.sqrt(MOST_STRUCTURES)
        return
    gap = one.estimate.value - other.estimate.value
    errors = [math.sqrt((one.variance + other.variance) / size / n_runs) for size in (n - 1, n)]
    assert power(gap, errors[0]) < POWER <= power(gap, errors[1])


def test_the_power_of_no_difference_is_half_the_level_and_few_degrees_of_freedom_cost() -> None:
    assert power(0.0, 1.0) == pytest.approx(0.025)
    assert power(0.0, 1.0, 3) == pytest.approx(0.025)
    assert power(3.0, 1.0, 2) < power(3.0, 1.0, 20) < power(3.0, 1.0)
