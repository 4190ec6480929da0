"""One ordered crystal as plain arrays: the only structure type that crosses a stage boundary."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LATTICE_RESOLUTION_ANGSTROM = 1e-6
FRACTIONAL_RESOLUTION = 1e-8


@dataclass(frozen=True, eq=False)
class Crystal:
    """Periodic crystal without partial occupancy, oxidation states stripped.

    Attributes:
        lattice: (3, 3) float64, rows are the cell vectors in angstrom.
        frac_coords: (n, 3) float64, fractional coordinates in the order given.
        atomic_numbers: (n,) int64.

    """

    lattice: NDArray[np.float64]
    frac_coords: NDArray[np.float64]
    atomic_numbers: NDArray[np.int64]

    @classmethod
    def from_arrays(cls, lattice: ArrayLike, frac_coords: ArrayLike, atomic_numbers: ArrayLike) -> Crystal:
        """Build from anything array-like; flat lattice (9,) and coordinates (3n,) are accepted.

        Raises:
            ValueError: the sizes do not fit together.

        """
        numbers = np.ascontiguousarray(atomic_numbers, dtype=np.int64).reshape(-1)
        return cls(
            np.ascontiguousarray(lattice, dtype=np.float64).reshape(3, 3),
            np.ascontiguousarray(frac_coords, dtype=np.float64).reshape(len(numbers), 3),
            numbers,
        )

    @property
    def n_sites(self) -> int:
        """Number of sites in the cell as given."""
        return len(self.atomic_numbers)

    @cached_property
    def counts(self) -> dict[int, int]:
        """Number of sites by atomic number, in rising order."""
        return dict(sorted(Counter(self.atomic_numbers.tolist()).items()))

    @cached_property
    def volume(self) -> float:
        """Cell volume in cubic angstrom; NaN where a number of the cell is not finite."""
        with np.errstate(invalid="ignore"):
            return float(abs(np.linalg.det(self.lattice)))

    @property
    def cart_coords(self) -> NDArray[np.float64]:
        """(n, 3) Cartesian coordinates in angstrom."""
        return self.frac_coords @ self.lattice

    @cached_property
    def sha256(self) -> str:
        """Content hash of the cell as given, sites in the order given.

        The bytes hashed are little-endian int64: atomic numbers, the lattice in units of 1e-6 angstrom, the
        fractional coordinates wrapped into [0, 1) in units of 1e-8.
        """
        steps = round(1 / FRACTIONAL_RESOLUTION)
        lattice = np.rint(self.lattice / LATTICE_RESOLUTION_ANGSTROM).astype("<i8")
        coords = (np.rint((self.frac_coords % 1.0) / FRACTIONAL_RESOLUTION).astype("<i8")) % steps
        digest = hashlib.sha256()
        for part in (self.atomic_numbers.astype("<i8"), lattice, coords):
            digest.update(part.tobytes())
        return digest.hexdigest()
