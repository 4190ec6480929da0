"""Crystals that several runs hold: which are one crystal, as far as the tables of the runs tell.

Whether two crystals are the same is decided by coordinates, which takes what no page may load. Here known crystals are
the same where they match the same crystal of one reference set. All others are the same where they are equal as
submitted, or have a key of canonical-bawl in common (so the same formula) and their average minimum distances differ by
less than `SAME_BELOW`. Of 2,449 pairs of real crystals of one formula (LeMat-Bulk's sources and the Materials Project,
594 of them the same by the full verdict) that rule finds 83%, and 95% of what it calls the same is.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from leaderboard.board.references import ReferenceVersion
from leaderboard.pages.parts import energy_views, runs
from metrics.scores.stability import TOLERANCE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from leaderboard.store.run import Run

SAME_BELOW = 0.05
"""Largest difference of two curves of average minimum distances of one crystal, in units of (volume / sites)^(1/3).
Noise of 0.05 angstrom a component moves the distances of no site of 99% of real crystals by more than 0.043."""

FOUND_PERCENT, RIGHT_PERCENT = 83, 95
"""Of the pairs that the full verdict calls the same, those that the rule finds; of those it finds, the right ones."""

FINGERPRINT = ("canonical_bawl_keys", "amd", "volume_per_atom")
"""Columns of the facts that the rule reads; some runs ship without."""
SHOWN = ("id", "sha256", "reduced_formula", "space_group", "in_reference", energy_views.DISTANCE)
"""Facts of a crystal that are shown, or counted by."""
MOST_OF_A_NAME = 100
"""Crystals of a run that may have one name in common before the name says nothing: all pairs would take minutes."""


class Crystals(NamedTuple):
    """The distinct crystals of a run: k rows of its facts.

    Attributes:
        rows: `SHOWN` of the member of each class of copies that is lowest in energy.
        known: id of the reference crystal that each is; None where it is novel, or that is not known.
        keys: of canonical-bawl; none where unknown, nor of what is known.
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
        is_novel: (n_crystals,) whether every run that has it calls it novel.
        e_above_hull: (n_crystals,) the lowest by any run, eV/atom; NaN where there is none.

    """

    of_run: NDArray[np.int64]
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


@lru_cache(maxsize=runs.KEPT_TABLES)
def crystals_of(path: Path, *, by_match: bool = True) -> Crystals:
    """The distinct crystals of the run in a folder, not to be changed by the caller; refused records are none.

    Args:
        path: of the run.
        by_match: whether known crystals are told by what they match; else they are compared as all others.

    """
    facts = energy_views.facts(path)
    chosen = facts[facts["refusal"].isna() & facts["duplicate_of"].isna()].reset_index(drop=True)
    rows = chosen[[name for name in SHOWN if name in chosen]]
    is_known = (chosen["in_reference"] & chosen["matched_id"].notna()).fillna(value=False).astype(bool) & by_match
    known = [str(name) if known else None for name, known in zip(chosen["matched_id"], is_known, strict=True)]
    if not has_fingerprint(chosen):
        return Crystals(rows, known, [()] * len(rows), np.full((len(rows), 1), np.nan))
    keys = [
        () if of_one is None or is_known else tuple(of_one)
        for of_one, is_known in zip(_lists(chosen["canonical_bawl_keys"]), is_known, strict=True)
    ]
    curves = _lists(chosen["amd"])
    length = max((len(curve) for curve in curves if curve is not None), default=1)
    unit = chosen["volume_per_atom"].to_numpy(dtype=np.float64, na_value=np.nan) ** (1 / 3)
    unknown = [np.nan] * length
    drawn = np.array([unknown if curve is None else curve for curve in curves], dtype=np.float64)
    return Crystals(rows, known, keys, drawn.reshape(len(rows), length) / unit[:, None])


def has_fingerprint(facts: pd.DataFrame) -> bool:
    """Whether the rule for crystals that are not known can read these facts."""
    return set(FINGERPRINT) <= set(facts.columns)


def common(compared: Sequence[Run]) -> tuple[list[Crystals], Common]:
    """The crystals of each run, and which of them are one; known ones count as such within one reference set alone."""
    versions = {ReferenceVersion(run.record.reference, run.record.reference_hash) for run in compared}
    several = [crystals_of(run.path, by_match=len(versions) == 1) for run in compared]
    return several, grouped(several)


def grouped(several: Sequence[Crystals]) -> Common:
    """Crystals of runs that are one, also where one of a run joins two of another: each crystal counts once a run."""
    starts = np.cumsum([0, *(len(crystals.rows) for crystals in several)])
    sure, keys = [_places(_sure(crystals)) for crystals in several], [_places(crystals.keys) for crystals in several]
    pairs = []
    for one, other in combinations(range(len(several)), 2):
        met = _met(sure[one], sure[other])
        if (near := _met(keys[one], keys[other])).size:
            met = np.concatenate([met, near[_are_near(several[one], several[other], near)]])
        pairs.append(met + np.array([starts[one], starts[other]]))
    ends = np.concatenate(pairs) if pairs else np.zeros((0, 2), dtype=np.int64)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(starts[-1], starts[-1]))
    n_crystals, crystal = connected_components(graph, directed=False)
    of_run = np.full((len(several), n_crystals), -1, dtype=np.int64)
    is_novel = np.ones(n_crystals, dtype=bool)
    lowest = np.full(n_crystals, np.inf)
    for place, crystals in enumerate(several):
        groups = crystal[starts[place] : starts[place + 1]]
        # the last one written is the first of the run
        of_run[place, groups[::-1]] = np.arange(len(groups))[::-1]
        in_reference = crystals.rows["in_reference"].fillna(value=True).to_numpy(dtype=bool)
        np.logical_and.at(is_novel, groups, ~in_reference)
        if energy_views.DISTANCE in crystals.rows:
            distances = crystals.rows[energy_views.DISTANCE].to_numpy(dtype=np.float64, na_value=np.nan)
            np.fmin.at(lowest, groups, distances)
    return Common(of_run, is_novel, np.where(np.isinf(lowest), np.nan, lowest))


def _sure(crystals: Crystals) -> list[tuple[str]]:
    """What makes each crystal the same as any other that has it: its match where it is known, else its content."""
    contents = crystals.rows["sha256"].tolist()
    return [(known or f"sha256 {content}",) for known, content in zip(crystals.known, contents, strict=True)]


def _places(names: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    """Where each name stands."""
    places: dict[str, list[int]] = {}
    for place, of_one in enumerate(names):
        for name in of_one:
            places.setdefault(name, []).append(place)
    return places


def _met(one: Mapping[str, list[int]], other: Mapping[str, list[int]]) -> NDArray[np.int64]:
    """(n, 2) places of two runs that have a name in common, each pair once."""
    in_common = [
        (one[name], other[name])
        for name in one.keys() & other.keys()
        if max(len(one[name]), len(other[name])) <= MOST_OF_A_NAME
    ]
    pairs = {pair for both in in_common for pair in product(*both)}
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _are_near(one: Crystals, other: Crystals, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether the curves of pairs of crystals differ by little."""
    if one.curves.shape[1] != other.curves.shape[1]:
        return np.zeros(len(pairs), dtype=bool)
    furthest = np.abs(one.curves[pairs[:, 0]] - other.curves[pairs[:, 1]]).max(axis=1)
    is_near: NDArray[np.bool_] = furthest < SAME_BELOW
    return is_near


def _lists(column: pd.Series[Any]) -> list[list[Any] | None]:
    """A list column as lists, None where it is unknown; by Arrow, which is ten times as fast as value by value."""
    lists: list[list[Any] | None] = pa.array(column).to_pylist()
    return lists
