"""Figures count structures, and what is unknown is not left over; beside them stands the reference of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.pages.model import element_shares, figures
from metrics.table import frame
from reference_data.reference import open_reference
from tests.made_runs import COLUMNS, Made, good, publish, refused

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [
    good("fine"),
    good("known", in_reference=True, space_group=225, reduced_formula="NaCl"),
    good("copy", unique=False),
    good("charged", charge_valid=False, charge_rule="crowded", valid=False, space_group=2),
    good("thin", plausible=False, valid=False, density=0.001),
    good("close", distance_valid=False, valid=False),
    good("unsure", charge_valid=None, valid=None, space_group=None),
    refused("refused", "malformed", "no cell"),
]
ROWS = frame(RECORDS, COLUMNS)
STATISTICS = {
    "n_crystals": 10,
    "elements": {"Na": 5, "Cl": 10, "Cs": 1, "O": 2},
    "space_groups": {"225": 3, "2": 1, "unknown": 6},
    "quantities": {"density": {"points": [2.0, 4.0, 6.0]}, "sites": {"points": [2.0, 8.0]}},
}


def test_the_funnel_counts_what_is_left_after_each_condition() -> None:
    assert figures.left_after(ROWS) == {
        "submitted": 8,
        "readable": 7,
        "charge-neutral": 5,
        "minimum distance": 4,
        "plausible": 3,
        "unique": 2,
        "novel": 1,
    }
    html = figures.funnel(ROWS)
    assert "1 (12.5%) structures are valid, unique and novel; most are lost as not charge-neutral (2)." in html


def test_failures_are_counted_by_the_rule_that_is_broken() -> None:
    assert figures.failure_counts(ROWS) == {
        "Charge: atoms of metals are pressed into each other": 1,
        "Minimum distance": 1,
        "Not plausible: density": 1,
        "Undecided": 1,
        "Refused": 1,
    }
    assert "3 (37.5%) structures are invalid" in figures.failures(ROWS)
    assert "No structure is invalid." in figures.failures(frame([good("a")], COLUMNS))


def test_elements_are_shares_of_readable_structures_beside_the_reference() -> None:
    shares = element_shares.element_shares(ROWS)
    assert shares == {"Cl": 1.0, "Cs": pytest.approx(6 / 7), "Na": pytest.approx(1 / 7)}
    html = element_shares.elements_html(ROWS, STATISTICS, "set")
    # caesium: 86% here, one of ten there; chlorine is in all of both
    assert "most above its share in set: Cs 8.6 times" in html
    assert "1 of its 4 elements do not occur" in html
    assert 'title="Na, sodium: 14.3% of structures, 50.0% of set"' in html
    cells = html.split("<span")
    assert any('class="less' in cell and ">Na<" in cell for cell in cells)
    assert any('class="more' in cell and ">Cs<" in cell and "--heat:1.00" in cell for cell in cells)
    assert "3 elements occur" in element_shares.elements_html(ROWS, {}, "set")


def test_symmetry_stands_beside_that_of_the_reference() -> None:
    systems = figures.crystal_systems(ROWS, STATISTICS, "set")
    # five of six are cubic; of the reference three of the four whose space group is known
    assert "The most frequent crystal system is cubic, 83.3% (75.0%)." in systems
    groups = figures.space_groups(ROWS, STATISTICS, "set")
    assert "3 of 230 space groups occur; 2 occur in set." in groups
    assert "Fm-3m (225)" in groups
    assert "16.7% (75.0%)" in groups
    assert "in brackets" not in figures.space_groups(ROWS, {}, "set")


def test_a_quantity_stands_beside_that_of_the_reference() -> None:
    html = figures.quantity(ROWS, "density", STATISTICS, "set")
    assert "Median 3.99 g/cm\u00b3, in set 4." in html
    assert "<polyline" in html
    assert "<polyline" not in figures.quantity(ROWS, "density", {}, "set")


@pytest.mark.parametrize("records", [[], [refused("refused", "malformed", "no cell")]])
def test_figures_of_nothing_are_drawn(tmp_path: Path, records: list[dict[str, object]]) -> None:
    html = figures.figures_html(publish(tmp_path, Made("m", records)))
    assert html.count("<figure") == 5 + len(figures.QUANTITIES)
    assert "nan" not in html


def test_without_the_state_of_the_set_the_figures_say_so(tmp_path: Path) -> None:
    reference = open_reference("starter")
    at_hand = {"reference_hash": reference.manifest_sha256}
    runs = [
        publish(tmp_path, Made(model, RECORDS, record=record))
        for model, record in (("a", {}), ("b", {"reference": "no such set"}), ("c", at_hand))
    ]
    other, missing, known = map(figures.figures_html, runs)
    assert "this machine has another state of starter" in other
    assert "no such set is not built on this machine" in missing
    assert "Without the reference" not in known
    assert f"{len(reference.statistics['space_groups']):,} occur in starter" in known
