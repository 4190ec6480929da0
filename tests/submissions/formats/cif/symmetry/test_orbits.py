"""Images of one site that lie together within its digits are one atom; listed sites never are."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions.formats.cif.sites import Sites
from submissions.formats.cif.symmetry.operations import from_hall, listed
from submissions.formats.cif.symmetry.orbits import orbits_of
from submissions.refusal import Reason
from tests.submissions.formats.cif.texts import LIMITS, content, operations, read, written

HEXAGONAL = "3.3 3.3 12.9 90 90 120"
P63_MMC = "_symmetry_space_group_name_H-M 'P 63/m m c'"
MIRROR = operations(["x,y,z", "x,-y,z"])


@pytest.mark.parametrize(
    "thirds", ["0.333 0.667", "0.33 0.67", "0.33 0.66", "0.3333 0.6667", "1.333 -0.333", ".33333 .66667"]
)
def test_rounded_thirds_are_one_atom_on_the_special_position(thirds: str) -> None:
    crystal = read(written([f"W1 W {thirds} 0.25", f"Se1 Se {thirds} 0.62"], P63_MMC, parameters=HEXAGONAL))
    assert sorted(crystal.atomic_numbers.tolist()) == [34] * 4 + [74] * 2
    # Wyckoff positions 2c and 4f of number 194: x and y are thirds
    offset = crystal.frac_coords[:, :2] * 3
    np.testing.assert_allclose(offset, np.rint(offset), atol=1e-3)


@pytest.mark.parametrize(
    ("row", "atoms"),
    [
        ("Mg1 Mg 0.2123 0.4246 0", 6), ("Mg1 Mg 0.2123 0.4247 0", 6), ("Mg1 Mg 0.212 0.425 0", 6),
        ("Mg1 Mg 0.21 0.42 0", 6),
        ("Mg1 Mg 0.2123 0.45 0", 12), ("Mg1 Mg 0.2123 0.45 0.001", 12), ("Mg1 Mg 0.2123 0.45 0.25", 24),
        ("Mg1 Mg 0.001 0 0.25", 2), ("Mg1 Mg 0 0 0", 1),
    ],
)  # fmt: skip
def test_sites_on_a_diagonal_and_on_planes(row: str, atoms: int) -> None:
    # multiplicities of number 191, P 6/m m m: 1a, 2e, 6l, 12p, 24r
    name = "_symmetry_space_group_name_H-M 'P 6/m m m'"
    assert content(written([row], name, parameters="5 5 7 90 90 120")) == {"Mg": atoms}


def test_two_sites_that_are_listed_stay_two() -> None:
    rows = ["Na1 Na .3 .0001 .3", "Na2 Na .3 .0002 .3", "Na3 Na .3 .0001 .3"]
    assert content(written(rows)) == {"Na": 3}
    assert content(written(rows, MIRROR)) == {"Na": 3}
    assert content(written(["Na1 Na .1 .2 .3", "Cl1 Cl .1 .2 .3"])) == {"Na": 1, "Cl": 1}


def test_what_is_declared_widens_what_lies_together() -> None:
    # 0.3 angstrom from the mirror plane: 0.6 angstrom from its image is no atom, but nothing says that it is not two
    rows = ["Ti1 Ti .2 0 .3", "O1 O .6 .03 .1"]
    assert content(written(rows, MIRROR)) == {"Ti": 1, "O": 2}
    assert content(written(rows, MIRROR, "_chemical_formula_sum 'Ti O'")) == {"Ti": 1, "O": 1}
    rows = ["Ti1 Ti 2 .2 .2 .3", "O1 O 1 .6 .03 .1"]
    columns = "label type_symbol symmetry_multiplicity fract_x fract_y fract_z"
    assert content(written(rows, MIRROR, columns=columns)) == {"Ti": 2, "O": 1}
    # nor is anything as far as this one atom, whatever is declared
    rows = ["Ti1 Ti .2 0 .3", "O1 O .6 .05 .1"]
    assert content(written(rows, MIRROR, "_chemical_formula_sum 'Ti O'")) is Reason.FORMULA_MISMATCH


def test_a_place_that_is_exact_enough_stays_as_written() -> None:
    crystal = read(written(["Na1 Na .12345678 .00000001 .3", "Cl1 Cl .2 .5 .7"], MIRROR))
    np.testing.assert_array_equal(crystal.frac_coords, [[0.12345678, 0.00000001, 0.3], [0.2, 0.5, 0.7]])


def test_coordinates_are_within_the_cell() -> None:
    crystal = read(written(["Na1 Na -0.25 1.5 -1e-17", "Cl1 Cl 7 -0.0 0.999"]))
    np.testing.assert_allclose(crystal.frac_coords, [[0.75, 0.5, 0], [0, 0, 0.999]])
    assert (crystal.frac_coords < 1).all()


GROUPS = [setting for setting in gemmi.spacegroup_table() if setting.is_reference_setting()][::4]


@given(
    setting=st.sampled_from(GROUPS),
    point=st.tuples(*[st.sampled_from([0, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 0.1371, 3 / 8, 1 / 2, 0.7213, 2 / 3])] * 3),
    digits=st.integers(2, 6),
)
def test_rounding_does_not_change_how_many_atoms_there_are(
    setting: gemmi.SpaceGroup, point: tuple[float, float, float], digits: int
) -> None:
    # the law: as many atoms as there are different images of the exact place, by gemmi's own arithmetic
    group = from_hall(setting.hall)
    lattice = np.eye(3) * 9.0 if setting.crystal_system_str() == "cubic" else hexagonal_or_right(setting)
    exact = np.array([operation.apply_to_xyz(list(point)) for operation in setting.operations()])
    ways = exact[:, None] - exact
    distances = np.linalg.norm((ways - np.rint(ways)) @ lattice, axis=-1)
    count = len({tuple(row) for row in (distances < 1e-6).tolist()})
    if distances[distances > 1e-6].min(initial=9) < 1.2:
        return  # two atoms that no digits would keep apart
    texts = [f"{one:.{digits}f}" for one in point]
    sites = Sites(np.array([11]), np.array([list(map(float, texts))]), None, [[text] for text in texts], occupied=True)
    orbits = orbits_of(sites, group, lattice, LIMITS)
    assert orbits.sizes.tolist() == [count]
    assert len(orbits.points) == count


def hexagonal_or_right(setting: gemmi.SpaceGroup) -> np.ndarray:
    """(3, 3) vectors of a cell that a group of any but the monoclinic and triclinic systems fits."""
    if setting.crystal_system_str() in ("trigonal", "hexagonal"):
        return np.array([[9.0, 0, 0], [-4.5, 9.0 * np.sqrt(3) / 2, 0], [0, 0, 11.0]])
    return np.diag([9.0, 9.0, 11.0])


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=4))
def test_every_orbit_divides_the_group(points: list[tuple[float, float, float]]) -> None:
    group = from_hall("-P 4 2")
    sites = Sites(np.full(len(points), 11), np.array(points), None, [], occupied=True)
    orbits = orbits_of(sites, group, np.eye(3) * 8.0, LIMITS)
    assert all(len(group) % size == 0 for size in orbits.sizes.tolist())
    # each orbit is mapped onto itself by every operation
    for site in range(len(points)):
        orbit = orbits.points[orbits.site == site]
        moved = np.einsum("mij,nj->mni", group.rotations, orbit) + group.translations[:, None]
        ways = moved[:, :, None] - orbit
        assert np.abs(ways - np.rint(ways)).max(axis=-1).min(axis=-1).max() < 1e-3


def test_the_order_of_images_is_that_of_the_operations() -> None:
    texts = ("x,y,z", "-x,-y,-z", "x,-y,z", "-x,y,-z")
    crystal = read(written(["Na1 Na .1 .2 .3", "Na2 Na .4 0 .6"], operations(texts)))
    group = listed(texts)
    expected = [(group.rotations @ [0.1, 0.2, 0.3]) % 1, (group.rotations[:2] @ [0.4, 0, 0.6]) % 1]
    np.testing.assert_allclose(crystal.frac_coords, np.concatenate(expected))
