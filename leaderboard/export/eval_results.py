"""Scores as the Hub's own evaluation results: ``.eval_results/<name>.yaml`` of the repository of a model.

The format: https://huggingface.co/docs/hub/eval-results. A result names the data set repository that hosts the
benchmark and a task of it; here a task is a score on a reference set under a protocol, such as
``<protocol>.lemat-bulk.vun``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined] # public, not in its __all__

from leaderboard.board.names import score_name
from leaderboard.board.table import board
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from leaderboard.score_key import ScoreKey
    from leaderboard.store.local import Store

SOURCE = "Crystal generation leaderboard"
FOLDER = ".eval_results"
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_.]+")


def eval_results(
    store: Store, protocol: Protocol, benchmark: str, site: str | None = None
) -> dict[str, list[EvalResultEntry]]:
    """Results of each ranked model that names its repository on the Hub, by that repository.

    Of a score that several runs of a model have, the mean; of several versions of a model in one repository, the one
    that was scored last. Models without a rank have none: another number of structures gives other scores.

    Args:
        store: whose board.
        protocol: that ranks.
        benchmark: data set repository that hosts the benchmark, ``owner/name``.
        site: address of the board, for links to the runs.

    """
    made = board(store, protocol)
    hub_models = {run.id: run.card.hub_model for run in store.runs() if run.card.hub_model and run.counts}
    rows = made.wide[made.wide["run"].isin(list(hub_models)) & made.wide["rank"].notna()]
    ordered = rows.sort_values(["created", "run"]).to_dict("records")
    newest = {(str(hub_models[row["run"]]), str(row["reference"])): row for row in ordered}
    results: dict[str, list[EvalResultEntry]] = {}
    for (hub_model, _), row in sorted(newest.items()):
        results.setdefault(hub_model, []).extend(_entries(row, made, protocol, benchmark, site))
    return results


def task_id(protocol: Protocol, reference: str, key: ScoreKey) -> str:
    """The task of the benchmark that a score on a reference set is, such as ``<protocol>.lemat-bulk.vun``."""
    return ".".join((protocol.name, reference, _NOT_OF_A_NAME.sub("-", key.column)))


def as_yaml(entries: list[EvalResultEntry]) -> str:
    """Content of a file of results."""
    return yaml_dump(eval_result_entries_to_yaml(entries), sort_keys=False)


def _entries(
    row: Mapping[Any, Any], made: Board, protocol: Protocol, benchmark: str, site: str | None
) -> list[EvalResultEntry]:
    indicative = bool(row["indicative"])
    shown = [
        key
        for key in made.keys
        if key.name in registry() and protocol.in_headline(key, indicative=indicative) and pd.notna(row[key.column])
    ]
    return [
        EvalResultEntry(
            dataset_id=benchmark,
            task_id=task_id(protocol, row["reference"], key),
            value=_value(row, key),
            date=row["created"],
            source_url=None if site is None else f"{site.rstrip('/')}/?model={row['run']}",
            source_name=None if site is None else SOURCE,
            notes=_notes(row, key),
        )
        for key in shown
    ]


def _value(row: Mapping[Any, Any], key: ScoreKey) -> float:
    mean = row.get(f"{key.column}_runs_mean")
    return float(row[key.column] if mean is None or pd.isna(mean) else mean)


def _notes(row: Mapping[Any, Any], key: ScoreKey) -> str:
    """What the value cannot be read without."""
    unit = registry()[key.name].unit
    of_what = f"share of {row['n_submitted']:,} submitted structures" if unit == "share" else unit
    parts = [f"{score_name(*key)}: {of_what}"]
    spread = row.get(f"{key.column}_spread")
    low, high = row[f"{key.column}_low"], row[f"{key.column}_high"]
    if spread is not None and pd.notna(spread):
        parts.append(f"mean of {row['n_runs']} runs, standard deviation {spread:.4g}")
    elif pd.notna(low) and pd.notna(high):
        parts.append(f"95% interval {low:.4g} to {high:.4g}")
    parts.append(f"protocol {row['protocol']} ({row['protocol_hash'][:12]})")
    parts.append(f"reference set {row['reference']} ({row['reference_hash'][:12]})")
    if row["indicative"]:
        parts.append("the set is small, so novelty is indicative only")
    return "; ".join(parts)
