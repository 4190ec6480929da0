"""Which crystals a structure can be a defective supercell of, by numbers of atoms alone.

A reference set is asked by formula. The formulas of all hosts within a few edits of a composition are few, so they are
counted out instead of searching the set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.elements import formulas_of_ratios, in_formula_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    elements = in_formula_order(counts)
    ratios = _ratios([counts[element] for element in elements], most, sites_per_edit)
    if ratios is None:
        reason = f"more than {MAX_STEPS} crystals could be the host of {n_sites} sites of these elements"
        raise UnmeasurableError(reason)
    return set(formulas_of_ratios(elements, ratios))


def _ratios(amounts: Sequence[int], most: int, sites_per_edit: int) -> NDArray[np.int64] | None:
    """(m, k) numbers without a common divisor of which some multiple may be a host, see :func:`may_be_host`.

    Those multiples are within `most` atoms of the `amounts`, both of those lost and of those added; None where there
    are more than `MAX_STEPS`. All numbers of formula units are tried at once, one element after the other, and nothing
    is kept that the elements to come cannot complete: what is kept are never more than the multiples in the end.
    """
    units = np.arange(1, sum(amounts) + most + 1)
    edits = np.where(units > 1, most, min(most, MAX_EDITS_OF_ONE_UNIT))
    to_come = _fewest_lost(amounts, units, most)
    of_units = np.flatnonzero(to_come[0][:, most] <= edits)
    more = fewer = np.zeros(len(of_units), np.int64)
    ratios = np.empty((len(of_units), 0), np.int64)
    for amount, fewest in zip(amounts, to_come[1:], strict=True):
        times, allowed = units[of_units], edits[of_units]
        first = np.maximum(0, -((allowed - fewer - amount) // times))
        n_choices = (amount + allowed - more) // times + 1 - first
        parents = np.repeat(np.arange(len(of_units)), n_choices)
        ratio = first[parents] + np.arange(len(parents)) - np.repeat(np.cumsum(n_choices) - n_choices, n_choices)
        off = times[parents] * ratio - amount
        more, fewer = more[parents] + np.maximum(0, off), fewer[parents] + np.maximum(0, -off)
        of_units = of_units[parents]
        can_end = np.flatnonzero(fewest[of_units, edits[of_units] - more] <= edits[of_units] - fewer)
        if len(can_end) > MAX_STEPS:
            return None
        ratios = np.column_stack([ratios[parents[can_end]], ratio[can_end]])
        of_units, more, fewer = of_units[can_end], more[can_end], fewer[can_end]
    n_edits = np.maximum(more, fewer)
    n_edits[n_edits == 0] = FEWEST_OF_EQUAL_ATOMS
    is_host = n_edits <= units[of_units] * ratios.sum(axis=1) // sites_per_edit
    kept: NDArray[np.int64] = ratios[is_host & (np.gcd.reduce(ratios, axis=1) == 1)]
    return kept


def _fewest_lost(amounts: Sequence[int], units: NDArray[np.int64], most: int) -> list[NDArray[np.int64]]:
    """(n units, most + 1) fewest atoms lost where up to so many are added, by the elements from each one on, and none.

    The host has a multiple of the formula units of every element: the next below its amount, or the next above.
    """
    added = np.arange(most + 1)
    fewest = [np.zeros((len(units), most + 1), np.int64)]
    for amount in reversed(amounts):
        above = (amount % units)[:, None]
        left = added - (units[:, None] - above)
        raised = np.where(left < 0, _NEVER, np.take_along_axis(fewest[-1], np.maximum(left, 0), axis=1))
        fewest.append(np.minimum(fewest[-1] + above, raised))
    return fewest[::-1]


_NEVER = 1_000_000
"""Atoms lost, more than there are."""
