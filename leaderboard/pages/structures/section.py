"""The structures of a run: their table, and beside it the one that was clicked; used by two pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.structures import detail, panel
from leaderboard.pages.structures.choices import Choice, choice_of, select

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.store.local import Store
    from leaderboard.store.run import Run


@dataclass(frozen=True)
class Section:
    """The section's components: ``outputs`` is what :func:`fill` fills, in its order."""

    outputs: list[gr.components.Component | gr.Column]


def build(store: Store, prefix: str, *, is_addressed: bool = False) -> Section:
    """Lay the section out in the current block; for the arguments see :func:`.panel.build`."""
    with gr.Column(elem_classes="structures-section"):
        gr.HTML("<h3 class=part>Structures</h3>", apply_default_css=False, js_on_load=None)
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                table = panel.build(store, prefix, is_addressed=is_addressed)
            with gr.Column(scale=4, min_width=320, elem_classes="side"):
                structure = detail.build(prefix)

    def choose(event: gr.EventData, identifier: str | None, *controls: object) -> tuple[object, ...]:
        run, chosen = runs.find(store, identifier), str(event.id)
        link = "" if run is None else replace(panel.seen(*controls), chosen=chosen).link(run.id)
        return chosen, link, *detail.fill(run, chosen)

    gr.on(
        [table.table.select, structure.words.select],
        choose,
        [table.run, *table.inputs],
        [table.chosen, table.link, *structure.outputs],
        trigger_mode="always_last",
        **QUIET,
    )
    return Section([*table.outputs, *structure.outputs])


def fill(run: Run | None, choice: Choice | None = None) -> tuple[object, ...]:
    """What shows a run as chosen, with the first readable record of it drawn: values for ``Section.outputs``."""
    choice = choice or Choice()
    if run is None:
        return *panel.fill(None, choice), *detail.fill(None, None)
    rows = select(energy_views.facts(run.path), choice)
    readable = rows["id"][rows["refusal"].isna()]
    first = None if readable.empty else str(readable.iloc[0])
    return *panel.fill(run, choice, first), *detail.fill(run, choice.chosen or first)


def entered(run: Run, parameters: Mapping[str, str]) -> Choice:
    """The view of a run's structures that a link gives.

    Raises:
        LookupError: see :func:`.choices.choice_of`.

    """
    return choice_of(energy_views.facts(run.path), parameters)
