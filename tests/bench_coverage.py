"""How often the interval of each score holds what it is an interval for: submissions drawn from real populations.

Run as ``python -m tests.bench_coverage`` for a quick look at the starter set, with ``--all`` for every score on the
populations of docs/intervals.md (hours). What an interval should hold, the estimand, is one of three: see
:func:`truths`.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leaderboard.board.comparison import SIGNIFICANT
from metrics.chemical_histogram import crystal_systems, element_shares
from metrics.reference_statistics import (
    atom_density,
    crystal_system_counts,
    descriptors,
    reference_quantity,
    space_group_counts,
)
from metrics.score import registry
from metrics.statistics.divergence import (
    FrechetDistance,
    SquaredMmd,
    jensen_shannon_divergence,
    median_bandwidth,
    wasserstein_distance,
)
from metrics.statistics.histogram import whole_numbers
from metrics.statistics.uncertainty import Estimate, difference, holm
from tests.populations import populations, starter_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from metrics.score import Value
    from metrics.statistics.histogram import Kinds
    from tests.populations import Population

SIZES = (500, 2_500)
QUICK, ALL = 10, 400
"""Submissions of each size from each population."""
AT_OWN_SIZE = frozenset(
    name
    for name, score in registry().items()
    if {"unique", "duplicate_bawl", "nearest_record_distance", "family"} & set(score.needs)
)
"""Scores that fall or grow with the number of structures, whatever is done; so do all of GenBench's definitions."""
PLAIN_MEANS = (
    "e_above_hull_mean",
    "formation_energy_mean",
    "hhi_production",
    "hhi_reserve",
    "hhi_combined",
    "continuous_novelty",
)
QUANTITIES = {
    "density": "density",
    "atom_density": "atom_density",
    "volume_per_atom": "volume_per_atom",
    "sites": "n_sites_primitive",
}
Table = dict[tuple[str, str, int], tuple[float, int]]


def main(n_submissions: int = QUICK, names: Sequence[str] = (), only: Sequence[str] = ("starter",)) -> None:
    """Print the coverage of each score, in percent, by population and size, and how often a comparison errs."""
    drawn_from = {"starter": starter_table()} if tuple(only) == ("starter",) else populations()
    for name, population in drawn_from.items():
        if not only or name in only:
            values = simulated(population, n_submissions, names or scores_of(population))
            print_coverage(name, values, truths(population, values))
            for size in SIZES:
                share = false_alarms([by_size for (_, at), by_size in values.items() if at == size])
                print(f"two submissions of {size:,}: {100 * share:.1f}% of the pages call a difference clear")


def scores_of(population: Population) -> list[str]:
    """Every score whose facts the population has."""
    return [name for name, score in registry().items() if set(score.needs) <= {*population.rows.columns, "id"}]


def simulated(
    population: Population, n_submissions: int, names: Iterable[str], sizes: Sequence[int] = SIZES, seed: int = 12
) -> dict[tuple[str, int], list[Value]]:
    """Scores of submissions drawn from the population, by score and size."""
    values: dict[tuple[str, int], list[Value]] = defaultdict(list)
    for size in sizes:
        for stream in np.random.SeedSequence(seed).spawn(n_submissions):
            rows = population.draw(size, np.random.default_rng(stream))
            for name in names:
                values[name, size].append(registry()[name].compute(rows, population.against))
    return values


def truths(population: Population, values: Mapping[tuple[str, int], Sequence[Value]]) -> dict[tuple[str, int], float]:
    """What each interval should hold, by score and size.

    - The value for endless samples: shares, means, medians, distances. Computed from the population itself.
    - The mean over samples of 500: what is rarefied to that size (diversity). The mean over the submissions drawn,
      each by its size: all sizes have the same mean.
    - The mean over samples of the same size: `AT_OWN_SIZE`, and GenBench's definitions. The same.
    """
    expected = {}
    for name, size in values:
        exact = endless(name, population)
        is_rarefied = name.startswith("diversity") and not name.endswith("_genbench")
        sizes = [at for other, at in values if other == name and (is_rarefied or at == size)]
        drawn = [(value.value, at) for at in sizes for value in values[name, at] if value.value is not None]
        # a larger submission says more of the same mean
        means, weights = np.transpose(drawn)
        expected[name, size] = float(np.average(means, weights=weights)) if exact is None else exact
    return expected


