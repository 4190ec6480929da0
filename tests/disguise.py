"""The same crystal, described otherwise: what must never change an identity."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from metrics.crystal import Crystal
from metrics.measure.structure.convert import from_structure, to_structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SHEAR = 2


def integer_cell(determinant: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Random integer matrix (3, 3) of this determinant: a diagonal of its divisors, sheared both ways."""
    cell = np.diag(rng.permutation([determinant, 1, 1])).astype(np.int64)
    for i, j in combinations(range(3), 2):
        cell[i] += rng.integers(-MAX_SHEAR, MAX_SHEAR + 1) * cell[j]
        cell[j] += rng.integers(-1, 2) * cell[i]
    return cell


def disguised(crystal: Crystal, rng: np.random.Generator, *, determinant: int = 1) -> Crystal:
    """The crystal in another cell (of `determinant` times the volume), order, origin and orientation."""
    structure = to_structure(crystal)
    structure.make_supercell(integer_cell(determinant, rng), to_unit_cell=False)
    other = from_structure(structure)
    order = rng.permutation(other.n_sites)
    rotation = Rotation.random(random_state=rng).as_matrix()
    coords = other.frac_coords[order] + rng.random(3)
    return Crystal.from_arrays(other.lattice @ rotation.T, coords % 1.0, other.atomic_numbers[order])
