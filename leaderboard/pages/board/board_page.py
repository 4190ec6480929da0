"""The board's controls around its table."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from leaderboard.board.written import sentence_over
from leaderboard.pages.board import board
from leaderboard.pages.board.bundled import bundled_section
from leaderboard.pages.parts.events import LIGHT, table_component
from leaderboard.pages.parts.markup import text
from leaderboard.pages.parts.paging import pager
from leaderboard.pages.parts.text_box import searched, text_box

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.board.kept import KeptBoard
    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol

PAGE_SIZE = 100
"""Rows of the board that are drawn at once: 3,000 are 4 MB, which a browser takes seconds to lay out."""
_KEPT_PAGES = 64


@dataclass(frozen=True)
class BoardPage:
    """What the rest of the app drives.

    Attributes:
        table: reports the run whose name was clicked.
        refresh: draws the board anew from the store.
        opened: the same for a visitor who has just loaded the page.
        inputs: of both.
        outputs: of both.

    """

    table: gr.HTML
    refresh: Callable[..., tuple[object, ...]]
    opened: Callable[..., tuple[object, ...]]
    inputs: list[gr.components.Component]
    outputs: list[gr.components.Component]


class Drawn:
    """Pages of the newest board as HTML, each drawn once; those asked for last are kept."""

    def __init__(self, protocol: Protocol) -> None:
        """Nothing is drawn yet."""
        self._protocol = protocol
        self._lock = threading.Lock()
        self._table: Board | None = None
        self._pages: OrderedDict[tuple[board.Selection, int], str] = OrderedDict()
        # of a reference set, whatever is selected: comparing all pairs of 300 models takes half a second
        self._said: dict[str, str] = {}

    def html(self, table: Board, selection: board.Selection, page: int) -> str:
        """A page (from 1) of the rows of a selection, whose ``indicative`` is read from the board."""
        key = selection, page
        with self._lock:
            if table is not self._table:
                self._table, self._pages, self._said = table, OrderedDict(), {}
            pages, said = self._pages, self._said
            if key in pages:
                pages.move_to_end(key)
                return pages[key]
        indicative = table.is_indicative(selection.reference)
        if selection.reference not in said:
            said[selection.reference] = sentence_over(table, selection.reference, self._protocol)
        finding = said[selection.reference]
        drawn = _html(table, self._protocol, replace(selection, indicative=indicative), page)
        drawn = f'<p class="finding">{text(finding)}</p>{drawn}' if finding else drawn
        with self._lock:
            pages[key] = drawn
            if len(pages) > _KEPT_PAGES:
                pages.popitem(last=False)
        return drawn


def build(boards: KeptBoard, protocol: Protocol) -> BoardPage:
    """Lay the page out in the current block."""
    table, drawn = boards.board(), Drawn(protocol)
    board_columns = board.columns(table, protocol)
    reference_shown = _references(table, protocol)[0][1]
    first = board.Selection(
        reference_shown,
        table.ranking(reference_shown, protocol).column,
        board.HIGHEST,
        columns=tuple(board.default_columns(board_columns, protocol)),
    )
    indicative = table.is_indicative(reference_shown)
    with gr.Row(elem_classes="controls"):
        sort_by = gr.Dropdown(
            board.sort_choices(board_columns, indicative=indicative),
            value=first.sort_by,
            label="Sort by",
            elem_id="board_sort",
            min_width=130,
        )
        direction = gr.Dropdown(
            [board.HIGHEST, board.LOWEST], value=first.direction, label="Order", elem_id="board_order", min_width=130
        )
        search = text_box("Search", placeholder="model", elem_id="board_search", min_width=130)
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
    body, page = table_component("board", drawn.html(table, first, 1)), gr.State(1)
    with gr.Accordion("Columns", open=False):
        picked = gr.CheckboxGroup(
            [(column.label, column.name) for column in board_columns],
            value=list(first.columns),
            show_label=False,
            elem_id="board_columns",
        )

    def draw_page(page: int, reference: str, *others: Any) -> str:  # noqa: ANN401 - of a selection
        sort_by, direction, search, kept, picked = others
        selection = board.Selection(reference, sort_by, direction, searched(search), kept, tuple(picked))
        return drawn.html(boards.board(), selection, page)

    def draw(*inputs: Any) -> tuple[int, str]:  # noqa: ANN401 - of a selection
        return 1, draw_page(1, *inputs)

    def change_reference(reference: str, _sort_by: str, *others: Any) -> tuple[object, ...]:  # noqa: ANN401 - of draw
        table = boards.board()
        ranking = table.ranking(reference, protocol).column
        choices = board.sort_choices(board.columns(table, protocol), indicative=table.is_indicative(reference))
        return gr.Dropdown(choices, value=ranking), *draw(reference, ranking, *others)

    sent = drawn.html(table, first, 1), _references(table, protocol), board.kept_choices(table)

    def now(*inputs: Any) -> tuple[str, list[tuple[str, str]], Any]:  # noqa: ANN401 - the inputs of draw_page
        return draw_page(*inputs), _references(boards.board(), protocol), board.kept_choices(boards.board())

    def refresh(*inputs: Any) -> tuple[object, ...]:  # noqa: ANN401 - the inputs of draw_page, handed on
        html, references, choices = now(*inputs)
        return html, gr.Dropdown(references), gr.Dropdown(choices)

    def opened(*inputs: Any) -> tuple[object, ...]:  # noqa: ANN401 - as above
        # most visitors have the board with the page already: a hundred rows less for each
        html, *choices = now(*inputs)
        return gr.skip() if html == sent[0] else html, *(
            gr.skip() if chosen == known else gr.Dropdown(chosen)
            for chosen, known in zip(choices, sent[1:], strict=True)
        )

    def turn(sort_by: str, direction: str, event: gr.EventData) -> tuple[object, ...]:
        to = getattr(event, "page", None)
        if to is not None:
            return sort_by, direction, int(to)
        if event.sort == sort_by:
            return sort_by, board.LOWEST if direction == board.HIGHEST else board.HIGHEST, 1
        return event.sort, board.LOWEST if event.sort in ("rank", "model") else board.HIGHEST, 1

    controls: list[gr.components.Component] = [reference, sort_by, direction, search, kept, picked]
    reference.input(change_reference, controls, [sort_by, page, body], **LIGHT)
    changes = (sort_by.input, direction.input, search.change, kept.input, picked.input)
    gr.on(changes, draw, controls, [page, body], trigger_mode="always_last", **LIGHT)
    body.click(turn, [sort_by, direction], [sort_by, direction, page], **LIGHT).then(
        draw_page, [page, *controls], body, **LIGHT
    )
    return BoardPage(body, refresh, opened, [page, *controls], [body, reference, kept])


def _html(table: Board, protocol: Protocol, selection: board.Selection, page: int) -> str:
    rows = board.select(table, selection)
    shown = rows.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    body = board.table_html(rows, board.columns(table, protocol), selection, protocol, shown)
    turned = pager(len(rows), page, PAGE_SIZE) if len(rows) > PAGE_SIZE else ""
    under = bundled_section(board.bundled(table, selection.reference), protocol)
    return body + turned + board.legend(table, selection.reference, protocol) + under


def _references(table: Board, protocol: Protocol) -> list[tuple[str, str]]:
    """Label and name of the reference sets that have a board: the protocol's in its order, then others; at least one.

    Of several versions of a set the default one comes first.
    """
    order = {name: place for place, name in enumerate(protocol.references)}
    versions = sorted(table.references, key=lambda version: order.get(version.name, len(order)))
    names = [table.references[version] for version in versions] or [protocol.references[0]]
    return [(table.reference_label(name), name) for name in names]
