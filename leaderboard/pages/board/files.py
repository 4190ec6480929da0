"""What the board shows as a file: CSV for people, JSON and parquet for programs."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.board.ranking import SPREAD
from leaderboard.board.table import PARTS
from leaderboard.board.written import csv_for_people
from leaderboard.pages.board.board import chosen, shown_columns
from leaderboard.pages.board.notes import citation, state_day
from leaderboard.release import release

if TYPE_CHECKING:
    import pandas as pd

    from leaderboard.board.table import Board
    from leaderboard.pages.board.models import Models
    from leaderboard.pages.board.selection import Selection
    from leaderboard.protocol import Protocol

Form = Literal["csv", "json", "parquet"]
MEDIA: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
_ENDS = (*PARTS, *(f"_{part}" for part in SPREAD))


def table_shown(table: Board, models: Models, selection: Selection, protocol: Protocol) -> pd.DataFrame:
    """All rows of a selection in its order: the facts of each model, then the scores shown, as stored.

    A share lies in [0, 1]; behind each score stand its 95% interval, its numbers of structures, and of several runs
    their spread.
    """
    index = chosen(models, selection)
    facts = list(table.runs.columns)
    shown = shown_columns(table, models, index, selection, protocol)
    names = [name for column in shown for name in (column.name, *([column.raw.column] if column.raw else []))]
    scores = [name + end for name in names for end in _ENDS if name + end in models.rows]
    return models.rows.loc[index, [*facts, *scores]].reset_index(drop=True)


def written(table: Board, models: Models, selection: Selection, protocol: Protocol, form: Form) -> bytes:
    """The file."""
    shown = table_shown(table, models, selection, protocol)
    if form == "csv":
        return csv_for_people(shown).encode()
    if form == "parquet":
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pandas(shown, preserve_index=False), buffer)
        return buffer.getvalue()
    content = {
        "date": state_day(table),
        "release": release().version,
        "protocol": protocol.name,
        "protocol_hash": protocol.hash,
        "cite": citation(table, selection.reference, protocol),
        "models": json.loads(shown.to_json(orient="records")),
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
