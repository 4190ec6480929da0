"""Any two scores of all models against each other, and the best value of a score by date."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.board.calibrated import heading
from leaderboard.pages.compare.captions import caption, caption_html
from leaderboard.pages.compare.scatter_choice import Choice, check, choice_of, draw, reference_sets
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import LIGHT
from leaderboard.pages.parts.markup import notice
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leaderboard.board.kept import KeptBoard
    from leaderboard.board.table import Board
    from leaderboard.pages.compare.scatter_choice import Drawn
    from leaderboard.pages.parts.entrance import Values
    from leaderboard.protocol import Protocol

_KEPT_VIEWS = 64
# the address of the page is the link to what is shown
_LINK = (
    "(x, y, reference, score) => { history.replaceState(null, '', "
    "'?page=scatter&' + new URLSearchParams({ x, y, reference, score })); }"
)


@dataclass(frozen=True)
class ScatterPage:
    """What the rest of the app drives: ``opened`` when a visitor comes to the page's tab.

    Attributes:
        entrance: for links.
        opened: what shows the page with what was chosen, or what is shown first.
        inputs: of it.
        outputs: of it.

    """

    entrance: Entrance
    opened: Callable[..., list[object]]
    inputs: list[gr.components.Component]
    outputs: list[gr.components.Component]


class Scatters:
    """Scatters of the newest board, each drawn once; those asked for last are kept."""

    def __init__(self, boards: KeptBoard, protocol: Protocol) -> None:
        """Nothing is drawn yet."""
        self.boards, self.protocol = boards, protocol
        self._lock = threading.Lock()
        self._table: Board | None = None
        self._drawn: dict[Choice, Drawn] = {}

    def drawn(self, choice: Choice) -> Drawn:
        """What the page shows.

        Raises:
            LookupError: the choice names what the board does not have; says what it has.

        """
        table = self.boards.board()
        check(choice, table)
        with self._lock:
            if table is not self._table:
                self._table, self._drawn = table, {}
            kept = self._drawn
        made = kept.get(choice)
        if made is None:
            made = draw(choice, table, self.protocol)
            with self._lock:
                kept[choice] = made
                while len(kept) > _KEPT_VIEWS:
                    del kept[next(iter(kept))]
        return made


def build(boards: KeptBoard, protocol: Protocol) -> ScatterPage:
    """Lay the page out in the current block."""
    scatters = Scatters(boards, protocol)
    # the choices come when the page is opened
    with gr.Row(elem_classes="controls"):
        x, y, reference = (
            gr.Dropdown([], value=None, label=label, elem_id=f"scatter_{name}", min_width=150, allow_custom_value=True)
            for label, name in (("Across", "x"), ("Up", "y"), ("Reference set", "reference"))
        )
    said = gr.HTML(elem_id="scatter_note", apply_default_css=False, js_on_load=None)
    finding = caption("scatter_caption")
    figure = gr.Plot(show_label=False, container=False, elem_id="plot_scatter")
    table = gr.HTML(elem_id="scatter_table", apply_default_css=False, js_on_load=None)
    gr.HTML('<h3 class="part">Best value by date</h3>', apply_default_css=False, js_on_load=None)
    with gr.Row(elem_classes="controls"):
        score = gr.Dropdown([], value=None, label="Score", elem_id="scatter_score", allow_custom_value=True)
    record = caption("scatter_record")
    history = gr.Plot(show_label=False, container=False, elem_id="plot_scatter_history")
    changes = gr.HTML(elem_id="scatter_leaders", apply_default_css=False, js_on_load=None)
    controls: list[gr.components.Component] = [x, y, reference, score]
    shown: list[gr.components.Component] = [said, finding, figure, table, record, history, changes]

    def parts(choice: Choice) -> list[object]:
        made = scatters.drawn(choice)
        return [
            "",
            caption_html(made.finding, "plot_scatter"),
            made.figure,
            made.table,
            caption_html(made.record, "plot_scatter_history"),
            made.history,
            made.leaders,
        ]

    def show(*chosen: object) -> list[object]:
        try:
            return parts(choice_of(dict(zip(Choice._fields, chosen, strict=True)), boards.board(), protocol))
        except LookupError as error:
            return [notice("error", f"{error}."), *(gr.skip() for _ in shown[1:])]

    def opened(*chosen: object) -> list[object]:
        board = boards.board()
        given = {name: value for name, value in zip(Choice._fields, chosen, strict=True) if value}
        try:
            choice = choice_of(given, board, protocol)
        except LookupError:
            choice = choice_of({}, board, protocol)
        return [*_controls(choice, board, protocol), *parts(choice)]

    def enter(parameters: Mapping[str, str]) -> Values | None:
        if parameters.get("page") != "scatter":
            return None
        board = boards.board()
        choice = choice_of({name: parameters[name] for name in Choice._fields if name in parameters}, board, protocol)
        return dict(zip([*controls, *shown], [*_controls(choice, board, protocol), *parts(choice)], strict=True))

    inputs = [control.input for control in (x, y, reference, score)]
    gr.on(inputs, show, controls, shown, trigger_mode="always_last", **LIGHT)
    gr.on(inputs, None, controls, None, js=_LINK, **LIGHT)
    outputs = [*controls, *shown]
    return ScatterPage(Entrance("scatter", outputs, enter), opened, controls, outputs)


def _controls(choice: Choice, board: Board, protocol: Protocol) -> list[gr.Dropdown]:
    order = {name: place for place, name in enumerate(protocol.scores)}
    keys = sorted(
        (key for key in board.keys if key.name in registry()),
        key=lambda key: (order.get(key.name, len(order)), key.variant or ""),
    )
    scores = [(heading(key, board.keys, protocol), key.column) for key in keys]
    return [
        gr.Dropdown(scores, value=choice.x),
        gr.Dropdown(scores, value=choice.y),
        gr.Dropdown(reference_sets(board, protocol), value=choice.reference),
        gr.Dropdown(scores, value=choice.score),
    ]
