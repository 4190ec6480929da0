"""What counts as usual coordination."""

from __future__ import annotations

from metrics.scores.validity import coordination_usual, is_usual
from tests.metrics.facts import AGAINST, facts


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
