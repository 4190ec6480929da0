"""A page for each reference set: what is in it, and a search through its crystals."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from leaderboard import plots
from leaderboard.pages import lookup
from leaderboard.pages.panel import QUIET, table_component
from leaderboard.pages.reference_facts import (
    elements_html,
    head_html,
    not_built_html,
    sources_html,
    systems_html,
)
from leaderboard.pages.reference_search import crystal_of, found, list_html
from leaderboard.pages.viewer import legend_html, viewer
from reference_data.query import Query, QueryError, containing, parse
from reference_data.reference import set_names

# the address of the page is the link to the set shown and to what was searched for in it
_LINK = (
    "(name, asked) => { if (name) history.replaceState(null, '', '?reference=' + encodeURIComponent(name) + "
    "(asked ? '&find=' + encodeURIComponent(asked) : '')); }"
)


@dataclass(frozen=True)
class ReferencePage:
    """What the rest of the app drives: set ``search``, then ``choice`` to a set's name, to show it."""

    choice: gr.Dropdown
    search: gr.Textbox


def build() -> ReferencePage:
    """Lay the page out in the current block."""
    page, chosen = gr.State(1), gr.State(None)
    with gr.Row(elem_classes="controls"):
        choice = gr.Dropdown(lookup.built_sets(), value=None, label="Reference set", elem_id="reference_choice")
        search = gr.Textbox(
            "",
            label="Formula or chemical system",
            placeholder="TiO2, Ti-O or Ti-O-*",
            max_lines=1,
            elem_id="reference_search",
        )
    head = _html("reference_head", '<p class="dim">Choose a reference set.</p>')
    with gr.Column(visible=False) as content:
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                elements = table_component("reference_elements")
            with gr.Column(scale=2, min_width=320):
                systems = table_component("reference_systems")
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                listed = table_component("reference_crystals")
            with gr.Column(scale=4, min_width=320, elem_classes="side"):
                words = _html("reference_words")
                legend = _html("reference_legend")
                drawing = viewer("reference_view")
        groups = gr.Plot(show_label=False, elem_id="plot_reference_groups")
        with gr.Accordion("Sources", open=True):
            sources = _html("reference_sources")

    def show(name: str | None, asked: str) -> tuple[object, ...]:
        if not name:
            return gr.skip(), gr.Column(visible=False), *(gr.skip(),) * 3, *(gr.skip(),) * 7
        reference = lookup.opened(name)
        catalogue = lookup.catalogue(reference)
        counts = {int(group): n for group, n in reference.statistics["space_groups"].items() if group != "unknown"}
        missing = [other for other in set_names() if other not in lookup.built_sets()]
        return (
            head_html(reference) + not_built_html(missing),
            gr.Column(visible=True),
            systems_html(catalogue),
            plots.space_group_counts(counts, "crystals"),
            sources_html(reference.manifest),
            *narrow(name, asked),
        )

    def narrow(name: str | None, asked: str) -> tuple[object, ...]:
        """What follows from a question: the periodic table, its first crystals, the first of them drawn."""
        if not name:
            return (gr.skip(),) * 7
        reference = lookup.opened(name)
        rows = found(reference, asked)
        first = int(rows[0]) if len(rows) else None
        return (
            elements_html(lookup.catalogue(reference), _query(asked)),
            1,
            first,
            list_html(reference, asked, 1, first),
            *_crystal(name, first),
        )

    def turn(name: str, asked: str, chosen: int | None, event: gr.EventData) -> tuple[int, str]:
        to = int(event.page)
        return to, list_html(lookup.opened(name), asked, to, chosen)

    def choose(name: str, asked: str, page: int, event: gr.EventData) -> tuple[object, ...]:
        row = int(event.id)
        return row, list_html(lookup.opened(name), asked, page, row), *_crystal(name, row)

    def toggle(asked: str, event: gr.EventData) -> str:
        return str(containing({event.id} ^ set(_query(asked).elements)))

    drawn = [words, legend, drawing]
    narrowed = [elements, page, chosen, listed, *drawn]
    asked = [choice, search]
    choice.change(show, asked, [head, content, systems, groups, sources, *narrowed], **QUIET)
    choice.input(None, asked, None, js=_LINK, **QUIET)
    search.input(narrow, asked, narrowed, trigger_mode="always_last", **QUIET).then(None, asked, js=_LINK, **QUIET)
    clicks = (elements.select(toggle, search, search, **QUIET), systems.select(_clicked, None, search, **QUIET))
    for click in clicks:
        click.then(narrow, asked, narrowed, **QUIET).then(None, asked, js=_LINK, **QUIET)
    listed.click(turn, [*asked, chosen], [page, listed], **QUIET)
    listed.select(choose, [*asked, page], [chosen, listed, *drawn], **QUIET)
    return ReferencePage(choice, search)


def _html(elem_id: str, value: str = "") -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def _crystal(name: str, row: int | None) -> tuple[object, ...]:
    """Words, legend and drawing of one crystal."""
    words, scene = crystal_of(lookup.opened(name), row)
    return words, legend_html(scene), scene


def _query(asked: str) -> Query:
    """The question, or the one for everything where it cannot be read: the list says what is wrong with it."""
    try:
        return parse(asked)
    except QueryError:
        return Query()


def _clicked(event: gr.EventData) -> str:
    return str(event.id)
