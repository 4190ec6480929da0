"""Expected values of the scores with energies: how many of the hits DFT would confirm.

Each is the score of the same name over probabilities instead of verdicts; it reads a view of the energies that a
calibration by DFT labels fits (:data:`metrics.scores.stability.CALIBRATED_COLUMNS`). Intervals hold the calibration's
own uncertainty, a generator that it has not seen among it, and the sampling of structures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from metrics.score import Against, Value, expected, score, share
from metrics.scores.discoveries import KNOWN, is_new
from metrics.statistics.expected import expected_share

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

GROUP = "Stability"

_STABLE = ("p_stable", "p_stable_draws")
_BETTER = ("p_metastable_or_better", "p_metastable_or_better_draws")
_UN = ("unique", "in_reference")


class _Probabilities(NamedTuple):
    """Of k records: (k,) and (draws, k)."""

    best: NDArray[np.float64]
    draws: NDArray[np.float64]


@expected("stable", needs=_STABLE)
def expected_stable(rows: pd.DataFrame, _against: Against) -> Value:
    """Structures that DFT is expected to find on or below the hull / structures submitted."""
    return _share(rows, _all(rows), _STABLE, _stable)


@expected("metastable", needs=(*_STABLE, *_BETTER))
def expected_metastable(rows: pd.DataFrame, _against: Against) -> Value:
    """Structures that DFT is expected to find above the hull by at most 0.1 eV/atom / structures submitted."""
    return _share(rows, _all(rows), (*_STABLE, *_BETTER), _metastable)


@expected("metastable_or_better", needs=_BETTER)
def expected_metastable_or_better(rows: pd.DataFrame, _against: Against) -> Value:
    """Structures that DFT is expected to find at most 0.1 eV/atom above the hull / structures submitted."""
    return _share(rows, _all(rows), _BETTER, _better)


@expected("sun", needs=(*_STABLE, *_UN))
def expected_sun(rows: pd.DataFrame, _against: Against) -> Value:
    """Unique and novel structures that DFT is expected to find stable / structures submitted."""
    return _share(rows, rows["unique"] & ~rows["in_reference"], _STABLE, _stable)


@expected("msun", needs=(*_STABLE, *_BETTER, *_UN))
def expected_msun(rows: pd.DataFrame, _against: Against) -> Value:
    """Unique and novel structures that DFT is expected to find metastable / structures submitted."""
    return _share(rows, rows["unique"] & ~rows["in_reference"], (*_STABLE, *_BETTER), _metastable)


@expected("sun_msun", needs=(*_BETTER, *_UN))
def expected_sun_msun(rows: pd.DataFrame, _against: Against) -> Value:
    """Unique and novel structures that DFT is expected to find stable or metastable / structures submitted."""
    return _share(rows, rows["unique"] & ~rows["in_reference"], _BETTER, _better)


@expected("vsun", needs=("valid", *_STABLE, *_UN))
def expected_vsun(rows: pd.DataFrame, _against: Against) -> Value:
    """Valid, unique and novel structures that DFT is expected to find stable / structures submitted."""
    return _share(rows, rows["valid"] & rows["unique"] & ~rows["in_reference"], _STABLE, _stable)


@expected("vmsun", needs=("valid", *_STABLE, *_BETTER, *_UN))
def expected_vmsun(rows: pd.DataFrame, _against: Against) -> Value:
    """Valid, unique and novel structures that DFT is expected to find metastable / structures submitted."""
    return _share(rows, rows["valid"] & rows["unique"] & ~rows["in_reference"], (*_STABLE, *_BETTER), _metastable)


@expected("vsun_msun", needs=("valid", *_BETTER, *_UN))
def expected_vsun_msun(rows: pd.DataFrame, _against: Against) -> Value:
    """Valid, unique and novel structures that DFT is expected to find stable or metastable / structures submitted."""
    return _share(rows, rows["valid"] & rows["unique"] & ~rows["in_reference"], _BETTER, _better)


@expected("discoveries", needs=("family", "valid", *KNOWN, "elements_trusted", *_STABLE))
def expected_discoveries(rows: pd.DataFrame, _against: Against) -> Value:
    """Families that DFT is expected to find stable, each by its most probable member / structures submitted."""
    hits = is_new(rows)
    hits = hits.mask(hits & ~_known(rows, ("family", *_STABLE)))
    counted = rows[hits.fillna(value=False).astype(bool)]
    of_all = _stable(counted)
    names, family = np.unique(counted["family"].to_numpy(dtype=str), return_inverse=True)
    best, draws = np.zeros(len(names)), np.zeros((len(of_all.draws), len(names)))
    np.maximum.at(best, family, of_all.best)
    np.maximum.at(draws.T, family, of_all.draws.T)
    return _value(hits, _Probabilities(best, draws))


@expected("outside_calibration", needs=("inside_calibration",))
@score(
    label="Outside calibration",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("inside_calibration",),
)
def outside_calibration(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures unlike those that the calibration was fitted on: their intervals reach to the raw verdict.

    A structure is outside where its distance from the hull, or one of its elements, does not occur among the labels,
    where the hull of its chemical system is sparser than theirs, or where the reference set holds it.

    Formula: structures with an energy that are outside / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; a structure without an energy is not counted as outside.
    """
    return share(~rows["inside_calibration"])


def _all(rows: pd.DataFrame) -> pd.Series[bool]:
    return pd.Series(data=True, index=rows.index, dtype="boolean")


def _known(rows: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series[bool]:
    return rows[list(columns)].notna().all(axis=1).astype("boolean")


def _stable(rows: pd.DataFrame) -> _Probabilities:
    return _read(rows, *_STABLE)


def _better(rows: pd.DataFrame) -> _Probabilities:
    return _read(rows, *_BETTER)


def _metastable(rows: pd.DataFrame) -> _Probabilities:
    better, stable = _better(rows), _stable(rows)
    return _Probabilities(np.maximum(better.best - stable.best, 0.0), np.maximum(better.draws - stable.draws, 0.0))


def _read(rows: pd.DataFrame, column: str, draws_column: str) -> _Probabilities:
    lists = [np.asarray(draws, dtype=np.float64) for draws in rows[draws_column]]
    drawn = np.stack(lists, axis=1) if lists else np.zeros((1, 0))
    return _Probabilities(rows[column].to_numpy(dtype=np.float64), drawn)


def _share(
    rows: pd.DataFrame,
    hits: pd.Series[bool],
    columns: tuple[str, ...],
    probabilities: Callable[[pd.DataFrame], _Probabilities],
) -> Value:
    """The expected share of structures that are hits if they are stable enough, each with its probability."""
    hits = hits.mask(hits & ~_known(rows, columns))
    return _value(hits, probabilities(rows[hits.fillna(value=False).astype(bool)]))


def _value(hits: pd.Series[bool], of_hits: _Probabilities) -> Value:
    if hits.empty:
        return Value(None, None, None, 0, 0)
    n_unknown = int(hits.isna().sum())
    # in an order of their own, so that the order of the records changes no digit
    order = np.lexsort((of_hits.draws[0], of_hits.best))
    estimate = expected_share(of_hits.best[order], of_hits.draws[:, order], len(hits))
    return Value(*estimate, len(hits) - n_unknown, n_unknown)
