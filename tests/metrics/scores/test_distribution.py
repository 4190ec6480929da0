"""Distances from a reference set: zero from itself, oracles elsewhere, undefined where the set says nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from metrics.reference_statistics import MAX_POINTS, StatisticsBuilder, descriptors, quantity, statistics
from metrics.score import registry
from metrics.statistics.divergence import FrechetDistance
from tests.metrics.facts import AGAINST, CRYSTALS, facts

if TYPE_CHECKING:
    import pandas as pd

MANY = 1_000
"""Times that a few records are repeated, so that next to nothing is left of the bias that is corrected."""
BIAS = 2e-3
DISTANCES = [name for name in registry() if name.startswith("distribution_")]


def value(name: str, rows: pd.DataFrame) -> float:
    score = registry()[name].compute(rows, AGAINST).value
    assert score is not None
    return score


@pytest.mark.parametrize("name", [name for name in DISTANCES if "mmd" not in name and name != "distribution_frechet"])
def test_the_reference_has_no_distance_from_itself(name: str) -> None:
    assert value(name, facts(CRYSTALS)) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("name", DISTANCES)
def test_a_set_without_the_statistic_gives_no_value_and_blames_no_record(name: str) -> None:
    score = registry()[name].compute(facts(CRYSTALS), {"n_crystals": 5})
    assert (score.value, score.low, score.high) == (None, None, None)
    assert (score.n_counted, score.n_unknown) == (5, 0)


def test_shares_of_elements_are_those_of_crystals_not_of_cells() -> None:
    rows = facts([{"reduced_formula": "NaCl"}, {"reduced_formula": "SiO2"}] * MANY)
    bins = ["Cl", "Fe", "K", "Na", "O", "Si", "Ti"]
    ours = [1 / 4, 0, 0, 1 / 4, 1 / 3, 1 / 6, 0]
    theirs = [AGAINST["element_shares"].get(symbol, 0) / 5 for symbol in bins]
    assert value("distribution_elements", rows) == pytest.approx(jensenshannon(ours, theirs, base=2) ** 2, rel=BIAS)


def test_genbenchs_distance_counts_the_presence_of_elements() -> None:
    rows = facts([{"reduced_formula": "NaCl"}, {"reduced_formula": "SiO2"}])
    bins = sorted(AGAINST["elements"])
    ours = [{"Na": 1, "Cl": 1, "Si": 1, "O": 1}.get(symbol, 0) for symbol in bins]
    theirs = [AGAINST["elements"][symbol] for symbol in bins]
    assert value("distribution_elements_genbench", rows) == pytest.approx(jensenshannon(ours, theirs))


def test_crystal_systems_join_space_groups() -> None:
    rows = facts([{"space_group": 221}, {"space_group": 229}, {"space_group": 1}] * MANY)
    # cubic, trigonal, tetragonal, triclinic; the reference has 225, 167, 227, 225, 136
    expected = jensenshannon([2 / 3, 0, 0, 1 / 3], [3 / 5, 1 / 5, 1 / 5, 0], base=2) ** 2
    assert value("distribution_crystal_systems", rows) == pytest.approx(expected, rel=BIAS)
    assert value("distribution_space_groups", rows) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "column"),
    [("density", "density"), ("volume_per_atom", "volume_per_atom"), ("sites", "n_sites_primitive")],
)
def test_transport_is_in_units_of_the_references_deviation(name: str, column: str) -> None:
    theirs = [float(str(crystal[column])) for crystal in CRYSTALS]
    ours = [3, 8, 12]
    expected = wasserstein_distance(ours, theirs) / np.std(theirs)
    assert value(f"distribution_{name}", facts({column: number} for number in ours * MANY)) == pytest.approx(
        expected, rel=BIAS
    )


def test_a_large_set_is_its_quantiles() -> None:
    values = np.sort(np.random.default_rng(2).lognormal(size=100_000))
    made = quantity(values)
    assert len(made["points"]) == MAX_POINTS
    assert made["deviation"] == pytest.approx(values.std())
    assert wasserstein_distance(values, made["points"]) < 0.01 * values.std()
    assert set(made["points"]) <= set(values.tolist())


def test_statistics_are_json_and_do_not_depend_on_the_order() -> None:
    rows = facts([*CRYSTALS, {}])
    made = statistics(rows)
    assert json.loads(json.dumps(made)) == made
    assert statistics(rows.iloc[::-1].reset_index(drop=True)) == made
    assert made["n_crystals"] == 6
    assert made["elements"] == {"Cl": 2, "Fe": 1, "K": 1, "Na": 1, "O": 2, "Si": 1, "Ti": 1}
    assert made["space_groups"] == {"136": 1, "167": 1, "225": 2, "227": 1, "unknown": 1}
    assert made["coordination"] == {"Cl": [2, 10], "Na": [6, 6]}
    assert sum(made["element_shares"].values()) == pytest.approx(5)


@pytest.mark.parametrize("cut", [1, 4, 5])
def test_statistics_do_not_depend_on_how_the_set_is_cut(cut: int) -> None:
    rows = facts([*CRYSTALS, {}])
    builder = StatisticsBuilder()
    for start in range(0, len(rows), cut):
        builder.add(rows.iloc[start : start + cut])
    assert builder.result() == statistics(rows)


def samples(n: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Crystals whose descriptors are drawn from one distribution, and its densities."""
    generator = np.random.default_rng(seed)
    scales = generator.normal(3, 0.3, size=n) + shift
    features = generator.normal(size=(n, 6))
    return facts(
        {
            "amd": (scale * np.cbrt(np.arange(1, 101))).tolist(),
            "composition_features": of_record.tolist(),
            "density": 5 + float(of_record[0]) + shift,
        }
        for scale, of_record in zip(scales, features, strict=True)
    )


def test_the_frechet_distance_does_not_depend_on_the_number_of_records() -> None:
    against: dict[str, Any] = {**statistics(samples(4000, seed=1))}
    compute = registry()["distribution_frechet"].compute
    small, large = compute(samples(60, seed=2), against), compute(samples(1500, seed=3), against)
    assert small.value is not None
    assert large.value is not None
    # sixty records of the very same distribution are far away without the correction
    known, _ = descriptors(samples(60, seed=2))
    units = known.std(axis=0)
    moments = against["descriptors"]
    plain = FrechetDistance(
        known / units, np.array(moments["mean"]) / units, np.array(moments["covariance"]) / np.outer(units, units)
    )
    assert plain(np.ones((1, 60), dtype=np.int64))[0] > 0.4
    assert small.value < 0.2
    assert large.value < 0.03
    far = compute(samples(1500, seed=4, shift=0.3), against)
    # ten descriptors are one standard deviation (0.3 angstrom) off: 10 x 1
    assert far.value == pytest.approx(10, rel=0.2)
    assert far.low is not None
    assert far.high is not None
    assert far.low < 10 < far.high


def test_the_discrepancy_tells_a_shift_from_none() -> None:
    against = {**statistics(samples(900, seed=1))}
    compute = registry()["distribution_density_mmd"].compute
    near, far = compute(samples(300, seed=2), against), compute(samples(300, seed=3, shift=1.0), against)
    assert near.value is not None
    assert far.low is not None
    assert near.value < 0.01 < far.low
