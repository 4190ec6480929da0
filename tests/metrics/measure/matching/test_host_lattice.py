"""Maps of lattices: as many as there are symmetries, each close to what it is mapped on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.matching.host_lattice import Sites, lattice_maps
from tests.metrics.measure.fingerprint_crystals import random_cell, random_rotation, transformed

CUBIC = 4.0 * np.eye(3)
FACE_CENTRED = 2.0 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=np.float64)
HEXAGONAL = np.array([[3.0, 0, 0], [-1.5, 1.5 * 3**0.5, 0], [0, 0, 5.0]])
TRICLINIC = np.array([[3.0, 0, 0], [0.4, 4.0, 0], [0.7, 1.1, 5.5]])
MAX_STRAIN, REACH_ANGSTROM = 0.1, 0.8


def maps_of(crystal: Crystal, host: np.ndarray, most_missed: int = 0) -> np.ndarray:
    """Of a crystal of one atom in each cell of the host."""
    cell = reduce_cell(crystal)
    limits = (MAX_STRAIN, REACH_ANGSTROM, most_missed)
    return lattice_maps(Sites(cell.frac_coords, crystal.atomic_numbers), cell.lattice, host, np.arange(2), limits)


def copper(lattice: np.ndarray) -> Crystal:
    return Crystal.from_arrays(lattice, np.zeros((1, 3)), [29])


@pytest.mark.parametrize(
    ("lattice", "order"),
    # orders of the holohedries: International Tables for Crystallography A, 3.1
    [(CUBIC, 48), (FACE_CENTRED, 48), (HEXAGONAL, 24), (TRICLINIC, 2)],
    ids=["cubic", "face-centred", "hexagonal", "triclinic"],
)
@pytest.mark.parametrize("times", [(2, 1, 1), (2, 2, 2), (1, 1, 12)])
def test_a_host_lies_in_its_supercell_by_its_symmetries(
    lattice: np.ndarray, order: int, times: tuple[int, int, int]
) -> None:
    maps = maps_of(transformed(copper(lattice), supercell=np.diag(times)), lattice)
    assert len(maps) == order
    assert (np.abs(np.rint(np.linalg.det(maps))) == np.prod(times)).all()


@settings(max_examples=30, deadline=None)
@given(index=st.integers(2, 8), seed=st.integers(0, 2**32 - 1), noise=st.sampled_from([0.0, 0.05]))
def test_a_supercell_is_mapped_on_whatever_its_orientation_and_noise(index: int, seed: int, noise: float) -> None:
    generator = np.random.default_rng(seed)
    supercell = random_cell(generator, index)
    crystal = transformed(
        copper(TRICLINIC), supercell=supercell, rotation=random_rotation(generator), noise=(noise, generator)
    )
    maps = maps_of(crystal, TRICLINIC)
    target = reduce_cell(crystal).lattice
    # the first has no strain, so it makes of the host the cell that there is, but for its orientation
    made = maps[0] @ TRICLINIC
    np.testing.assert_allclose(made @ made.T, target @ target.T, atol=1e-9)


def test_shifts_may_miss_as_many_sites_as_they_are_allowed() -> None:
    crystal = transformed(copper(TRICLINIC), supercell=np.diag([2, 2, 4]))
    numbers = crystal.atomic_numbers.copy()
    numbers[-1] = 79
    doped = Crystal(crystal.lattice, crystal.frac_coords, numbers)
    # the foreign atom falls on one of copper, and one of copper on it
    assert len(maps_of(doped, TRICLINIC, most_missed=2)) == 2
    assert not len(maps_of(doped, TRICLINIC, most_missed=1))


def test_lattices_of_another_shape_have_no_map() -> None:
    assert not len(maps_of(transformed(copper(CUBIC), supercell=np.diag([2, 2, 2])), TRICLINIC))
    assert not len(maps_of(copper(CUBIC * 2), CUBIC))


def test_work_is_bounded() -> None:
    corners = np.stack(np.meshgrid(*[np.arange(20)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) / 20
    many = Sites(corners, np.full(len(corners), 29))
    with pytest.raises(UnmeasurableError, match="too many shifts map 8000 sites"):
        lattice_maps(many, 20 * CUBIC, CUBIC, np.arange(2), (MAX_STRAIN, REACH_ANGSTROM, 0))


def test_three_shifts_in_one_plane_are_no_cell() -> None:
    # 120 degrees in the plane of the layers, nearly the 113 of a flat rhombohedral cell with edges as long
    cosine = np.cos(np.radians(113))
    flat = 3.0 * np.linalg.cholesky(np.full((3, 3), cosine) + (1 - cosine) * np.eye(3))
    layers = transformed(copper(HEXAGONAL), supercell=np.diag([2, 2, 1]))
    assert len(maps_of(layers, flat)) == 0
