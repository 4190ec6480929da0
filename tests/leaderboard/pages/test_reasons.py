"""Reasons: the true bound with its value, and of what is unknown only what leaves a verdict open."""

from __future__ import annotations

from typing import Any

import pytest

from leaderboard.pages.structures.contacts import Contact
from leaderboard.pages.structures.reasons import BOUNDS, CAUTIONS, cautions, reasons, undecided
from leaderboard.protocol import load_protocol

FINE: dict[str, Any] = {
    "refusal": None,
    "charge_valid": True,
    "distance_valid": True,
    "plausible": True,
    "valid": True,
    "unique": True,
    "in_reference": False,
    "duplicate_of": None,
    "unknown_reasons": None,
    "space_group": 221,
    "density": 5.0,
    "volume_per_atom": 15.0,
    "n_sites_primitive": 2,
    "lattice_lengths": [4.0, 4.0, 4.0],
}


def test_the_bounds_are_those_of_the_protocol() -> None:
    plausible = load_protocol().measures["plausible"]
    assert BOUNDS["density"][2:] == (plausible["min_density"], plausible["max_density"])
    assert BOUNDS["volume_per_atom"][2:] == pytest.approx(
        (1 / plausible["max_atom_density"], 1 / plausible["min_atom_density"])
    )
    assert BOUNDS["primitive_volume"][2] == plausible["min_volume"]
    assert BOUNDS["shortest"][2] == plausible["min_length"]
    assert BOUNDS["longest"][3] == plausible["max_length"]
    assert plausible["cell"] == "primitive"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"density": 31.204}, "density 31.20 g/cm\u00b3, at most 25 needed"),
        ({"density": 25.001}, "density 25.001 g/cm\u00b3, at most 25 needed"),
        ({"volume_per_atom": 1.5}, "volume per atom 1.50 \u00c5\u00b3, at least 2 needed"),
        (
            {"n_sites_primitive": 1, "volume_per_atom": 0.9},
            (
                "volume per atom 0.90 \u00c5\u00b3, at least 2 needed, "
                "volume of the primitive cell 0.90 \u00c5\u00b3, at least 1 needed"
            ),
        ),
        ({"lattice_lengths": [0.8, 4.0, 4.0]}, "shortest cell vector 0.80 \u00c5, at least 1 needed"),
        ({"lattice_lengths": [3.0, 4.0, 120.0]}, "longest cell vector 120.00 \u00c5, at most 100 needed"),
        ({"space_group": None, "lattice_lengths": None, "n_sites_primitive": None}, "no space group is found"),
        ({}, "written as a CIF it does not read back as the same crystal"),
        ({"lattice_lengths": None}, "density, volume, cell vectors or CIF out of bounds"),
    ],
    ids=lambda value: "" if isinstance(value, str) else ",".join(value),
)
def test_out_of_bounds_says_which_bound_and_the_value(changes: dict[str, Any], reason: str) -> None:
    assert reasons({**FINE, "plausible": False, "valid": False, **changes}) == [f"Not plausible: {reason}"]


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        (None, "two atoms are closer than 0.5 (0.7 + r1 + r2) \u00c5"),
        (Contact(("Mn", "O"), 0.812, 1.35), "Mn and O 0.81 \u00c5 apart, at least 1.35 \u00c5 needed"),
        (Contact(("Mn", "O"), 1.3499, 1.35), "Mn and O 1.3499 \u00c5 apart, at least 1.35 \u00c5 needed"),
        (Contact(("H", "H"), -0.0, 0.6), "H and H 0.00 \u00c5 apart, at least 0.6 \u00c5 needed"),
    ],
)
def test_a_short_distance_names_the_pair_the_distance_and_the_limit(contact: Contact | None, reason: str) -> None:
    row = {**FINE, "distance_valid": False, "valid": False}
    assert reasons(row, contact) == [f"Minimum distance: {reason}"]


FLAT = "the cell is flat: -0.000 cubic angstrom per site, at least 0.001 needed"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # a fully valid hydride of a run as stored
        ({"unknown_reasons": "supply_risk: no Herfindahl-Hirschman index is known of H"}, []),
        ({"unknown_reasons": "smact_validity: 2,000 combinations; the bound is 1,000"}, []),
        (
            {"valid": None, "charge_valid": None, "unknown_reasons": "charge: time limit; supply_risk: none of H"},
            ["Undecided whether valid: time limit (charge neutrality)"],
        ),
        (
            {
                "unique": None,
                "in_reference": None,
                "unknown_reasons": "canonical_bawl: two sites are 0.2 angstrom apart, closer than 0.5 angstrom",
            },
            [
                (
                    "Undecided whether unique and novel: "
                    "two sites are 0.2 \u00c5 apart, closer than 0.5 \u00c5 (fingerprint)"
                )
            ],
        ),
        (
            {
                "valid": None,
                "unique": None,
                "in_reference": None,
                "unknown_reasons": f"canonical_bawl, charge, distance: {FLAT}",
            },
            [
                (
                    "Undecided whether valid, unique and novel: the cell is flat: 0.000 cubic \u00c5 per site, "
                    "at least 0.001 needed (charge neutrality, minimum distance, fingerprint)"
                ),
            ],
        ),
        (
            {"in_reference": None, "unknown_reasons": "in_reference: comparison with x: too long; ; 9 is the bound"},
            ["Undecided whether novel: comparison with x: too long, 9 is the bound"],
        ),
        ({"unique": None, "unknown_reasons": None}, ["Undecided whether unique: the run does not say why"]),
    ],
)
def test_unknown_facts_are_said_only_where_they_leave_a_verdict_open(changes: dict[str, Any], said: list[str]) -> None:
    assert undecided({**FINE, **changes}) == said
    assert reasons({**FINE, **changes}) == said


@pytest.mark.parametrize(
    ("in_reference", "expected"),
    [(False, ["near_reference", "known_up_to_defect"]), (True, []), (None, [])],
    ids=["novel", "known", "unsure"],
)
def test_only_a_novel_structure_says_what_it_is_close_to(*, in_reference: bool | None, expected: list[str]) -> None:
    row = {
        "in_reference": in_reference,
        "near_reference": True,
        "known_up_to_disorder": None,
        "known_up_to_defect": True,
    }
    assert cautions(row) == [CAUTIONS[name] for name in expected]
