"""Textbook crystals with point defects, whatever the choice of cell, and what comes close without being one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.matching.point_defect import (
    PointDefectSettings,
    host_multiples,
    primitive_counts,
    same_up_to_point_defects,
)
from metrics.measure.matching.verdict import Candidate
from metrics.measure.structure.convert import from_structure
from tests.metrics.measure.fingerprint_crystals import anything_else, transformed

V1 = PointDefectSettings()


def z(symbol: str) -> int:
    return int(Element(symbol).Z)


def from_group(group: str, lattice: Lattice, sites: dict[str, list[float]]) -> Crystal:
    """A crystal by space group and one site of each orbit; a digit after a symbol tells orbits apart."""
    symbols = [name.rstrip("0123456789") for name in sites]
    return from_structure(Structure.from_spacegroup(group, lattice, symbols, list(sites.values())))


HOSTS = {
    "rock salt": from_group("Fm-3m", Lattice.cubic(5.64), {"Na": [0, 0, 0], "Cl": [0.5, 0.5, 0.5]}),
    "diamond": from_group("Fd-3m", Lattice.cubic(5.43), {"Si": [0, 0, 0]}),
    "palladium": from_group("Fm-3m", Lattice.cubic(3.89), {"Pd": [0, 0, 0]}),
    "copper": from_group("Fm-3m", Lattice.cubic(3.61), {"Cu": [0, 0, 0]}),
    "zinc blende": from_group("F-43m", Lattice.cubic(6.0), {"In": [0, 0, 0], "Se": [0.25, 0.25, 0.25]}),
    "perovskite": from_group(
        "Pm-3m", Lattice.cubic(3.905), {"Sr": [0, 0, 0], "Ti": [0.5, 0.5, 0.5], "O": [0.5, 0.5, 0]}
    ),
    "LaNi5": from_group(
        "P6/mmm", Lattice.hexagonal(5.01, 3.98), {"La": [0, 0, 0], "Ni": [1 / 3, 2 / 3, 0], "Ni2": [0.5, 0, 0.5]}
    ),
    # magnetite: Fleet 1981, DOI 10.1107/S0567740881004597
    "spinel": from_group(
        "Fd-3m", Lattice.cubic(8.396), {"Fe": [0, 0, 0], "Fe2": [0.625, 0.625, 0.625], "O": [0.3799, 0.3799, 0.3799]}
    ),
    # triphylite: Streltsov et al. 1993, DOI 10.1107/S0108768192004701
    "LiFePO4": from_group(
        "Pnma",
        Lattice.orthorhombic(10.332, 6.010, 4.692),
        {
            "Li": [0, 0, 0],
            "Fe": [0.2822, 0.25, 0.9747],
            "P": [0.0948, 0.25, 0.4182],
            "O": [0.0968, 0.25, 0.7428],
            "O2": [0.4571, 0.25, 0.2060],
            "O3": [0.1656, 0.0465, 0.2848],
        },
    ),
}


def candidate(crystal: Crystal) -> Candidate:
    return Candidate(crystal, reduced_formula(crystal.atomic_numbers), canonical_bawl(crystal).keys)


@cache
def host(name: str) -> Candidate:
    return candidate(HOSTS[name])


def cells(name: str, *times: int) -> Crystal:
    """So many conventional cells along each vector, or primitive ones for a single number."""
    if len(times) == 1:
        primitive = host(name).primitive(host(name).sizes[:1])
        return transformed(primitive, supercell=np.diag(times * 3))
    return transformed(HOSTS[name], supercell=np.diag(times))


def places(crystal: Crystal, symbol: str) -> list[int]:
    return np.flatnonzero(crystal.atomic_numbers == z(symbol)).tolist()


def without(crystal: Crystal, sites: list[int]) -> Crystal:
    kept = np.delete(np.arange(crystal.n_sites), sites)
    return Crystal(crystal.lattice, crystal.frac_coords[kept], crystal.atomic_numbers[kept])


def exchanged(crystal: Crystal, sites: list[int], symbol: str) -> Crystal:
    numbers = crystal.atomic_numbers.copy()
    numbers[sites] = z(symbol)
    return Crystal(crystal.lattice, crystal.frac_coords, numbers)


def added(crystal: Crystal, frac: list[float], symbol: str) -> Crystal:
    return Crystal.from_arrays(
        crystal.lattice, np.vstack([crystal.frac_coords, frac]), [*crystal.atomic_numbers, z(symbol)]
    )


def swapped(crystal: Crystal, one: int, other: int) -> Crystal:
    numbers = crystal.atomic_numbers.copy()
    numbers[[one, other]] = numbers[[other, one]]
    return Crystal(crystal.lattice, crystal.frac_coords, numbers)


def shaken(crystal: Crystal, seed: int) -> Crystal:
    """Noise of 0.05 angstrom and strain of 2 %, both standard deviations of a component; six sites moved by 0.3."""
    generator = np.random.default_rng(seed)
    strain = np.triu(generator.normal(scale=0.02, size=(3, 3)).clip(-0.04, 0.04))
    lattice = crystal.lattice @ (np.eye(3) + strain + np.triu(strain, 1).T)
    off = generator.normal(scale=0.05, size=(crystal.n_sites, 3))
    steps = generator.normal(size=(6, 3))
    off[:6] += 0.3 * steps / np.linalg.norm(steps, axis=1)[:, None]
    return Crystal(lattice, crystal.frac_coords + off @ np.linalg.inv(lattice), crystal.atomic_numbers)


SALT, SILICON, TITANATE = cells("rock salt", 2, 2, 2), cells("diamond", 2, 2, 2), cells("perovskite", 2, 2, 2)
SMALL_SALT, PALLADIUM, LAYERS = cells("rock salt", 2), cells("palladium", 3), cells("LaNi5", 1, 1, 3)
IRON_OXIDE = HOSTS["spinel"]
OCTAHEDRAL = [site for site in places(IRON_OXIDE, "Fe") if (8 * IRON_OXIDE.frac_coords[site] % 2 > 0.5).all()]

DEFECTS = {
    "vacancy of 64 sites": ("rock salt", without(SALT, [5])),
    # 15 sites with one vacancy: the perfect supercell has 16
    "vacancy of 16 sites": ("rock salt", without(SMALL_SALT, [3])),
    "divacancy of 64 sites": ("rock salt", without(SALT, [places(SALT, "Na")[0], places(SALT, "Cl")[0]])),
    "dopant": ("diamond", exchanged(SILICON, [7], "Ge")),
    "four dopants of 64 sites": ("diamond", exchanged(SILICON, [0, 9, 22, 41], "Ge")),
    "antisite": ("perovskite", exchanged(TITANATE, places(TITANATE, "Sr")[:1], "Ti")),
    "antisite pair": ("perovskite", swapped(TITANATE, places(TITANATE, "Sr")[0], places(TITANATE, "Ti")[0])),
    "wrong atom in the crystal's own cell": ("LiFePO4", exchanged(HOSTS["LiFePO4"], [0], "Na")),
    "interstitial": ("palladium", added(PALLADIUM, [1 / 6, 1 / 6, 1 / 6], "H")),
    # 1 in 18; LaNi5 with all nickel of one kind replaced is LaNi4Al, below
    "aluminium in LaNi5": ("LaNi5", exchanged(LAYERS, places(LAYERS, "Ni")[:1], "Al")),
    "three vacancies in magnetite": ("spinel", without(IRON_OXIDE, OCTAHEDRAL[:3])),
}

NO_DEFECTS = {
    "the crystal itself": ("rock salt", SALT),
    "no more than noise": ("rock salt", shaken(SALT, 0)),
    "two edits in 16": ("rock salt", exchanged(without(SMALL_SALT, [0]), [3], "K")),
    "one in 15": ("perovskite", without(cells("perovskite", 1, 1, 3), [4])),
    "one in 12": ("LaNi5", exchanged(cells("LaNi5", 1, 1, 2), places(cells("LaNi5", 1, 1, 2), "Ni")[:1], "Al")),
    "five dopants of 64 sites": ("diamond", exchanged(SILICON, [0, 9, 22, 41, 50], "Ge")),
    # one atom in four of copper, in 32 sites and as it is
    "Cu3Au": ("copper", exchanged(HOSTS["copper"], [0], "Au")),
    "Cu3Au in a supercell": ("copper", exchanged(cells("copper", 2, 2, 2), list(range(8)), "Au")),
    # one in six, in 54 sites
    "LaNi4Al": (
        "LaNi5",
        exchanged(cells("LaNi5", 3, 3, 1), places(cells("LaNi5", 3, 3, 1), "Ni")[::5], "Al"),
    ),
    # of In2Se3 a third of the metal sites of zinc blende are empty
    "In2Se3": ("zinc blende", without(cells("zinc blende", 3), places(cells("zinc blende", 3), "In")[::3])),
    # 4 in 56
    "four vacancies in magnetite": ("spinel", without(IRON_OXIDE, OCTAHEDRAL[:4])),
    # an element that is gone was substituted: the 28 sites hold no lithium any more
    "NaFePO4": ("LiFePO4", exchanged(HOSTS["LiFePO4"], places(HOSTS["LiFePO4"], "Li"), "Na")),
    # as many atoms of each element as a vacancy leaves, in another structure
    "other structure": ("rock salt", without(cells("zinc blende", 2), [3])),
}


def is_defect(name: str, crystal: Crystal) -> bool:
    return same_up_to_point_defects(candidate(crystal), host(name), V1)


@pytest.mark.parametrize(("name", "crystal"), DEFECTS.values(), ids=DEFECTS.keys())
@pytest.mark.parametrize("seed", range(3))
def test_a_defect_is_recognised_also_after_relaxation_in_another_cell(name: str, crystal: Crystal, seed: int) -> None:
    assert is_defect(name, crystal)
    assert is_defect(name, anything_else(shaken(crystal, seed), np.random.default_rng(seed)))


@pytest.mark.parametrize(("name", "crystal"), NO_DEFECTS.values(), ids=NO_DEFECTS.keys())
def test_more_than_a_defect_and_less(name: str, crystal: Crystal) -> None:
    assert not is_defect(name, crystal)
    assert not is_defect(name, anything_else(crystal, np.random.default_rng(1)))


def test_the_same_atoms_in_another_structure_reach_the_comparison_of_sites() -> None:
    numbers = {z("Na"): z("In"), z("Cl"): z("Se")}
    salt = Crystal(
        HOSTS["rock salt"].lattice,
        HOSTS["rock salt"].frac_coords,
        np.array([numbers[number] for number in HOSTS["rock salt"].atomic_numbers.tolist()]),
    )
    crystal = candidate(without(cells("zinc blende", 2), [3]))
    assert host_multiples(primitive_counts(crystal), primitive_counts(candidate(salt)), V1.sites_per_edit) == {8: 1}
    assert not same_up_to_point_defects(crystal, candidate(salt), V1)
    assert same_up_to_point_defects(crystal, host("zinc blende"), V1)


@settings(max_examples=25, deadline=None)
@given(
    which=st.sampled_from(sorted({**DEFECTS, **NO_DEFECTS})),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_choice_of_cell_or_order_changes_the_answer(which: str, seed: int) -> None:
    name, crystal = {**DEFECTS, **NO_DEFECTS}[which]
    assert is_defect(name, anything_else(crystal, np.random.default_rng(seed))) is (which in DEFECTS)


@pytest.mark.parametrize("name", sorted(HOSTS))
def test_the_cell_of_the_host_does_not_matter(name: str) -> None:
    generator = np.random.default_rng(4)
    crystal = cells(name, 3) if HOSTS[name].n_sites < 28 else HOSTS[name]
    defective = candidate(exchanged(crystal, [crystal.n_sites - 1], "Xe"))
    for _ in range(3):
        other = candidate(anything_else(HOSTS[name], generator))
        assert same_up_to_point_defects(defective, other, V1)


def test_settings_decide() -> None:
    structure = candidate(without(SMALL_SALT, [3]))
    assert not same_up_to_point_defects(structure, host("rock salt"), PointDefectSettings(sites_per_edit=17))
    twelve = candidate(exchanged(cells("LaNi5", 1, 1, 2), places(cells("LaNi5", 1, 1, 2), "Ni")[:1], "Al"))
    assert same_up_to_point_defects(twelve, host("LaNi5"), PointDefectSettings(sites_per_edit=12))
    moved = candidate(shaken(without(SALT, [5]), 1))
    assert not same_up_to_point_defects(moved, host("rock salt"), PointDefectSettings(site_tolerance=0.05))


def test_work_is_bounded() -> None:
    needle = exchanged(transformed(HOSTS["copper"], supercell=np.diag([1, 1, 60])), [0], "Au")
    with pytest.raises(UnmeasurableError, match="too many lattice vectors"):
        is_defect("copper", needle)
