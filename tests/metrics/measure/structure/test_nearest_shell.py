"""The nearest shell of a site against pymatgen's."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.local_env import get_neighbors_of_site_with_index

from metrics.crystal import Crystal
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.nearest_shell import nearest_shell
from tests.metrics.measure.fingerprint_crystals import prototypes

SMALL = sorted(label for label, crystal in prototypes().items() if crystal.n_sites <= 14)


@pytest.mark.parametrize("label", SMALL[::6])
def test_the_nearest_shell_is_that_of_pymatgen(label: str) -> None:
    crystal = prototypes()[label]
    structure = to_structure(crystal)
    shell = nearest_shell(crystal, 0.1, 10.0)
    for site in range(crystal.n_sites):
        expected = sorted(
            structure[site].distance(neighbor, jimage=[0, 0, 0])
            for neighbor in get_neighbors_of_site_with_index(structure, site)  # type: ignore[no-untyped-call] # pymatgen's
        )
        np.testing.assert_allclose(np.sort(shell.distance[shell.center == site]), expected, atol=1e-6)


def test_a_far_nearest_shell_is_found_beyond_the_first_radius() -> None:
    crystal = Crystal.from_arrays(7.0 * np.eye(3), [[0.0, 0.0, 0.0]], [18])
    shell = nearest_shell(crystal, 0.1, 10.0)
    assert len(shell.distance) == 6
    np.testing.assert_allclose(shell.distance, 7.0)
    assert len(nearest_shell(crystal, 0.1, 6.0).distance) == 0


def test_a_shell_that_reaches_over_the_first_radius_is_whole() -> None:
    # a chain of 3.9 angstrom and rows 4.2 apart: 1.1 x 3.9 = 4.29 takes in both
    crystal = Crystal.from_arrays(np.diag([3.9, 4.2, 9.0]), [[0.0, 0.0, 0.0]], [18])
    assert np.sort(nearest_shell(crystal, 0.1, 10.0).distance) == pytest.approx([3.9, 3.9, 4.2, 4.2])
