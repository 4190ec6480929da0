"""Means of supply risk, and what counts as usual coordination."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.coordination import coordination_usual, is_usual
from metrics.supply_risk import mean
from tests.metrics.facts import AGAINST, facts


def test_a_mean_is_over_what_is_known_with_the_interval_of_sampling_theory() -> None:
    values = np.random.default_rng(6).normal(3, 1, size=400)
    column = facts({"density": own} for own in [*values.tolist(), None])["density"]
    found = mean(column)
    assert (found.n_counted, found.n_unknown) == (400, 1)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * values.std() / 20, abs=0.02)
    assert found.high == pytest.approx(values.mean() + 1.96 * values.std() / 20, abs=0.02)


def test_one_unusual_atom_decides_and_an_element_without_a_range_leaves_it_open() -> None:
    ranges = {"Na": [4, 8], "Cl": [6, 6]}
    rows = facts(
        {"site_elements": symbols, "coordination_numbers": numbers}
        for symbols, numbers in [
            (["Na", "Cl"], [4, 6]),
            (["Na", "Cl"], [9, 6]),
            (["Na", "U"], [5, 6]),
            (["Na", "U"], [3, 6]),
            (None, None),
        ]
    )
    usual = is_usual(rows, ranges)
    assert usual.isna().tolist() == [False, False, True, False, True]
    assert usual.fillna(value=False).tolist() == [True, False, False, False, False]


def test_without_ranges_there_is_no_value() -> None:
    rows = facts([{"site_elements": ["Na"], "coordination_numbers": [6]}])
    assert coordination_usual(rows, {}).value is None
    assert coordination_usual(rows, AGAINST).value == 1
