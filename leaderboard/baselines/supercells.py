"""Supercells of known crystals."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.matching_benchmark.changes import in_cell

if TYPE_CHECKING:
    from metrics.crystal import Crystal

MOST_TIMES = 4
"""Cells side by side along a cell vector."""


def supercell(crystal: Crystal, sites: tuple[int, int], generator: np.random.Generator) -> Crystal | None:
    """In a random one of the shapes that give a number of sites in the range; None where none does."""
    low, high = sites
    shapes = [
        shape
        for shape in product(range(1, MOST_TIMES + 1), repeat=3)
        if low <= crystal.n_sites * np.prod(shape) <= high and max(shape) > 1
    ]
    return in_cell(crystal, np.diag(shapes[generator.integers(len(shapes))])) if shapes else None
