"""Densities against handbook values; against pymatgen's they are checked with the composition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.structure.density import atom_density, mass_density


def test_density_of_copper() -> None:
    # a = 3.6149 angstrom, 8.935 g/cm3: CRC Handbook of Chemistry and Physics (X-ray density at room temperature)
    corners = [[0.0, 0.0, 0.0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    assert mass_density(Crystal.from_arrays(3.6149 * np.eye(3), corners, [29] * 4)) == pytest.approx(8.935, abs=0.01)
    # four atoms in 47.24 cubic angstrom
    assert atom_density(Crystal.from_arrays(3.6149 * np.eye(3), corners, [29] * 4)) == pytest.approx(4 / 47.2377)


def test_a_cell_without_volume_is_infinitely_dense() -> None:
    flat = Crystal.from_arrays([[3, 0, 0], [0, 3, 0], [3, 3, 0]], [[0.0, 0.0, 0.0]], [11])
    assert mass_density(flat) == atom_density(flat) == math.inf


def test_the_density_of_what_is_no_number_is_none() -> None:
    crystal = Crystal.from_arrays(np.diag([3.0, 3.0, np.nan]), [[0.0, 0.0, 0.0]], [11])
    assert math.isnan(mass_density(crystal))
    assert math.isnan(atom_density(crystal))
