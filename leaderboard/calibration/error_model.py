"""How far DFT would be from a potential: a distribution of errors with few parameters.

``e_dft = e + location + shift + scale * t``: the location is linear in features of the structure, the logarithm of the
scale likewise, t follows Student's distribution, whose tails are those of the errors, and the shift is one number for
all structures of a generator: how its structures differ from those that the parameters were fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEGREES = 4.0
"""Of freedom of Student's distribution: one structure in fifty lies beyond four times the scale."""


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
    below: NDArray[np.float64] = student.cdf((threshold - centre) / scale, DEGREES)
    return below
