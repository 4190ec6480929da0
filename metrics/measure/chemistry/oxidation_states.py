"""Can a composition be neutral? Decided over achievable charges, without listing the assignments.

Amounts are those of the reduced formula. The atoms of one element may take any of its states as long as these differ
by at most one over its atoms, and no element may sum to zero.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from metrics.measure.chemistry.charge_sums import NEUTRAL, ChargeSums, charges_of_atoms
from metrics.measure.chemistry.smact_elements import smact_element
from metrics.measure.fingerprint.elements import element_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

_ROUNDING = 1e-9
"""Covariances (in electronegativity times charge) this close to zero count as zero."""


@cache
def icsd_states(atomic_number: int) -> tuple[int, ...]:
    """States reported more than five times in the 2024 ICSD, as shipped with smact; empty if none is."""
    try:
        element = smact_element(element_of(atomic_number).symbol)
    except KeyError:
        # smact's table ends at lawrencium
        return ()
    return tuple(element.oxidation_states_icsd24 or ())


@cache
def known_states(atomic_number: int) -> tuple[int, ...]:
    """All states ever reported for an element, as shipped with pymatgen; empty if none is."""
    return tuple(int(state) for state in element_of(atomic_number).oxidation_states)


def neutral_composition_exists(
    amounts: Mapping[int, int], states: Callable[[int], tuple[int, ...]] = icsd_states
) -> bool:
    """Whether some choice of states makes the composition neutral.

    Args:
        amounts: atomic number -> number of atoms in the reduced formula.
        states: oxidation states allowed for an element.

    """
    sums = [element_charges(amount, states(number)) for number, amount in amounts.items()]
    return 0 in reduce(add, sums, NEUTRAL)


def element_charges(amount: int, states: tuple[int, ...]) -> ChargeSums:
    """Total charges of ``amount`` atoms of one element, zero left out."""
    return ChargeSums.of(charges_of_atoms(amount, states) - {0})


def neutral_electronegativity_order_exists(amounts: Mapping[int, int]) -> bool:
    """Whether a neutral choice among all known states gives the electronegative elements the negative charges.

    That is: the correlation, over the elements, of mean state and Pauling electronegativity is negative. Its sign is
    that of a covariance, which is linear in the charges; its least value over all neutral choices follows from a
    shortest-path recursion over achievable charges.
    """
    if not neutral_composition_exists(amounts, known_states):
        return False
    # every element with a known state has an electronegativity
    values = {number: float(element_of(number).X) for number in amounts}
    mean = sum(values.values()) / len(values)
    return _least_covariance(amounts, {number: value - mean for number, value in values.items()}) < -_ROUNDING


def _least_covariance(amounts: Mapping[int, int], deviations: Mapping[int, float]) -> float:
    """Least sum over elements of deviation times mean state, over all neutral choices (infinite if there is none)."""
    charges = {number: list(element_charges(amount, known_states(number))) for number, amount in amounts.items()}
    bound = sum(max(map(abs, values), default=0) for values in charges.values())
    least: NDArray[np.float64] = np.full(2 * bound + 1, np.inf)  # index: total charge so far + bound
    least[bound] = 0.0
    for number, values in charges.items():
        following = np.full_like(least, np.inf)
        for charge in values:
            source, target = slice(max(0, -charge), least.size - max(0, charge)), slice(max(0, charge), None)
            reached = least[source] + deviations[number] * charge / amounts[number]
            window = following[target][: reached.size]
            np.minimum(window, reached, out=window)
        least = following
    return float(least[bound])
