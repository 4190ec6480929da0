"""The primitive cell that a group of loose translations leaves, and how much is averaged away in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.crystal import Crystal
from metrics.measure.fingerprint.integer_lattice import spanned_lattice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.measure.fingerprint.neighbours import Reduced
    from metrics.measure.fingerprint.translations import Group


def primitive_cell(cell: Reduced, atomic_numbers: NDArray[np.int64], group: Group) -> Crystal:
    """The cell of which `cell` holds ``group.order`` copies; positions are the mean over the copies."""
    n_sites = len(atomic_numbers)
    lattice = spanned_lattice(group.vectors, n_sites) / n_sites @ cell.lattice
    representative, off = _copies(cell, group)
    frac = cell.frac_coords[representative] + off.mean(axis=0)
    coords = frac @ cell.lattice @ np.linalg.inv(lattice)
    return Crystal.from_arrays(lattice, coords - np.floor(coords), atomic_numbers[representative])


def folding_deviation(cell: Reduced, group: Group) -> float:
    """Standard deviation (angstrom, per Cartesian component) of the copies from their mean, 0 for a single copy.

    Noise of that size would explain what :func:`primitive_cell` averages away.
    """
    _, off = _copies(cell, group)
    away = (off - off.mean(axis=0)) @ cell.lattice
    degrees = 3 * off.shape[1] * (group.order - 1)
    return float(np.sqrt((away**2).sum() / degrees)) if degrees else 0.0


def _copies(cell: Reduced, group: Group) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One site of each orbit, and how far each of its images is from where the translation says, (k, orbits, 3)."""
    n_sites = len(cell.frac_coords)
    representative = np.flatnonzero(group.permutations.min(axis=0) == np.arange(n_sites))
    shift = group.vectors / n_sites
    off = cell.frac_coords[group.permutations[:, representative]] - cell.frac_coords[representative] - shift[:, None]
    off -= np.rint(off)
    return representative, off
