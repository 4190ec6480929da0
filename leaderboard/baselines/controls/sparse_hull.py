"""Sparse hull: intermetallics of exotic elements, which few phase diagrams hold."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from leaderboard.baselines.baseline import Bound, Made, control
from metrics.crystal import Crystal
from metrics.measure.chemistry.composition import reduced_formula_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.baselines.known import Known

EXOTIC = ("Ac", "Th", "Pa", "U", "Np", "Tc", "Re", "Os", "Pm", "Tm", "Lu", "Hf")
TAKERS = ("Ru", "Rh", "Ir", "Pt", "Au", "Be", "Ga", "Ge", "Sb", "Tl", "Bi")
N_EACH = (1, 3)
"""Range of the number of elements on each of two sublattices."""


@control(
    "Sparse hull",
    "Exotic metals and metals that attract them in the order of CsCl: few such phases were ever computed.\n"
    "A hull that lacks phases calls them stable; the breakdown by entries of the hull says so.",
    Bound("sun_msun_sparse_hull", at_least=0.5, of="sun_msun"),
)
def sparse_hull(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Sixteen atoms, each sublattice filled at random with one to three elements."""
    places = np.array(list(product(range(2), repeat=3))) / 2
    low, high = N_EACH
    while True:
        sides = [
            generator.choice(generator.choice(side, generator.integers(low, high + 1), replace=False), len(places))
            for side in (EXOTIC, TAKERS)
        ]
        symbols = [str(symbol) for side in sides for symbol in side]
        edge = sum(known.elemental_volumes[symbol] for symbol in symbols) ** (1 / 3)
        numbers = [Element(symbol).Z for symbol in symbols]
        crystal = Crystal.from_arrays(edge * np.eye(3), np.vstack([places, places + 0.25]), numbers)
        yield Made(reduced_formula_of(crystal), crystal)
