"""What the error of a potential depends on: its distance from the hull, and how much oxygen a compound holds.

Near the hull the lowest of many noisy distances are too low (the winner's curse), so the slope below the hull differs
from that above it; far above it nothing changes any more. Oxides are what universal potentials were trained on most.
Variants that were tried are in ``docs/calibration.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.formula import elements_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FAR_EV_PER_ATOM = 0.6
"""Distance above the hull from which the error is taken as constant."""
DEEP_EV_PER_ATOM = -0.3
"""Distance below the hull from which a lower one says no more: fewer than one labelled structure in a hundred is there,
and a third of these is stable; what is lower still is an error of the potential."""
LOCATION = ("distance_below_hull", "distance_above_hull", "oxygen_fraction")
SCALE = ("distance_below_hull", "distance_above_hull")


def saturated(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) distances, none below the one from which a lower one says no more."""
    return np.maximum(distances, DEEP_EV_PER_ATOM)


def features(distances: NDArray[np.float64], formulas: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Every feature, by name, (n,) each.

    Args:
        distances: (n,) e_above_hull by the potential, eV/atom.
        formulas: n formulas.

    """
    return {
        "distance_below_hull": np.minimum(saturated(distances), 0.0),
        "distance_above_hull": np.clip(distances, 0.0, FAR_EV_PER_ATOM),
        "oxygen_fraction": np.array([_oxygen_fraction(formula) for formula in formulas], dtype=np.float64),
    }


def design(values: dict[str, NDArray[np.float64]], names: Sequence[str]) -> NDArray[np.float64]:
    """(n, len(names)) columns of the features of these names."""
    return np.column_stack([values[name] for name in names])


def _oxygen_fraction(formula: str) -> float:
    amounts = elements_of(formula)
    return amounts.get("O", 0) / sum(amounts.values())
