"""Electrons given, taken and shared: the periodic table, and states counted in the ICSD."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.periodic_table import Element

from metrics.measure.chemistry.bonds.valences import (
    BONDS_AT_MOST,
    BONDS_FORMED,
    ELECTRONEGATIVITY,
    ELECTRONS_MISSING,
    METALLIC,
    NONMETAL,
    cation_charges,
)


@pytest.mark.parametrize(
    ("symbol", "missing", "formed", "at_most"),
    [
        ("H", 1, 1, 1),
        ("B", 5, 3, 5),
        ("C", 4, 4, 4),
        ("N", 3, 3, 3),
        ("O", 2, 2, 2),
        ("Cl", 1, 1, 1),
        ("P", 3, 3, 5),
        ("Te", 2, 2, 2),
        ("Ar", 0, 0, 0),
        ("Fe", 0, 0, 0),
    ],
)
def test_anions_follow_the_8_n_rule(symbol: str, missing: int, formed: int, at_most: int) -> None:
    number = Element(symbol).Z
    assert (ELECTRONS_MISSING[number], BONDS_FORMED[number], BONDS_AT_MOST[number]) == (missing, formed, at_most)


def test_every_nonmetal_is_more_electronegative_than_every_metal() -> None:
    bonding = NONMETAL & (ELECTRONS_MISSING > 0) & (np.arange(119) < 104)
    assert ELECTRONEGATIVITY[bonding].min() > ELECTRONEGATIVITY[~NONMETAL].max()
    assert ELECTRONEGATIVITY[Element("F").Z] == ELECTRONEGATIVITY.max()


def test_metalloids_are_both() -> None:
    both = {Element.from_Z(int(z)).symbol for z in np.flatnonzero(NONMETAL & METALLIC)}
    assert both == {"B", "Si", "Ge", "As", "Sb", "Te", "Po"}


@pytest.mark.parametrize(
    ("symbol", "lowest", "highest"),
    # textbook states; of the states in the ICSD's records, Sr+4, Zn+3 and La+4 are rarer than one in 200
    [("Na", 1, 1), ("Sr", 2, 2), ("Zn", 2, 2), ("Al", 3, 3), ("La", 2, 3), ("Ti", 2, 4), ("Mn", 1, 7), ("S", 2, 6)],
)
def test_rare_states_are_left_out(symbol: str, lowest: int, highest: int) -> None:
    charges = cation_charges(0.005)
    assert (charges.lowest[Element(symbol).Z], charges.highest[Element(symbol).Z]) == (lowest, highest)


def test_the_range_of_states_grows_as_rarer_ones_count() -> None:
    common, rare = cation_charges(0.01), cation_charges(0.0001)
    counted = common.highest > 0
    assert (rare.lowest[counted] <= common.lowest[counted]).all()
    assert (rare.highest >= common.highest).all()
    assert rare.highest[Element("Ru").Z] == 8  # ruthenium tetroxide: 2 of 1,848 records


def test_an_element_absent_from_the_icsd_has_its_known_states() -> None:
    charges = cation_charges(0.005)
    assert (charges.lowest[Element("Pm").Z], charges.highest[Element("Pm").Z]) == (3, 3)
    assert charges.highest[Element("F").Z] == 0
