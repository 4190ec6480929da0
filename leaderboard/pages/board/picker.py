"""Boxes to pick columns one by one, by their groups."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from leaderboard.pages.parts.markup import text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from leaderboard.pages.board.columns import Column


def picker_html(board_columns: Sequence[Column], shown: Collection[str]) -> str:
    """A box for each column, ticked where it is shown."""
    groups = []
    for group, of_group in groupby(board_columns, key=lambda column: column.group):
        boxes = "".join(
            f'<label><input type="checkbox" data-column="{text(column.name)}"{" checked" * (column.name in shown)}>'
            f"{text(column.label)}</label>"
            for column in of_group
        )
        groups.append(f"<fieldset><legend>{text(group)}</legend>{boxes}</fieldset>")
    return f'<div class="picker">{"".join(groups)}</div>'
