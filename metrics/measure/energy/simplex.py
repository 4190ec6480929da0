"""The linear programme of a convex hull: the lowest energy of any mixture of phases with a given composition.

Minimise ``energies @ amounts`` with ``amounts @ fractions = target`` and ``amounts >= 0``. The pure elements are a
feasible basis, so a primal simplex (G. B. Dantzig, Linear Programming and Extensions, Princeton 1963) starts there and
needs no first phase. The basis is as small as the number of elements and is inverted anew in every step, so rounding
does not add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING = -1
MAX_STEPS = 10_000
STEEPEST, BLAND = 0, 1
"""Which phase enters and which leaves: the best one, or, while nothing moves, the first, which cannot cycle
(R. G. Bland, Math. Oper. Res. 2, 103 (1977), doi:10.1287/moor.2.2.103)."""
_PRICE_TOLERANCE = 1e-12  # eV/atom; the amounts add up to 1, so this bounds the error of the energy too
_PIVOT_TOLERANCE = 1e-10
_STEP_TOLERANCE = 1e-13


@njit(cache=True)
def lowest_mixture(
    fractions: NDArray[np.float64],
    energies: NDArray[np.float64],
    target: NDArray[np.float64],
    left_out: int,
    max_steps: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
    """Phases and amounts of the lowest mixture.

    Args:
        fractions: (m, n) atomic fractions of n elements in m phases; the first n phases are the elements, in order.
        energies: (m,) energies per atom.
        target: (n,) atomic fractions of the mixture.
        left_out: a phase that must not take part, never one of the first n; ``NOTHING`` for none.
        max_steps: usually ``MAX_STEPS``; after so many exchanges the best mixture so far is returned.

    Returns:
        (n,) phases, (n,) their shares of the atoms (zero where fewer phases do), and by how much per atom the energy
        may still lie above the lowest one; up to 1e-12 it counts as reached.

    """
    n = len(target)
    basis = np.arange(n)
    amounts = target.copy()
    gap = np.inf
    rule = STEEPEST
    for _ in range(max_steps):
        inverse = np.linalg.inv(fractions[basis])
        amounts = np.maximum(target @ inverse, 0.0)
        potentials = inverse @ energies[basis]
        excess = energies - fractions @ potentials
        if left_out != NOTHING:
            excess[left_out] = 0.0
        entering = int(np.argmin(excess))
        gap = max(-excess[entering], 0.0)
        if gap <= _PRICE_TOLERANCE:
            break
        if rule == BLAND:
            entering = int(np.argmax(excess < -_PRICE_TOLERANCE))
        leaving, step = _leaving(basis, amounts, fractions[entering] @ inverse, rule)
        if leaving == NOTHING:  # no exchange lowers an amount: only rounding can say so of a mixture that adds up to 1
            break
        rule = BLAND if step <= _STEP_TOLERANCE else STEEPEST
        basis[leaving] = entering
    return basis, amounts, gap


@njit(cache=True)
def _leaving(
    basis: NDArray[np.int64], amounts: NDArray[np.float64], exchange: NDArray[np.float64], rule: int
) -> tuple[int, float]:
    """Place in the basis that empties first, and how much of the entering phase that takes.

    Of several the one of the largest pivot, which keeps the basis well conditioned, or by Bland's rule the first phase.
    """
    step = np.inf
    for place in range(len(basis)):
        if exchange[place] > _PIVOT_TOLERANCE:
            step = min(step, amounts[place] / exchange[place])
    leaving = NOTHING
    for place in range(len(basis)):
        if exchange[place] > _PIVOT_TOLERANCE and amounts[place] / exchange[place] <= step + _STEP_TOLERANCE:
            if leaving == NOTHING:
                leaving = place
            elif rule == BLAND:
                leaving = place if basis[place] < basis[leaving] else leaving
            elif exchange[place] > exchange[leaving]:
                leaving = place
    return leaving, step


@njit(cache=True)
def heights(
    fractions: NDArray[np.float64], energies: NDArray[np.float64], first: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Energies per atom of the phases from ``first`` on, each above the lowest mixture of all others, and the gaps."""
    n_phases = len(energies) - first
    above, gaps = np.empty(n_phases), np.empty(n_phases)
    for number in range(n_phases):
        basis, amounts, gap = lowest_mixture(fractions, energies, fractions[first + number], first + number, MAX_STEPS)
        above[number] = energies[first + number] - amounts @ energies[basis]
        gaps[number] = gap
    return above, gaps
