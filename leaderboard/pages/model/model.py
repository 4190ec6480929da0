"""A page for each run: its place, scores and card at once; then its structures, then what they are as figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.model import energies, owner
from leaderboard.pages.model.figures import figures_html
from leaderboard.pages.model.place import first_run, place_html
from leaderboard.pages.model.results import card_html, run_html, scores_html, selection_html
from leaderboard.pages.parts import runs
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import QUIET, table_component
from leaderboard.pages.structures import section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.board.kept import KeptBoard
    from leaderboard.pages.parts.entrance import Values
    from leaderboard.pages.structures.choices import Choice
    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store


# the address of the page is the link to the run shown
_LINK = "(run) => { if (run) history.pushState(null, '', '?model=' + encodeURIComponent(run)); }"


@dataclass(frozen=True)
class ModelPage:
    """What the rest of the app drives: set ``choice`` to a run's id to show it."""

    choice: gr.Dropdown
    entrance: Entrance


def build(store: Store, protocol: Protocol, boards: KeptBoard) -> ModelPage:
    """Lay the page out in the current block."""
    # what a link wants to be seen of the structures, until the run of the link is shown
    wanted = gr.State(None)
    # the choices come when the page is opened; a name or a link may be typed too
    choice = gr.Dropdown([], value=None, label="Model and run", elem_id="model_choice", allow_custom_value=True)
    head = table_component("model_head", '<p class="dim">Choose a model.</p>')
    with gr.Column(visible=False) as content:
        scores = gr.HTML(elem_id="model_scores", apply_default_css=False, js_on_load=None)
        with gr.Accordion("Card", open=False):
            card = gr.HTML(elem_id="model_card", apply_default_css=False, js_on_load=None)
        theirs = owner.build(store, choice)
        structures = section.build(store, "model", is_addressed=True)
        gr.HTML('<h3 class="part">Figures</h3>', apply_default_css=False, js_on_load=None)
        figures = gr.HTML(elem_id="model_figures", apply_default_css=False, js_on_load=None)
        stability = energies.build(store, choice)

    def show(identifier: str | None, request: gr.Request) -> tuple[object, ...]:
        run = runs.find(store, identifier)
        whose = theirs.fill(run, request)
        if run is None:
            return gr.skip(), gr.Column(visible=False), "", "", *whose
        board = boards.board()
        return (
            run_html(run, protocol, place_html(run.id, board)) + selection_html(run, board),
            gr.Column(visible=True),
            scores_html(run, protocol),
            card_html(run.card),
            *whose,
        )

    def show_structures(identifier: str | None, of_structures: Choice | None) -> tuple[object, ...]:
        return None, *section.fill(runs.find(store, identifier), of_structures)

    def show_figures(identifier: str | None) -> tuple[object, ...]:
        run = runs.find(store, identifier)
        return "" if run is None else figures_html(run), *energies.fill(run)

    # in three parts, so that nobody waits for the figures to read the scores
    choice.change(show, choice, [head, content, scores, card, *theirs.outputs], **QUIET).then(
        show_structures, [choice, wanted], [wanted, *structures.outputs], **QUIET
    ).then(show_figures, choice, [figures, *stability.outputs], **QUIET)
    choice.input(None, choice, None, js=_LINK, **QUIET)
    head.select(_other_run, None, choice, **QUIET)

    def enter(parameters: Mapping[str, str]) -> Values | None:
        if "model" not in parameters:
            return None
        run = runs.linked(store, parameters["model"])
        of_structures = section.entered(run, parameters) if len(parameters) > 1 else None
        # 3,000 choices are 300 kB: they come with a link, or with the page that has them
        return {wanted: of_structures, choice: gr.Dropdown(runs.choices(store), value=run.id)}

    return ModelPage(choice, Entrance("model", [wanted, choice], enter))


def first(store: Store, boards: KeptBoard, protocol: Protocol) -> gr.Dropdown:
    """The choices, and the run that the page opens with for somebody who chose none: the first of the board."""
    return gr.Dropdown(runs.choices(store), value=first_run(boards.board(), protocol))


def _other_run(event: gr.EventData) -> str:
    return str(event.run)
