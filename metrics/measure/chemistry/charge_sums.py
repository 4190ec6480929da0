"""Sets of achievable total charges, small enough to carry instead of the assignments that reach them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


@dataclass(frozen=True)
class ChargeSums:
    """A set of integers as the bits of one: bit k stands for ``lowest + k``.

    Attributes:
        lowest: the number that bit 0 stands for.
        bits: never negative; 0 is the empty set.

    """

    lowest: int
    bits: int

    @classmethod
    def of(cls, values: Iterable[int]) -> ChargeSums:
        """Build from numbers, in any order, repeated or not."""
        distinct = set(values)
        lowest = min(distinct, default=0)
        return cls(lowest, reduce(lambda bits, value: bits | 1 << (value - lowest), distinct, 0))

    def __iter__(self) -> Iterator[int]:
        """All members, in rising order."""
        return (self.lowest + k for k in range(self.bits.bit_length()) if self.bits >> k & 1)

    def __contains__(self, value: int) -> bool:
        """Whether a charge is achievable."""
        return value >= self.lowest and bool(self.bits >> (value - self.lowest) & 1)

    def __or__(self, other: ChargeSums) -> ChargeSums:
        """What either achieves."""
        lowest = min(self.lowest, other.lowest)
        return ChargeSums(lowest, self.bits << (self.lowest - lowest) | other.bits << (other.lowest - lowest))

    def __add__(self, other: ChargeSums) -> ChargeSums:
        """Sums of one member of each."""
        few, many = sorted((self, other), key=lambda sums: sums.bits.bit_count())
        bits = 0
        for value in few:
            bits |= many.bits << (value - few.lowest)
        return ChargeSums(self.lowest + other.lowest, bits)


def charges_of_atoms(amount: int, states: Collection[int]) -> set[int]:
    """Total charges of so many atoms of one element, each in one of its states, these differing by at most one."""
    charges = {amount * state for state in states}
    for state in states:
        if state + 1 in states:
            charges.update(range(amount * state, amount * (state + 1)))
    return charges


NOTHING = ChargeSums(0, 0)
NEUTRAL = ChargeSums.of([0])
