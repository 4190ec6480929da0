"""The board as a plain table, made from the store alone, and its three written forms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from leaderboard.protocol import load_protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leaderboard.protocol import Protocol
    from leaderboard.store import Run, Store

Form = Literal["md", "csv", "json"]

# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

FACTS: Mapping[str, str] = {
    "rank": "Int64",
    "not_ranked": "string",
    "model": "string",
    "n_submitted": "Int64",
    "reference": "string",
    "indicative": "boolean",
    "verified": "boolean",
    "created": "string",
    "protocol": "string",
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


def board(store: Store) -> pd.DataFrame:
    """One row per submission and reference set, ranked where the protocol ranks it.

    Several runs of a submission against one reference are one row: that of the current protocol before an earlier
    draft, the protocol's own settings before custom ones, more scores before fewer, the newest last of all.
    Ranks count within a reference set, by the protocol's score, highest first; equal scores share a rank.

    Returns:
        The columns of ``FACTS`` (``not_ranked`` says why ``rank`` is null; ``run`` is ``<submission>/<run key>``),
        then for each score its value as stored (a share lies in [0, 1]) under its name, ``<name>_low`` and
        ``<name>_high`` (95 % interval), ``<name>_counted`` and ``<name>_unknown`` (records). The protocol's scores
        are always there, null where a run does not have them. A score that depends on a potential is named
        ``<name>@<variant>``. Sorted by reference, rank, score, model.

    """
    protocol = load_protocol("v1")
    rows = [_row(run, protocol) for run in _listed(store.runs(), protocol)]
    ranking = protocol.ranking
    planned = [*FACTS, *(name + part for name in protocol.scores for part in _PARTS)]
    table = pd.DataFrame(rows, columns=list(dict.fromkeys([*planned, *(name for row in rows for name in row)])))
    table = table.astype({name: FACTS.get(name) or _score_dtype(name) for name in table.columns})
    ranked = table[ranking].where(table["not_ranked"].isna())
    table["rank"] = ranked.groupby(table["reference"]).rank(method="min", ascending=False).astype("Int64")
    return table.sort_values(
        ["reference", "rank", ranking, "model", "run"], ascending=[True, True, False, True, True], ignore_index=True
    )


def run_id(run: Run) -> str:
    """Name of a run in links and tables: ``<submission>/<run key>``, its path in the store."""
    return f"{run.path.parent.name}/{run.path.name}"


def model_name(record: Mapping[str, Any]) -> str:
    """Name of the model on the card of a run."""
    return str(record["model"]["model"])


def not_ranked(record: Mapping[str, Any], protocol: Protocol) -> str | None:
    """Why a run takes no rank, or None where it takes one."""
    if record["custom"]:
        return "custom settings"
    if record["protocol_hash"] != protocol.hash:
        return f"scored under an earlier draft of {record['protocol']}"
    if record["n_submitted"] != protocol.n_ranked:
        return f"{record['n_submitted']:,} records, ranking needs {protocol.n_ranked:,}"
    return None


def render(table: pd.DataFrame, form: Form) -> str:
    """Write the board for a person (``md``, ``csv``) or a program (``json``: a list of objects, null for unknown).

    The markdown table is the short one, in percent; the other two hold every column as it is.
    """
    if form == "json":
        return json.dumps(json.loads(table.to_json(orient="records")), indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        return csv_for_people(table)
    return _markdown(table)


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
        "rank": None,
        "not_ranked": not_ranked(record, protocol),
        "model": model_name(record),
        "n_submitted": record["n_submitted"],
        "reference": record["reference"],
        "indicative": record["reference_indicative"],
        "verified": record["verified"],
        "created": record["created"],
        "protocol": record["protocol"],
        "custom": record["custom"],
        "run": run_id(run),
    }
    for score in run.scores["scores"]:
        name = score["name"] if score["variant"] is None else f"{score['name']}@{score['variant']}"
        row |= {name + part: score[key] for part, key in _PARTS.items()}
    return row


def _score_dtype(name: str) -> str:
    return "Int64" if name.endswith(("_counted", "_unknown")) else "Float64"


def _markdown(table: pd.DataFrame) -> str:
    scores = [name for name in table.columns if f"{name}_low" in table]
    head = ["rank", "model", "n", *(f"{name} %" for name in scores), "reference", "note"]
    lines = [_line(head), _line(["--:", "---", "--:", *("--:" for _ in scores), "---", "---"])]
    for row in table.to_dict("records"):
        values = [_percent(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in scores]
        rank = "-" if pd.isna(row["rank"]) else str(row["rank"])
        note = "" if pd.isna(row["not_ranked"]) else f"not ranked: {row['not_ranked']}"
        cells = [rank, str(row["model"]), f"{row['n_submitted']:,}", *values, str(row["reference"]), note]
        lines.append(_line([_one_cell(cell) for cell in cells]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _one_cell(text: str) -> str:
    """Text that stays inside its cell, whatever a model is called, and is neither a link nor markup."""
    escaped = "".join(f"\\{mark}" if mark in r"\`*_[]<>|" else mark for mark in text)
    return " ".join(escaped.split())


def _percent(value: float, low: float, high: float) -> str:
    if pd.isna(value):
        return "?"
    return f"{100 * value:.1f} ({100 * low:.1f} to {100 * high:.1f})"
