"""The board's controls around its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from leaderboard.board.table import board as board_table
from leaderboard.pages import board
from leaderboard.pages.panel import QUIET, table_component

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store


@dataclass(frozen=True)
class BoardPage:
    """What the rest of the app drives.

    Attributes:
        table: reports the run whose name was clicked.
        refresh: draws the board anew from the store.
        inputs: of ``refresh``.
        outputs: of ``refresh``.

    """

    table: gr.HTML
    refresh: Callable[..., tuple[object, ...]]
    inputs: list[gr.components.Component]
    outputs: list[gr.components.Component]


def build(store: Store, protocol: Protocol) -> BoardPage:
    """Lay the page out in the current block."""
    table = board_table(store, protocol)
    board_columns = board.columns(table, protocol)
    reference_shown = _references(table, protocol)[0][1]
    first = board.Selection(
        reference_shown,
        table.ranking(reference_shown, protocol).column,
        board.HIGHEST,
        columns=tuple(board.default_columns(board_columns, protocol)),
        indicative=table.is_indicative(reference_shown),
    )
    with gr.Row(elem_classes="controls"):
        sort_by = gr.Dropdown(
            board.sort_choices(board_columns, indicative=first.indicative),
            value=first.sort_by,
            label="Sort by",
            elem_id="board_sort",
            min_width=130,
        )
        direction = gr.Dropdown(
            [board.HIGHEST, board.LOWEST], value=first.direction, label="Order", elem_id="board_order", min_width=130
        )
        search = gr.Textbox("", label="Search", placeholder="model", max_lines=1, elem_id="board_search", min_width=130)
        kept = gr.Dropdown(
            board.kept_choices(table), value=first.kept, label="Show", elem_id="board_show", min_width=130
        )
        reference = gr.Dropdown(
            _references(table, protocol),
            value=first.reference,
            label="Reference set",
            elem_id="board_reference",
            min_width=130,
        )
    body = table_component("board", _html(table, protocol, first))
    with gr.Accordion("Columns", open=False):
        picked = gr.CheckboxGroup(
            [(column.label, column.name) for column in board_columns],
            value=list(first.columns),
            show_label=False,
            elem_id="board_columns",
        )

    def draw(reference: str, sort_by: str, direction: str, search: str, kept: str, picked: list[str]) -> str:
        table = board_table(store, protocol)
        indicative = table.is_indicative(reference)
        selection = board.Selection(reference, sort_by, direction, search, kept, tuple(picked), indicative)
        return _html(table, protocol, selection)

    def change_reference(reference: str, _sort_by: str, *others: Any) -> tuple[gr.Dropdown, str]:  # noqa: ANN401 - of draw
        table = board_table(store, protocol)
        ranking = table.ranking(reference, protocol).column
        choices = board.sort_choices(board.columns(table, protocol), indicative=table.is_indicative(reference))
        return gr.Dropdown(choices, value=ranking), draw(reference, ranking, *others)

    def refresh(*inputs: Any) -> tuple[object, ...]:  # noqa: ANN401 - the inputs of draw, handed on
        table = board_table(store, protocol)
        return draw(*inputs), gr.Dropdown(_references(table, protocol)), gr.Dropdown(board.kept_choices(table))

    def turn(sort_by: str, direction: str, event: gr.EventData) -> tuple[str, str]:
        if event.sort == sort_by:
            return sort_by, board.LOWEST if direction == board.HIGHEST else board.HIGHEST
        return event.sort, board.LOWEST if event.sort in ("rank", "model") else board.HIGHEST

    controls: list[gr.components.Component] = [reference, sort_by, direction, search, kept, picked]
    reference.input(change_reference, controls, [sort_by, body], **QUIET)
    changes = (sort_by.input, direction.input, search.change, kept.input, picked.input)
    gr.on(changes, draw, controls, body, trigger_mode="always_last", **QUIET)
    body.click(turn, [sort_by, direction], [sort_by, direction], **QUIET).then(draw, controls, body, **QUIET)
    return BoardPage(body, refresh, controls, [body, reference, kept])


def _html(table: Board, protocol: Protocol, selection: board.Selection) -> str:
    rows = board.select(table, selection)
    body = board.table_html(rows, board.columns(table, protocol), selection, protocol)
    return body + board.legend(table, selection.reference, protocol)


def _references(table: Board, protocol: Protocol) -> list[tuple[str, str]]:
    """Label and name of the reference sets that have a board: the protocol's in its order, then others; at least one.

    Of several versions of a set the default one comes first.
    """
    order = {name: place for place, name in enumerate(protocol.references)}
    versions = sorted(table.references, key=lambda version: order.get(version.name, len(order)))
    names = [table.references[version] for version in versions] or [protocol.references[0]]
    return [(table.reference_label(name), name) for name in names]
