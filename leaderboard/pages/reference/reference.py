"""A page for each reference set: what is in it, and a search through its crystals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.parts import lookup, plots
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import QUIET, table_component
from leaderboard.pages.parts.text_box import text_box
from leaderboard.pages.parts.viewer import legend_html, viewer
from leaderboard.pages.reference import reference_hull
from leaderboard.pages.reference.hull_data import MOST_ELEMENTS
from leaderboard.pages.reference.reference_facts import (
    elements_html,
    head_html,
    hulls_html,
    not_built_html,
    sources_html,
    systems_html,
)
from leaderboard.pages.reference.reference_search import crystal_of, list_html, matching_rows
from reference_data.queries.query import Query, QueryError, containing, parse
from reference_data.reference import set_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.pages.parts.entrance import Values
    from leaderboard.pages.reference.reference_hull import HullSection
    from leaderboard.store.local import Store

# the address of the page is the link to the set shown and to what was searched for in it
_LINK = (
    "(name, query) => { if (name) history.replaceState(null, '', '?reference=' + encodeURIComponent(name) + "
    "(query ? '&find=' + encodeURIComponent(query) : '')); }"
)


@dataclass(frozen=True)
class ReferencePage:
    """What the rest of the app drives: set ``search``, then ``choice`` to a set's name, to show it."""

    choice: gr.Dropdown
    search: gr.Textbox
    hull: HullSection
    entrance: Entrance


def build(store: Store) -> ReferencePage:
    """Lay the page out in the current block."""
    # nothing inside the page may be changed before the page itself is shown: the browser would lose the change
    shown, page, chosen = gr.State(None), gr.State(1), gr.State(None)
    with gr.Row(elem_classes="controls"):
        choice = gr.Dropdown(lookup.built_sets(), value=None, label="Reference set", elem_id="reference_choice")
        search = text_box("Formula or chemical system", placeholder="TiO2, Ti-O or Ti-O-*", elem_id="reference_search")
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
                drawing = viewer("reference_drawing")
        hull = reference_hull.build(store, choice)
        groups = gr.Plot(show_label=False, elem_id="plot_reference_groups")
        with gr.Accordion("Sources and hulls", open=True):
            sources = _html("reference_sources")

    def show(name: str | None, query: str) -> tuple[object, ...]:
        if not name:
            return None, gr.skip(), gr.Column(visible=False), *(gr.skip(),) * (3 + len(narrowed) + len(hull.outputs))
        return name, *_set(name), *_narrowed(name, query), *hull.fill(name, _drawable(query))

    def narrow(shown: str | None, query: str) -> tuple[object, ...]:
        return _narrowed(shown, query) if shown else (gr.skip(),) * len(narrowed)

    def follow(shown: str | None, query: str) -> object:
        return (_drawable(query) if shown else None) or gr.skip()

    drawn = [words, legend, drawing]
    narrowed = [elements, page, chosen, listed, *drawn]
    inputs = [choice, search]
    choice.change(show, inputs, [shown, head, content, systems, groups, sources, *narrowed, *hull.outputs], **QUIET)
    choice.input(None, inputs, None, js=_LINK, **QUIET)
    search.change(narrow, [shown, search], narrowed, trigger_mode="always_last", **QUIET).then(
        None, inputs, js=_LINK, **QUIET
    )
    search.change(follow, [shown, search], hull.system, trigger_mode="always_last", **QUIET)
    elements.select(_toggled, search, search, **QUIET)
    systems.select(_clicked, None, search, **QUIET)
    listed.click(_turned, [*inputs, chosen], [page, listed], **QUIET)
    listed.select(_chosen, [*inputs, page], [chosen, listed, *drawn], **QUIET).then(
        _system_of, [choice, chosen], hull.system, **QUIET
    )

    def enter(parameters: Mapping[str, str]) -> Values | None:
        name = parameters.get("reference")
        # the board has a parameter of this name too
        if name is None or parameters.get("page", "reference") != "reference":
            return None
        if name not in lookup.built_sets():
            msg = f"the reference set {name[:100]!r} is not built here; these are: {', '.join(lookup.built_sets())}"
            raise LookupError(msg)
        return {search: parameters.get("find", ""), choice: name}

    return ReferencePage(choice, search, hull, Entrance("reference", [search, choice], enter))


def _html(elem_id: str, value: str = "") -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def _set(name: str) -> tuple[object, ...]:
    """What does not depend on a question: head, content, chemical systems, space groups, sources."""
    reference = lookup.opened(name)
    counts = {int(group): n for group, n in reference.statistics["space_groups"].items() if group != "unknown"}
    missing = [other for other in set_names() if other not in lookup.built_sets()]
    return (
        head_html(reference) + not_built_html(missing),
        gr.Column(visible=True),
        systems_html(lookup.catalogue(reference)),
        plots.space_group_counts(counts, "crystals"),
        sources_html(reference.manifest) + hulls_html(reference.manifest),
    )


def _narrowed(name: str, query: str) -> tuple[object, ...]:
    """What follows from a question: the periodic table, its first crystals, the first of them drawn."""
    reference = lookup.opened(name)
    rows = matching_rows(reference, query)
    first = int(rows[0]) if len(rows) else None
    return (
        elements_html(lookup.catalogue(reference), _query(query)),
        1,
        first,
        list_html(reference, query, 1, first),
        *_crystal(name, first),
    )


def _turned(name: str, query: str, chosen: int | None, event: gr.EventData) -> tuple[int, str]:
    page = int(event.page)
    return page, list_html(lookup.opened(name), query, page, chosen)


def _chosen(name: str, query: str, page: int, event: gr.EventData) -> tuple[object, ...]:
    row = int(event.id)
    return row, list_html(lookup.opened(name), query, page, row), *_crystal(name, row)


def _toggled(query: str, event: gr.EventData) -> str:
    return str(containing({event.id} ^ set(_query(query).elements)))


def _clicked(event: gr.EventData) -> str:
    return str(event.id)


def _system_of(name: str, row: int) -> str:
    return str(lookup.opened(name).rows([row], ["chemical_system"])["chemical_system"][0])


def _crystal(name: str, row: int | None) -> tuple[object, ...]:
    """Words, legend and drawing of one crystal."""
    words, scene = crystal_of(lookup.opened(name), row)
    return words, legend_html(scene), scene


def _query(query: str) -> Query:
    """The question, or the one for everything where it cannot be read: the list says what is wrong with it."""
    try:
        return parse(query)
    except QueryError:
        return Query()


def _drawable(query: str) -> str | None:
    """The chemical system that is asked for, where a hull can be shown of it."""
    elements = _query(query).elements
    return "-".join(elements) if 1 < len(elements) <= MOST_ELEMENTS else None
