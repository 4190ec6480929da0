"""Random prototypes: the AFLOW library of prototypes with random elements whose charges can balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.baselines.baseline import Made, baseline
from leaderboard.baselines.decoration import neutral_elements
from metrics.measure.chemistry.composition import reduced_formula_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from leaderboard.baselines.known import Known

MOST_SITES = 40


@baseline(
    "Random prototypes",
    "Compounds of the AFLOW library of prototypes with random elements whose charges can balance, cells scaled.\n"
    "A model that scores no better knows structure types, but not which elements form them.",
)
def random_prototypes(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Each from a random compound of at most 40 sites.

    Source of the prototypes: Mehl et al., Comput. Mater. Sci. 136, S1 (2017), DOI 10.1016/j.commatsci.2017.01.017.
    """
    hosts = [one for one in known.prototypes if "-" in one.chemical_system and one.crystal.n_sites <= MOST_SITES]
    while True:
        host = hosts[generator.integers(len(hosts))]
        decorated = neutral_elements(known, host.crystal, generator)
        if decorated is not None:
            yield Made(f"{host.id}-to-{reduced_formula_of(decorated)}", decorated)
