"""The prototypes as data: each has the symmetry it says, and the structure that independent sources give it."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ase.data import covalent_radii
from pymatgen.analysis.structure_matcher import StructureMatcher

from metrics.crystal import Crystal
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.symmetry import symmetry_dataset
from reference_data.sets.starter.make.compounds import PROTOTYPES_FOLDER, compounds
from reference_data.sets.starter.make.prototype import Prototype, load_prototypes, radius, roles_of
from reference_data.sources.aflow_prototypes import AflowPrototypes
from reference_data.sources.base import SourceRow

PROTOTYPES = load_prototypes(PROTOTYPES_FOLDER)
ROCKSALT = {
    "like": "Na : Cl",
    "space_group": 225,
    "cell": (5.640,),
    "sites": ("A 0 0 0", "B 1/2 1/2 1/2"),
    "bond": "A-B",
    "compounds": "Na K : Cl\nMg : O",
}


@cache
def estimated() -> dict[str, Crystal]:
    return {compound.id: compound.crystal for compound in compounds()}


@pytest.mark.parametrize("name", PROTOTYPES)
def test_the_first_compound_has_the_space_group_and_is_primitive(name: str) -> None:
    prototype = PROTOTYPES[name]
    crystal = prototype.crystal(roles_of(prototype.like))
    dataset = symmetry_dataset(crystal, 0.01)
    assert dataset.number == prototype.space_group
    assert len(set(dataset.mapping_to_primitive)) == crystal.n_sites


@pytest.mark.parametrize("name", PROTOTYPES)
def test_every_compound_is_listed_once_in_a_prototype(name: str) -> None:
    decorations = list(PROTOTYPES[name].decorations())
    assert decorations
    assert [decoration for decoration, count in Counter(decorations).items() if count > 1] == []


def test_no_two_compounds_share_an_id() -> None:
    identifiers = [compound.id for compound in compounds()]
    assert len(set(identifiers)) == len(identifiers)


def test_there_are_thousands_of_them_of_all_elements_that_chgnet_knows() -> None:
    # MPtrj, on which CHGNet was trained: H to Pu without Po, At, Rn, Fr, Ra (Deng et al. 2023, doi
    # 10.1038/s42256-023-00716-3); 2,000 is what the starter set promises
    crystals = estimated()
    assert len(crystals) > 2_000
    numbers = {number for crystal in crystals.values() for number in crystal.atomic_numbers.tolist()}
    gases_and_actinium = {10, 18, 36, 89}  # form no compound here; their own crystals come from ASE
    assert set(range(1, 95)) - numbers == {84, 85, 86, 87, 88} | gases_and_actinium


def test_atoms_keep_their_distance() -> None:
    # covalent radii of Cordero et al. 2008, doi 10.1039/b801115j; the shortest real contacts relative to them are those
    # of hydrogen bonds' donors and of cations in cages, about 0.7
    close = []
    for identifier, crystal in estimated().items():
        first, second, _, distance = to_structure(crystal).get_neighbor_list(3.5)
        radii = covalent_radii[crystal.atomic_numbers]
        if len(distance) and (distance / (radii[first] + radii[second])).min() < 0.68:
            close.append(identifier)
    assert close == []


def test_structures_agree_with_an_independent_library_of_prototypes() -> None:
    # the AFLOW prototypes that pymatgen ships, of measured compounds: same formula and space group, same structure
    source = AflowPrototypes(
        kind="aflow_prototypes",
        name="aflow",
        title="AFLOW",
        licence="MIT",
        citation="Mehl et al. 2017",
        doi=("10.1016/j.commatsci.2017.01.017",),
        url="https://aflow.org",
    )
    measured = defaultdict(list)
    for row in source.rows(Path()):
        if isinstance(row, SourceRow) and row.crystal.n_sites <= 24:
            measured[reduced_formula_of(row.crystal)].append(row.crystal)
    matcher = StructureMatcher()
    compared, different = 0, []
    for identifier, crystal in estimated().items():
        number = symmetry_dataset(crystal, 0.01).number if reduced_formula_of(crystal) in measured else 0
        others = [
            other for other in measured[reduced_formula_of(crystal)] if symmetry_dataset(other, 0.01).number == number
        ]
        if others:
            compared += 1
            if not any(matcher.fit(to_structure(crystal), to_structure(other)) for other in others):
                different.append(identifier)
    assert compared > 80
    # silicon carbide has many polytypes of this symmetry: the others are 4H and 6H
    assert different == ["known-wurtzite-SiC"]


@pytest.mark.parametrize(
    ("identifier", "volume"),
    [
        # A3 per formula unit, from measured cubic lattice parameters in angstrom (Wyckoff, Crystal Structures 1,
        # 1963): MgO 4.2112, KBr 6.6000, GaAs 5.6538, CsI 4.5667, SrF2 5.7996, KMgF3 3.973, MgCr2O4 8.333
        ("known-rocksalt-MgO", 4.2112**3 / 4),
        ("known-rocksalt-KBr", 6.6000**3 / 4),
        ("known-zincblende-GaAs", 5.6538**3 / 4),
        ("known-caesium-chloride-CsI", 4.5667**3),
        ("known-fluorite-SrF2", 5.7996**3 / 4),
        ("known-perovskite-KMgF3", 3.973**3),
        ("known-spinel-MgCr2O4", 8.333**3 / 8),
    ],
)
def test_estimated_cells_are_near_the_measured_ones(identifier: str, volume: float) -> None:
    crystal = estimated()[identifier]
    _, units = to_structure(crystal).composition.get_reduced_composition_and_factor()
    assert crystal.volume / units == pytest.approx(volume, rel=0.2)


def test_size_follows_the_bond_where_there_is_one_and_the_volume_where_there_is_none() -> None:
    by_bond = Prototype.model_validate(ROCKSALT)
    by_volume = Prototype.model_validate({**ROCKSALT, "bond": None})
    for prototype, expected in (
        (by_bond, (radius("K") + radius("Cl")) / (radius("Na") + radius("Cl"))),
        (by_volume, np.cbrt((radius("K") ** 3 + radius("Cl") ** 3) / (radius("Na") ** 3 + radius("Cl") ** 3))),
    ):
        ratio = prototype.crystal(("K", "Cl")).volume / prototype.crystal(("Na", "Cl")).volume
        assert np.cbrt(ratio) == pytest.approx(expected, rel=1e-6)


def test_a_cell_is_known_again_whichever_way_half_a_rounding_step_goes() -> None:
    # a = 3.936375 A of a hexagonal cell: -a/2 is -1.9681875, which cos(120 degrees) puts on either side of the half
    prototype = Prototype.model_validate(
        {**ROCKSALT, "space_group": 194, "cell": (3.936375, 5.0), "sites": ("A 0 0 0", "B 1/3 2/3 1/4")}
    )
    known = prototype.sha256s(("Na", "Cl"))
    for half in (-1.968187, -1.968188):
        crystal = prototype.crystal(("Na", "Cl"))
        lattice = crystal.lattice.copy()
        lattice[1, 0] = half
        assert Crystal.from_arrays(lattice, crystal.frac_coords, crystal.atomic_numbers).sha256 in known
    assert prototype.crystal(("Na", "Cl"), 1e-6).sha256 not in known


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sites": ("A 0 0 0",)}, "sites are for the roles"),
        ({"bond": "A-C"}, "bond 'A-C' names a role"),
        ({"compounds": "Na : Cl : O"}, "gives 3 roles, expected 2"),
        ({"cell": (5.64, 5.64)}, "too many values"),
        ({"space_group": 2}, "greater than or equal to 3"),
        ({"lattice": 5.64}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_prototype_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Prototype.model_validate({**ROCKSALT, **change})


def test_an_element_without_a_radius_is_refused() -> None:
    with pytest.raises(ValueError, match="no atomic radius for He"):
        radius("He")


def test_two_prototypes_of_one_name_are_refused(tmp_path: Path) -> None:
    for file in ("a.toml", "b.toml"):
        (tmp_path / file).write_text(
            '[x]\nlike = "H"\nspace_group = 221\ncell = [3.0]\nsites = ["A 0 0 0"]\ncompounds = "H"\n'
        )
    with pytest.raises(ValueError, match="another prototype x"):
        load_prototypes(tmp_path)
