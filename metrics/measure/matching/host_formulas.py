"""Which crystals a structure can be a defective supercell of, by numbers of atoms alone.

A reference set is asked by formula. The formulas of all hosts within a few edits of a composition are few, so they are
counted out instead of searching the set.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.elements import formula_of_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    amounts = [counts[element] for element in elements]
    ratios = set()
    steps = 0
    for units in range(n_sites + most, 0, -1):
        for ratio in _ratios(amounts, units, most if units > 1 else min(most, MAX_EDITS_OF_ONE_UNIT)):
            steps += 1
            if steps > MAX_STEPS:
                reason = f"more than {MAX_STEPS} crystals could be the host of {n_sites} sites of these elements"
                raise UnmeasurableError(reason)
            host = {element: units * n for element, n in zip(elements, ratio, strict=True)}
            if math.gcd(*ratio) == 1 and may_be_host(counts, host, sites_per_edit):
                ratios.add(ratio)
    return {formula_of(tuple((e, n) for e, n in zip(elements, ratio, strict=True) if n)) for ratio in ratios}


def _ratios(amounts: list[int], units: int, most: int, lost: int = 0, added: int = 0) -> Iterator[tuple[int, ...]]:
    """Whole numbers whose multiples by `units` are within `most` atoms of `amounts`, both of those lost and added."""
    if not amounts:
        yield ()
        return
    first, *rest = amounts
    for n in range(max(0, -((most - added - first) // units)), (first + most - lost) // units + 1):
        off = units * n - first
        for others in _ratios(rest, units, most, lost + max(0, off), added + max(0, -off)):
            yield (n, *others)


@lru_cache(maxsize=100_000)
def formula_of(ratio: tuple[tuple[int, int], ...]) -> str:
    """Pymatgen's reduced formula of numbers of atoms by element."""
    return formula_of_counts(dict(ratio))
