"""Crystals that several runs hold: which are one crystal, as far as the tables of the runs tell.

Whether two crystals are the same is decided by coordinates, which takes what no page may load. Here known crystals are
the same where they match the same crystal of one reference set. All others are the same where they are equal as
submitted, or have a key of canonical-bawl in common (so the same formula) and their average minimum distances differ by
less than `SAME_BELOW`. Of 2,449 pairs of real crystals of one formula (LeMat-Bulk's sources and the Materials Project,
594 of them the same by the full verdict) that rule finds 83%, and 95% of what it calls the same is.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from leaderboard.board.references import ReferenceVersion
from leaderboard.pages.parts import energy_views
from metrics.scores.stability import TOLERANCE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from leaderboard.store.run import Run

SAME_BELOW = 0.05
"""Largest difference of two curves of average minimum distances of one crystal, in units of (volume / sites)^(1/3).
Noise of 0.05 angstrom a component moves the distances of 99% of real crystals by less."""

FOUND_PERCENT, RIGHT_PERCENT = 83, 95
"""Of the pairs that the full verdict calls the same, those that the rule finds; of those it finds, the right ones."""

FINGERPRINT = ("canonical_bawl_keys", "amd", "volume_per_atom")
"""Columns of the facts that the rule reads; some runs ship without."""
MOST_OF_A_NAME = 100
"""Crystals of a run that may have one name in common before the name says nothing: all pairs would take minutes."""


class Crystals(NamedTuple):
    """The distinct crystals of a run: k rows of its facts.

    Attributes:
        rows: the member of each class of copies that is lowest in energy.
        known: id of the reference crystal that each is; None where it is novel, or that is not known.
        keys: of canonical-bawl, empty where unknown.
        curves: (k, 100) average minimum distances in units of (volume / sites)^(1/3); NaN where unknown.

    """

    rows: pd.DataFrame
    known: list[str | None]
    keys: list[tuple[str, ...]]
    curves: NDArray[np.float64]


class Common(NamedTuple):
    """Crystals over several runs.

    Attributes:
        of_run: for each run, the row of `Crystals.rows` that holds each crystal (n_crystals,), -1 where none does.
        is_known: (n_crystals,) whether one of the runs has matched it to a reference crystal.
        is_novel: (n_crystals,) whether every run that has it calls it novel.
        e_above_hull: (n_crystals,) the lowest by any run, eV/atom; NaN where there is none.

    """

    of_run: NDArray[np.int64]
    is_known: NDArray[np.bool_]
    is_novel: NDArray[np.bool_]
    e_above_hull: NDArray[np.float64]

    @property
    def holds(self) -> NDArray[np.bool_]:
        """(n_runs, n_crystals): whether a run holds a crystal."""
        return self.of_run >= 0

    @property
    def shared(self) -> NDArray[np.int64]:
        """(n_runs, n_runs) numbers of crystals that both hold; on the diagonal those of each run."""
        holds = self.holds.astype(np.int64)
        return holds @ holds.T

    @property
    def is_stable(self) -> NDArray[np.bool_]:
        """(n_crystals,) on or below the hull by one of the runs."""
        return self.e_above_hull <= TOLERANCE_EV_PER_ATOM


def crystals_of(run: Run) -> Crystals:
    """The distinct crystals of a run; refused records are none."""
    facts = energy_views.facts(run.path)
    rows = facts[facts["refusal"].isna() & facts["duplicate_of"].isna()].reset_index(drop=True)
    is_known = (rows["in_reference"] & rows["matched_id"].notna()).fillna(value=False).astype(bool)
    known = [name if known else None for name, known in zip(rows["matched_id"], is_known, strict=True)]
    if not has_fingerprint(rows):
        return Crystals(rows, known, [()] * len(rows), np.full((len(rows), 1), np.nan))
    keys = [() if keys is None else tuple(keys) for keys in _lists(rows["canonical_bawl_keys"])]
    curves = _lists(rows["amd"])
    length = max((len(curve) for curve in curves if curve is not None), default=1)
    unit = rows["volume_per_atom"].to_numpy(dtype=np.float64, na_value=np.nan) ** (1 / 3)
    unknown = [np.nan] * length
    drawn = np.array([unknown if curve is None else curve for curve in curves], dtype=np.float64)
    return Crystals(rows, known, keys, drawn.reshape(len(rows), length) / unit[:, None])


def has_fingerprint(facts: pd.DataFrame) -> bool:
    """Whether the rule for crystals that are not known can read these facts."""
    return set(FINGERPRINT) <= set(facts.columns)


def common(runs: Sequence[Run]) -> tuple[list[Crystals], Common]:
    """The crystals of each run, and which of them are one; known ones count as such within one reference set alone."""
    versions = {ReferenceVersion(run.record.reference, run.record.reference_hash) for run in runs}
    several = [crystals_of(run) for run in runs]
    if len(versions) > 1:
        several = [crystals._replace(known=[None] * len(crystals.rows)) for crystals in several]
    return several, grouped(several)


def grouped(several: Sequence[Crystals]) -> Common:
    """Crystals of runs that are one, also where one of a run joins two of another: each crystal counts once a run."""
    starts = np.cumsum([0, *(len(crystals.rows) for crystals in several)])
    pairs = [
        (starts[one] + first, starts[other] + second)
        for one, other in combinations(range(len(several)), 2)
        for first, second in _equal(several[one], several[other])
    ]
    ends = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(starts[-1], starts[-1]))
    n_crystals, crystal = connected_components(graph, directed=False)
    of_run = np.full((len(several), n_crystals), -1, dtype=np.int64)
    is_known, is_novel = np.zeros(n_crystals, dtype=bool), np.ones(n_crystals, dtype=bool)
    lowest = np.full(n_crystals, np.inf)
    for place, crystals in enumerate(several):
        groups = crystal[starts[place] : starts[place + 1]]
        # the last one written is the first of the run
        of_run[place, groups[::-1]] = np.arange(len(groups))[::-1]
        np.logical_or.at(is_known, groups, [name is not None for name in crystals.known])
        in_reference = crystals.rows["in_reference"].fillna(value=True).to_numpy(dtype=bool)
        np.logical_and.at(is_novel, groups, ~in_reference)
        if energy_views.DISTANCE in crystals.rows:
            distances = crystals.rows[energy_views.DISTANCE].to_numpy(dtype=np.float64, na_value=np.nan)
            np.fmin.at(lowest, groups, distances)
    return Common(of_run, is_known, is_novel, np.where(np.isinf(lowest), np.nan, lowest))


def _equal(one: Crystals, other: Crystals) -> Iterator[tuple[int, int]]:
    """Rows of two runs that hold one crystal; each pair may come several times."""
    yield from _meet([[name] if name else [] for name in one.known], [[name] if name else [] for name in other.known])
    unknown = [name is None for name in one.known], [name is None for name in other.known]
    contents = [
        [[str(content)] if free else [] for content, free in zip(crystals.rows["sha256"], is_free, strict=True)]
        for crystals, is_free in zip((one, other), unknown, strict=True)
    ]
    yield from _meet(*contents)
    free_keys = [
        [keys if free else () for keys, free in zip(crystals.keys, is_free, strict=True)]
        for crystals, is_free in zip((one, other), unknown, strict=True)
    ]
    pairs = np.array(list(dict.fromkeys(_meet(*free_keys))), dtype=np.int64).reshape(-1, 2)
    if one.curves.shape[1] != other.curves.shape[1]:
        return
    if len(pairs):
        near = np.abs(one.curves[pairs[:, 0]] - other.curves[pairs[:, 1]]).max(axis=1) < SAME_BELOW
        yield from map(tuple, pairs[near].tolist())


def _meet(one: Sequence[Sequence[str]], other: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Places of two lists of names that have a name in common."""
    places: dict[str, list[int]] = {}
    for place, names in enumerate(other):
        for name in names:
            places.setdefault(name, []).append(place)
    n_of_name = Counter(name for names in one for name in names)
    for place, names in enumerate(one):
        for name in names:
            if max(n_of_name[name], len(places.get(name, ()))) <= MOST_OF_A_NAME:
                for met in places.get(name, ()):
                    yield place, met


def _lists(column: pd.Series[Any]) -> list[list[Any] | None]:
    """A list column as lists, None where it is unknown; by Arrow, which is ten times as fast as value by value."""
    lists: list[list[Any] | None] = pa.array(column).to_pylist()
    return lists
