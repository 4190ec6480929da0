"""A table that a narrow screen shows as a list: each row under its heading, each cell on a line with its column's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leaderboard.pages.parts.markup import text

if TYPE_CHECKING:
    from collections.abc import Sequence


class Cell(NamedTuple):
    """What a cell holds, as HTML, and classes of the style sheet."""

    html: str
    css: str = ""


class Row(NamedTuple):
    """Heading of a row, as HTML, and its cells; ``score`` is the column of the board that it is of, if any."""

    head: str
    cells: Sequence[Cell]
    score: str | None = None


def stacked(css: str, caption: str, heads: Sequence[Cell], rows: Sequence[Row]) -> str:
    """The table as HTML.

    Args:
        css: class of the style sheet.
        caption: what the table holds, for those who hear it.
        heads: of the columns, plain text, the first of the rows' headings.
        rows: each with a cell for every other column.

    """
    # laid out as a list, a table and its parts lose their roles: they are named
    head = "".join(
        f'<th role="columnheader" scope="col" class="{column.css}">{text(column.html)}</th>' for column in heads
    )
    labels = [text(column.html) for column in heads[1:]]
    body = "".join(_row(row, labels) for row in rows)
    return (
        f'<div class="scroll"><table class="stacked {css}" role="table"><caption class="unheard">{text(caption)}'
        f'</caption><thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody>'
        "</table></div>"
    )


def _row(row: Row, labels: Sequence[str]) -> str:
    name = "" if row.score is None else f' data-score="{text(row.score)}"'
    cells = "".join(
        f'<td role="cell" class="{cell.css}" data-label="{label}">{cell.html}</td>'
        for cell, label in zip(row.cells, labels, strict=True)
    )
    return f'<tr role="row"{name}><th role="rowheader" scope="row">{row.head}</th>{cells}</tr>'
