"""A crystal reads the same by its operations, by the name of its setting and by its Hall symbol, in every setting."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

from submissions.formats.cif.symmetry.operations import Operations, from_hall
from tests.submissions.formats.cif.texts import operations, read, written

SETTINGS = list(gemmi.spacegroup_table())
GENERAL = (0.1371, 0.2113, 0.0817)


def metric_cell(setting: gemmi.SpaceGroup) -> str:
    """Parameters of a cell that has the symmetry of a setting and no other: a mean over its rotations."""
    rotations = from_hall(setting.hall).rotations
    vectors = np.array([[8.1, 0.3, -0.4], [0.6, 9.2, 0.5], [-0.7, 0.2, 10.9]])
    metric = np.mean(np.swapaxes(rotations, 1, 2) @ (vectors @ vectors.T) @ rotations, axis=0)
    lengths = np.sqrt(np.diag(metric))
    cosines = metric / np.outer(lengths, lengths)
    angles = np.degrees(np.arccos([cosines[1, 2], cosines[0, 2], cosines[0, 1]]))
    return " ".join(f"{number:.5f}" for number in (*lengths, *angles))


def special(setting: gemmi.SpaceGroup) -> tuple[float, ...]:
    """A place that some operation leaves where it is; a general one where every operation moves everything."""
    for operation in setting.operations():
        place = np.array([0.31, 0.17, 0.43])
        orbit = [place]
        while len(orbit) < 6 and not np.allclose(moved := np.array(operation.apply_to_xyz(orbit[-1].tolist())), place):
            orbit.append(moved)
        if len(orbit) > 1 and np.allclose(operation.apply_to_xyz(orbit[-1].tolist()), place):
            return tuple(np.mean(orbit, axis=0))
    return (0.41, 0.29, 0.57)


def images(setting: gemmi.SpaceGroup, place: tuple[float, ...]) -> set[tuple[int, ...]]:
    """Images of a place by gemmi's own arithmetic, each once, in thousandths of the cell."""
    moved = [np.array(operation.apply_to_xyz(list(place))) for operation in setting.operations()]
    return {tuple((np.rint(one * 1000).astype(int) % 1000).tolist()) for one in moved}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting.xhm()} {setting.qualifier}")
def test_operations_name_and_hall_symbol_are_one(setting: gemmi.SpaceGroup) -> None:
    places = {26: special(setting), 8: GENERAL}
    symbols = {26: "Fe", 8: "O"}
    rows = [f"A{at} {symbols[at]} {' '.join(f'{one:.6f}' for one in place)}" for at, place in places.items()]
    items = {
        "operations": operations(f"'{operation.triplet()}'" for operation in setting.operations()),
        "name": f"_space_group_name_H-M_alt '{setting.xhm()}'",
        "Hall symbol": f"_space_group_name_Hall '{setting.hall}'",
    }
    for source, item in items.items():
        crystal = read(written(rows, item, parameters=metric_cell(setting)))
        for number, place in places.items():
            points = crystal.frac_coords[crystal.atomic_numbers == number]
            places_read = {tuple(row) for row in (np.rint(points * 1000).astype(int) % 1000).tolist()}
            assert places_read == images(setting, place), source
            assert len(places_read) == len(points), source


@pytest.mark.parametrize("setting", SETTINGS[::3], ids=lambda setting: f"{setting.xhm()} {setting.qualifier}")
def test_the_type_of_a_group_is_known_in_any_basis(setting: gemmi.SpaceGroup) -> None:
    # the number of gemmi's table, against spglib's search in a skewed basis with a shifted origin
    random = np.random.default_rng(setting.number)
    group = from_hall(setting.hall)
    while round(np.linalg.det(basis := random.integers(-2, 3, (3, 3)))) != 1:
        pass
    shift = random.random(3)
    inverse = np.linalg.inv(basis)
    rotations = np.rint(inverse @ group.rotations @ basis)
    translations = (group.translations + group.rotations @ shift - shift) @ inverse.T
    other = Operations(rotations, translations % 1.0)
    assert other.is_group
    assert other.space_group_number == setting.number
