"""Noble-metal alloys: random stackings of layers of the late transition metals, in as many ratios as there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.baselines.baseline import Bound, Made, control
from leaderboard.baselines.layers import close_packed
from metrics.family import PARTS
from metrics.measure.chemistry.composition import reduced_formula_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.baselines.known import Known

GROUPS = (("Co", "Rh", "Ir"), ("Ni", "Pd", "Pt"), ("Cu", "Ag", "Au"))


@control(
    "Noble-metal alloys",
    "Close-packed layers of the late transition metals in random order and in all ratios.\n"
    "All are valid, new and unique, and few are stable: discoveries stay near 0.",
    Bound("discoveries", at_most=0.02),
)
def noble_alloys(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """One layer for each twentieth of the composition, so that families differ."""
    while True:
        parts = generator.multinomial(PARTS - 3, generator.dirichlet(np.ones(3))) + 1
        symbols = [generator.choice(group) for group, part in zip(GROUPS, parts, strict=True) for _ in range(part)]
        crystal = close_packed(known.elemental_volumes, generator.permutation(symbols).tolist(), generator)
        yield Made(reduced_formula_of(crystal), crystal)
