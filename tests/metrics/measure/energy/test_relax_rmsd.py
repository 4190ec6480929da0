"""Displacement of a relaxation in angstrom."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.energy.relax_rmsd import relaxation_rmsd

LATTICE = np.diag([4.0, 4.4, 5.0])
COORDS = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.1], [0.1, 0.5, 0.5], [0.5, 0.0, 0.6]])
START = Crystal.from_arrays(LATTICE, COORDS, [29, 79, 29, 8])


def moved(by_angstrom: float) -> Crystal:
    """Two atoms move by this in opposite directions, so that no shift of the origin makes it smaller."""
    coords = COORDS.copy()
    coords[0, 0] += by_angstrom / 4.0
    coords[2, 0] -= by_angstrom / 4.0
    return Crystal.from_arrays(LATTICE, coords, START.atomic_numbers)


def test_two_of_four_atoms_that_move_by_a_tenth() -> None:
    """sqrt(2 * 0.1^2 / 4), by the definition of a root mean square."""
    assert relaxation_rmsd(START, moved(0.1)) == pytest.approx(0.1 / np.sqrt(2), rel=1e-3)


def test_origin_and_volume_are_no_displacement() -> None:
    shifted = Crystal.from_arrays(LATTICE * 1.05, COORDS + np.array([0.3, 0.2, 0.9]), START.atomic_numbers)
    assert relaxation_rmsd(START, shifted) == pytest.approx(0.0, abs=1e-6)


def test_the_unit_is_the_length_of_the_mean_volume() -> None:
    """A cell twice as long in all directions moves its atoms sqrt(2) times as far on the geometric mean cell."""
    double = Crystal.from_arrays(LATTICE * 2, moved(0.1).frac_coords, START.atomic_numbers)
    assert relaxation_rmsd(START, double) == pytest.approx(0.1, rel=1e-3)


def test_a_structure_that_became_another_has_none() -> None:
    assert relaxation_rmsd(START, Crystal.from_arrays(LATTICE, COORDS[::-1] ** 2 * 0.9, START.atomic_numbers)) is None
