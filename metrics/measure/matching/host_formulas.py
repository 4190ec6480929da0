"""Which crystals a structure can be a defective supercell of, by numbers of atoms alone.

A reference set is asked by formula. The formulas of all hosts within a few edits of a composition are few, so they are
counted out instead of searching the set.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.elements import formula_of_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAX_STEPS = 20_000
"""Bound on the numbers of atoms tried, about 0.1 s."""
MAX_EDITS_OF_ONE_UNIT = 2
"""A host whose only formula unit is its whole cell is looked for up to so many edits: the few there are of 48 and more
sites would ask for thousands of formulas that nothing has."""
FEWEST_OF_EQUAL_ATOMS = 2
"""Edits that leave the numbers of atoms as they are: two atoms exchanged, or one moved to another site."""


def fewest_edits(counts: Mapping[int, int], host: Mapping[int, int]) -> int:
    """Atoms to be added, removed or exchanged until the numbers of atoms by element are those of a host."""
    off = [host.get(element, 0) - counts.get(element, 0) for element in {*counts, *host}]
    return max(sum(n for n in off if n > 0), -sum(n for n in off if n < 0))


def may_be_host(counts: Mapping[int, int], host: Mapping[int, int], sites_per_edit: int) -> bool:
    """Whether the numbers of atoms allow at least one edit, and no more than one for each so many sites of the host."""
    return (fewest_edits(counts, host) or FEWEST_OF_EQUAL_ATOMS) <= sum(host.values()) // sites_per_edit


def host_formulas(counts: Mapping[int, int], sites_per_edit: int) -> set[str]:
    """Reduced formulas of all crystals that so many atoms can be a defective supercell of.

    A host has no element that the structure lacks: one whose atoms are all gone was substituted.

    Args:
        counts: number of atoms of each element in the primitive cell of the structure.
        sites_per_edit: one edit is allowed for each so many sites of the host.

    Raises:
        UnmeasurableError: a large cell of many elements, which has too many.

    """
    n_sites = sum(counts.values())
    most = n_sites // (sites_per_edit - 1)
    if not most:
        return set()
    elements = sorted(counts)
    amounts = np.array([counts[element] for element in elements])
    ratios = []
    steps = 0
    for units in range(n_sites + most, 0, -1):
        edits = most if units > 1 else min(most, MAX_EDITS_OF_ONE_UNIT)
        of_units, steps = _ratios(amounts, units, edits, sites_per_edit, steps)
        if steps > MAX_STEPS:
            reason = f"more than {MAX_STEPS} crystals could be the host of {n_sites} sites of these elements"
            raise UnmeasurableError(reason)
        ratios += of_units.tolist()
    return {
        formula_of(tuple((e, n) for e, n in zip(elements, ratio, strict=True) if n))
        for ratio in {tuple(ratio) for ratio in ratios}
    }


@njit(cache=True)
def _ratios(
    amounts: NDArray[np.int64], units: int, most: int, sites_per_edit: int, steps: int
) -> tuple[NDArray[np.int64], int]:
    """(m, k) numbers without a common divisor whose multiples by `units` may be a host, see :func:`may_be_host`.

    Those multiples are within `most` atoms of the `amounts` (k,), both of those lost and of those added. Also the
    number of steps, which goes on from `steps` and ends past the bound.
    """
    k = len(amounts)
    ratios = np.empty((16, k), np.int64)
    n_ratios = 0
    ratio, last = np.empty(k, np.int64), np.empty(k, np.int64)
    # atoms that the host has more and has less of the elements before one
    more, fewer = np.zeros(k + 1, np.int64), np.zeros(k + 1, np.int64)
    at, enters = 0, True
    while at >= 0:
        if enters:
            ratio[at] = max(0, -((most - fewer[at] - amounts[at]) // units))
            last[at] = (amounts[at] + most - more[at]) // units
        else:
            ratio[at] += 1
        if ratio[at] > last[at]:
            at, enters = at - 1, False
            continue
        off = units * ratio[at] - amounts[at]
        more[at + 1], fewer[at + 1] = more[at] + max(0, off), fewer[at] + max(0, -off)
        if at + 1 < k:
            at, enters = at + 1, True
            continue
        enters = False
        steps += 1
        if steps > MAX_STEPS:
            break
        edits = max(more[k], fewer[k])
        if edits == 0:
            edits = FEWEST_OF_EQUAL_ATOMS
        if edits <= units * ratio.sum() // sites_per_edit and _common_divisor(ratio) == 1:
            if n_ratios == len(ratios):
                larger = np.empty((2 * n_ratios, k), np.int64)
                larger[:n_ratios] = ratios
                ratios = larger
            ratios[n_ratios] = ratio
            n_ratios += 1
    return ratios[:n_ratios].copy(), steps


@njit(cache=True)
def _common_divisor(numbers: NDArray[np.int64]) -> int:
    divisor = 0
    for number in numbers:
        other = number
        while other:
            divisor, other = other, divisor % other
    return divisor


@lru_cache(maxsize=100_000)
def formula_of(ratio: tuple[tuple[int, int], ...]) -> str:
    """Pymatgen's reduced formula of numbers of atoms by element."""
    return formula_of_counts(dict(ratio))
