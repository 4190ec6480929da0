"""The convex hull of a chemical system of a reference set, with the structures of a run in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.board.names import hull_name
from leaderboard.pages.parts import lookup
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.markup import formula, text
from leaderboard.pages.parts.text_box import text_box
from leaderboard.pages.reference.hull_data import MOST_ELEMENTS, MOST_OTHERS, SystemHull, submitted, system_hull
from leaderboard.pages.reference.overlays import overlays, rows_of
from leaderboard.pages.reference.plots_hull import BINARY, TERNARY, hull_figure
from metrics.scores.sun import SPARSE_HULL_ENTRIES
from reference_data.queries.query import QueryError, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import plotly.graph_objects as go

    from leaderboard.pages.reference.plots_hull import Phase
    from leaderboard.store.local import Store
    from reference_data.reference import Reference

MOST_LISTED = 200
NOTHING = "none"
_NO_HULL = '<p class="dim">This set has no energies, so it has no convex hull.</p>'


@dataclass(frozen=True)
class HullSection:
    """The section's components.

    Attributes:
        system: the chemical system shown; set it to show another one.
        outputs: what ``fill`` fills, in its order.
        fill: shows a set, by its name, and a chemical system of it (None: its largest one that can be drawn).
        refresh: looks for runs that came since.
        refreshed: inputs and output of ``refresh``.

    """

    system: gr.Textbox
    outputs: list[gr.components.Component | gr.Row | gr.Column]
    fill: Callable[[str | None, str | None], tuple[object, ...]]
    refresh: Callable[..., object]
    refreshed: tuple[Sequence[gr.components.Component], gr.Dropdown]


def build(store: Store, choice: gr.Dropdown) -> HullSection:
    """Lay the section out in the current block; ``choice`` holds the name of the set."""
    gr.HTML("<h3>Convex hull</h3>", apply_default_css=False, js_on_load=None)
    with gr.Row(elem_classes="controls") as controls:
        system = text_box("Chemical system", placeholder="Al-Ni", elem_id="hull_system", min_width=140)
        convention = gr.Dropdown([], label="Hull", elem_id="hull_convention", min_width=140)
        overlay = gr.Dropdown(
            [(NOTHING, NOTHING)], value=NOTHING, label="Submitted structures", elem_id="hull_overlay", min_width=140
        )
    with gr.Row():
        with gr.Column(scale=3, min_width=320, visible=False) as beside:
            figure = gr.Plot(show_label=False, elem_id="plot_hull")
        with gr.Column(scale=2, min_width=320):
            table = gr.HTML(elem_id="hull_phases", apply_default_css=False, js_on_load=None)

    def draw(name: str | None, query: str, convention: str | None, overlay: str) -> tuple[object, ...]:
        if not name or not convention:
            return gr.skip(), gr.skip(), gr.skip()
        drawn, page = drawn_hull(store, lookup.opened(name), convention, query, overlay)
        return gr.Column(visible=drawn is not None), drawn, page

    def known(name: str | None, convention: str | None) -> list[tuple[str, str]]:
        drawable = overlays(store, lookup.opened(name), convention) if name and convention else []
        return [(NOTHING, NOTHING), *((overlay.label, overlay.key) for overlay in drawable)]

    def choices(name: str | None, convention: str | None) -> gr.Dropdown:
        return gr.Dropdown(known(name, convention), value=NOTHING)

    def refresh(name: str | None, convention: str | None) -> object:
        # before a set is shown there is nothing to refresh, and showing it may finish first
        return gr.Dropdown(known(name, convention)) if name and convention else gr.skip()

    def fill(name: str | None, query: str | None) -> tuple[object, ...]:
        conventions = lookup.opened(name).conventions if name else ()
        if not name or not conventions:
            return (
                gr.Row(visible=False),
                "",
                gr.Dropdown([], value=None),
                choices(None, None),
                *draw(None, "", None, ""),
            )
        shown = query or largest_system(lookup.opened(name), conventions[0])
        return (
            gr.Row(visible=True),
            shown,
            gr.Dropdown([(hull_name(convention), convention) for convention in conventions], value=conventions[0]),
            choices(name, conventions[0]),
            *draw(name, shown, conventions[0], NOTHING),
        )

    inputs = [choice, system, convention, overlay]
    outputs = [beside, figure, table]
    gr.on([system.change, overlay.input], draw, inputs, outputs, trigger_mode="always_last", **QUIET)
    convention.input(choices, [choice, convention], overlay, **QUIET).then(draw, inputs, outputs, **QUIET)
    return HullSection(
        system=system,
        outputs=[controls, system, convention, overlay, *outputs],
        fill=fill,
        refresh=refresh,
        refreshed=([choice, convention], overlay),
    )


def drawn_hull(
    store: Store, reference: Reference, convention: str, query: str, overlay: str
) -> tuple[go.Figure | None, str]:
    """Figure, of two or three elements, and table of a chemical system; a sentence where there is none to show."""
    try:
        elements = parse(query).elements
    except QueryError as error:
        return None, _note(f"{error}.")
    if not 1 <= len(elements) <= MOST_ELEMENTS:
        return None, _note(f"Name 1 to {MOST_ELEMENTS} elements, such as Al-Ni or Ti-O-Zn.")
    hull = system_hull(reference, convention, elements)
    missing = [symbol for symbol in elements if not _has_element(hull, symbol)]
    if missing:
        return None, _note(f"The {hull_name(convention)} has no entry of the element {', '.join(missing)}.")
    rows = rows_of(store, overlay)
    if rows is not None:
        new, known = submitted(*rows, elements)
        hull = replace(hull, diagram=replace(hull.diagram, new=new, known=known))
    drawable = len(elements) in (BINARY, TERNARY)
    return hull_figure(hull.diagram) if drawable else None, phases_html(hull, convention)


def largest_system(reference: Reference, convention: str) -> str:
    """The chemical system of two or three elements with the most entries."""
    systems = reference.hull_tables(convention).systems
    n_elements = systems["chemical_system"].str.count("-") + 1
    drawable = systems[n_elements.isin((BINARY, TERNARY))]
    shown = systems if drawable.empty else drawable
    return str(shown.sort_values(["n_entries", "chemical_system"], ascending=[False, True])["chemical_system"].iloc[0])


def phases_html(hull: SystemHull, convention: str) -> str:
    """The vertices of the hull, then the submitted structures, as tables under a line that counts them."""
    diagram = hull.diagram
    sparse = (
        f" A sparse hull: with fewer than {SPARSE_HULL_ENTRIES} entries, E above hull comes out too small."
        if hull.n_entries < SPARSE_HULL_ENTRIES
        else ""
    )
    above = f"; {len(diagram.others):,} crystals of the set lie above it" if diagram.others else ""
    cut = f" (of a large system only the first {MOST_OTHERS:,} are looked at)" if hull.cut else ""
    lead = (
        f'<p class="legend">{text("-".join(diagram.elements))} and its subsystems: '
        f"{len(diagram.vertices):,} of {hull.n_entries:,} entries are on the {text(hull_name(convention))}{above}"
        f"{cut}. Energies in eV/atom.{sparse}</p>"
    )
    vertices = sorted(
        diagram.vertices, key=lambda phase: (-sum(share > 0 for share in phase.fractions), phase.reduced_formula)
    )
    over = [(phase, "yes") for phase in diagram.new] + [(phase, "no") for phase in diagram.known]
    over.sort(key=lambda pair: (pair[0].e_above_hull is None, pair[0].e_above_hull))
    tables = _table("On the hull", [(phase, None) for phase in vertices])
    tables += _table("Submitted, lowest first", over) if over else ""
    return f'{lead}<div class="phases">{tables}</div>'


def _table(title: str, phases: Sequence[tuple[Phase, str | None]]) -> str:
    submitted_ones = any(new is not None for _, new in phases)
    head = f'<th scope="col">{title}</th><th scope="col">Id</th><th scope="col" class="right">Formation energy</th>'
    if submitted_ones:
        head += '<th scope="col" class="right">E above hull</th><th scope="col">Unique and novel</th>'
    body = "".join(_line(phase, new) for phase, new in phases[:MOST_LISTED])
    cut = _note(f"The first {MOST_LISTED} of {len(phases):,}.") if len(phases) > MOST_LISTED else ""
    return (
        f'<div class="scroll"><table class="structures"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"</div>{cut}"
    )


def _line(phase: Phase, new: str | None) -> str:
    cells = (
        f'<td>{formula(phase.reduced_formula)}</td><td class="id">{text(phase.name)}</td>'
        f'<td class="right">{phase.formation_energy:z.3f}</td>'
    )
    if new is not None:
        above = "?" if phase.e_above_hull is None else f"{phase.e_above_hull:z.3f}"
        cells += f'<td class="right">{above}</td><td>{new}</td>'
    return f"<tr>{cells}</tr>"


def _has_element(hull: SystemHull, symbol: str) -> bool:
    place = hull.diagram.elements.index(symbol)
    return any(phase.fractions[place] == 1 for phase in hull.diagram.vertices)


def _note(message: str) -> str:
    return f'<p class="dim">{text(message)}</p>'
