"""The neighbours that surround a site most closely."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell

if TYPE_CHECKING:
    from metrics.crystal import Crystal
    from metrics.measure.fingerprint.neighbours import Neighbours


@lru_cache(maxsize=4)
def nearest_shell(crystal: Crystal, tolerance: float, cutoff: float, first_radius: float = 4.0) -> Neighbours:
    """Neighbours at less than ``1 + tolerance`` times the distance of the nearest one, within ``cutoff`` (angstrom).

    The last few answers are kept, because two facts about a crystal need the same one.

    A wide sphere is searched only for the sites that need one: ``first_radius`` (angstrom) suffices for most.

    Raises:
        UnmeasurableError: the cell cannot be searched (see :mod:`~metrics.measure.fingerprint.neighbours`).

    """
    cell, radius = reduce_cell(crystal), min(first_radius, cutoff)
    near = neighbours_within(cell, np.full(crystal.n_sites, radius))
    nearest = near.nearest
    lonely = nearest * (1 + tolerance) > radius
    if lonely.any() and radius < cutoff:
        near = neighbours_within(cell, np.where(lonely, cutoff, radius))
        nearest = near.nearest
    return near.where(near.distance < (1 + tolerance) * nearest[near.center])