def endless(name: str, population: Population) -> float | None:
    """The score of endless samples; None where it depends on their size."""
    rows, weights, against = population.rows, population.weights, population.against
    score = registry()[name]
    if score.counts_hits and name not in AT_OWN_SIZE:
        # a share is the same of rows in the proportions of the weights
        places = np.repeat(np.arange(len(rows)), np.round(weights * 2e5).astype(int))
        return score.compute(rows.iloc[places].reset_index(drop=True), against).value
    if name.endswith("_genbench") or name in AT_OWN_SIZE:
        return None
    if name in PLAIN_MEANS:
        return _mean(_averaged(name, rows), weights)
    if name == "e_above_hull_median":
        return _median(rows["e_above_hull"], weights)
    return _distance(name.removeprefix("distribution_"), population) if name.startswith("distribution_") else None


def _averaged(name: str, rows: pd.DataFrame) -> pd.Series[float]:
    """What a score is the mean of."""
    if name == "hhi_combined":
        return 0.25 * rows["hhi_production"] + 0.75 * rows["hhi_reserve"]
    if name == "continuous_novelty":
        distance = rows["nearest_reference_distance"].clip(upper=1.0).fillna(1.0)
        return distance.mask(rows["in_reference"].isna(), 0.0)
    return rows[registry()[name].needs[0]]


def _median(column: pd.Series[float], weights: np.ndarray) -> float:
    known = column.notna().to_numpy()
    values = column[known].to_numpy(dtype=float)
    order = np.argsort(values)
    cumulated = np.cumsum(weights[known][order]) / weights[known].sum()
    return float(values[order][np.searchsorted(cumulated, 0.5)])


def _mean(column: pd.Series[float], weights: np.ndarray) -> float:
    known = column.notna().to_numpy()
    return float(np.average(column[known].to_numpy(dtype=float), weights=weights[known]))


def _distance(name: str, population: Population) -> float:
    """Distance of the population, every row with its weight, from the reference."""
    rows, against = population.rows, population.against
    histograms: dict[str, tuple[str, Callable[[Any], Kinds], Mapping[str, float]]] = {
        "elements": ("reduced_formula", element_shares, against["element_shares"]),
        "space_groups": ("space_group", whole_numbers, space_group_counts(against)),
        "crystal_systems": ("space_group", crystal_systems, crystal_system_counts(against)),
    }
    if name in histograms:
        fact, histogram, counts = histograms[name]
        weights = pd.Series(population.weights).groupby(rows[fact].reset_index(drop=True)).sum()
        kinds = [histogram(pd.Series([value], dtype=rows[fact].dtype)) for value in weights.index]
        return _divergence(kinds, weights.to_numpy(), counts)
    if name == "frechet":
        return _frechet(population)
    quantity = name.removesuffix("_mmd")
    column = atom_density(rows) if quantity == "atom_density" else rows[QUANTITIES[quantity]]
    known = column.notna().to_numpy()
    values, place = np.unique(column[known].to_numpy(dtype=float), return_inverse=True)
    shares = np.bincount(place, weights=population.weights[known]) / population.weights[known].sum()
    reference = reference_quantity(against, "sites" if quantity == "sites" else quantity)
    if reference is None:
        raise KeyError(name)
    points = np.array(reference["points"])
    if not name.endswith("_mmd"):
        return float(wasserstein_distance(values, shares, points)) / reference["deviation"]
    # two structures of endless samples are drawn independently, so pairs of a row with itself belong to the mean
    return float(SquaredMmd(values, points, median_bandwidth(points)).biased(shares[None])[0])


