"""The three written forms of the board, and CSV that no spreadsheet runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from leaderboard.board.names import score_name
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from leaderboard.score_key import ScoreKey

Form = Literal["md", "csv", "json"]

NOT_RANKED = "Stability on a hull that is not complete: indicative, and nothing is ranked by it."

# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render(board: Board, form: Form, protocol: Protocol) -> str:
    """Write the board for a person (``md``, ``csv``) or a program (``json``: a list of objects, null for unknown).

    The markdown tables are short, the protocol's headline for each reference set, with shares in percent; the other two
    hold every column as it is.
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
    """A table for each reference set; of an indicative one the stability scores follow in another, unranked."""
    shown = [key for key in board.keys if key.name in registry() and protocol.in_headline(key, indicative=False)]
    rows = board.wide.to_dict("records")
    references = list(dict.fromkeys(str(row["reference"]) for row in rows)) or [""]
    return "\n".join(
        part
        for reference in references
        for part in _tables(
            [row for row in rows if row["reference"] == reference],
            shown,
            indicative=board.is_indicative(reference),
        )
    )


def _tables(rows: Sequence[Mapping[Any, Any]], shown: Sequence[ScoreKey], *, indicative: bool) -> list[str]:
    leading = [key for key in shown if key.variant is None or not indicative]
    apart = [key for key in shown if key not in leading and any(not pd.isna(row[key.column]) for row in rows)]
    rank = "Indicative rank (95%)" if indicative else "Rank (95%)"
    table = [[rank, "Model", "Structures", "Runs", *map(_heading, leading), "Reference", "Note"]]
    for row in rows:
        place = "-" if pd.isna(row["rank"]) else f"{row['rank']} ({row['rank_low']} to {row['rank_high']})"
        note = "" if pd.isna(row["not_ranked"]) else f"not ranked: {row['not_ranked']}"
        facts = [place, str(row["model"]), f"{row['n_submitted']:,}", str(row["n_runs"])]
        table.append([*facts, *(_cell(row, key) for key in leading), str(row["reference"]), note])
    parts = [_table(table, [0, 2, 3, *range(4, 4 + len(leading))])]
    if apart:
        stability = [
            ["Model", *map(_heading, apart)],
            *([str(row["model"]), *(_cell(row, key) for key in apart)] for row in rows),
        ]
        parts += [f"{NOT_RANKED}\n", _table(stability, range(1, 1 + len(apart)))]
    return parts


def _table(cells: Sequence[Sequence[str]], to_the_right: Collection[int]) -> str:
    head, *rows = cells
    rule = ["--:" if place in to_the_right else "---" for place in range(len(head))]
    return "".join(f"{_line(line)}\n" for line in (head, rule, *([_one_cell(cell) for cell in row] for row in rows)))


def _heading(key: ScoreKey) -> str:
    unit = registry()[key.name].unit
    return f"{score_name(*key)}, {'%' if unit == 'share' else unit}"


def _cell(row: Mapping[Any, Any], key: ScoreKey) -> str:
    return _with_interval(row, key.column, 100 if registry()[key.name].unit == "share" else 1)


def _line(cells: Sequence[str]) -> str:
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
