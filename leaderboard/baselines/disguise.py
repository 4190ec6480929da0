"""The same crystal in another guise: other cell, origin, orientation, hand and order, slightly rattled and strained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.matching_benchmark.changes import everything, noise, strain

if TYPE_CHECKING:
    import numpy as np

    from metrics.crystal import Crystal

RATTLE_ANGSTROM = 0.02
"""Standard deviation of each Cartesian component."""
STRAIN = 0.005
"""Standard deviation of a stretch along an axis."""
MOST_SITES = 10
"""Of a crystal that is disguised: its cell grows up to four times."""


def disguised(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """In a random cell of two to four times the volume, turned, shifted, shuffled, strained and rattled."""
    return noise(RATTLE_ANGSTROM)(strain(STRAIN)(everything(crystal, generator), generator), generator)
