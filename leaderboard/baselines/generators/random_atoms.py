"""Random atoms: random elements at random places of a box of the right volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.baselines.baseline import Made, baseline
from leaderboard.baselines.decoration import drawn_elements
from metrics.crystal import Crystal
from metrics.measure.chemistry.composition import reduced_formula_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.baselines.known import Known

MOST_SITES = 20
EDGES = (0.7, 1.4)
"""Range that the edges of a box are drawn from, before it is scaled to its volume."""


@baseline(
    "Random atoms",
    "Random elements in the stoichiometry of a known crystal, at random places of a box of the right volume.\n"
    "The floor: new and unique at once, seldom valid, never stable.",
)
def random_atoms(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Edges at right angles, positions uniform and independent."""
    for host in known.endlessly(lambda one: one.crystal.n_sites <= MOST_SITES):
        drawn = drawn_elements(known, host.crystal, generator)
        edges = generator.uniform(*EDGES, size=3)
        volume = known.volumes.of_atoms(drawn.atomic_numbers.tolist())
        lattice = np.diag(edges * (volume / edges.prod()) ** (1 / 3))
        atoms = Crystal.from_arrays(lattice, generator.random((drawn.n_sites, 3)), drawn.atomic_numbers)
        yield Made(reduced_formula_of(atoms), atoms)
