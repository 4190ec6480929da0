"""One structure in full: its verdicts in words, its drawing, and the reference crystal it matches beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr

from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.lookup import NoReferenceError, reference_crystal
from leaderboard.pages.parts.markup import UNKNOWN, facts, formula, text, yes_no
from leaderboard.pages.parts.viewer import Scene, legend_html, scene, viewer
from leaderboard.pages.structures.energies_detail import energies_html, relaxed_scene
from leaderboard.pages.structures.panel import structures_html
from leaderboard.pages.structures.reasons import CHARGE_RULES, MATCH_RULES, cautions, reasons
from leaderboard.pages.structures.structures import contact_of, record_of, structure_link

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from leaderboard.store.run import Run

MOST_DUPLICATES = 8
"""So many duplicates of a structure are named; of more, how many there are."""


@dataclass(frozen=True)
class Drawing:
    """What the page shows of a record: words (HTML), its crystal, that relaxed, the reference crystal it matches."""

    words: str
    submitted: Scene | None
    relaxed: Scene | None
    match: Scene | None


def drawing(run: Run | None, chosen: str | None) -> Drawing:
    """Gather a record's words and drawings; empty where the run or the record does not exist."""
    # as the table has them: of duplicates the lowest in energy is the unique one
    rows = energy_views.facts(run.path) if run else None
    row = record_of(rows, chosen) if rows is not None and chosen is not None else None
    if run is None or rows is None or row is None:
        return Drawing('<p class="dim">Choose a structure in the table.</p>', None, None, None)
    crystal = runs.crystal(run.path, row["id"])
    submitted = None if crystal is None else scene(crystal, str(row["id"]))
    relaxed = relaxed_scene(run.path, row["sha256"])
    words = _words(run, row, _duplicates(run, rows, row)) + _energies(run, row)
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
    """The part's components: ``outputs`` is what :func:`fill` fills, in its order; ``words`` report links clicked."""

    words: gr.HTML
    outputs: list[gr.components.Component | gr.Column]


def build(prefix: str) -> Detail:
    """Lay the part out in the current block."""
    words = structures_html(f"{prefix}_words", "words")
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
    return Detail(words, [words, submitted_legend, submitted, *relaxed_parts, match_column, match_legend, match])


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


def _words(run: Run, row: Mapping[str, Any], duplicates: str) -> str:
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
    against = reasons(row, contact_of(run, row))
    listed = "".join(f"<li>{text(reason)}</li>" for reason in against)
    verdict = f'<ul class="reasons">{listed}</ul>' if against else "<p>Valid, unique and novel.</p>"
    near = "".join(f"<li>{text(caution)}</li>" for caution in cautions(row))
    verdict += f'<p class="dim">Novel, but:</p><ul class="reasons">{near}</ul>' if near else ""
    name = text(row["id"])
    return (
        '<p class="back"><button type="button" data-back>Back to the table</button></p>'
        f'<h3 class="structure" tabindex="-1" data-id="{name}">{name} <span class="dim">{title}</span></h3>'
        f"{verdict}{duplicates}{facts(verdicts)}"
        f'<p class="legend"><a href="{structure_link(run, row["id"])}">Link to this structure</a></p>'
    )


def _duplicates(run: Run, rows: pd.DataFrame, row: Mapping[str, Any]) -> str:
    """Links to the structures of the submission that are the same crystal; nothing where there are none."""
    of = row["duplicate_of"] or row["id"]
    alike = rows["id"][((rows["duplicate_of"] == of) | (rows["id"] == of)).fillna(value=False).astype(bool)]
    others = [str(identifier) for identifier in alike if identifier != row["id"]]
    if not others:
        return ""
    # the one that stands for all comes first
    named = sorted(others, key=lambda identifier: identifier != of)[:MOST_DUPLICATES]
    links = ", ".join(
        f'<a href="{structure_link(run, name)}" data-id="{text(name)}">{text(name)}</a>' for name in named
    )
    more = f" and {len(others) - len(named):,} more" if len(others) > len(named) else ""
    return f'<p class="same">The same crystal in this submission: {links}{more}.</p>'


def _energies(run: Run, row: Mapping[str, Any]) -> str:
    """What the potentials say, and the link to the hull that they are measured on; nothing without energies."""
    reference = run.record.reference
    said = energies_html(run.path, row["sha256"], reference)
    if not said or row["chemical_system"] is None:
        return said
    system = str(row["chemical_system"])
    link = f"?reference={quote(reference)}&amp;find={quote(system)}"
    return f'{said}<p class="legend"><a href="{link}">Convex hull of {text(system)}</a></p>'


def _because(rule: str | None) -> str:
    return f', <span class="dim">{text(rule)}</span>' if rule else ""
