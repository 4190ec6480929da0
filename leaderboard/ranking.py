"""Who stands where: ranks, their ranges and the spread between runs of one model, from the columns of the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from metrics.ranks import Sampled, rank_ranges, spread
from metrics.score import registry
from metrics.uncertainty import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leaderboard.protocol import Protocol

FIELD = ["reference", "n_submitted"]
"""Runs under the protocol's own settings that agree in these can be ranked with each other."""
MODEL = ["model", "version", "verified"]
"""Runs of a field that agree in these are runs of one model; nobody joins a verified model by taking its name."""

SPREAD = ("_spread", "_runs_mean", "_runs_min", "_runs_max")
"""Ends of the names of the columns that describe several runs: standard deviation, mean, smallest, largest value."""


def score_columns(table: pd.DataFrame) -> list[str]:
    """Columns of the board that hold a score with its interval."""
    return [name for name in table.columns if f"{name}_low" in table]


def with_ranks(table: pd.DataFrame, ranking: str, protocol: Protocol) -> pd.DataFrame:
    """The board with rank, rank_low, rank_high and n_runs filled in.

    A model takes one rank, by the mean of its runs, so that handing in often pays nothing. Unranked runs that are
    comparable all the same (equal size, the protocol's own settings) get the range of ranks among themselves, if there
    are two models or more. Runs that compare with nothing are one run each.
    """
    unknown = pd.Series(pd.NA, index=table.index, dtype="Int64")
    table = table.assign(rank=unknown, rank_low=unknown, rank_high=unknown, n_runs=unknown.fillna(1))
    for field in _fields(table, protocol):
        models = _models(field)
        for rows in models:
            table.loc[rows.index, "n_runs"] = len(rows)
        is_ranked = bool(field["not_ranked"].isna().all())
        placed = [rows for own in models if len(rows := own[own[ranking].notna()])]
        if is_ranked or len(placed) > 1:
            found = rank_ranges([[_sampled(row, ranking) for _, row in rows.iterrows()] for rows in placed])
            for rows, place in zip(placed, found, strict=True):
                table.loc[rows.index, ["rank_low", "rank_high"]] = [place.low, place.high]
                if is_ranked:
                    table.loc[rows.index, "rank"] = place.rank
    return table


def with_spreads(table: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The board with columns ``<score>_spread`` and so on, where a model has several runs; else as it is."""
    several = [rows for field in _fields(table, protocol) for rows in _models(field) if len(rows) > 1]
    if not several:
        return table
    names = score_columns(table)
    added = pd.DataFrame(index=table.index, columns=[name + end for name in names for end in SPREAD], dtype="Float64")
    for rows in several:
        for name in names:
            if rows[name].notna().all():
                own = spread([float(value) for value in rows[name]])
                made = (own.deviation, own.mean, own.smallest, own.largest)
                added.loc[rows.index, [name + end for end in SPREAD]] = made
    return pd.concat([table, added], axis=1)


def _fields(table: pd.DataFrame, protocol: Protocol) -> Iterable[pd.DataFrame]:
    comparable = (~table["custom"] & (table["protocol_hash"] == protocol.hash)).fillna(value=False).astype(bool)
    return [field for _, field in table[comparable].groupby([*FIELD, table["not_ranked"].isna()])]


def _models(field: pd.DataFrame) -> list[pd.DataFrame]:
    return [rows for _, rows in field.groupby(MODEL, dropna=False)]


def _sampled(row: pd.Series[float], ranking: str) -> Sampled:
    score = registry().get(ranking.partition("@")[0])
    estimate = Estimate(*(float(row[ranking + end]) for end in ("", "_low", "_high")))
    return Sampled(estimate, int(row["n_submitted"]) if score is not None and score.counts_hits else None)
