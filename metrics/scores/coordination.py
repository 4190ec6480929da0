"""Are atoms surrounded by as many neighbours as in known crystals?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from metrics.reference_statistics import undefined
from metrics.score import Against, Value, score, share
from metrics.statistics.histogram import lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@score(
    label="Usual coordination",
    unit="share",
    better="higher",
    missing="counts against",
    needs=("site_elements", "coordination_numbers"),
)
def coordination_usual(rows: pd.DataFrame, against: Against) -> Value:
    """Share of structures in which every atom has a coordination number that the reference set has for its element.

    Neighbours are the atoms at up to 1.1 times the nearest distance; usual is what lies between the smallest and the
    largest number of neighbours of the element in the reference. It plays no part in "valid".

    Formula: structures with every coordination number within the range of its element / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; unknown, as of an element that the reference does not hold, is not usual; against a
    set without these numbers there is no value.
    """
    if "coordination" not in against:
        n_known = int(rows["coordination_numbers"].notna().sum())
        return undefined(n_known, len(rows) - n_known)
    return share(is_usual(rows, against["coordination"]))


def is_usual(rows: pd.DataFrame, ranges: Mapping[str, Sequence[int]]) -> pd.Series[bool]:
    """Whether all atoms of each structure are coordinated as usual.

    One known exception decides; else one atom of an element without a range leaves the structure unknown.

    Args:
        rows: table with site_elements and coordination_numbers.
        ranges: smallest and largest coordination number by element.

    """
    both = zip(lists(rows["site_elements"]), lists(rows["coordination_numbers"]), strict=True)
    usual = [_is_usual(symbols, numbers, ranges) for symbols, numbers in both]
    return pd.Series(usual, index=rows.index, dtype="boolean")


def _is_usual(
    symbols: Sequence[Any] | None, numbers: Sequence[Any] | None, ranges: Mapping[str, Sequence[int]]
) -> bool | None:
    if symbols is None or numbers is None:
        return None
    known = [
        ranges[symbol][0] <= number <= ranges[symbol][1]
        for symbol, number in zip(symbols, numbers, strict=True)
        if symbol in ranges
    ]
    if not all(known):
        return False
    return True if len(known) == len(symbols) else None
