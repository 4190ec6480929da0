"""Records grouped by what they add to a histogram."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Bin: TypeAlias = "str | int"
Contribution: TypeAlias = "tuple[tuple[Bin, float], ...]"
"""What a record adds: bins with their shares, which add up to one; sorted by bin."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """Records that add the same to a histogram, counted.

    Attributes:
        counts: (k,) int64, records of each kind, kinds in sorted order.
        shares: (k, b) share of each bin in a record of each kind; rows add up to one.
        bins: b bins, sorted.
        n_unknown: records of which nothing is known.

    """

    counts: NDArray[np.int64]
    shares: NDArray[np.float64]
    bins: tuple[Bin, ...]
    n_unknown: int

    @property
    def n_known(self) -> int:
        """Records that are in the histogram."""
        return int(self.counts.sum())

    @property
    def histogram(self) -> dict[Bin, float]:
        """Records in each bin, shared ones in parts."""
        return dict(zip(self.bins, self.in_bins(self.counts).tolist(), strict=True))

    def in_bins(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """(..., b) records in each bin of samples that hold (..., k) ``counts`` of the kinds."""
        records: NDArray[np.float64] = counts @ self.shares
        return records


def group(contributions: Iterable[Contribution | None]) -> Kinds:
    """Count the records of each kind; None is a record of which nothing is known."""
    counted = Counter(contributions)
    n_unknown = counted.pop(None, 0)
    kinds = sorted(kind for kind in counted if kind is not None)
    bins = sorted({label for kind in kinds for label, _ in kind})
    shares = np.zeros((len(kinds), len(bins)))
    place = {label: at for at, label in enumerate(bins)}
    for row, kind in zip(shares, kinds, strict=True):
        for label, share in kind:
            row[place[label]] = share
    return Kinds(np.array([counted[kind] for kind in kinds], dtype=np.int64), shares, tuple(bins), n_unknown)


def distinct(column: pd.Series[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Rising different numbers of a column, how often each occurs, and how many records have none."""
    known = column.dropna().to_numpy(dtype=np.float64)
    values, counts = np.unique(known, return_counts=True)
    return values, counts.astype(np.int64), len(column) - len(known)


def whole_numbers(column: pd.Series[int]) -> Kinds:
    """Each number is its own bin."""
    return group(None if pd.isna(value) else ((int(value), 1.0),) for value in column)


def binned(column: pd.Series[float], width: float) -> Kinds:
    """Bins of this width, numbered from the one that starts at 0."""
    return group(None if pd.isna(value) else ((floor(value / width), 1.0),) for value in column)


def binned_lists(column: pd.Series[Any], width: float) -> Kinds:
    """Bins of this width; the values of a record share its weight."""
    return group(
        None if values is None else _even_shares([floor(value / width) for value in values]) for values in lists(column)
    )


def lists(column: pd.Series[Any]) -> list[list[Any] | None]:
    """Values of a list column as Python lists; null, or an empty list, is None."""
    known = zip(column.isna(), column, strict=True)
    return [None if is_null or len(values) == 0 else list(values) for is_null, values in known]


def _even_shares(bins: list[int]) -> Contribution:
    return tuple((label, count / len(bins)) for label, count in sorted(Counter(bins).items()))
