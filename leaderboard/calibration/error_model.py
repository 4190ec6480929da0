"""How far DFT would be from a potential: a distribution of errors with few parameters.

``e_dft = e + location + shift + scale * z``: the location is linear in features of the structure, the logarithm of the
scale likewise, and the shift is one number for all structures of a generator: how its structures differ from those that
the parameters were fitted on. z is normal below 0 and follows Student's distribution above it: DFT seldom finds a
structure far below what a potential says, and often far above.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEGREES = 4.0
"""Of freedom of Student's distribution: of the errors upwards one in fifty is beyond four times the scale."""
_BELOW_AREA = math.sqrt(math.pi / 2)
_ABOVE_AREA = math.sqrt(math.pi * DEGREES) * math.gamma(DEGREES / 2) / math.gamma((DEGREES + 1) / 2) / 2
BELOW = _BELOW_AREA / (_BELOW_AREA + _ABOVE_AREA)
"""Share of z below 0: both halves have the same density at 0."""


@dataclass(frozen=True)
class ErrorModel:
    """Parameters, a set of them for each draw.

    Attributes:
        location: (draws, 1 + location features) intercept and slopes, in eV/atom and eV/atom per unit of the feature.
        log_scale: (draws, 1 + scale features) intercept and slopes of the logarithm of the scale in eV/atom.
        shift: (draws,) of a generator that was not seen, in eV/atom.

    """

    location: NDArray[np.float64]
    log_scale: NDArray[np.float64]
    shift: NDArray[np.float64]

    def centre_and_scale(
        self, distances: NDArray[np.float64], located_by: NDArray[np.float64], scaled_by: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(draws, n) centre and scale of e_dft in eV/atom.

        Args:
            distances: (n,) e_above_hull by the potential, eV/atom.
            located_by: (n, location features).
            scaled_by: (n, scale features).

        """
        centre = distances + self.location[:, :1] + self.location[:, 1:] @ located_by.T + self.shift[:, None]
        return centre, np.exp(self.log_scale[:, :1] + self.log_scale[:, 1:] @ scaled_by.T)


def probability_below(threshold: float, centre: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that e_dft is at most the threshold (eV/atom), of the shape of centre and scale."""
    z = (threshold - centre) / scale
    below: NDArray[np.float64] = np.where(z < 0, 2 * BELOW * ndtr(z), BELOW + (1 - BELOW) * (2 * stdtr(DEGREES, z) - 1))
    return below


def quantile(probability: float) -> float:
    """Of z, in units of the scale."""
    if probability < BELOW:
        return float(ndtri(probability / (2 * BELOW)))
    return float(stdtrit(DEGREES, 0.5 + (probability - BELOW) / (2 * (1 - BELOW))))


def cost_and_pull(z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minus the logarithm of the density of z up to a constant, and its derivative."""
    is_below = z < 0
    cost = np.where(is_below, z**2 / 2, (DEGREES + 1) / 2 * np.log1p(z**2 / DEGREES))
    return cost, np.where(is_below, z, (DEGREES + 1) * z / (DEGREES + z**2))
