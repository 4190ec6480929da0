"""Phases by chemical system, compact, so that all that a composition can be mixed from come together at once."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

System: TypeAlias = "tuple[str, ...]"
"""Elements of a chemical system, in alphabetical order."""
_FEW_PARTS = 1024


class Phases:
    """Compositions and energies of phases, those of each chemical system in one run of rows.

    Attributes:
        energies: (k,) energies per atom.
        rows: of each chemical system its first row and the row after its last.

    """

    def __init__(self, compositions: Sequence[Mapping[str, float]], energies: NDArray[np.float64]) -> None:
        """Take amounts by symbol, symbols in alphabetical order, and energies per atom.

        Raises:
            ValueError: the phases of a chemical system are not in one run.

        """
        self.energies = energies
        self.rows: dict[System, tuple[int, int]] = {}
        start = 0
        systems = [tuple(amounts) for amounts in compositions]
        for stop in range(1, len(systems) + 1):
            if stop == len(systems) or systems[stop] != systems[start]:
                if systems[start] in self.rows:
                    msg = f"phases of {'-'.join(systems[start])} stand in several places"
                    raise ValueError(msg)
                self.rows[systems[start]] = (start, stop)
                start = stop
        self._number = {symbol: number for number, symbol in enumerate(sorted(set(chain.from_iterable(systems))))}
        self._first = np.cumsum([0, *map(len, systems)])
        self._elements = np.array([self._number[symbol] for amounts in systems for symbol in amounts], dtype=np.int64)
        shares = [
            amount / total
            for amounts in compositions
            for total in [sum(amounts.values())]
            for amount in amounts.values()
        ]
        self._shares = np.array(shares, dtype=np.float64)

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements that have a phase of their own."""
        return tuple(sorted(system[0] for system in self.rows if len(system) == 1))

    def of(
        self, system: System, own_parts: Iterable[System]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """All phases of these parts of a system.

        Returns:
            (m,) row numbers, (m, n) atomic fractions of the n elements of ``system``, (m,) energies.

        """
        runs = np.array([self.rows[part] for part in own_parts if part in self.rows], dtype=np.int64).reshape(-1, 2)
        column = np.zeros(len(self._number), dtype=np.int64)
        for place, symbol in enumerate(system):
            column[self._number[symbol]] = place
        rows, fractions = _gather(runs, column, len(system), self._first, self._elements, self._shares)
        return rows, fractions, self.energies[rows]


def parts(system: System, known: Collection[System]) -> Iterator[System]:
    """Chemical systems among the known ones that are made of elements of ``system``, from small to large.

    Those of one element come in the order of ``system``, and ``system`` itself comes last.
    """
    if 2 ** len(system) <= max(len(known), _FEW_PARTS):
        for size in range(1, len(system) + 1):
            yield from (part for part in combinations(system, size) if part in known)
        return
    wanted = set(system)
    yield from sorted((part for part in known if wanted.issuperset(part)), key=lambda part: (len(part), part))


@njit(cache=True)
def _gather(
    runs: NDArray[np.int64],
    column: NDArray[np.int64],
    n_elements: int,
    first: NDArray[np.int64],
    elements: NDArray[np.int64],
    shares: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    total = 0
    for run in range(len(runs)):
        total += runs[run, 1] - runs[run, 0]
    rows, fractions = np.empty(total, np.int64), np.zeros((total, n_elements))
    at = 0
    for run in range(len(runs)):
        for row in range(runs[run, 0], runs[run, 1]):
            rows[at] = row
            for part in range(first[row], first[row + 1]):
                fractions[at, column[elements[part]]] = shares[part]
            at += 1
    return rows, fractions
