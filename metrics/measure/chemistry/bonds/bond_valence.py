"""Bond-valence sums of all sites at once, and the neutral assignments of oxidation states they allow.

Parameters: O'Keeffe and Brese 1991, DOI 10.1021/ja00009a002. Likelihood of an oxidation state given a sum: statistics
of the ICSD. Both tables are those of pymatgen, whose ``calculate_bv_sum`` and ``BVAnalyzer`` decide the same question
one neighbour, and one assignment, at a time.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np

from metrics.measure.chemistry.bonds.bond_valence_tables import ELECTRONEGATIVE, observed_states, parameters
from metrics.measure.chemistry.charge_sums import NEUTRAL, NOTHING, ChargeSums
from metrics.measure.fingerprint.elements import MAX_ATOMIC_NUMBER, element_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from metrics.crystal import Crystal
    from metrics.measure.fingerprint.neighbours import Neighbours

_ROUNDING = 1e-9
_SOFTNESS_ANGSTROM = 0.31
"""Of the exponential in the bond valence, as pymatgen (0.37 is more usual, but the statistics were made with this)."""


def bond_valence_sums(crystal: Crystal, near: Neighbours, distance_scale: float = 1.0) -> NDArray[np.float64]:
    """(n,) sum of the bond valences of every site over its neighbours, positive for the less electronegative partner.

    Bonds count between different elements of which one is in pymatgen's list of electronegative elements. A site
    with a bond whose parameters are unknown has the sum NaN.
    """
    lengths, signs = _bonds()
    center = near.center
    a, b = crystal.atomic_numbers[center], crystal.atomic_numbers[near.site]
    # a pair that is no bond has sign 0 and length 0
    valences = signs[a, b] * np.exp((lengths[a, b] - distance_scale * near.distance) / _SOFTNESS_ANGSTROM)
    return np.bincount(center, weights=valences, minlength=crystal.n_sites).astype(np.float64)


@cache
def _bonds() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(119, 119) lengths and signs by atomic numbers, see :func:`_bond`."""
    numbers = range(1, MAX_ATOMIC_NUMBER + 1)
    lengths, signs = np.zeros((2, MAX_ATOMIC_NUMBER + 1, MAX_ATOMIC_NUMBER + 1))
    for pair in product(numbers, numbers):
        lengths[pair], signs[pair] = _bond(*pair)
    return lengths, signs.astype(np.int64)


def _bond(center: int, neighbor: int) -> tuple[float, int]:
    """Length of a bond of valence one (angstrom, NaN if unknown) and the sign of its valence for ``center``."""
    if center == neighbor or ELECTRONEGATIVE.isdisjoint((center, neighbor)):
        return 0.0, 0
    if not has_parameters(center) or not has_parameters(neighbor):
        return float("nan"), 1
    (r1, c1), (r2, c2) = parameters()[center], parameters()[neighbor]
    length = r1 + r2 - r1 * r2 * (sqrt(c1) - sqrt(c2)) ** 2 / (c1 * r1 + c2 * r2)
    return length, 1 if element_of(center).X < element_of(neighbor).X else -1


def has_parameters(atomic_number: int) -> bool:
    """Whether bond-valence parameters of an element are known."""
    return atomic_number in parameters()


def likely_states(atomic_number: int, valence_sum: float, fraction: float) -> tuple[int, ...]:
    """Oxidation states of at least ``fraction`` of the likelihood of the likeliest one, given a bond-valence sum.

    Empty where the sum is so far from all that was observed that every likelihood is zero in double precision.
    """
    likelihood = {
        state: exp(-((valence_sum - mean) ** 2) / 2 / width**2) / width * prior
        for state, mean, width, prior in observed_states().get(atomic_number, ())
    }
    best = max(likelihood.values(), default=0.0)
    return tuple(sorted(state for state, value in likelihood.items() if value > fraction * best))


def likely_states_within(
    atomic_number: int, lowest: float, highest: float, fraction: float
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The :func:`likely_states` that every bond-valence sum between two has, and those that some of them may have.

    The second may hold states that none of them has; rounding of the sums by up to 1e-9 is allowed for.
    """
    lowest, highest = lowest - _ROUNDING, highest + _ROUNDING
    least, most = {}, {}
    for state, mean, width, prior in observed_states().get(atomic_number, ()):
        far = max(abs(lowest - mean), abs(highest - mean))
        near = max(lowest - mean, mean - highest, 0.0)
        least[state], most[state] = (exp(-(off**2) / 2 / width**2) / width * prior for off in (far, near))
    best_at_least, best_at_most = (max(values.values(), default=0.0) for values in (least, most))
    always = [state for state, value in least.items() if value > fraction * best_at_most * (1 + _ROUNDING)]
    ever = [state for state, value in most.items() if value >= fraction * best_at_least * (1 - _ROUNDING)]
    return tuple(sorted(always)), tuple(sorted(ever))


def neutral_assignment_exists(orbits: Mapping[int, Sequence[tuple[int, Sequence[int]]]]) -> bool:
    """Whether every orbit can take one of its states such that the cell is neutral.

    The states of one element may differ by at most one. Exact: all achievable charges are carried along instead of
    all assignments, so the work grows with the number of orbits and not exponentially.

    Args:
        orbits: for each element (atomic number), multiplicity and possible states of each of its orbits.

    """
    total = NEUTRAL
    for members in orbits.values():
        achievable = NOTHING
        for lower in {state for _, states in members for state in states}:
            achievable |= _charges_between(lower, members)
        total += achievable
    return 0 in total


def _charges_between(lower: int, members: Sequence[tuple[int, Sequence[int]]]) -> ChargeSums:
    """Total charges of the orbits of an element if each takes the state ``lower`` or the next one."""
    total = NEUTRAL
    for multiplicity, states in members:
        total += ChargeSums.of(multiplicity * state for state in states if state in {lower, lower + 1})
    return total
