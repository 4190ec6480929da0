"""The command ``power``: how many structures, or how many runs, would tell two models of the board apart."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from leaderboard.board.names import score_name
from leaderboard.board.ranking import run_variances, score_rows
from leaderboard.board.table import board
from leaderboard.errors import CommandError, UsageError
from leaderboard.protocol import load_protocol
from leaderboard.store.open import open_store
from metrics.score import registry
from metrics.statistics.power import MOST_RUNS, MOST_STRUCTURES, Sample, runs_needed, structures_needed
from metrics.statistics.uncertainty import Estimate

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    import pandas as pd

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from leaderboard.score_key import ScoreKey


def power(options: Namespace) -> None:
    """Print how many structures and how many runs would tell two models apart.

    Raises:
        CommandError: a model or a score is not there, or the values are equal.

    """
    protocol = load_protocol()
    table = board(open_store(), protocol)
    reference = _reference(table, options)
    against = table.runs[(table.runs["reference"] == reference).fillna(value=False).astype(bool)]
    ranking = table.ranking(reference, protocol)
    key = ranking if options.score is None else _key(table, options.score)
    rows = [_rows(against, name) for name in (options.first, options.second)]
    sys.stdout.write("\n".join(_report(table, rows, key, protocol)) + "\n")


def _report(table: Board, rows: Sequence[pd.DataFrame], key: ScoreKey, protocol: Protocol) -> list[str]:
    """The lines that the command prints."""
    score = registry().get(key.name)
    is_share = score is not None and score.unit == "share"
    scale, unit = (100, " points") if is_share else (1, f" {score.unit}" if score else "")
    values = score_rows(table.scores, key)
    samples: list[list[Sample]] = []
    for of_model in rows:
        name, known = str(of_model["model"].iloc[0]), []
        for run_id, n in zip(of_model["run"], of_model["n_submitted"], strict=True):
            ends = values.loc[[run_id], ["value", "low", "high"]].iloc[0] if run_id in values.index else None
            if ends is not None and ends.notna().all():
                known.append(Sample(Estimate(*map(float, ends)), int(n), is_share))
        if not known:
            msg = f"{name} has no {key.column} with an interval; choose another score with --score"
            raise CommandError(msg)
        samples.append(known)
    between = run_variances(table.runs, table.scores, str(rows[0]["run"].iloc[0]), protocol).get(key)
    first, second = (_typical(of_model) for of_model in samples)
    names = [str(of_model["model"].iloc[0]) for of_model in rows]
    gap = first.estimate.value - second.estimate.value
    if not gap:
        msg = f"{names[0]} and {names[1]} have the same {score_name(*key)}: no number of structures tells them apart"
        raise CommandError(msg)
    n_now = min(first.n, second.n)
    shown = " and ".join(f"{scale * sample.estimate.value:.4g}" for sample in (first, second))
    compared = f"{names[0]} and {names[1]}, {score_name(*key)} against {rows[0]['reference'].iloc[0]}"
    lines = [
        f"{compared}: {shown}, {scale * abs(gap):.3g}{unit} apart",
        "To tell them apart at the 5% level with a power of 80%, if these are the true values:",
        _needed(structures_needed(first, second, between), "structures", "in one run of each model", MOST_STRUCTURES)
        + f" (there are {n_now:,})",
        _needed(runs_needed(first, second, between, n_now), "runs", f"of {n_now:,} structures of each", MOST_RUNS),
    ]
    if between is None:
        lines.append("The spread between runs of a model is not known, with one run of each: take these for the least.")
    else:
        lines.append(
            f"Runs of a model spread by {scale * math.sqrt(between.between):.3g}{unit} beside their structures."
        )
    lines.append("This is one comparison; where many are made, each needs more.")
    return lines


def _needed(number: int | None, what: str, where: str, most: int) -> str:
    if number is None:
        return f"  {what}: more than {most:,} {where}"
    return f"  {what}: {number:,} {where}"


def _typical(samples: Sequence[Sample]) -> Sample:
    """A run of a model: the mean of its runs, with the interval that one of them has."""
    ends = [math.fsum(ends) / len(samples) for ends in zip(*(sample.estimate for sample in samples), strict=True)]
    return Sample(Estimate(*ends), min(sample.n for sample in samples), samples[0].is_share)


def _reference(table: Board, options: Namespace) -> str:
    """The set that both models are on the board of."""
    names = list(dict.fromkeys(table.runs["reference"].dropna()))
    if options.reference is not None and options.reference not in names:
        msg = f"no board of the reference {options.reference!r}; there are: {', '.join(names) or 'none'}"
        raise UsageError(msg)
    with_both = [
        name
        for name in ([options.reference] if options.reference else names)
        if all(
            _is_called(table.runs[table.runs["reference"] == name], model).any()
            for model in (options.first, options.second)
        )
    ]
    if len(with_both) > 1:
        msg = f"both are on the boards of {', '.join(with_both)}; choose one with --reference"
        raise UsageError(msg)
    if not with_both:
        models = ", ".join(sorted(set(table.runs["model"].dropna()))) or "none"
        msg = f"no board has both {options.first!r} and {options.second!r}; its models are: {models}"
        raise CommandError(msg)
    return str(with_both[0])


def _rows(runs: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of a model, or of one run."""
    rows = runs[_is_called(runs, name)]
    versions = sorted({str(version) for version in rows["version"].fillna("no version")})
    if len(versions) > 1:
        msg = f"{name!r} has the versions {', '.join(versions)}; name a run: {', '.join(rows['run'])}"
        raise UsageError(msg)
    return rows


def _is_called(runs: pd.DataFrame, name: str) -> pd.Series[bool]:
    by_run: pd.Series[bool] = (runs["run"] == name).fillna(value=False).astype(bool)
    if by_run.any():
        return by_run
    return (runs["model"].str.casefold() == name.casefold()).fillna(value=False).astype(bool)


def _key(table: Board, column: str) -> ScoreKey:
    keys = {key.column: key for key in table.keys}
    if column not in keys:
        msg = f"no score {column!r} on the board; there are: {', '.join(keys)}"
        raise UsageError(msg)
    return keys[column]
