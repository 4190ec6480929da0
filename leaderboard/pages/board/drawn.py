"""Pages of the newest board as HTML, each drawn once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from leaderboard.board.written import sentence_over
from leaderboard.pages.board import board
from leaderboard.pages.board.bundled import bundled_section
from leaderboard.pages.board.models import Models, models
from leaderboard.pages.board.notes import footer_html, legend_html, method_html
from leaderboard.pages.board.selection import link
from leaderboard.pages.parts.markup import text
from leaderboard.pages.parts.paging import pager

if TYPE_CHECKING:
    from leaderboard.board.table import Board
    from leaderboard.pages.board.selection import Selection
    from leaderboard.protocol import Protocol

_KEPT_PAGES = 64


class _Made(NamedTuple):
    """What is made once of each board: its models; of a reference set what can be said of all its models."""

    number: int
    board: Board
    models: Models
    sentences: dict[str, str]
    pages: OrderedDict[tuple[Selection, Selection], str]


class Drawn:
    """Draws selections of boards; those asked for last are kept."""

    def __init__(self, protocol: Protocol) -> None:
        """Nothing is drawn yet."""
        self._protocol = protocol
        self._lock = threading.Lock()
        self._made: _Made | None = None

    def models(self, table: Board) -> Models:
        """The models of a board."""
        return self._of(table).models

    def state(self, table: Board) -> str:
        """A word for a board that no other one has."""
        return str(self._of(table).number)

    def html(self, table: Board, selection: Selection, first: Selection) -> str:
        """The board page of a selection; ``first`` is what a visitor without a link sees."""
        made = self._of(table)
        with self._lock:
            if (selection, first) in made.pages:
                made.pages.move_to_end((selection, first))
                return made.pages[selection, first]
        drawn = self._draw(made, selection, first)
        with self._lock:
            made.pages[selection, first] = drawn
            if len(made.pages) > _KEPT_PAGES:
                made.pages.popitem(last=False)
        return drawn

    def _of(self, table: Board) -> _Made:
        with self._lock:
            if self._made is None or self._made.board is not table:
                number = 1 if self._made is None else self._made.number + 1
                self._made = _Made(number, table, models(table), {}, OrderedDict())
            return self._made

    def _draw(self, made: _Made, selection: Selection, first: Selection) -> str:
        table, reference, protocol = made.board, selection.reference, self._protocol
        if reference not in made.sentences:
            # of all models, whatever is selected: comparing all pairs of 300 takes half a second
            made.sentences[reference] = sentence_over(table, reference, protocol)
        finding = made.sentences[reference]
        index = board.chosen(made.models, selection)
        query = link(selection, first)
        hidden = board.n_hidden(made.models, selection)
        return (
            f'<div class="drawn-board" data-query="{text(query)}">'
            + (f'<p class="finding">{text(finding)}</p>' if finding else "")
            + legend_html(table, reference, protocol)
            + '<div class="over"><button type="button" class="plain" data-compare disabled>'
            + "Compare ticked models</button>"
            + (
                f'<span class="dim">{_several(hidden)} not shown. '
                '<button type="button" class="plain" data-show-all>Show all submissions</button></span>'
                if hidden
                else ""
            )
            + "</div>"
            + board.table_html(table, made.models, index, selection, protocol)
            + (pager(len(index), selection.at, board.PAGE_SIZE) if len(index) > board.PAGE_SIZE else "")
            + footer_html(table, selection, protocol, query)
            + method_html(table, reference, protocol)
            + bundled_section(board.bundled(table, reference), protocol)
            + "</div>"
        )


def _several(n: int) -> str:
    return "1 submission is" if n == 1 else f"{n:,} submissions are"
