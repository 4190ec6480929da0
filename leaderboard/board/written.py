"""The three written forms of the board, and CSV that no spreadsheet runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from leaderboard.board.names import score_name
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol

Form = Literal["md", "csv", "json"]

# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render(board: Board, form: Form, protocol: Protocol) -> str:
    """Write the board for a person (``md``, ``csv``) or a program (``json``: a list of objects, null for unknown).

    The markdown table is the short one, the protocol's headline, with shares in percent; the other two hold every
    column as it is.
    """
    if form == "json":
        return json.dumps(json.loads(board.wide.to_json(orient="records")), indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        return csv_for_people(board.wide)
    return _markdown(board, protocol)


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


def _markdown(board: Board, protocol: Protocol) -> str:
    shown = [key for key in board.keys if key.name in registry() and protocol.in_headline(key)]
    units = {key: registry()[key.name].unit for key in shown}
    named = [f"{score_name(*key)}, {'%' if units[key] == 'share' else units[key]}" for key in shown]
    head = ["Rank (95%)", "Model", "Structures", "Runs", *named, "Reference", "Note"]
    lines = [_line(head), _line(["--:", "---", "--:", "--:", *("--:" for _ in shown), "---", "---"])]
    for row in board.wide.to_dict("records"):
        values = [_with_interval(row, key.column, 100 if units[key] == "share" else 1) for key in shown]
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


def _with_interval(row: Mapping[Any, Any], column: str, scale: int) -> str:
    """Value with its 95% interval, and where the model has several runs their mean and standard deviation."""
    value, low, high = (row[column + end] for end in ("", "_low", "_high"))
    if pd.isna(value):
        return "?"
    text = f"{scale * value:.1f} ({scale * low:.1f} to {scale * high:.1f})"
    spread = row.get(f"{column}_spread")
    if spread is None or pd.isna(spread):
        return text
    return f"{text}, runs {scale * row[f'{column}_runs_mean']:.1f} ± {scale * spread:.1f}"
