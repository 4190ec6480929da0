"""One structure in full: its verdicts in words, its drawing, and the reference crystal it matches beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr

from leaderboard.pages.parts import runs
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.lookup import NoReferenceError, reference_crystal
from leaderboard.pages.parts.markup import UNKNOWN, facts, formula, text, yes_no
from leaderboard.pages.parts.viewer import Scene, legend_html, scene, viewer
from leaderboard.pages.structures.energies_detail import energies_html, relaxed_scene
from leaderboard.pages.structures.structures import CHARGE_RULES, MATCH_RULES, cautions, reasons, record_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.pages.structures.panel import Panel
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run


@dataclass(frozen=True)
class Drawing:
    """What the page shows of a record: words (HTML), its crystal, that relaxed, the reference crystal it matches."""

    words: str
    submitted: Scene | None
    relaxed: Scene | None
    match: Scene | None


def drawing(run: Run | None, chosen: str | None) -> Drawing:
    """Gather a record's words and drawings; empty where the run or the record does not exist."""
    row = record_of(runs.columns(run.path), chosen) if run and chosen is not None else None
    if run is None or row is None:
        return Drawing('<p class="dim">Choose a structure in the table.</p>', None, None, None)
    crystal = runs.crystal(run.path, row["id"])
    submitted = None if crystal is None else scene(crystal, str(row["id"]))
    relaxed = relaxed_scene(run.path, row["sha256"])
    words = _words(row) + _energies(run, row)
    if crystal is None and row["refusal"] is None:
        words += '<p class="dim">Not drawn: this run ships without its structures; its source has them.</p>'
    matched = row["matched_id"]
    if matched is None:
        return Drawing(words, submitted, relaxed, None)
    reference = run.record.reference
    try:
        other = reference_crystal(reference, run.record.reference_hash, row["reduced_formula"], matched)
    except NoReferenceError as error:
        note = f'<p class="dim">The matching crystal is not drawn: {text(error)}.</p>'
        return Drawing(words + note, submitted, relaxed, None)
    return Drawing(words, submitted, relaxed, scene(other, f"{matched}, {reference}"))


@dataclass(frozen=True)
class Detail:
    """The part's components: ``outputs`` is what :func:`fill` fills, in its order."""

    outputs: list[gr.components.Component | gr.Column]


def build(store: Store, table: Panel, prefix: str) -> Detail:
    """Lay the part out in the current block; it shows the record that is clicked in the table."""
    words = gr.HTML(elem_id=f"{prefix}_words", apply_default_css=False, js_on_load=None)
    with gr.Row(equal_height=True, elem_classes="drawings"):
        with gr.Column(min_width=220):
            submitted_legend = gr.HTML(apply_default_css=False, js_on_load=None)
            submitted = viewer(f"{prefix}_drawing")
        with gr.Column(min_width=220, visible=False) as relaxed_column:
            relaxed_legend = gr.HTML(apply_default_css=False, js_on_load=None)
            relaxed = viewer(f"{prefix}_relaxed")
        with gr.Column(min_width=220, visible=False) as match_column:
            match_legend = gr.HTML(apply_default_css=False, js_on_load=None)
            match = viewer(f"{prefix}_match")
    relaxed_parts = [relaxed_column, relaxed_legend, relaxed]
    outputs = [words, submitted_legend, submitted, *relaxed_parts, match_column, match_legend, match]

    def choose(run: str | None, event: gr.EventData) -> tuple[object, ...]:
        return fill(runs.find(store, run), event.id)

    table.table.select(choose, table.run, outputs, **QUIET)
    return Detail(outputs)


def fill(run: Run | None, chosen: str | None) -> tuple[object, ...]:
    """What shows a record of a run: values for ``Detail.outputs``."""
    shown = drawing(run, chosen)
    return (
        shown.words,
        legend_html(shown.submitted),
        shown.submitted,
        gr.Column(visible=shown.relaxed is not None),
        legend_html(shown.relaxed),
        shown.relaxed,
        gr.Column(visible=shown.match is not None),
        legend_html(shown.match),
        shown.match,
    )


def _words(row: Mapping[str, Any]) -> str:
    verdicts = {
        "Readable": yes_no(verdict=row["refusal"] is None),
        "Valid": yes_no(verdict=row["valid"]),
        "Charge-neutral": yes_no(verdict=row["charge_valid"]) + _because(CHARGE_RULES.get(row["charge_rule"] or "")),
        "Minimum distance": yes_no(verdict=row["distance_valid"]),
        "Plausible": yes_no(verdict=row["plausible"]),
        "Unique": yes_no(verdict=row["unique"]),
        "Novel": yes_no(verdict=None if row["in_reference"] is None else not row["in_reference"])
        + _because(MATCH_RULES.get(row["identity_rule"] or "")),
        "Space group": UNKNOWN if row["space_group"] is None else str(row["space_group"]),
        "Sites": UNKNOWN if row["n_sites"] is None else str(row["n_sites"]),
        "Density": UNKNOWN if row["density"] is None else f"{row['density']:.2f} g/cm<sup>3</sup>",
    }
    title = formula(row["reduced_formula"]) if row["reduced_formula"] else "not readable"
    against = reasons(row)
    listed = "".join(f"<li>{text(reason)}</li>" for reason in against)
    verdict = f'<ul class="reasons">{listed}</ul>' if against else "<p>Valid, unique and novel.</p>"
    near = "".join(f"<li>{text(caution)}</li>" for caution in cautions(row))
    verdict += f'<p class="dim">Novel, but:</p><ul class="reasons">{near}</ul>' if near else ""
    return f'<h3 class="structure">{text(row["id"])} <span class="dim">{title}</span></h3>{verdict}{facts(verdicts)}'


def _energies(run: Run, row: Mapping[str, Any]) -> str:
    """What the potentials say, and the link to the hull that they are measured on; nothing without energies."""
    said = energies_html(run.path, row["sha256"])
    if not said or row["chemical_system"] is None:
        return said
    reference, system = run.record.reference, str(row["chemical_system"])
    link = f"?reference={quote(reference)}&amp;find={quote(system)}"
    return f'{said}<p class="legend"><a href="{link}">Convex hull of {text(system)}</a></p>'


def _because(rule: str | None) -> str:
    return f', <span class="dim">{text(rule)}</span>' if rule else ""
