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


NOISE_MEDIAN = 0.25
"""Smallest ratio of median and root mean square that passes for noise; a few sites scatter about 0.67."""


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
    away = _away(cell, group)
    degrees = away.size // group.order * (group.order - 1)
    return float(np.sqrt((away**2).sum() / degrees)) if degrees else 0.0


def folds_noise(cell: Reduced, group: Group) -> bool:
    """Whether what is averaged away looks like noise: every site is off a little in every direction.

    In a real superstructure some sites or directions are off and the others, by symmetry, are not. The median of the
    components is 0.67 of their root mean square for Gaussian noise, and 0 where half of them do not move.
    """
    away = np.abs(_away(cell, group))
    return bool(np.median(away) >= NOISE_MEDIAN * np.sqrt((away**2).mean()))


def _away(cell: Reduced, group: Group) -> NDArray[np.float64]:
    """Cartesian distances of the copies from their mean, (k, orbits, 3) in angstrom."""
    _, off = _copies(cell, group)
    away: NDArray[np.float64] = (off - off.mean(axis=0)) @ cell.lattice
    return away


def _copies(cell: Reduced, group: Group) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One site of each orbit, and how far each of its images is from where the translation says, (k, orbits, 3)."""
    n_sites = len(cell.frac_coords)
    representative = np.flatnonzero(group.permutations.min(axis=0) == np.arange(n_sites))
    shift = group.vectors / n_sites
    off = cell.frac_coords[group.permutations[:, representative]] - cell.frac_coords[representative] - shift[:, None]
    off -= np.rint(off)
    return representative, off
