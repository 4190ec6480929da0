"""Merging rows into crystals: connected components of the verdict, whatever the order of the rows."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from metrics.crystal import Crystal
from metrics.measure.matching.verdict import MatchSettings, compare
from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.merge import MeasuredRow, merge
from reference_data.errors import ReferenceSetError
from reference_data.reference import open_reference
from reference_data.sources.base import SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.measure.running.engine import Engine

FORMULAS = ("C", "SiO2", "FeS2", "TiO2", "Cu")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1) as started:
        yield started


@pytest.fixture(scope="module")
def rows() -> list[MeasuredRow]:
    """Polymorphs of the starter set, each three times: as it is and in two other sizes."""
    crystals = open_reference("starter").rows_of_formulas(FORMULAS)
    return [
        MeasuredRow(
            SourceRow(
                f"{crystal.id}-{scale}",
                f"source-{scale}",
                type(crystal.crystal)(
                    crystal.crystal.lattice * scale, crystal.crystal.frac_coords, crystal.crystal.atomic_numbers
                ),
            ),
            {"reduced_formula": crystal.reduced_formula, "canonical_bawl_keys": list(crystal.keys)},
        )
        for crystal in crystals
        for scale in (1.0, 1.01, 0.99)
    ]


def test_groups_are_the_connected_components_of_the_verdict(rows: list[MeasuredRow], engine: Engine) -> None:
    silica = sorted((row for row in rows if row.facts["reduced_formula"] == "SiO2"), key=lambda row: row.row.id)
    same = np.zeros((len(silica), len(silica)), dtype=bool)
    for i, j in combinations(range(len(silica)), 2):
        same[i, j] = compare(silica[i].candidate, silica[j].candidate, MatchSettings()).same
    n_expected, labels = connected_components(same, directed=False)
    groups = merge(silica, MatchSettings(), engine)
    expected = [
        {row.row.id for row, row_label in zip(silica, labels, strict=True) if row_label == label}
        for label in range(n_expected)
    ]
    assert [{row.row.id for row in group} for group in groups] == expected
    # the three sizes of a polymorph are one crystal, and there are several polymorphs
    assert all(len(group) % 3 == 0 for group in groups)
    assert len(groups) > 3


def test_rows_that_cannot_be_compared_and_are_joined_by_no_other_stop_the_build(
    rows: list[MeasuredRow], engine: Engine
) -> None:
    copper = next(row for row in rows if row.facts["reduced_formula"] == "Cu")
    flat = Crystal(copper.row.crystal.lattice * 1e-4, copper.row.crystal.frac_coords, copper.row.crystal.atomic_numbers)
    broken = MeasuredRow(SourceRow("flat", "source", flat), copper.facts)
    with pytest.raises(ReferenceSetError, match=r"and flat could not be compared .*the cell is flat"):
        merge([copper, broken], MatchSettings(), engine)


def test_the_order_of_the_rows_does_not_matter(rows: list[MeasuredRow], engine: Engine) -> None:
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    groups = merge(rows, MatchSettings(), engine)
    again = merge(shuffled, MatchSettings(), engine)
    names = [[row.row.id for row in group] for group in groups]
    assert names == [[row.row.id for row in group] for group in again]
    assert sorted(name for group in names for name in group) == sorted(row.row.id for row in rows)
    # the smallest id stands for its crystal; crystals come by formula, then by id
    assert all(group == sorted(group) for group in names)
    order = [(group[0].facts["reduced_formula"], group[0].row.id) for group in groups]
    assert order == sorted(order)
