"""Intervals hold what they are for, on submissions drawn from the starter set: the small version of bench_coverage."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binom

from tests.bench_coverage import covers, false_alarms, simulated, truths
from tests.populations import starter_table

if TYPE_CHECKING:
    from metrics.score import Value

N_SUBMISSIONS, SIZE, SEED = 40, 500, 7
NAMES = (
    "unique",
    "unique_bawl",
    "continuous_uniqueness",
    "e_above_hull_mean",
    "e_above_hull_median",
    "formation_energy_mean",
    "diversity_elements_coverage",
    "diversity_space_groups",
    "diversity_space_groups_coverage",
    "diversity_sites_coverage",
    "diversity_space_groups_coverage_genbench",
    "distribution_space_groups",
    "distribution_crystal_systems",
    "distribution_volume_per_atom",
    "distribution_sites",
)


@cache
def results() -> tuple[dict[tuple[str, int], list[Value]], dict[tuple[str, int], float]]:
    population = starter_table()
    values = simulated(population, N_SUBMISSIONS, NAMES, [SIZE], SEED)
    return values, truths(population, values)


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_covers_within_binomial_error(name: str) -> None:
    values, expected = results()
    held = covers(values[name, SIZE], expected[name, SIZE])
    # one in a thousand of the scores that cover 93% would have fewer
    assert held.sum() >= binom.ppf(1e-3, N_SUBMISSIONS, 0.93)


def test_all_intervals_together_cover_95_per_cent() -> None:
    values, expected = results()
    held = np.mean([covers(values[name, SIZE], expected[name, SIZE]).mean() for name in NAMES])
    # 15 scores of 40 submissions; the scores of one submission depend on each other, as about five independent ones do
    assert abs(held - 0.95) < 3 * np.sqrt(0.95 * 0.05 / (5 * N_SUBMISSIONS))


def test_two_submissions_of_one_population_are_seldom_called_different() -> None:
    values, _ = results()
    # of all 780 pairs; one odd submission is in 39 of them, so at most 5% can come out as 8
    assert false_alarms([values[name, SIZE] for name in NAMES]) <= 0.08


@pytest.mark.parametrize("name", ["formation_energy_mean", "distribution_space_groups", "diversity_space_groups"])
def test_intervals_shrink_with_the_number_of_structures(name: str) -> None:
    values = simulated(starter_table(), 20, [name], [SIZE, 4 * SIZE], SEED)
    widths = [np.mean([(v.high or 0) - (v.low or 0) for v in values[name, size]]) for size in (SIZE, 4 * SIZE)]
    # by the square root of the number; half as much again is the scatter of twenty
    assert 1 / 3 < widths[1] / widths[0] < 3 / 4
