"""One crystal, again and again, each time in another guise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.baselines.baseline import Bound, Made, control
from leaderboard.baselines.disguise import MOST_SITES, disguised

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from leaderboard.baselines.known import Known


@control(
    "One crystal",
    "One crystal of the reference set, each time in another supercell, turned, shuffled, rattled and strained.\n"
    "Uniqueness must be about 0: all are one crystal.",
    Bound("unique", at_most=0.002),
)
def one_crystal(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """A compound of few sites."""
    hosts = known.endlessly(lambda one: "-" in one.chemical_system and one.crystal.n_sites <= MOST_SITES)
    host = next(hosts)
    while True:
        yield Made(host.id, disguised(host.crystal, generator))
