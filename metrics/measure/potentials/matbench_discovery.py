"""How far each potential is from the best, by Matbench Discovery: a board of potentials, not of generative models.

There potentials relax 215,488 structures with prototypes of their own and say which are stable; CHGNet is far from the
best of them. Riebesell et al. 2025, DOI 10.1038/s42256-025-01055-1. The figures of MACE-MP-0 and SevenNet-l3i5 are
those in the files of their models in its repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "Matbench Discovery, matbench-discovery.materialsproject.org"
DATE = "July 2026"


@dataclass(frozen=True)
class Figures:
    """Of one potential on that board.

    Attributes:
        f1: harmonic mean of precision and recall of what it calls stable, on unique prototypes; higher is better.
        kappa_srme: symmetric relative mean error of the phonon modes' thermal conductivity; lower is better.
        checkpoint: that was measured, where it is not the one that is pinned here.

    """

    f1: float
    kappa_srme: float
    checkpoint: str | None = None


BEST = Figures(0.931, 0.118)
"""The best value of each figure on that board."""

FIGURES: Mapping[str, Figures] = {
    "chgnet": Figures(0.613, 1.717),
    "mace-mp-0": Figures(0.669, 0.682),
    "mace-mpa-0": Figures(0.852, 0.412),
    "orb-v3": Figures(0.905, 0.210, "orb-v3-conservative-inf-mpa"),
    "sevennet-0": Figures(0.724, 0.762),
    "sevennet-l3i5": Figures(0.760, 0.550),
}
"""By potential; those that are not on that board are not here."""