def _divergence(kinds: Sequence[Kinds], weights: np.ndarray, counts: Mapping[str, float]) -> float:
    shares: defaultdict[str, float] = defaultdict(float)
    for kind, weight in zip(kinds, weights, strict=True):
        if kind.n_known:
            for label, share in kind.histogram.items():
                shares[str(label)] += weight * share
    ours = np.array(list(shares.values())) / sum(shares.values())
    theirs = np.array([counts.get(label, 0) / sum(counts.values()) for label in shares])
    return float(jensen_shannon_divergence(ours, theirs))


def _frechet(population: Population) -> float:
    known, weights = [], []
    for row, weight in enumerate(population.weights):
        features, _ = descriptors(population.rows.iloc[[row]])
        known += features.tolist()
        weights += [weight] * len(features)
    reference = population.against["descriptors"]
    covariance = np.array(reference["covariance"])
    units = np.sqrt(np.diag(covariance))
    # many structures in the proportions of the weights: their covariance differs from the population's by 1e-6
    counts = np.round(np.array(weights) / sum(weights) * 1e6).astype(np.int64)
    distance = FrechetDistance(
        np.array(known) / units, np.array(reference["mean"]) / units, covariance / np.outer(units, units)
    )
    return float(distance(counts[None])[0])


def false_alarms(values: Sequence[Sequence[Value]]) -> float:
    """Share of all pairs of submissions of one population of which a comparison calls at least one score different.

    Args:
        values: of each submission, for each score.

    """
    estimates = [
        [
            None
            if value.value is None or value.low is None or value.high is None
            else Estimate(value.value, value.low, value.high)
            for value in of_score
        ]
        for of_score in values
    ]
    alarms = []
    for one, other in combinations(range(len(estimates[0])), 2):
        pairs = [(of_score[one], of_score[other]) for of_score in estimates]
        p_values = [difference(first, second).p_value for first, second in pairs if first and second]
        alarms.append(min(holm(p_values)) < SIGNIFICANT)
    return float(np.mean(alarms))


def covers(values: Sequence[Value], truth: float) -> np.ndarray:
    """Which intervals hold the truth, up to rounding; those that are not shown are left out."""
    shown = [(value.low, value.high) for value in values if value.low is not None and value.high is not None]
    slack = 1e-9 * max(1.0, abs(truth))
    return np.array([low - slack <= truth <= high + slack for low, high in shown])


def print_coverage(
    name: str, values: Mapping[tuple[str, int], Sequence[Value]], truth: Mapping[tuple[str, int], float]
) -> None:
    """One line for each score: per cent of the intervals that hold the truth, and the truth, at each size."""
    print(f"\n{name}")
    for score in dict.fromkeys(score for score, _ in values):
        cells = []
        for size in sorted({size for other, size in values if other == score}):
            held = covers(values[score, size], truth[score, size])
            centre = np.mean([value.value for value in values[score, size] if value.value is not None] or [np.nan])
            width = np.mean(
                [v.high - v.low for v in values[score, size] if v.low is not None and v.high is not None] or [np.nan]
            )
            share = f"{100 * held.mean():5.1f}" if len(held) else "    -"
            cells.append(f"{size:6}: {share} truth {truth[score, size]:9.4f} mean {centre:9.4f} width {width:8.4f}")
        print(f"{score:44}" + " ".join(cells))
    sys.stdout.flush()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", action="store_true", help="the populations of docs/intervals.md, measured first")
    arguments.add_argument("--submissions", type=int, default=None, help="of each size from each population")
    arguments.add_argument("--scores", nargs="*", default=(), help="names; default are all")
    arguments.add_argument("--populations", nargs="*", default=(), help="names; default are all")
    options = arguments.parse_args()
    chosen = options.populations or (() if options.all else ("starter",))
    main(options.submissions or (ALL if options.all else QUICK), options.scores, chosen)
