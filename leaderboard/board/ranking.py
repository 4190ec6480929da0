"""Who stands where: ranks, their ranges and the spread between runs of one model, from the columns of the board."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from metrics.score import registry
from metrics.statistics.ranks import Sampled, rank_ranges, spread
from metrics.statistics.uncertainty import Estimate

if TYPE_CHECKING:
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


def ranking_of(table: pd.DataFrame, reference: str, protocol: Protocol) -> str:
    """Column that ranks the board of a reference set: with energies as soon as one run under the protocol has them."""
    name = protocol.energy_ranking
    if name not in table:
        return protocol.ranking
    own = (table["reference"] == reference) & ~table["custom"] & (table["protocol_hash"] == protocol.hash)
    return name if table.loc[own.fillna(value=False).astype(bool), name].notna().any() else protocol.ranking


def with_ranks(table: pd.DataFrame, ranking: str, protocol: Protocol) -> pd.DataFrame:
    """The board of one reference set with rank, rank_low, rank_high and n_runs filled in.

    A model takes one rank, by the mean of its runs, so that submitting often pays nothing. Unranked runs that are
    comparable all the same (equal size, the protocol's own settings) get the range of ranks among themselves, if there
    are two models or more. Runs that compare with nothing are one run each.
    """
    nowhere: tuple[int | None, ...] = (None, None, None)
    placed = dict.fromkeys(range(len(table)), nowhere)
    n_runs = dict.fromkeys(range(len(table)), 1)
    estimates = table[[ranking, f"{ranking}_low", f"{ranking}_high"]].to_numpy(dtype=np.float64, na_value=np.nan)
    sizes = table["n_submitted"].tolist()
    score = registry().get(ranking.partition("@")[0])
    counts_hits = score is not None and score.counts_hits

    def sampled(row: int) -> Sampled:
        return Sampled(Estimate(*estimates[row].tolist()), int(sizes[row]) if counts_hits else None)

    for field in _fields(table, protocol):
        n_runs |= {row: len(rows) for rows in field.models for row in rows}
        models = [known for rows in field.models if (known := [row for row in rows if not np.isnan(estimates[row, 0])])]
        if field.is_ranked or len(models) > 1:
            ranges = rank_ranges([[sampled(row) for row in rows] for rows in models])
            for rows, own in zip(models, ranges, strict=True):
                rank = own.rank if field.is_ranked else None
                placed |= dict.fromkeys(rows, (rank, own.low, own.high))
    made = pd.DataFrame(
        list(placed.values()), index=table.index, columns=["rank", "rank_low", "rank_high"], dtype="Int64"
    )
    return table.assign(**made, n_runs=pd.array(list(n_runs.values()), dtype="Int64"))


def with_spreads(table: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The board with columns ``<score>_spread`` and so on, where a model has several runs; else as it is."""
    several = [rows for field in _fields(table, protocol) for rows in field.models if len(rows) > 1]
    if not several:
        return table
    names = score_columns(table)
    values = table[names].to_numpy(dtype=np.float64, na_value=np.nan)
    made = np.full((len(table), len(names), len(SPREAD)), np.nan)
    for rows in several:
        own = spread(values[rows])
        made[rows] = np.stack([own.deviation, own.mean, own.smallest, own.largest], axis=-1)
    ends = [name + end for name in names for end in SPREAD]
    added = pd.DataFrame(made.reshape(len(table), -1), index=table.index, columns=ends).astype("Float64")
    return pd.concat([table, added], axis=1)


class _Field(NamedTuple):
    """Rows that can be ranked with each other, those of each model together."""

    is_ranked: bool
    models: list[list[int]]


def _fields(table: pd.DataFrame, protocol: Protocol) -> list[_Field]:
    facts = table[["custom", "protocol_hash", "not_ranked", *FIELD, *MODEL]]
    fields: dict[tuple[object, ...], dict[tuple[object, ...], list[int]]] = {}
    for row, (custom, protocol_hash, why, *own) in enumerate(facts.itertuples(index=False, name=None)):
        if not custom and protocol_hash == protocol.hash:
            names = [None if pd.isna(value) else value for value in own]
            field, model = (bool(pd.isna(why)), *names[: len(FIELD)]), tuple(names[len(FIELD) :])
            fields.setdefault(field, {}).setdefault(model, []).append(row)
    return [_Field(bool(key[0]), list(models.values())) for key, models in fields.items()]
