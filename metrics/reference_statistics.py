"""What a reference set tells the scores about itself: small frozen statistics instead of its rows.

``statistics`` makes them from the table of facts of the set's crystals, one row per crystal; a builder writes them as
JSON beside the set. Every score that compares with the reference reads them as its argument ``against``.

No statistic, no score: against a set without the statistic that a score needs, its value is undefined (None), while
the counts of known and unknown records stand, since the lack is the set's and not theirs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from metrics.chemical_histogram import crystal_system
from metrics.formula import elements_of
from metrics.score import Value
from metrics.statistics.histogram import lists

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from metrics.score import Against

MAX_POINTS = 1000
"""Points that stand for the distribution of a quantity: every value of a small set, else evenly spaced quantiles."""

AMD_NEIGHBORS = (1, 2, 3, 5, 8, 12, 20, 35, 60, 100)
"""Average minimum distances among the descriptors; those in between say little more."""

N_DESCRIPTORS = len(AMD_NEIGHBORS) + 6


class Quantity(TypedDict):
    """Distribution of a number over the crystals of the set.

    ``points``: at most 1,000 rising values of equal weight; ``deviation``: standard deviation of all values.
    """

    points: list[float]
    deviation: float


class Descriptors(TypedDict):
    """Moments of the descriptors (see :func:`descriptors`) over ``n`` crystals."""

    n: int
    mean: list[float]
    covariance: list[list[float]]


class ReferenceStatistics(TypedDict):
    """Everything the scores read of a reference set.

    Attributes:
        n_crystals: crystals of the set.
        elements: number of crystals that contain each element.
        element_shares: sum over the crystals of the atomic fraction of each element.
        space_groups: number of crystals by international number; ``unknown`` where none was found.
        quantities: distributions of ``density`` (g/cm3), ``atom_density`` (1/A3), ``volume_per_atom`` (A3), ``sites``
            (of the primitive cell), ``cell_volume`` (A3, of the cell as given).
        descriptors: moments of the descriptors.
        coordination: smallest and largest coordination number of each element.

    A quantity without a single known value is left out; so are the descriptors.

    """

    n_crystals: int
    elements: dict[str, int]
    element_shares: dict[str, float]
    space_groups: dict[str, int]
    quantities: dict[str, Quantity]
    descriptors: Descriptors | None
    coordination: dict[str, list[int]]


def statistics(rows: pd.DataFrame) -> ReferenceStatistics:
    """Statistics of a set of crystals; JSON serialisable, and the same for every order of the rows.

    Args:
        rows: see :meth:`StatisticsBuilder.add`.

    """
    builder = StatisticsBuilder()
    builder.add(rows)
    return builder.result()


class StatisticsBuilder:
    """Statistics of a set given in several tables: the same as those of the whole, however it is cut.

    Of a crystal only its quantities and descriptors are kept, 168 bytes, and thrice that while the result is made.
    """

    def __init__(self) -> None:
        """Start with no crystals."""
        self._n_crystals = 0
        self._elements: Counter[str] = Counter()
        self._shares: Counter[tuple[str, float]] = Counter()
        self._space_groups: Counter[int] = Counter()
        self._n_without_group = 0
        self._quantities: defaultdict[str, list[NDArray[np.float64]]] = defaultdict(list)
        self._descriptors: list[NDArray[np.float64]] = []
        self._coordination: dict[str, list[int]] = {}

    def add(self, rows: pd.DataFrame) -> None:
        """Add crystals.

        Args:
            rows: facts with the columns reduced_formula, space_group, density, volume_per_atom, n_sites,
                n_sites_primitive, amd, composition_features, site_elements and coordination_numbers. Unknown facts are
                left out.

        """
        self._n_crystals += len(rows)
        for formula, count in Counter(rows["reduced_formula"].dropna()).items():
            amounts = elements_of(formula)
            total = sum(amounts.values())
            for symbol, amount in amounts.items():
                self._elements[symbol] += count
                self._shares[symbol, amount / total] += count
        self._space_groups.update(int(number) for number in rows["space_group"].dropna())
        self._n_without_group += int(rows["space_group"].isna().sum())
        for name, column in _quantities(rows).items():
            self._quantities[name].append(np.asarray(column.dropna(), dtype=np.float64))
        self._descriptors.append(descriptors(rows)[0])
        for symbol, (lowest, highest) in _coordination_ranges(rows).items():
            known = self._coordination.setdefault(symbol, [lowest, highest])
            known[:] = min(known[0], lowest), max(known[1], highest)

    def result(self) -> ReferenceStatistics:
        """Statistics of all crystals added."""
        # exact sums rounded once: the same in every order
        shares: defaultdict[str, Fraction] = defaultdict(Fraction)
        for (symbol, share), count in self._shares.items():
            shares[symbol] += Fraction(share) * count
        known = {name: np.concatenate(parts) for name, parts in self._quantities.items()}
        # of millions of crystals each copy counts: pieces go once they are joined, and the joined once they are sorted
        self._descriptors = [np.concatenate([np.empty((0, N_DESCRIPTORS)), *self._descriptors])]
        self._descriptors = [self._descriptors[0][np.lexsort(self._descriptors[0].T[::-1])]]
        return {
            "n_crystals": self._n_crystals,
            "elements": dict(sorted(self._elements.items())),
            "element_shares": {symbol: float(share) for symbol, share in sorted(shares.items())},
            "space_groups": {str(number): count for number, count in sorted(self._space_groups.items())}
            | ({"unknown": self._n_without_group} if self._n_without_group else {}),
            "quantities": {name: quantity(np.sort(values)) for name, values in known.items() if len(values)},
            "descriptors": _moments(self._descriptors[0]),
            "coordination": dict(sorted(self._coordination.items())),
        }


def atom_density(rows: pd.DataFrame) -> pd.Series[float]:
    """Atoms per cubic angstrom."""
    return 1 / rows["volume_per_atom"]


def cell_volume(rows: pd.DataFrame) -> pd.Series[float]:
    """Volume of the cell as given, in cubic angstrom."""
    return rows["volume_per_atom"] * rows["n_sites"]


def quantity(values: NDArray[np.float64]) -> Quantity:
    """Distribution of rising values.

    Args:
        values: (n,) rising, at least one.

    """
    if len(values) <= MAX_POINTS:
        points = values
    else:
        points = np.quantile(values, (np.arange(MAX_POINTS) + 0.5) / MAX_POINTS, method="inverted_cdf")
    return {"points": points.tolist(), "deviation": float(values.std())}


def descriptors(rows: pd.DataFrame) -> tuple[NDArray[np.float64], int]:
    """Fixed descriptors of the records that have them, rows in sorted order, and the number of those that have not.

    Ten average minimum distances (angstrom), then mean and standard deviation over the atoms of period, group and
    Mendeleev number: (n, 16).
    """
    both = zip(lists(rows["amd"]), lists(rows["composition_features"]), strict=True)
    known = sorted(
        [*(amd[k - 1] for k in AMD_NEIGHBORS), *features]
        for amd, features in both
        if amd is not None and features is not None
    )
    return np.array(known, dtype=np.float64).reshape(-1, N_DESCRIPTORS), len(rows) - len(known)


def undefined(n_counted: int, n_unknown: int) -> Value:
    """No value: the reference set has no statistic to compare with, or too few records are known."""
    return Value(None, None, None, n_counted, n_unknown)


def reference_quantity(against: Against, name: str) -> Quantity | None:
    """Distribution of a quantity over the reference; None where the set has none."""
    known: Quantity | None = against.get("quantities", {}).get(name)
    return known


def space_group_counts(against: Against) -> dict[str, int]:
    """Number of crystals of the reference by space group, those without one left out."""
    return {number: count for number, count in against.get("space_groups", {}).items() if number != "unknown"}


def crystal_system_counts(against: Against) -> dict[str, int]:
    """Number of crystals of the reference by crystal system."""
    counts: Counter[str] = Counter()
    for number, count in space_group_counts(against).items():
        counts[crystal_system(int(number))] += count
    return dict(counts)


def _quantities(rows: pd.DataFrame) -> dict[str, pd.Series[float]]:
    return {
        "density": rows["density"],
        "atom_density": atom_density(rows),
        "volume_per_atom": rows["volume_per_atom"],
        "sites": rows["n_sites_primitive"].astype("Float64"),
        "cell_volume": cell_volume(rows),
    }


def _moments(known: NDArray[np.float64]) -> Descriptors | None:
    if not len(known):
        return None
    centred = known - known.mean(axis=0)
    covariance = centred.T @ centred / max(len(known) - 1, 1)
    return {"n": len(known), "mean": known.mean(axis=0).tolist(), "covariance": covariance.tolist()}


def _coordination_ranges(rows: pd.DataFrame) -> dict[str, list[int]]:
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for symbols, numbers in zip(lists(rows["site_elements"]), lists(rows["coordination_numbers"]), strict=True):
        for symbol, number in zip(symbols or (), numbers or (), strict=True):
            seen[str(symbol)].add(int(number))
    return {symbol: [min(numbers), max(numbers)] for symbol, numbers in sorted(seen.items())}
