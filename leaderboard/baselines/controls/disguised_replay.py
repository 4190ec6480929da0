"""Disguised replay: crystals of the reference set in other cells, turned, shuffled, rattled and strained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.baselines.baseline import Bound, Made, control
from leaderboard.baselines.disguise import MOST_SITES, disguised

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from leaderboard.baselines.known import Known


@control(
    "Disguised replay",
    "Crystals of the reference set in random supercells, turned, shuffled, rattled by 0.02 \u00c5, strained by 0.5%.\n"
    "Novelty must be about 0: no choice of cell and no noise makes a crystal new.",
    Bound("novel", at_most=0.01),
)
def disguised_replay(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Each crystal once before any comes again."""
    for one in known.endlessly(lambda one: one.crystal.n_sites <= MOST_SITES):
        yield Made(one.id, disguised(one.crystal, generator))
