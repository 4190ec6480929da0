"""Who stands where: ranks, their ranges and the spread between runs of one model, from the board's long tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from leaderboard.board.selection import corrected
from leaderboard.board.ties import Ties, mean_of, ties
from leaderboard.score_key import ScoreKey
from metrics.statistics.ranks import Sampled, rank_ranges
from metrics.statistics.runs import pooled, spread
from metrics.statistics.uncertainty import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leaderboard.protocol import Protocol
    from metrics.score import Score
    from metrics.statistics.runs import RunVariance

FIELD = ["reference", "reference_hash", "n_submitted"]
"""Runs under the protocol's own settings that agree in these can be ranked with each other."""
MODEL = ["owner", "model", "version"]
"""Runs of a field that agree in these are runs of one model: nobody adds a run to the model of somebody else."""

APPROVED = "approved"
"""Status of the runs that take part in ranks, means, bests and all else that is not of one run alone."""

SPREAD = ("spread", "runs_mean", "runs_min", "runs_max")
"""Columns that describe several runs of a model: standard deviation, mean, smallest, largest value of a score."""


def score_rows(scores: pd.DataFrame, key: ScoreKey) -> pd.DataFrame:
    """Rows of the long table that hold one score, by run."""
    same_variant = scores["variant"].isna() if key.variant is None else scores["variant"] == key.variant
    return scores[((scores["name"] == key.name) & same_variant).fillna(value=False).astype(bool)].set_index("run")


