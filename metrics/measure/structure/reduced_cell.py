"""A compact cell for a crystal, so that no answer depends on how skewed the cell as given is."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from pymatgen.core.lattice import Lattice

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError


@lru_cache(maxsize=4)
def reduce_cell(crystal: Crystal) -> Crystal:
    """The same crystal, sites in the same order and orientation kept, in a nearly orthogonal cell of the same volume.

    By the algorithm of Lenstra, Lenstra and Lovasz 1982, DOI 10.1007/BF01457454; fractional coordinates lie in [0, 1).
    The last few answers are kept, because several facts about one crystal need the same cell.

    Raises:
        UnmeasurableError: the cell has no volume, or a number is not finite.

    """
    if not (np.isfinite(crystal.lattice).all() and np.isfinite(crystal.frac_coords).all()):
        message = "the cell or a coordinate is not a finite number"
        raise UnmeasurableError(message)
    if not crystal.volume > 0:
        message = f"the cell volume is {crystal.volume:g} cubic angstrom"
        raise UnmeasurableError(message)
    lattice = Lattice(crystal.lattice).get_lll_reduced_lattice().matrix
    # rounding to integers keeps the precision of the fractional coordinates, whatever the lengths
    change = np.rint(lattice @ np.linalg.inv(crystal.lattice))
    return Crystal.from_arrays(
        lattice, _wrap(_wrap(crystal.frac_coords) @ np.linalg.inv(change)), crystal.atomic_numbers
    )


def _wrap(frac_coords: np.ndarray) -> np.ndarray:
    wrapped = frac_coords % 1.0
    # the remainder of a tiny negative number rounds to 1
    return np.where(wrapped == 1.0, 0.0, wrapped)
