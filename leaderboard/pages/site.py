"""The pages as one site, and the links that lead into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages import (
    about,
    board_page,
    compare,
    governance,
    lookup,
    maintenance,
    model,
    reference,
    runs,
    structure_matching,
    submit,
)
from leaderboard.pages.panel import QUIET
from leaderboard.pages.visitor import can_sign_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.protocol import Protocol
    from leaderboard.queue.jobs import Jobs
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

TITLE = "Crystal generation leaderboard"
# uploads are looked for every hour and deleted a day after they came
DELETE_CACHE_S = (3_600, 86_400)
# back and forward between pages opened by a click
_ON_LOAD = "() => { window.addEventListener('popstate', () => location.reload()); }"


def build(store: Store, jobs: Jobs, protocol: Protocol) -> gr.Blocks:
    """Lay the whole site out; nothing is served yet."""
    site: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=DELETE_CACHE_S) as site:
        gr.HTML(
            f'<header class="site"><h1>{TITLE}</h1><p>How many of the crystals that a model generates are valid, '
            "different from each other, new and stable.</p></header>",
            apply_default_css=False,
            js_on_load=None,
        )
        if can_sign_in():
            gr.LoginButton(size="sm", elem_id="sign_in")
        with gr.Tabs(selected="board", elem_id="pages") as tabs:
            with gr.Tab("Board", id="board") as board_tab:
                board = board_page.build(store, protocol)
            with gr.Tab("Submit", id="submit"):
                submission = submit.build(store, jobs, protocol)
            with gr.Tab("Model", id="model") as model_tab:
                page = model.build(store, protocol)
            with gr.Tab("Compare", id="compare") as compare_tab:
                comparison = compare.build(store, protocol)
            with gr.Tab("Reference", id="reference") as reference_tab:
                crystals = reference.build(store)
            with gr.Tab("Structure matching", id="matching"):
                structure_matching.build(store)
            with gr.Tab("About", id="about"):
                about.build(protocol)
                governance.build(store)
            maintenance.add_to(site, store)

        def enter(request: gr.Request) -> tuple[object, ...]:
            parameters = dict(request.query_params)
            known = runs.choices(store)
            run, compared = _linked(store, parameters)
            chosen = gr.Dropdown(known, value=run.id if run else None)
            # without a link the visitor may have opened a page already: leave it open
            page = "model" if run else "compare" if compared else "submit" if "job" in parameters else None
            opened = gr.Tabs(selected=page) if page else gr.skip()
            return (
                opened,
                chosen,
                gr.Dropdown(known, value=compared),
                parameters.get("job", ""),
                gr.Timer(active="job" in parameters),
            )

        def enter_reference(request: gr.Request) -> tuple[object, ...]:
            parameters = dict(request.query_params)
            if parameters.get("reference") not in lookup.built_sets():
                return gr.skip(), gr.skip(), gr.skip()
            return gr.Tabs(selected="reference"), parameters.get("find", ""), parameters["reference"]

        def first_reference(chosen: str | None) -> object:
            return gr.skip() if chosen else next(iter(lookup.built_sets()), gr.skip())

        def open_model(event: gr.EventData) -> tuple[object, ...]:
            return gr.Tabs(selected="model"), gr.Dropdown(runs.choices(store), value=event.run)

        def first_model(chosen: str | None) -> object:
            known = runs.choices(store)
            return gr.skip() if chosen or not known else gr.Dropdown(known, value=known[0][1])

        def first_compared(chosen: list[str] | None) -> object:
            return gr.skip() if chosen else gr.Dropdown(runs.choices(store), value=compare.first_two(store, protocol))

        entered = [tabs, page.choice, comparison.choice, submission.job, submission.timer]
        site.load(enter, None, entered, **QUIET)
        site.load(enter_reference, None, [tabs, crystals.search, crystals.choice], **QUIET)
        site.load(None, js=_ON_LOAD)
        gr.on([site.load, board_tab.select], board.refresh, board.inputs, board.outputs, **QUIET)
        board.table.select(open_model, None, [tabs, page.choice], **QUIET)
        model_tab.select(first_model, page.choice, page.choice, **QUIET)
        compare_tab.select(first_compared, comparison.choice, comparison.choice, **QUIET)
        reference_tab.select(first_reference, crystals.choice, crystals.choice, **QUIET)
        reference_tab.select(crystals.hull.refresh, *crystals.hull.refreshed, **QUIET)
    return site


def _linked(store: Store, parameters: Mapping[str, str]) -> tuple[Run | None, list[str]]:
    """The run and the runs to compare that a link names; a name that several owners use names none, which is said."""
    try:
        return runs.linked(store, parameters.get("model")), compare.named_runs(store, parameters.get("compare"))
    except runs.SeveralOwnersError as error:
        gr.Warning(str(error), duration=None)
        return None, []
