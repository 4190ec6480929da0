"""Overlapping atoms: known crystals with one atom nearly on top of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.baselines.baseline import Bound, Made, control
from metrics.crystal import Crystal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.baselines.known import Known

DISTANCES = (0.1, 0.5)
"""In angstrom; even two hydrogen atoms may not be nearer than 0.6."""


@control(
    "Overlapping atoms",
    "Crystals of the reference set with one more atom, 0.1 to 0.5 \u00c5 from another one.\n"
    "Validity must be about 0: the minimum distance is broken in each.",
    Bound("valid", at_most=0.01),
    Bound("distance_valid", at_most=0.01),
)
def overlapping_atoms(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """The atom is of an element of the crystal, in a random direction from a random site."""
    for one in known.endlessly():
        crystal = one.crystal
        site, other = generator.integers(crystal.n_sites, size=2)
        direction = generator.normal(size=3)
        move = generator.uniform(*DISTANCES) * direction / np.linalg.norm(direction)
        place = crystal.frac_coords[site] + move @ np.linalg.inv(crystal.lattice)
        yield Made(
            one.id,
            Crystal.from_arrays(
                crystal.lattice,
                np.vstack([crystal.frac_coords, place]),
                np.append(crystal.atomic_numbers, crystal.atomic_numbers[other]),
            ),
        )
