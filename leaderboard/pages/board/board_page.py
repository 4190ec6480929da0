"""The board's page. One event draws, whatever changed, so that no older answer overwrites a newer one."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.board import board, controls
from leaderboard.pages.board.columns import CUSTOM, OVERVIEW, columns
from leaderboard.pages.board.controls import Controls, references, sort_choices
from leaderboard.pages.board.drawn import Drawn
from leaderboard.pages.board.filters import Choices, choices, shown_choices
from leaderboard.pages.board.picker import picker_html
from leaderboard.pages.board.selection import HIGHEST, LOWEST, Selection, first_selection, link, linked
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import LIGHT, table_component
from leaderboard.pages.parts.text_box import MAX_LENGTH, searched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leaderboard.board.kept import KeptBoard
    from leaderboard.board.table import Board
    from leaderboard.pages.parts.entrance import Values
    from leaderboard.protocol import Protocol

# the address is the link to what is shown, while the board is
ADDRESS = """(query) => {
    const tab = document.querySelector('#pages button[role="tab"][aria-selected="true"]');
    if (!tab || tab.textContent.trim() !== 'Board') return;
    if (location.search && !document.body.dataset.entered) return;  // a link to another page has yet to open it
    history.replaceState(null, '', query ? '?' + query : location.pathname);
}"""
# A board of other values than the controls have by now is drawn again: gradio sets the controls of a link one by one
# and may lose the last of many changes. Only a board that has settled writes the address.
_SETTLED = f"""(query, again, drawn, ...values) => {{
    const settled = JSON.parse(drawn || '[]').every((value, place) => value === values[place]);
    if (!settled) return String(Math.random());
    ({ADDRESS})(query);
    return again;
}}"""
# a heading, a page or "all" that was clicked; in the browser, so that of quick clicks none is lost or comes late
_TURN = f"""(sort, order, at, show) => {{
    const asked = window.boardAsked ?? {{}};
    if (asked.page !== undefined) return [sort, order, asked.page, show];
    if (asked.show !== undefined) return [sort, order, '1', asked.show];
    if (asked.sort === sort) return [sort, order === '{HIGHEST}' ? '{LOWEST}' : '{HIGHEST}', '1', show];
    return [asked.sort, ['rank', 'model'].includes(asked.sort) ? '{LOWEST}' : '{HIGHEST}', '1', show];
}}"""
NEWEST_S = 5.0
"""So long a visitor who has the page waits for a newer board than the one at hand."""
Update = tuple[object, ...]


@dataclass(frozen=True)
class BoardPage:
    """What the rest of the app drives.

    Attributes:
        table: reports what was clicked: a run, or the runs to compare.
        query: of the link to what is shown.
        now: gives the newest state and choices, for ``refreshed``, which draws.
        refreshed: see ``now``.
        entrance: the way in from a link.

    """

    table: gr.HTML
    query: gr.Textbox
    now: Callable[[], Update]
    refreshed: list[gr.components.Component]
    entrance: Entrance


class Desk:
    """Answers to what a visitor chooses.

    Args:
        boards: of the store.
        protocol: that ranks.

    """

    def __init__(self, boards: KeptBoard, protocol: Protocol) -> None:
        """The board as it stands is what every visitor gets with the page."""
        self._boards, self._protocol = boards, protocol
        self.sent = boards.board()
        self.first = first_selection(self.sent, protocol)
        self.drawn = Drawn(protocol)

    def draw(self, given: Mapping[str, object]) -> tuple[str, str, str]:
        """The board, the query of its link, and the values that it was drawn of, as JSON."""
        table, selection = self._selection(given)
        drawn = self.drawn.html(table, selection, self.first)
        return drawn, link(selection, self.first), json.dumps(list(given.values()))

    def draw_picker(self, given: Mapping[str, object]) -> str:
        """The boxes of the columns."""
        table, selection = self._selection(given)
        models = self.drawn.models(table)
        index = board.chosen(models, selection)
        shown = board.shown_columns(table, models, index, selection, self._protocol)
        return picker_html(columns(table, self._protocol), {column.name for column in shown})

    def sorts(self, reference: str) -> object:
        """What the board of a reference set can be sorted by."""
        return gr.Dropdown(sort_choices(self._boards.board(), self._protocol, reference), value="rank")

    def now(self) -> Update:
        """Another state and choices where there is another board than the one that was sent with the page."""
        # the page is there already, so this may wait: who has just published comes to see it
        table = self._boards.board(NEWEST_S)
        if table is self.sent:
            return (gr.skip(),) * (3 + len(Choices._fields))
        offered, known = choices(table, self._protocol), references(table, self._protocol)
        # where the page came with an empty board, what it names as the set may have none now
        is_gone = self.first.reference not in {name for _, name in known}
        return (
            self.drawn.state(table),
            gr.Dropdown(known, value=known[0][1]) if is_gone else gr.Dropdown(known),
            gr.Dropdown(shown_choices(table)),
            *(gr.Dropdown(getattr(offered, name)) for name in Choices._fields),
        )

    def entered(self, parameters: Mapping[str, str], parts: Controls) -> Values | None:
        """What a link to the board sets."""
        if parameters.get("page") != "board":
            return None
        table = self._boards.board()
        chosen = linked(parameters, self.first, table, self._protocol)
        given: dict[str, object] = {field.name: getattr(chosen, field.name) for field in fields(Selection)}
        given |= {"energies": chosen.energies or self._protocol.energy_variant, "at": str(chosen.at)}
        sorts = sort_choices(table, self._protocol, chosen.reference)
        first_sorts = sort_choices(self.sent, self._protocol, self.first.reference)
        return {
            **{control: given[name] for name, control in parts.by_name.items()},
            # other choices come only with another set: with them gradio sets the value twice
            parts.dropdowns["sort"]: chosen.sort if sorts == first_sorts else gr.Dropdown(sorts, value=chosen.sort),
            parts.presets: None if chosen.preset == CUSTOM else chosen.preset,
        }

    def _selection(self, given: Mapping[str, object]) -> tuple[Board, Selection]:
        """The newest board, and what the controls choose of it; a program may have sent anything."""
        table = self._boards.board()
        texts = {name: str(value) for name, value in given.items() if value not in (None, "") and name != "shade"}
        if texts.get("energies") == self._protocol.energy_variant:
            del texts["energies"]
        texts["search"] = searched(given["search"])
        if texts.get("reference") == self.first.reference and self.first.reference not in table.references.values():
            texts["reference"] = first_selection(table, self._protocol).reference
        try:
            chosen = linked(texts, self.first, table, self._protocol)
        except LookupError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return table, replace(chosen, shade=given["shade"] is True)


def build(boards: KeptBoard, protocol: Protocol) -> BoardPage:
    """Lay the page out in the current block."""
    desk = Desk(boards, protocol)
    parts = controls.build(desk.sent, protocol, desk.first)
    query = gr.Textbox("", visible="hidden", max_length=controls.MAX_COLUMNS, elem_id="board_query")
    state = gr.Textbox(desk.drawn.state(desk.sent), visible="hidden", max_length=MAX_LENGTH, elem_id="board_state")
    # what the board was drawn of, and a word that draws it again
    drawn_of = gr.Textbox("", visible="hidden", max_length=controls.MAX_COLUMNS, elem_id="board_drawn_of")
    again = gr.Textbox("", visible="hidden", max_length=MAX_LENGTH, elem_id="board_again")
    body = table_component("board", desk.drawn.html(desk.sent, desk.first, desk.first))
    names, inputs = list(parts.by_name), list(parts.by_name.values())

    def draw(*values: object) -> tuple[str, str, str]:
        return desk.draw(dict(zip(names, values, strict=True)))

    def draw_picker(*values: object) -> str:
        return desk.draw_picker(dict(zip(names, values, strict=True)))

    # a single event draws: the browser then asks again with what is chosen once an answer is there, so that the last
    # choice wins, whichever answer is slow
    changes = [*(control.change for control in inputs), state.change, again.change]
    drawing = gr.on(changes, draw, inputs, [body, query, drawn_of], trigger_mode="always_last", **LIGHT)
    drawing.then(None, [query, again, drawn_of, *inputs], again, js=_SETTLED)
    sort = parts.dropdowns["sort"]
    turned = [sort, parts.dropdowns["order"], parts.at, parts.dropdowns["show"]]
    body.click(None, turned, turned, js=_TURN, trigger_mode="multiple")
    parts.presets.input(lambda name: name or gr.skip(), parts.presets, parts.columns, **LIGHT).then(
        draw_picker, inputs, parts.picker, **LIGHT
    )
    parts.picker.click(_picked, None, [parts.presets, parts.columns], **LIGHT)
    parts.picking.expand(draw_picker, inputs, parts.picker, **LIGHT)
    reference = parts.dropdowns["reference"]
    reference.input(desk.sorts, reference, sort, **LIGHT)
    refreshed: list[gr.components.Component] = [
        state,
        reference,
        parts.dropdowns["show"],
        *(parts.dropdowns[name] for name in Choices._fields),
    ]
    entrance = Entrance("board", [*inputs, parts.presets], lambda parameters: desk.entered(parameters, parts))
    return BoardPage(body, query, desk.now, refreshed, entrance)


def _picked(event: gr.EventData) -> tuple[object, object]:
    """No preset, and the names of the picked columns; with none picked the overview."""
    names = ",".join(map(str, event.columns))
    return (None, names) if names else (OVERVIEW, OVERVIEW)
