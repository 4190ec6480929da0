"""One row for each model: where it has several runs, their mean, and the runs below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from leaderboard.board.ranking import FIELD, MODEL
from leaderboard.board.table import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from leaderboard.board.table import Board


_COUNTS = ("_counted", "_unknown")


class Models(NamedTuple):
    """The board by models.

    Attributes:
        rows: columns of the wide board; of several runs of one model the newest, with the mean of each score, its
            interval as of independent errors, and the sums of the numbers of structures; null where a run lacks it.
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
    kept = wide.drop(index=[place for rows in groups for place in rows.index[:-1]])
    names = [f"{key.column}{end}" for end in PARTS for key in table.keys]
    # all at once: a frame of a thousand nullable columns takes a second to be changed cell by cell
    cells = kept[names].to_numpy(dtype=np.float64, na_value=np.nan)
    for rows in groups:
        cells[kept.index.get_loc(rows.index[-1])] = _means(rows, names)
    merged = {
        name: pd.array(cells[:, place], dtype="Int64" if name.endswith(_COUNTS) else "Float64")
        for place, name in enumerate(names)
    }
    others = kept[[name for name in kept.columns if name not in merged]]
    with_means = pd.concat([others, pd.DataFrame(merged, index=kept.index)], axis="columns")
    return Models(with_means, {str(rows["run"].iloc[-1]): rows for rows in groups})


def _means(rows: pd.DataFrame, names: list[str]) -> NDArray[np.float64]:
    """What a row of these runs holds in the columns ``names``, those of each of `PARTS` in turn."""
    cells = rows[names].to_numpy(dtype=np.float64, na_value=np.nan)
    value, low, high, *counts = np.split(cells, len(PARTS), axis=1)
    n_runs, mean = len(rows), value.mean(axis=0)
    below, above = (np.sqrt((side**2).sum(axis=0)) / n_runs for side in (value - low, high - value))
    return np.concatenate([mean, mean - below, mean + above, *(count.sum(axis=0) for count in counts)])
