"""A page for each run: card, scores, figures, structures and their drawings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.model import energies, owner
from leaderboard.pages.model.results import card_html, run_html, scores_html, selection_html
from leaderboard.pages.parts import plots, runs
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.structures import panel, section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.board.kept import KeptBoard
    from leaderboard.pages.parts.entrance import Values
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
    # the choices come when the page is opened; a name or a link may be typed too
    choice = gr.Dropdown([], value=None, label="Model and run", elem_id="model_choice", allow_custom_value=True)
    head = gr.HTML('<p class="dim">Choose a model.</p>', elem_id="model_head", apply_default_css=False, js_on_load=None)
    with gr.Column(visible=False) as content:
        scores = gr.HTML(elem_id="model_scores", apply_default_css=False, js_on_load=None)
        with gr.Accordion("Card", open=False):
            card = gr.HTML(elem_id="model_card", apply_default_css=False, js_on_load=None)
        with gr.Row():
            funnel = gr.Plot(show_label=False, min_width=320, elem_id="plot_funnel")
            elements = gr.Plot(show_label=False, min_width=320, elem_id="plot_elements")
        groups = gr.Plot(show_label=False, elem_id="plot_space_groups")
        theirs = owner.build(store, choice)
        stability = energies.build(store, choice)
        structures = section.build(store, "model")

    def show(identifier: str | None, request: gr.Request) -> tuple[object, ...]:
        run = runs.find(store, identifier)
        whose = theirs.fill(run, request)
        if run is None:
            nothing = (*(None,) * 5, *whose, *energies.fill(None), *section.fill(None))
            return gr.skip(), gr.Column(visible=False), *nothing
        columns = runs.columns(run.path)
        return (
            run_html(run, protocol) + selection_html(run, boards.board()),
            gr.Column(visible=True),
            scores_html(run, protocol),
            card_html(run.card),
            plots.funnel(columns),
            plots.elements(runs.structures(run.path)),
            plots.space_groups(columns),
            *whose,
            *energies.fill(run),
            *section.fill(run),
        )

    outputs = [
        head,
        content,
        scores,
        card,
        funnel,
        elements,
        groups,
        *theirs.outputs,
        *stability.outputs,
        *structures.outputs,
    ]
    choice.change(show, choice, outputs, **QUIET).then(
        lambda run: panel.links(runs.find(store, run)), choice, structures.downloads, **QUIET
    )
    choice.input(None, choice, None, js=_LINK, **QUIET)

    def enter(parameters: Mapping[str, str]) -> Values | None:
        if "model" not in parameters:
            return None
        # 3,000 choices are 300 kB: they come with a link, or with the page that has them
        return {choice: gr.Dropdown(runs.choices(store), value=runs.linked(store, parameters["model"]).id)}

    return ModelPage(choice, Entrance("model", [choice], enter))
