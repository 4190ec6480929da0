"""Elements only: random stackings of close-packed layers of one metal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymatgen.core.periodic_table import Element

from leaderboard.baselines.baseline import Bound, Made, control
from leaderboard.baselines.layers import close_packed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from leaderboard.baselines.known import Known

LAYERS = (4, 17)
"""Range of the number of layers, the second end left out: there are thousands of stackings."""


@control(
    "Elements only",
    "Close-packed layers of one metal in random stackings: thousands of new allotropes near the hull.\n"
    "SUN and MSUN count them, their breakdown says that all are elements, and discoveries are 0.",
    Bound("sun_msun_elemental", at_least=0.99, of="sun_msun"),
    Bound("discoveries", at_most=0.0),
)
def elements_only(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Of any metal whose volume is known."""
    metals = [symbol for symbol in known.elemental_volumes if Element(symbol).is_metal]
    while True:
        symbol = str(generator.choice(metals))
        n_layers = int(generator.integers(*LAYERS))
        yield Made(f"{symbol}{n_layers}", close_packed(known.elemental_volumes, [symbol] * n_layers, generator))
