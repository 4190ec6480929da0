"""Anions and cations read from bonds: molecules whose oxidation states every textbook has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.bonds.bond_sums import BondSums, Weakest, bond_sums, possible_bonds
from metrics.measure.chemistry.bonds.valences import cation_charges
from metrics.measure.structure.convert import from_structure

if TYPE_CHECKING:
    from metrics.crystal import Crystal

HAS_STATE = cation_charges(0.005).highest > 0
WEAKEST = Weakest(bond=0.03, shared=0.1, shared_in_salts=0.25)


def sums_of(crystal: Crystal, scale: float = 1.0) -> BondSums:
    pairs = possible_bonds(crystal, WEAKEST.bond, 1 / scale if scale < 1 else 1.0)
    return bond_sums(crystal.atomic_numbers, pairs, WEAKEST, scale, HAS_STATE)


def molecule(*atoms: tuple[str, tuple[float, float, float]]) -> Crystal:
    """Alone in a large box; coordinates in angstrom."""
    symbols, places = zip(*atoms, strict=True)
    structure = Structure(Lattice.cubic(20), symbols, places, coords_are_cartesian=True)
    return from_structure(structure)


def ammonia(center: str, outer: str, length: float, n: int) -> Crystal:
    """An atom with ``n`` neighbours around it, at the corners of a triangle or tetrahedron."""
    tetrahedron = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    triangle = np.array([[np.cos(a), np.sin(a), 0] for a in np.arange(3) * 2 * np.pi / 3])
    directions = tetrahedron if n == 4 else triangle
    return molecule((center, (0, 0, 0)), *((outer, tuple(length * direction)) for direction in directions))


@pytest.mark.parametrize(
    ("center", "outer", "length", "n", "central_cation", "charge"),
    [
        ("N", "H", 1.03, 4, False, 4),  # ammonium: four bonds
        ("N", "O", 1.25, 3, True, 5),  # nitrate
        ("C", "H", 1.09, 4, False, 4),  # methane
        ("C", "O", 1.29, 3, True, 4),  # carbonate
        ("B", "H", 1.20, 4, True, 3),  # borohydride
        ("S", "O", 1.48, 4, True, 6),  # sulfate
        ("Cl", "O", 1.44, 4, True, 7),  # perchlorate
        ("P", "S", 2.05, 4, True, 5),  # thiophosphate
    ],
)
def test_the_electrons_of_a_bond_belong_to_the_more_electronegative_atom(
    center: str, outer: str, length: float, n: int, *, central_cation: bool, charge: int
) -> None:
    # bond lengths: of the ions, International Tables for Crystallography C, section 9.5
    sums = sums_of(ammonia(center, outer, length, n))
    np.testing.assert_array_equal(sums.cation, [central_cation, *[not central_cation] * n])
    # the charge of the central atom is the sum of its bond valences, near enough
    bonds = sums.to_anions if central_cation else sums.to_cations
    assert bonds[0] == pytest.approx(charge, rel=0.25)


def test_metals_are_cations_even_where_pauling_has_them_more_electronegative() -> None:
    # palladium 2.20, phosphorus 2.19
    sums = sums_of(molecule(("Pd", (0, 0, 0)), ("P", (2.3, 0, 0))))
    np.testing.assert_array_equal(sums.cation, [True, False])


def test_bonds_between_like_atoms_count_for_both() -> None:
    sums = sums_of(molecule(("O", (0, 0, 0)), ("O", (1.475, 0, 0))))
    assert not sums.cation.any()
    np.testing.assert_allclose(sums.to_anions, 1.0)
    assert sums.between_anions == pytest.approx(2.0)
    assert sums.between_cations == 0.0


def test_weak_contacts_are_no_bonds_and_stronger_ones_share_no_electrons() -> None:
    def oxygen_pair(valence: float) -> Crystal:
        return molecule(("O", (0, 0, 0)), ("O", (1.475 - 0.37 * np.log(valence), 0, 0)))

    assert sums_of(oxygen_pair(0.029)).to_anions.max() == 0.0
    np.testing.assert_allclose(sums_of(oxygen_pair(0.099)).to_anions, 0.099)
    assert sums_of(oxygen_pair(0.099)).between_anions == 0.0
    assert sums_of(oxygen_pair(0.101)).between_anions == pytest.approx(0.202)
    # closer by 4 %, the first two are both: a bond of 2.8 angstrom gains a third of its valence
    assert sums_of(oxygen_pair(0.029), scale=0.96).to_anions.max() > 0.03
    assert sums_of(oxygen_pair(0.099), scale=0.96).between_anions > 0.2


def test_without_anions_all_bonds_are_between_cations() -> None:
    sums = sums_of(ammonia("S", "O", 1.48, 4))
    metal = sums.without_anions()
    assert metal.cation.all()
    np.testing.assert_allclose(metal.to_cations, sums.to_anions + sums.to_cations)
    assert metal.between_cations == pytest.approx(metal.to_cations.sum())


def test_an_element_without_parameters_is_named() -> None:
    with pytest.raises(UnmeasurableError, match="bond-valence parameters are known for Ra"):
        sums_of(molecule(("Ra", (0, 0, 0)), ("O", (2.5, 0, 0))))
