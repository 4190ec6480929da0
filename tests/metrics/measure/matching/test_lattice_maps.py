"""Maps of lattices: as many as there are symmetries, each close to what it is mapped on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.measure import UnmeasurableError
from metrics.measure.matching.lattice_maps import lattice_maps
from tests.metrics.measure.fingerprint_crystals import random_cell, random_rotation

TIGHT = (1e-6, 1e-6)
LOOSE = (0.1, 0.12)

CUBIC = 4.0 * np.eye(3)
FACE_CENTRED = 2.0 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=np.float64)
HEXAGONAL = np.array([[3.0, 0, 0], [-1.5, 1.5 * 3**0.5, 0], [0, 0, 5.0]])
TRICLINIC = np.array([[3.0, 0, 0], [0.4, 4.0, 0], [0.7, 1.1, 5.5]])


@pytest.mark.parametrize(
    ("lattice", "order"),
    # orders of the holohedries: International Tables for Crystallography A, 3.1
    [(CUBIC, 48), (FACE_CENTRED, 48), (HEXAGONAL, 24), (TRICLINIC, 2)],
    ids=["cubic", "face-centred", "hexagonal", "triclinic"],
)
def test_a_lattice_maps_on_itself_by_its_symmetries(lattice: np.ndarray, order: int) -> None:
    assert len(lattice_maps(lattice, lattice, 1, TIGHT)) == order


@settings(max_examples=40, deadline=None)
@given(index=st.integers(1, 8), seed=st.integers(0, 2**32 - 1), strain=st.sampled_from([0.0, 0.01]))
def test_a_supercell_is_mapped_on_whatever_its_orientation(index: int, seed: int, strain: float) -> None:
    generator = np.random.default_rng(seed)
    cell = random_cell(generator, index)
    off = np.eye(3) + strain * generator.uniform(-1, 1, size=(3, 3))
    target = cell @ TRICLINIC @ off @ random_rotation(generator)
    maps = lattice_maps(TRICLINIC, target, index, LOOSE)
    assert any((matrix == cell).all() for matrix in maps)
    assert (np.abs(np.rint(np.linalg.det(maps))) == index).all()
    mapped = maps @ TRICLINIC
    lengths, wanted = np.linalg.norm(mapped, axis=2), np.linalg.norm(target, axis=1)
    assert (np.abs(lengths - wanted) <= LOOSE[0] * wanted + 1e-9).all()
    cosines = np.abs(mapped @ mapped.transpose(0, 2, 1) - target @ target.T) / np.outer(wanted, wanted)
    off_diagonal = ~np.eye(3, dtype=bool)
    assert (cosines[:, off_diagonal] <= LOOSE[1] + 1e-9).all()


def test_lattices_of_another_shape_have_no_map() -> None:
    assert not len(lattice_maps(CUBIC, np.diag([4.0, 4.0, 8.0]), 1, LOOSE))
    assert not len(lattice_maps(CUBIC, HEXAGONAL, 1, LOOSE))


@pytest.mark.parametrize(
    ("lattice", "target", "index", "reason"),
    [
        (CUBIC, np.diag([4.0, 4.0, 4_000.0]), 1_000, "too many lattice vectors"),
        # everything is within the tolerances
        (0.5 * np.eye(3), np.diag([4.0, 4.0, 4.0]), 512, "more than"),
    ],
    ids=["needle", "many"],
)
def test_work_is_bounded(lattice: np.ndarray, target: np.ndarray, index: int, reason: str) -> None:
    tolerances = LOOSE if "vectors" in reason else (0.9, 2.0)
    with pytest.raises(UnmeasurableError, match=reason):
        lattice_maps(lattice, target, index, tolerances)
