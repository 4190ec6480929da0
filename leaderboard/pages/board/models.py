"""One row for each model: where it has several runs, their mean, and the runs below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leaderboard.board.ranking import FIELD, MODEL
from leaderboard.board.table import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from leaderboard.board.table import Board


_COUNTS = ("_counted", "_unknown")


class Models(NamedTuple):
    """The board by models.

    Attributes:
        rows: columns of the wide board; of several runs of a model the first, with the mean of each score, the interval
            of that mean as of independent errors, and the sums of the numbers of structures; null where a run lacks it.
        runs: by the ``run`` of such a row, the rows of its runs, the oldest first.

    """

    rows: pd.DataFrame
    runs: Mapping[str, pd.DataFrame]


def models(table: Board) -> Models:
    """The models of all boards; comparable runs of one model are one row, see :data:`ranking.FIELD`."""
    wide = table.wide
    several = wide[(wide["n_runs"] > 1).fillna(value=False).astype(bool)]
    facts = ["protocol_hash", "custom", "status", *FIELD, *MODEL]
    groups = [rows.sort_values(["created", "run"]) for _, rows in several.groupby(facts, dropna=False, sort=False)]
    merged = wide.drop(index=[place for rows in groups for place in rows.index[1:]])
    names = [key.column for key in table.keys]
    for rows in groups:
        means = _means(rows, names)
        merged.loc[rows.index[0], list(means)] = list(means.values())
    return Models(merged, {str(rows["run"].iloc[0]): rows for rows in groups})


def _means(rows: pd.DataFrame, names: list[str]) -> dict[str, float | int | None]:
    """What a row of these runs holds of each score."""

    def cells(end: str) -> NDArray[np.float64]:
        return rows[[f"{name}{end}" for name in names]].to_numpy(dtype=np.float64, na_value=np.nan)

    value, low, high = cells(""), cells("_low"), cells("_high")
    n_runs, mean = len(rows), value.mean(axis=0)
    below, above = (np.sqrt((side**2).sum(axis=0)) / n_runs for side in (value - low, high - value))
    sums = (cells(end).sum(axis=0) for end in _COUNTS)
    ends = dict(zip(PARTS, (mean, mean - below, mean + above, *sums), strict=True))
    return {
        f"{name}{end}": None if np.isnan(cell) else (int(cell) if end in _COUNTS else cell)
        for end, of_scores in ends.items()
        for name, cell in zip(names, of_scores.tolist(), strict=True)
    }
