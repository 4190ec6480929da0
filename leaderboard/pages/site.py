"""The pages as one site, and the links that lead into them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import gradio as gr

from leaderboard.pages.api import api_page, functions
from leaderboard.pages.board import board_page
from leaderboard.pages.compare import compare, scatter
from leaderboard.pages.model import model
from leaderboard.pages.parts import lookup, runs
from leaderboard.pages.parts.events import LIGHT, QUIET
from leaderboard.pages.parts.markup import notice
from leaderboard.pages.parts.text_box import LINK_CHARACTERS
from leaderboard.pages.parts.visitor import can_sign_in
from leaderboard.pages.reference import reference
from leaderboard.pages.submit import submit
from leaderboard.pages.texts import maintenance, sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.board.kept import KeptBoard
    from leaderboard.pages.parts.entrance import Entrance, Values
    from leaderboard.protocol import Protocol
    from leaderboard.queue.jobs import Jobs
    from leaderboard.store.local import Store

TITLE = "Crystal generation leaderboard"
# uploads are looked for every hour and deleted a day after they came
DELETE_CACHE_S = (3_600, 86_400)
# back and forward between pages opened by a click
_ON_LOAD = """() => {
    window.addEventListener('popstate', () => location.reload());
    if (!location.search) document.body.dataset.entered = 'yes';
    return location.search;
}"""
_ON_ENTERED = "() => { document.body.dataset.entered = 'yes'; }"
MAX_LINK = 2_000
"""Characters of what stands behind the address."""
PAGES = (
    *("board", "submit", "model", "compare", "scatter", "reference", "api"),
    *("about", "guide", "faq", "matching", "reported"),
)
"""What ``?page=`` opens: ids of the tabs, then the sections of About that people are sent to."""


def build(store: Store, jobs: Jobs, protocol: Protocol, boards: KeptBoard) -> gr.Blocks:
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
        said = gr.HTML(elem_id="said", apply_default_css=False, js_on_load=None)
        with gr.Tabs(selected="board", elem_id="pages") as tabs:
            with gr.Tab("Board", id="board") as board_tab:
                board = board_page.build(boards, protocol)
            with gr.Tab("Submit", id="submit"):
                submission = submit.build(store, jobs, protocol)
            with gr.Tab("Model", id="model") as model_tab:
                page = model.build(store, protocol, boards)
            with gr.Tab("Compare", id="compare") as compare_tab:
                comparison = compare.build(store, boards, protocol)
            with gr.Tab("Scatter", id="scatter") as scatter_tab:
                plane = scatter.build(boards, protocol)
            with gr.Tab("Reference", id="reference") as reference_tab:
                crystals = reference.build(store)
            with gr.Tab("API", id="api") as api_tab:
                programs = api_page.build(api_tab)
            with gr.Tab("About", id="about") as about_tab:
                texts = sections.build(store, protocol, about_tab)
            maintenance.add_to(site, store)
        functions.add_to_site(store, jobs, boards, protocol)

        def first_reference(chosen: str | None) -> object:
            return gr.skip() if chosen else next(iter(lookup.built_sets()), gr.skip())

        def open_model(event: gr.EventData) -> tuple[object, ...]:
            known = runs.choices(store)
            if (compared := getattr(event, "compare", None)) is not None:
                return gr.Tabs(selected="compare"), gr.skip(), gr.Dropdown(known, value=list(compared))
            return gr.Tabs(selected="model"), gr.Dropdown(known, value=event.run), gr.skip()

        def first_model(chosen: str | None) -> object:
            return gr.Dropdown(runs.choices(store)) if chosen else model.first(store, boards, protocol)

        def first_compared(chosen: list[str] | None) -> object:
            known = runs.choices(store)
            return gr.Dropdown(known) if chosen else gr.Dropdown(known, value=compare.first_two(boards.board()))

        # a visitor without a link asks the server for nothing but what is new on the board
        link = gr.Textbox("", visible="hidden", max_length=LINK_CHARACTERS, elem_id="link")
        entrances = [part.entrance for part in (board, page, comparison, plane, submission, crystals, programs, texts)]
        entered = [tabs, said, *(component for entrance in entrances for component in entrance.components)]
        opened = link.change(lambda query: _entered(entrances, tabs, said, query), link, entered, **LIGHT)
        opened.then(None, None, None, js=_ON_ENTERED)
        site.load(None, None, link, js=_ON_LOAD)
        site.load(board.now, None, board.refreshed, **LIGHT)
        board_tab.select(board.now, None, board.refreshed, **LIGHT).then(None, board.query, None, js=board_page.ADDRESS)
        board.table.select(open_model, None, [tabs, page.choice, comparison.choice], **LIGHT)
        model_tab.select(first_model, page.choice, page.choice, **LIGHT)
        compare_tab.select(first_compared, comparison.choice, comparison.choice, **LIGHT)
        scatter_tab.select(plane.opened, plane.inputs, plane.outputs, **LIGHT)
        reference_tab.select(first_reference, crystals.choice, crystals.choice, **LIGHT)
        reference_tab.select(crystals.hull.refresh, *crystals.hull.refreshed, **QUIET)
    return site


def _entered(entrances: Sequence[Entrance], tabs: gr.Tabs, said: gr.HTML, query: str) -> Values:
    """What opens the page that a link names; without a link the visitor may have opened one already: it stays open."""
    if not isinstance(query, str) or len(query) > MAX_LINK:
        return {said: notice("error", f"This link leads nowhere: it is longer than {MAX_LINK:,} characters.")}
    parameters = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    if not parameters:
        return {said: gr.skip()}
    for entrance in entrances:
        try:
            values = entrance.enter(parameters)
        except LookupError as error:
            # no page is opened, which would show something else than was asked for
            return {said: notice("error", f"This link leads nowhere: {error}.")}
        if values is not None:
            return {tabs: gr.Tabs(selected=entrance.tab), **values}
    if (page := parameters.get("page")) in PAGES:
        return {tabs: gr.Tabs(selected=page)}
    names = ", ".join(name[:50] for name in list(parameters)[:5])
    return {said: notice("error", f"This link leads nowhere: no page here reads {names}.")}
