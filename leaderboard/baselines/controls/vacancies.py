"""Vacancies: supercells of known crystals without one atom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.baselines.baseline import Bound, Made, control
from leaderboard.baselines.supercells import supercell
from metrics.crystal import Crystal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.baselines.known import Known

HOST_SITES = 20
SUPERCELL_SITES = (32, 48)


@control(
    "One vacancy",
    "Supercells of 32 to 48 sites of known crystals without one atom.\n"
    "They are new and near the hull, but known up to a defect: discoveries are 0.",
    Bound("known_up_to_defect", at_least=0.9, of="novel"),
    Bound("discoveries", at_most=0.005),
)
def vacancies(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Each host once before any comes again."""
    for one in known.endlessly(lambda one: one.crystal.n_sites <= HOST_SITES):
        cell = supercell(one.crystal, SUPERCELL_SITES, generator)
        if cell is not None:
            kept = np.delete(np.arange(cell.n_sites), generator.integers(cell.n_sites))
            yield Made(one.id, Crystal(cell.lattice, cell.frac_coords[kept], cell.atomic_numbers[kept]))
