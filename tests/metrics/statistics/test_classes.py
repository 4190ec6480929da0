"""Counts of classes against drawing samples of known populations, and against limits in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics.classes import classes_per_record, variance_of_sum
from metrics.statistics.uncertainty import Z, bounded_interval, wilson_interval

N_SAMPLES = 600
COVERED = (0.92, 0.985)
"""Of 600 intervals of 93 to 97%, the standard error of 95% being 0.9 points."""


def labels(sizes: list[int]) -> list[str]:
    return [str(name) for name, size in enumerate(sizes) for _ in range(size)]


@given(st.lists(st.sampled_from("abcdefgh"), max_size=40), st.integers(1, 60))
def test_the_interval_holds_the_value_and_stays_a_share(classes: list[str], without: int) -> None:
    value, low, high = classes_per_record(classes, len(classes) + without)
    assert value == len(set(classes)) / (len(classes) + without)
    assert 0 <= low <= value <= high <= 1
    assert low < high


@given(st.integers(1, 200), st.integers(0, 200))
def test_classes_seen_once_are_independent_hits(n_classes: int, without: int) -> None:
    n = n_classes + without
    expected = (n_classes / n, *wilson_interval(n_classes, n))
    assert classes_per_record(labels([1] * n_classes), n) == pytest.approx(expected)


def test_a_pair_of_copies_among_many_varies_as_a_poisson_number() -> None:
    # d pairs are a Poisson number; each takes one class, and both distances from the sum
    sizes = [1] * 2_480 + [2] * 10
    _, low, high = classes_per_record(labels(sizes), 2_500)
    # Wilson's interval of so many trials is wider by the continuity that it has near 1
    assert (high - low) * 2_500 / (2 * Z) == pytest.approx(np.sqrt(10), rel=0.1)
    sums = np.append(np.ones(2_480), np.zeros(10))
    assert variance_of_sum(sums, np.array(sizes), 2_500) == pytest.approx(40, rel=0.02)


def test_classes_seen_often_are_seen_again() -> None:
    seen_once = classes_per_record(labels([1] * 40), 1_000)
    often = classes_per_record(labels([10] * 40), 1_000)
    assert often.value == seen_once.value
    # a variance of one class instead of 40: the interval is shorter by about the root of 40
    assert (often.high - often.low) < (seen_once.high - seen_once.low) / 5


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30), n_other=st.integers(0, 50))
def test_the_variance_of_a_sum_is_at_least_one(sizes: list[int], n_other: int) -> None:
    assert variance_of_sum(np.array(sizes) == 1.0, np.array(sizes), sum(sizes) + n_other) >= 1


POPULATIONS = {
    "few copies": np.full(40_000, 1 / 40_000),
    "each drawn once on average": np.full(500, 1 / 500),
    "some often": 1 / (np.arange(2_000) + 20.0) / np.sum(1 / (np.arange(2_000) + 20.0)),
    "one structure over and over": np.append(np.full(40_000, 1 / 60_000), 1 / 3),
}
PARTS = {
    "all rare": np.full(300, 1e-4),
    "Zipf, a fifth of the records": 0.2 / np.arange(1, 2001) / np.sum(1 / np.arange(1, 2001)),
    "Zipf, most records": 0.6 / np.arange(1, 5001) ** 0.8 / np.sum(1 / np.arange(1, 5001) ** 0.8),
    "two hundred equal ones": np.full(200, 0.1 / 200),
    "twenty common and many rare": np.concatenate([np.full(20, 0.02), np.full(1000, 5e-5)]),
}
"""Probabilities of the classes that count; other records do not."""


@pytest.mark.parametrize("n", [500, 2500])
@pytest.mark.parametrize("name", [*POPULATIONS, *PARTS])
def test_intervals_cover_what_other_samples_hold_on_average(name: str, n: int) -> None:
    probabilities = (POPULATIONS | PARTS)[name]
    expected = float((1 - (1 - probabilities) ** n).sum()) / n
    held = []
    for sizes in drawn(probabilities, n):
        _, low, high = classes_per_record(labels(sizes[sizes > 0].tolist()), n)
        held.append(low <= expected <= high)
    assert COVERED[0] <= np.mean(held) <= COVERED[1]


@pytest.mark.parametrize("name", POPULATIONS)
def test_intervals_of_a_sum_cover_its_mean_over_samples_of_the_same_size(name: str) -> None:
    probabilities = POPULATIONS[name]
    expected = float((probabilities * (1 - probabilities) ** 499).sum())
    held = []
    for sizes in drawn(probabilities, 500):
        alone = (sizes[sizes > 0] == 1).astype(np.float64)
        variance = variance_of_sum(alone, sizes[sizes > 0], 500)
        low, high = bounded_interval(alone.sum() / 500, variance / 500**2, 250)
        held.append(low <= expected <= high)
    assert COVERED[0] <= np.mean(held) <= COVERED[1]


def drawn(probabilities: np.ndarray, n: int) -> np.ndarray:
    """(samples, classes) how often each class is in a sample of n records."""
    rest = max(1 - float(probabilities.sum()), 0.0)
    return np.random.default_rng(7).multinomial(n, np.append(probabilities, rest), size=N_SAMPLES)[:, :-1]
