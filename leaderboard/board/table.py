"""The board as a plain table, made from the store alone, and its three written forms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from leaderboard.board.names import score_name
from leaderboard.board.ranking import ranking_of, score_columns, with_ranks, with_spreads
from metrics.score import registry
from metrics.scores.stability import VIEW_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Run, Store

Form = Literal["md", "csv", "json"]

# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

FACTS: Mapping[str, str] = {
    "rank": "Int64",
    "rank_low": "Int64",
    "rank_high": "Int64",
    "not_ranked": "string",
    "model": "string",
    "version": "string",
    "n_runs": "Int64",
    "n_submitted": "Int64",
    "reference": "string",
    "indicative": "boolean",
    "verified": "boolean",
    "created": "string",
    "protocol": "string",
    "protocol_hash": "string",
    "custom": "boolean",
    "run": "string",
}
"""Columns of the board beside its scores."""

_PARTS: Mapping[str, str] = {
    "": "value",
    "_low": "low",
    "_high": "high",
    "_counted": "n_counted",
    "_unknown": "n_unknown",
}


def board(store: Store, protocol: Protocol) -> pd.DataFrame:
    """One row per submission and reference set, ranked where the protocol ranks it.

    Several runs of a submission against one reference are one row: that of the current protocol before an earlier
    draft, the protocol's own settings before custom ones, more scores before fewer, the newest last of all.
    Ranks count models within a reference set, by the protocol's score, highest first; equal scores share a rank. As
    soon as a run against the set has energies, the score with energies ranks, and runs without take no rank.

    Returns:
        The columns of ``FACTS``, of which ``rank_low`` and ``rank_high`` are the 95% range of the rank, for unranked
        rows of equal size that of their rank among themselves; ``not_ranked`` says why ``rank`` is null; ``n_runs``
        counts the comparable runs of the model, this one included; ``run`` is ``<submission>/<run key>``.
        Then for each score its value as stored (a share lies in [0, 1]) under its name, ``<name>_low`` and
        ``<name>_high`` (95% interval), ``<name>_counted`` and ``<name>_unknown`` (records). The protocol's scores
        without energies are always there, null where a run does not have them. A score that depends on a potential is
        named ``<name>@<variant>``. Where a model has several runs, ``<name>_spread`` (standard deviation),
        ``_runs_mean``, ``_runs_min`` and ``_runs_max`` follow. Sorted by reference, rank, score, model.

    """
    rows = [_row(run, protocol) for run in _listed(store.runs(), protocol)]
    structural = [name for name in protocol.scores if not set(registry()[name].needs) & set(VIEW_COLUMNS)]
    planned = [*FACTS, *(name + part for name in structural for part in _PARTS)]
    table = pd.DataFrame(rows, columns=list(dict.fromkeys([*planned, *(name for row in rows for name in row)])))
    table = table.astype({name: FACTS.get(name) or _score_dtype(name) for name in table.columns})
    boards = [_ranked(own, str(reference), protocol) for reference, own in table.groupby("reference", sort=True)]
    return with_spreads(pd.concat([table.iloc[:0], *boards], ignore_index=True), protocol)


def _ranked(table: pd.DataFrame, reference: str, protocol: Protocol) -> pd.DataFrame:
    """The board of one reference set, ranked and sorted; what has no energies yet takes no rank among what has."""
    ranking = ranking_of(table, reference, protocol)
    waits = table["not_ranked"].isna() & table[ranking].isna()
    table = table.assign(not_ranked=table["not_ranked"].mask(waits, f"no {score_name(*score_of(ranking))} yet"))
    return with_ranks(table, ranking, protocol).sort_values(
        ["rank", ranking, "model", "run"], ascending=[True, False, True, True]
    )


def run_id(run: Run) -> str:
    """Name of a run in links and tables: ``<submission>/<run key>``, its path in the store."""
    return f"{run.path.parent.name}/{run.path.name}"


def model_name(record: Mapping[str, Any]) -> str:
    """Name of the model on the card of a run."""
    return str(record["model"]["model"])


def score_of(column: str) -> tuple[str, str | None]:
    """Name and variant of the score that a column of the board holds."""
    name, _, variant = column.partition("@")
    return name, variant or None


def not_ranked(record: Mapping[str, Any], protocol: Protocol) -> str | None:
    """Why a run takes no rank, or None where it takes one."""
    if record["custom"]:
        return "custom settings"
    if record["protocol_hash"] != protocol.hash:
        return f"scored under an earlier draft of {record['protocol']}"
    if record["n_submitted"] != protocol.n_ranked:
        return f"{record['n_submitted']:,} structures, ranking needs {protocol.n_ranked:,}"
    return None


def render(table: pd.DataFrame, form: Form, protocol: Protocol) -> str:
    """Write the board for a person (``md``, ``csv``) or a program (``json``: a list of objects, null for unknown).

    The markdown table is the short one, the protocol's headline, with shares in percent; the other two hold every
    column as it is.
    """
    if form == "json":
        return json.dumps(json.loads(table.to_json(orient="records")), indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        return csv_for_people(table)
    return _markdown(table, protocol)


def csv_for_people(table: pd.DataFrame) -> str:
    """CSV whose text cells no spreadsheet takes for a formula: such a cell gets a leading apostrophe."""
    safe = table.copy()
    for name in table.columns:
        if isinstance(table[name].dtype, pd.ArrowDtype):  # a list: its items, separated by spaces
            safe[name] = table[name].map(lambda items: " ".join(map(str, items)), na_action="ignore").astype("string")
        if isinstance(safe[name].dtype, pd.StringDtype):
            safe[name] = safe[name].map(_apostrophe, na_action="ignore")
    # lines end as RFC 4180 says; this also makes the writer quote a cell that holds a carriage return
    return safe.to_csv(index=False, lineterminator="\r\n")


def _apostrophe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _listed(runs: Iterable[Run], protocol: Protocol) -> list[Run]:
    """The one run of each submission and reference that the board shows."""
    best: dict[tuple[str, str], Run] = {}

    def standing(run: Run) -> tuple[bool, bool, int, str]:
        record = run.record
        return (
            record["protocol_hash"] == protocol.hash,
            not record["custom"],
            len(run.scores["scores"]),
            record["created"],
        )

    for run in runs:
        key = (run.record["submission_sha256"], run.record["reference"])
        if key not in best or standing(run) > standing(best[key]):
            best[key] = run
    return list(best.values())


def _row(run: Run, protocol: Protocol) -> dict[str, object]:
    record = run.record
    row: dict[str, object] = {
        "not_ranked": not_ranked(record, protocol),
        "model": model_name(record),
        "version": record["model"].get("version"),
        "n_submitted": record["n_submitted"],
        "reference": record["reference"],
        "indicative": record["reference_indicative"],
        "verified": record["verified"],
        "created": record["created"],
        "protocol": record["protocol"],
        "protocol_hash": record["protocol_hash"],
        "custom": record["custom"],
        "run": run_id(run),
    }
    for score in run.scores["scores"]:
        name = score["name"] if score["variant"] is None else f"{score['name']}@{score['variant']}"
        row |= {name + part: score[key] for part, key in _PARTS.items()}
    return row


def _score_dtype(name: str) -> str:
    return "Int64" if name.endswith(("_counted", "_unknown")) else "Float64"


def _markdown(table: pd.DataFrame, protocol: Protocol) -> str:
    shown = [name for name in score_columns(table) if protocol.in_headline(*score_of(name))]
    units = {name: registry()[score_of(name)[0]].unit for name in shown}
    named = [f"{score_name(*score_of(name))}, {'%' if units[name] == 'share' else units[name]}" for name in shown]
    head = ["Rank (95%)", "Model", "Structures", "Runs", *named, "Reference", "Note"]
    lines = [_line(head), _line(["--:", "---", "--:", "--:", *("--:" for _ in shown), "---", "---"])]
    for row in table.to_dict("records"):
        values = [_with_interval(row, name, 100 if units[name] == "share" else 1) for name in shown]
        rank = "-" if pd.isna(row["rank"]) else f"{row['rank']} ({row['rank_low']} to {row['rank_high']})"
        note = "" if pd.isna(row["not_ranked"]) else f"not ranked: {row['not_ranked']}"
        facts = [rank, str(row["model"]), f"{row['n_submitted']:,}", str(row["n_runs"])]
        lines.append(_line([_one_cell(cell) for cell in (*facts, *values, str(row["reference"]), note)]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _one_cell(text: str) -> str:
    """Text that stays inside its cell, whatever a model is called, and is neither a link nor markup."""
    escaped = "".join(f"\\{mark}" if mark in r"\`*_[]<>|" else mark for mark in text)
    return " ".join(escaped.split())


def _with_interval(row: Mapping[Any, Any], name: str, scale: int) -> str:
    """Value with its 95% interval, and where the model has several runs their mean and standard deviation."""
    value, low, high = (row[name + end] for end in ("", "_low", "_high"))
    if pd.isna(value):
        return "?"
    text = f"{scale * value:.1f} ({scale * low:.1f} to {scale * high:.1f})"
    spread = row.get(f"{name}_spread")
    if spread is None or pd.isna(spread):
        return text
    return f"{text}, runs {scale * row[f'{name}_runs_mean']:.1f} ± {scale * spread:.1f}"
