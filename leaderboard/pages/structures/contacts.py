"""Which two atoms of a structure are too close: said of a structure whose distances were refused, by the same rule.

The verdict itself is measured by ``metrics.measure.structure.plausibility``, which loads more than the app may. A test
holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from ase.data import chemical_symbols
from ase.geometry import find_mic
from ase.geometry.minkowski_reduction import minkowski_reduce

if TYPE_CHECKING:
    from metrics.crystal import Crystal

SCALE, OFFSET_ANGSTROM, UNKNOWN_RADIUS_ANGSTROM = 0.5, 0.7, 1.0
"""Atoms i and j must be SCALE (OFFSET + r_i + r_j) apart, as the protocol has it."""
MAX_SITES = 300
"""Above it all pairs would take longer than a page may wait."""

# fmt: off
ATOMIC_RADII_ANGSTROM = dict(zip(
    (1, *range(3, 10), *range(11, 36), *range(37, 54), *range(55, 85), *range(88, 96)),
    (
        0.25,
        1.45, 1.05, 0.85, 0.70, 0.65, 0.60, 0.50,
        1.80, 1.50, 1.25, 1.10, 1.00, 1.00, 1.00, 0.71,
        2.20, 1.80, 1.60, 1.40, 1.35, 1.40, 1.40, 1.40, 1.35, 1.35, 1.35, 1.35, 1.30, 1.25, 1.15, 1.15, 1.15,
        2.35, 2.00, 1.80, 1.55, 1.45, 1.45, 1.35, 1.30, 1.35, 1.40, 1.60, 1.55, 1.55, 1.45, 1.45, 1.40, 1.40,
        2.60, 2.15, 1.95, 1.85, 1.85, 1.85, 1.85, 1.85, 1.85, 1.80, 1.75, 1.75, 1.75, 1.75, 1.75, 1.75, 1.75,
        1.55, 1.45, 1.35, 1.35, 1.30, 1.35, 1.35, 1.35, 1.50, 1.90, 1.80, 1.60, 1.90,
        2.15, 1.95, 1.80, 1.80, 1.75, 1.75, 1.75, 1.75,
    ),
    strict=True,
))
# fmt: on
"""By atomic number: J. C. Slater 1964, DOI 10.1063/1.1725697, with argon's as pymatgen has it."""


class Contact(NamedTuple):
    """The pair of atoms furthest below its limit: their elements, distance and limit in angstrom."""

    elements: tuple[str, str]
    distance: float
    limit: float


def worst_contact(crystal: Crystal) -> Contact | None:
    """The pair with the smallest distance for its limit; None where all keep their distance or there are too many.

    Each pair is looked at with its nearest image, and each site with its own, in a Minkowski-reduced cell.
    """
    n = crystal.n_sites
    if n > MAX_SITES or not _is_a_cell(crystal):
        return None
    first, second = np.triu_indices(n, 1)
    coords = crystal.cart_coords
    apart = find_mic(coords[second] - coords[first], crystal.lattice)[1] if n > 1 else np.empty(0)
    shortest_vector = np.linalg.norm(minkowski_reduce(crystal.lattice)[0], axis=1).min()
    sites = np.arange(n)
    pairs = np.concatenate([np.column_stack([first, second]), np.column_stack([sites, sites])])
    distances = np.concatenate([apart, np.full(n, shortest_vector)])
    radii = np.array([ATOMIC_RADII_ANGSTROM.get(int(z), UNKNOWN_RADIUS_ANGSTROM) for z in crystal.atomic_numbers])
    limits = SCALE * (OFFSET_ANGSTROM + radii[pairs].sum(axis=1))
    worst = int(np.argmin(distances / limits))
    if distances[worst] >= limits[worst]:
        return None
    one, other = sorted(chemical_symbols[z] for z in crystal.atomic_numbers[pairs[worst]])
    return Contact((one, other), float(distances[worst]), float(limits[worst]))


def _is_a_cell(crystal: Crystal) -> bool:
    numbers = np.concatenate([crystal.lattice.ravel(), crystal.frac_coords.ravel()])
    return bool(np.isfinite(numbers).all()) and crystal.volume > 0