def heard(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that speak for all: those that are approved, where one is."""
    approved = (runs["status"] == APPROVED).fillna(value=False).astype(bool)
    return runs[approved] if approved.any() else runs


def is_indicative(runs: pd.DataFrame) -> bool:
    """Whether the runs of a board say that its reference set is: custom ones are not heard where there are others."""
    speak = heard(runs)
    custom = speak["custom"].fillna(value=False).astype(bool)
    return bool((speak if custom.all() else speak[~custom])["indicative"].fillna(value=False).any())


def ranking_of(runs: pd.DataFrame, scores: pd.DataFrame, protocol: Protocol) -> ScoreKey:
    """Score that ranks the runs of a board: with energies as soon as one of them under the protocol has them.

    Where a calibration by DFT labels fits the potential and the hull, its expected values rank.

    A set that is not complete, and so indicative, is ranked without energies: how many structures are stable there is
    decided by the phases that its hull lacks.
    """
    if is_indicative(runs):
        return ScoreKey(protocol.ranking)
    speak = heard(runs)
    under_protocol = ~speak["custom"] & (speak["protocol_hash"] == protocol.hash)
    listed = set(speak.loc[under_protocol.fillna(value=False).astype(bool), "run"])
    for key in protocol.energy_rankings:
        if listed & set(score_rows(scores, key)["value"].dropna().index):
            return key
    return ScoreKey(protocol.ranking)


def with_ranks(runs: pd.DataFrame, estimates: pd.DataFrame, score: Score | None, protocol: Protocol) -> pd.DataFrame:
    """The runs against one reference set with rank, rank_low, rank_high and n_runs filled in.

    A model takes one rank, by the mean of its runs, so that submitting often pays nothing. Unranked runs that are
    comparable all the same (equal size, the protocol's own settings) get the range of ranks among themselves, if there
    are two models or more. Runs that compare with nothing, and those that are not approved, are one run each.

    Args:
        runs: rows of the board.
        estimates: value, low and high of the ranking score, row by row.
        score: the ranking score; None where the code does not know it.
        protocol: which runs are under its own settings.

    """
    nowhere: tuple[int | None, ...] = (None, None, None)
    placed = dict.fromkeys(range(len(runs)), nowhere)
    n_runs = dict.fromkeys(range(len(runs)), 1)
    intervals = estimates.to_numpy(dtype=np.float64, na_value=np.nan)
    is_known = ~np.isnan(intervals).any(axis=1)
    is_share = score is not None and score.unit == "share"

    is_chosen = runs["selection_shift"].notna().to_numpy()

    for field in _fields(runs, protocol).values():
        n_runs |= {row: len(rows) for rows in field.models for row in rows}
        models = [known for rows in field.models if (known := [row for row in rows if is_known[row]])]
        if field.is_ranked or len(models) > 1:
            of_models = [_that_vary(intervals, rows, is_chosen) for rows in models]
            ranges = rank_ranges([[Sampled(estimate, is_share) for estimate in runs_of] for runs_of in of_models])
            for rows, rank_range in zip(models, ranges, strict=True):
                rank = rank_range.rank if field.is_ranked else None
                placed |= dict.fromkeys(rows, (rank, rank_range.low, rank_range.high))
    ranks = pd.DataFrame(
        list(placed.values()), index=runs.index, columns=["rank", "rank_low", "rank_high"], dtype="Int64"
    )
    return runs.assign(**ranks, n_runs=pd.array(list(n_runs.values()), dtype="Int64"))


def without_selection(
    runs: pd.DataFrame, estimates: pd.DataFrame, score: Score | None, protocol: Protocol
) -> pd.DataFrame:
    """The estimates less what choosing the best of several attempts gained, where cards of a model say that it did.

    The cards of a model's runs may differ: the largest number of attempts counts. The spread between runs comes from
    the models that chose nothing, as chosen runs differ by too little.

    Args:
        runs: rows of the board.
        estimates: value, low and high of the ranking score, row by row.
        score: the ranking score; None where the code does not know it.
        protocol: which runs are under its own settings.

    """
    intervals = estimates.to_numpy(dtype=np.float64, na_value=np.nan)
    is_known = ~np.isnan(intervals).any(axis=1)
    attempts = runs["n_attempts"].fillna(1).to_numpy(dtype=np.int64)
    moved = intervals.copy()
    for field in _fields(runs, protocol).values():
        chosen = [(rows, int(attempts[rows].max())) for rows in field.models]
        # of a model that submitted all its attempts nothing was chosen, whichever of them are scored by now
        models = [
            ([row for row in rows if is_known[row]], n_attempts if n_attempts > len(rows) else None)
            for rows, n_attempts in chosen
        ]
        values = [[Estimate(*intervals[row].tolist()) for row in rows] for rows, _ in models]
        between = pooled([of_model for of_model, (_, n) in zip(values, models, strict=True) if n is None and of_model])
        for of_model, (rows, n) in zip(values, models, strict=True):
            if of_model:
                moved[rows] = corrected(of_model, n, between, is_share=score is not None and score.unit == "share")
    return pd.DataFrame(moved, index=estimates.index, columns=estimates.columns).astype("Float64")


def that_vary(runs: list[Estimate], *, is_chosen: bool) -> list[Estimate]:
    """The runs of a model that say by how much runs differ; for the best of several attempts, their mean alone."""
    return [mean_of(runs)] if is_chosen else runs


def _that_vary(intervals: NDArray[np.float64], rows: Sequence[int], is_chosen: NDArray[np.bool_]) -> list[Estimate]:
    return that_vary([Estimate(*intervals[row].tolist()) for row in rows], is_chosen=bool(is_chosen[rows].any()))


def with_ties(runs: pd.DataFrame, estimates: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The runs against one reference set with tied_low and tied_high filled in where a model is ranked.

    Args:
        runs: rows of the board.
        estimates: value, low and high of the ranking score, row by row.
        protocol: which runs are under its own settings.

    """
    intervals = estimates.to_numpy(dtype=np.float64, na_value=np.nan)
    is_known = ~np.isnan(intervals).any(axis=1)
    is_chosen = runs["selection_shift"].notna().to_numpy()
    placed: dict[int, Ties] = {}
    for field in _fields(runs, protocol).values():
        models = [known for rows in field.models if (known := [row for row in rows if is_known[row]])]
        if field.is_ranked:
            groups = ties([_that_vary(intervals, rows, is_chosen) for rows in models])
            placed |= {row: group for rows, group in zip(models, groups, strict=True) for row in rows}
    ends = [placed.get(row, (None, None)) for row in range(len(runs))]
    tied = pd.DataFrame(ends, index=runs.index, columns=["tied_low", "tied_high"], dtype="Int64")
    return runs.assign(**tied)


def ranked_models(runs: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each model that takes a rank against one reference set, the first rank first."""
    ranked = runs[runs["rank"].notna()]
    return [rows for _, rows in ranked.groupby(["rank", *MODEL], dropna=False)]


def with_spreads(runs: pd.DataFrame, scores: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """The long table of scores with the columns of `SPREAD`, null where not every run of a model has a score."""
    places: dict[str, list[int]] = {}
    for place, run in enumerate(scores["run"]):
        places.setdefault(run, []).append(place)
    keys = list(zip(scores["name"], scores["variant"].fillna(""), strict=True))
    values = scores["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    spreads = np.full((len(scores), len(SPREAD)), np.nan)
    ids = runs["run"].tolist()
    for rows in (rows for field in _fields(runs, protocol).values() for rows in field.models if len(rows) > 1):
        of_key: dict[tuple[str, str], list[int]] = {}
        for place in (place for row in rows for place in places.get(ids[row], ())):
            of_key.setdefault(keys[place], []).append(place)
        whole = np.array([of_score for of_score in of_key.values() if len(of_score) == len(rows)], dtype=np.intp)
        if whole.size:
            between = spread(values[whole].T)
            ends = np.column_stack([between.deviation, between.mean, between.smallest, between.largest])
            spreads[whole] = ends[:, None, :]
    table = pd.DataFrame(spreads, index=scores.index, columns=list(SPREAD))
    return scores.join(table.astype("Float64"))


def run_variances(
    runs: pd.DataFrame, scores: pd.DataFrame, run: str, protocol: Protocol
) -> dict[ScoreKey, RunVariance]:
    """What is known of the spread between runs of a model of each score, from the models that compare with a run.

    Such a run need not be approved; the models are.

    Args:
        runs: rows of the whole board.
        scores: the board's long table.
        run: id of the run.
        protocol: which runs are under its own settings.

    """
    ids = runs["run"].tolist()
    (field_of_run,) = _field_names(runs[runs["run"] == run], protocol) or (None,)
    of_field = _fields(runs, protocol).get(field_of_run) if field_of_run else None
    models = [[ids[row] for row in rows] for rows in (of_field.models if of_field else []) if len(rows) > 1]
    several = scores[scores["run"].isin([name for names in models for name in names])]
    estimates: dict[ScoreKey, dict[str, Estimate]] = {}
    columns = ["run", "name", "variant", "value", "low", "high"]
    for run_id, name, variant, *ends in several[columns].itertuples(index=False, name=None):
        if not any(pd.isna(end) for end in ends):
            key = ScoreKey(name, None if pd.isna(variant) else variant)
            estimates.setdefault(key, {})[run_id] = Estimate(*map(float, ends))
    variances = {}
    for key, of_runs in estimates.items():
        variance = pooled([[of_runs[name] for name in names if name in of_runs] for names in models])
        if variance is not None:
            variances[key] = variance
    return variances


class _Field(NamedTuple):
    """Rows that can be ranked with each other, those of each model together."""

    is_ranked: bool
    models: list[list[int]]


def _fields(runs: pd.DataFrame, protocol: Protocol) -> dict[tuple[object, ...], _Field]:
    """Rows that are approved, by what they must agree in."""
    facts = runs[["status", *MODEL]]
    fields: dict[tuple[object, ...], dict[tuple[object, ...], list[int]]] = {}
    names = _field_names(runs, protocol)
    for row, (name, (status, *model)) in enumerate(zip(names, facts.itertuples(index=False, name=None), strict=True)):
        if name is not None and status == APPROVED:
            key = tuple(None if pd.isna(part) else part for part in model)
            fields.setdefault(name, {}).setdefault(key, []).append(row)
    return {name: _Field(bool(name[0]), list(models.values())) for name, models in fields.items()}


def _field_names(runs: pd.DataFrame, protocol: Protocol) -> list[tuple[object, ...] | None]:
    """What a row must agree in with others to be ranked with them, None where it compares with nothing, as a control.

    One that is not approved stands where it would stand if it were.
    """
    facts = runs[["bundled", "custom", "protocol_hash", "status", "not_ranked", *FIELD]]
    names: list[tuple[object, ...] | None] = []
    for bundled, custom, protocol_hash, status, why, *field in facts.itertuples(index=False, name=None):
        is_control = not pd.isna(bundled) and bundled == "control"
        compares = not custom and not is_control and protocol_hash == protocol.hash
        is_ranked = bool(pd.isna(why)) or status != APPROVED
        names.append((is_ranked, *(None if pd.isna(part) else part for part in field)) if compares else None)
    return names
