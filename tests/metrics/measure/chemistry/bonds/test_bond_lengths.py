"""Lengths of bonds of valence one, against published ones and against molecules."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.periodic_table import Element

from metrics.measure.chemistry.bonds.bond_lengths import BOND_LENGTHS


def length(one: str, other: str) -> float:
    return float(BOND_LENGTHS[Element(one).Z, Element(other).Z])


@pytest.mark.parametrize(
    ("one", "other", "published"),
    [
        # Brese and O'Keeffe 1991, DOI 10.1107/S0108768190011041, where not said otherwise
        ("Ti", "O", 1.815),
        ("Si", "O", 1.624),
        ("Na", "Cl", 2.15),
        ("Ca", "F", 1.842),
        ("Al", "N", 1.79),
        ("Zn", "S", 2.09),
        ("Pt", "Cl", 2.05),
        ("Pt", "S", 2.08),
        ("Au", "Se", 2.18),
        ("Os", "O", 1.811),
        ("Pu", "O", 2.11),
        ("Xe", "F", 1.93),  # Xe+4, Brown's collection
    ],
)
def test_bonds_between_cations_and_anions_are_those_published(one: str, other: str, published: float) -> None:
    # two parameters an element instead of one a pair: most are within 0.04 angstrom, silicon with oxygen is not
    assert length(one, other) == pytest.approx(published, abs=0.08)


@pytest.mark.parametrize(
    ("symbol", "measured"),
    [
        # single bonds in gas-phase molecules and crystals, angstrom: CRC Handbook of Chemistry and Physics, section 9
        ("C", 1.54),  # diamond
        ("N", 1.45),  # hydrazine
        ("O", 1.475),  # hydrogen peroxide
        ("F", 1.412),  # fluorine
        ("P", 2.22),  # white phosphorus
        ("S", 2.05),  # S8
        ("Cl", 1.988),  # chlorine
        ("Se", 2.34),  # grey selenium: 2.37
        ("I", 2.666),  # iodine
    ],
)
def test_bonds_between_like_nonmetals_are_single_bonds(symbol: str, measured: float) -> None:
    assert length(symbol, symbol) == pytest.approx(measured, abs=0.05)


def test_a_bond_has_one_length_from_both_ends() -> None:
    np.testing.assert_array_equal(BOND_LENGTHS, BOND_LENGTHS.T)


def test_elements_without_parameters_have_none_and_inert_ones_no_bonds() -> None:
    assert np.isnan(length("Ra", "O"))
    assert np.isnan(length("Rf", "Rf"))
    assert length("Ar", "F") == 0.0
