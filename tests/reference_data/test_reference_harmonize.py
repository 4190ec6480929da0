"""Merging rows into crystals: connected components of the verdict, whatever the order of the rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from metrics.measure.engine import Engine
from metrics.measure.matching import MatchSettings, compare
from reference_data.harmonize import MeasuredRow, component_labels, merge
from reference_data.reference import open_reference
from reference_data.sources.base import SourceRow

FORMULAS = ("C", "SiO2", "FeS2", "TiO2", "Cu")


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


def test_groups_are_the_connected_components_of_the_verdict(rows: list[MeasuredRow]) -> None:
    candidates = [row.candidate for row in rows if row.facts["reduced_formula"] == "SiO2"]
    same = np.zeros((len(candidates), len(candidates)), dtype=bool)
    for i, j in combinations(range(len(candidates)), 2):
        same[i, j] = compare(candidates[i], candidates[j], MatchSettings()).same
    _, expected = connected_components(same, directed=False)
    labels = component_labels((candidates, MatchSettings()))
    assert [[own == other for other in labels] for own in labels] == (expected[:, None] == expected[None, :]).tolist()
    # the three sizes of a polymorph are one crystal, and there are several polymorphs
    assert all(labels[i] == labels[i + 1] == labels[i + 2] for i in range(0, len(labels), 3))
    assert len(set(labels)) > 3


def test_the_order_of_the_rows_does_not_matter(rows: list[MeasuredRow]) -> None:
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    with Engine(1) as engine:
        groups = merge(rows, MatchSettings(), engine)
        again = merge(shuffled, MatchSettings(), engine)
    names = [[row.row.id for row in group] for group in groups]
    assert names == [[row.row.id for row in group] for group in again]
    assert sorted(name for group in names for name in group) == sorted(row.row.id for row in rows)
    # the smallest id stands for its crystal; crystals come by formula, then by id
    assert all(group == sorted(group) for group in names)
    order = [(group[0].facts["reduced_formula"], group[0].row.id) for group in groups]
    assert order == sorted(order)
