"""Orderings of one alloy are one crystal up to disorder; elements that cannot substitute stay apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.matching.disorder import can_substitute, has_substitutes, merged_species, same_up_to_disorder
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from reference_data.reference import open_reference
from tests.metrics.measure.fingerprint_crystals import anything_else, transformed

if TYPE_CHECKING:
    from reference_data.files.crystals import ReferenceCrystal

V1 = MatchSettings()


def z(*symbols: str) -> list[int]:
    return [int(Element(symbol).Z) for symbol in symbols]


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        # radii in angstrom (Slater 1964) and electronegativities (Pauling), by hand
        (("Cu", "Au"), True),  # 1.35, 1.35; 1.90, 2.54
        (("Ba", "Sr"), True),  # 2.15, 2.00; 0.89, 0.95
        (("Mn", "Fe"), True),  # 1.40, 1.40; 1.55, 1.83
        (("Na", "Cl"), False),  # 1.80, 1.00
        (("Ti", "O"), False),  # 1.40, 0.60
        (("Li", "Au"), False),  # 1.45, 1.35 but 0.98, 2.54
        (("S", "Be"), False),  # 1.00, 1.05 but 2.58, 1.57: a difference of 1.01
        (("He", "Ne"), False),  # no radii
        (("Kr", "Br"), False),  # krypton has an electronegativity but no radius
    ],
)
def test_elements_substitute_by_radius_and_electronegativity(symbols: tuple[str, str], *, expected: bool) -> None:
    one, other = z(*symbols)
    assert can_substitute(one, other) is expected
    assert can_substitute(other, one) is expected


def test_every_element_has_an_answer() -> None:
    assert all(can_substitute(number, number) in {True, False} for number in range(1, 119))
    assert not can_substitute(118, 117)


def test_elements_joined_to_a_third_are_joined() -> None:
    cesium, potassium, lanthanum = z("Cs", "K", "La")
    chain = merged_species([cesium, potassium, lanthanum])
    assert len(set(chain.values())) == 1
    sodium, chlorine = z("Na", "Cl")
    assert merged_species([sodium, chlorine]) == {sodium: sodium, chlorine: chlorine}


def starter_crystals(*, substitutable: bool) -> list[ReferenceCrystal]:
    """Crystals of the starter set of 3 to 8 sites, every second one, whose first site can or cannot be exchanged."""
    reference = open_reference("starter")
    chosen = []
    for row in reference.crystals(range(0, reference.n_crystals, 2)):
        numbers = row.crystal.atomic_numbers
        others = numbers[numbers != numbers[0]]
        if 3 <= row.crystal.n_sites <= 8 and len(others):
            matches = can_substitute(int(numbers[0]), int(others[0]))
            if matches is substitutable and (matches or not has_substitutes(row.candidate())):
                chosen.append(row)
    return chosen[:12]


def swapped(crystal: Crystal) -> Crystal:
    """Two unlike atoms exchanged in a doubled cell."""
    cell = transformed(crystal, supercell=np.diag([2, 1, 1]))
    numbers = cell.atomic_numbers.copy()
    other = int(np.flatnonzero(numbers != numbers[0])[0])
    numbers[[0, other]] = numbers[[other, 0]]
    return Crystal(cell.lattice, cell.frac_coords, numbers)


@pytest.mark.parametrize("known", starter_crystals(substitutable=True), ids=lambda known: known.id)
def test_atoms_that_can_substitute_each_other_swapped_in_a_supercell_are_caught(known: ReferenceCrystal) -> None:
    generator = np.random.default_rng(known.row)
    crystal = anything_else(swapped(known.crystal), generator)
    other = Candidate(crystal, known.reduced_formula, canonical_bawl(crystal).keys)
    assert not compare(known.candidate(), other, V1).same
    assert same_up_to_disorder(known.candidate(), other, V1)
    assert same_up_to_disorder(other, known.candidate(), V1)


@pytest.mark.parametrize("known", starter_crystals(substitutable=False), ids=lambda known: known.id)
def test_atoms_that_cannot_substitute_each_other_stay_apart(known: ReferenceCrystal) -> None:
    crystal = swapped(known.crystal)
    other = Candidate(crystal, known.reduced_formula, canonical_bawl(crystal).keys)
    assert not same_up_to_disorder(known.candidate(), other, V1)


def test_polymorphs_stay_apart() -> None:
    crystals = [crystal.candidate() for crystal in open_reference("starter").rows_of_formulas(["ZnS"])]
    assert len(crystals) > 1
    assert not any(same_up_to_disorder(one, other, V1) for one in crystals for other in crystals if one is not other)


def test_other_formulas_are_refused() -> None:
    one, other = (crystal.candidate() for crystal in open_reference("starter").rows_of_formulas(["NaCl", "CsCl"]))
    with pytest.raises(ValueError, match="not CsCl and NaCl"):
        same_up_to_disorder(one, other, V1)
