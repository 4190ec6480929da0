"""Diversity against closed forms, and GenBench's numbers on the same crystals."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.chemical_histogram import element_shares
from metrics.measure import registry as measures
from metrics.score import registry
from metrics.scores.diversity import diversity_elements, diversity_lattice_lengths, hill_number, shannon_entropy
from metrics.statistics.histogram import whole_numbers
from tests.conftest import AGREEMENT
from tests.metrics.facts import facts
from tests.metrics.measure.fingerprint_crystals import lemat_cifs, parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


def spread(counts: list[int]) -> pd.DataFrame:
    """Records of which `counts[i]` have space group i + 1."""
    return facts({"space_group": group} for group, count in enumerate(counts, start=1) for _ in range(count))


@pytest.mark.parametrize("n_bins", [1, 2, 7, 50])
def test_equally_common_bins_count_fully(n_bins: int) -> None:
    rows = spread([3] * n_bins)
    assert hill_number(whole_numbers(rows["space_group"])).value == pytest.approx(n_bins)
    coverage = registry()["diversity_space_groups_coverage"].compute(rows, {}).value
    assert coverage == pytest.approx(n_bins / 230)


@given(counts=st.lists(st.integers(1, 20), min_size=1, max_size=10))
def test_the_number_lies_between_one_and_the_bins(counts: list[int]) -> None:
    value = hill_number(whole_numbers(spread(counts)["space_group"])).value
    assert value is not None
    assert 1 - 1e-9 <= value <= len(counts) + 1e-9
    shares = np.array(counts) / sum(counts)
    assert value == pytest.approx(float(np.prod(shares**-shares)))


@given(
    counts=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    n_unknown=st.integers(0, 30),
    real=st.lists(st.integers(1, 8), min_size=30, max_size=30),
)
def test_unknown_records_are_taken_at_their_worst(counts: list[int], n_unknown: int, real: list[int]) -> None:
    known = [{"space_group": group} for group, count in enumerate(counts, start=1) for _ in range(count)]
    hidden = [{"space_group": group} for group in real[:n_unknown]]
    told, untold = facts([*known, *hidden]), facts([*known, *({} for _ in hidden)])
    for name in ("diversity_space_groups", "diversity_space_groups_coverage"):
        best, worst = (registry()[name].compute(rows, {}).value for rows in (told, untold))
        assert best is not None
        assert worst is not None
        assert worst <= best + 1e-9


def test_elements_count_by_atomic_fraction_and_a_supercell_changes_nothing() -> None:
    rows = facts([{"reduced_formula": "NaCl"}, {"reduced_formula": "Si"}])
    shares = np.array([0.25, 0.25, 0.5])
    assert diversity_elements(rows, {}).value == pytest.approx(float(np.exp(shannon_entropy(shares))))
    assert element_shares(rows["reduced_formula"]).histogram == {"Cl": 0.5, "Na": 0.5, "Si": 1.0}


def test_the_three_lengths_are_pooled() -> None:
    rows = facts([{"lattice_lengths": [3.1, 3.2, 9.9]}])
    shares = np.array([2 / 3, 1 / 3])
    assert diversity_lattice_lengths(rows, {}).value == pytest.approx(float(np.exp(shannon_entropy(shares))))


def test_submissions_of_different_size_compare() -> None:
    generator = np.random.default_rng(1)
    groups = generator.zipf(1.5, size=5000) % 230 + 1
    large, small = (facts({"space_group": int(number)} for number in groups[:n]) for n in (5000, 500))
    name = "diversity_space_groups_coverage"
    ours, theirs = registry()[name].compute(large, {}), registry()[name].compute(small, {})
    assert ours.value == pytest.approx(theirs.value, rel=0.1)
    raw = registry()[f"{name}_genbench"].compute(large, {}).value
    assert ours.value is not None
    assert raw is not None
    assert raw > 2 * ours.value  # without rarefaction the larger one would have won by its size


@cache
def first_hundred() -> pd.DataFrame:
    cifs = lemat_cifs("mp")
    rows = []
    for name in sorted(cifs)[:100]:
        crystal = parsed(cifs[name])
        row: dict[str, object] = {}
        for measure in ("composition", "space_group", "canonical_bawl"):
            measured = measures()[measure]
            row |= measured.compute(crystal, measured.settings())
        rows.append({key: row[key] for key in ("reduced_formula", "space_group", "n_sites", "n_sites_primitive")})
    return facts(rows)


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        # LeMat-GenBench's values for the first 100 files, in sorted order, of lemat_source_mp
        ("diversity_elements_coverage_genbench", 0.51695),
        ("diversity_space_groups_coverage_genbench", 0.11739),
        ("diversity_sites_genbench", 11.08349),
        # below 500 records nothing is rarefied: the definitions of coverage are the same
        ("diversity_elements_coverage", 0.51695),
        ("diversity_space_groups_coverage", 0.11739),
    ],
)
def test_genbenchs_numbers_come_out(name: str, recorded: float, record_property: Callable[[str, object], None]) -> None:
    value = registry()[name].compute(first_hundred(), {}).value
    record_property(AGREEMENT, f"GenBench, {name}, 100 crystals: {value:.5f}, recorded {recorded:.5f}")
    assert value == pytest.approx(recorded, abs=5e-6)


def test_only_cells_that_are_not_primitive_part_us_from_genbenchs_number_of_sites(
    record_property: Callable[[str, object], None],
) -> None:
    rows = first_hundred()
    larger = rows["n_sites"] != rows["n_sites_primitive"]
    ours = registry()["diversity_sites"].compute(rows, {}).value
    record_property(
        AGREEMENT,
        f"GenBench, diversity_sites, 100 crystals: {ours:.5f}, recorded 11.08349; cells not primitive: {larger.sum()}",
    )
    assert larger.any() == (ours != pytest.approx(11.08349, abs=5e-6))
    primitive = rows.assign(n_sites=rows["n_sites_primitive"])
    assert registry()["diversity_sites_genbench"].compute(primitive, {}).value == pytest.approx(ours)
