"""What a reference set is: its facts, its sources and its chemical systems as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.board.names import hull_name
from leaderboard.pages.parts.markup import UNKNOWN, facts, text
from leaderboard.pages.parts.periodic_table import periodic_table_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reference_data.files.manifest import ExperimentRecord, HullRecord, HullSourceRecord, Manifest, SourceRecord
    from reference_data.queries.catalogue import Catalogue
    from reference_data.queries.query import Query
    from reference_data.reference import Reference

N_LARGEST = 8
NUMBER_WORDS = {1: "unary", 2: "binary", 3: "ternary", 4: "quaternary"}


def head_html(reference: Reference) -> str:
    """Title, counts, terms, and what the set is not for."""
    manifest = reference.manifest
    pairs = {
        "Crystals": f"{manifest.n_crystals:,}",
        "Rows read": f"{manifest.n_read:,}",
        "Refused": f"{manifest.n_refused:,}",
        "Merged as the same crystal": f"{manifest.n_merged:,}",
        "Licence": text(manifest.licence),
        "Use": "indicative: no ranking rests on it" if manifest.indicative else "ranking",
        "Fingerprint versions": text(_versions(manifest.fingerprints)),
        "Builder": f"version {manifest.builder_version}",
        "Manifest": f"<code>{text(reference.manifest_sha256[:12])}</code>",
    }
    return (
        f'<h2 class="run">{text(manifest.name)} <span class="dim">{text(manifest.title)}</span></h2>{facts(pairs)}'
        f'<p class="lead">Not for: {text(manifest.not_for)}</p>'
    )


def not_built_html(names: Sequence[str]) -> str:
    """Sets that are defined but not built here; nothing where there is none."""
    if not names:
        return ""
    build = "<code>python -m reference_data build</code>"
    return (
        f'<p class="legend">Defined, but not built on this machine: {text(", ".join(names))}. Build with {build}.</p>'
    )


def sources_html(manifest: Manifest) -> str:
    """One row for each source with what became of its rows, then how to cite each."""
    names = ("Source", "Read", "Refused", "Merged", "Shared", "Refused because", "Licence")
    counts = names[1:5]
    head = "".join(f'<th scope="col" class="{"right" if name in counts else ""}">{name}</th>' for name in names)
    body = "".join(_source(source) for source in manifest.sources)
    legend = (
        "Refused: rows that gave no crystal. Merged: rows that are the same crystal as another row of the source. "
        "Shared: crystals that another source has too."
    )
    measures = {name: record.version for name, record in manifest.measures.items()}
    return (
        f'<div class="scroll"><table class="sources"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f'<p class="legend">{legend} Versions of the measurements: {text(_versions(measures))}.</p>'
        f'<ul class="reasons">{"".join(_citation(source) for source in manifest.sources)}</ul>'
    )


def hulls_html(manifest: Manifest) -> str:
    """One row for each convex hull of the set, then how to cite its tables of energies; nothing where it has none."""
    if not manifest.hulls:
        return ""
    names = (
        "Hull",
        "Entries",
        "On the hull",
        "From the crystals",
        "Elemental references",
        "From experiment",
        "Tables of energies",
    )
    head = "".join(f'<th scope="col" class="{"right" if name in names[1:5] else ""}">{name}</th>' for name in names)
    body = "".join(_hull(hull) for hull in manifest.hulls)
    sources = {source.name: source for hull in manifest.hulls for source in hull.sources}
    return (
        f'<div class="scroll"><table class="sources"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        '<p class="legend">Elemental references: elements with a total energy, from which formation energies count. '
        "From experiment: mean absolute difference of formation energies from measured ones, eV/atom, and the median "
        "of hull less measurement.</p>"
        f'<ul class="reasons">{"".join(_citation(source) for source in sources.values())}</ul>'
    )


def elements_html(catalogue: Catalogue, query: Query) -> str:
    """Periodic table of the crystals that contain the elements of the question, by what else they contain."""
    counts = catalogue.crystals_with(query.elements)
    if query.elements:
        chosen = " and ".join(text(symbol) for symbol in query.elements)
        lead = f"Crystals with {chosen} that also contain the element. Click an element to add or remove it."
    else:
        lead = "Crystals that contain the element. Click an element to see what it occurs with."
    note = "The deeper the colour, the more crystals, on a logarithmic scale."
    return f'<p class="legend">{lead} {note}</p>' + periodic_table_html(counts, query.elements, "crystals")


def systems_html(catalogue: Catalogue) -> str:
    """Chemical systems by number of elements, with the largest of each; these report themselves as ``data-id``."""
    rows = []
    for size, (n_systems, n_crystals) in catalogue.by_number_of_elements().items():
        largest = ", ".join(
            f'<button type="button" class="link" data-id="{text(name)}" title="{n_formulas:,} formulas">{text(name)}'
            f"</button> {n_of_system:,}"
            for name, n_formulas, n_of_system in catalogue.largest_systems(N_LARGEST, size)
        )
        word = NUMBER_WORDS.get(size, f"{size} elements")
        rows.append(
            f'<tr><th scope="row">{word}</th><td class="right">{n_systems:,}</td><td class="right">{n_crystals:,}</td>'
            f'<td class="why">{largest}</td></tr>'
        )
    head = (
        '<th scope="col">Elements</th><th scope="col" class="right">Systems</th>'
        '<th scope="col" class="right">Crystals</th><th scope="col">Largest, with their crystals</th>'
    )
    body = "".join(rows)
    return (
        f'<div class="scroll"><table class="systems"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _source(source: SourceRecord) -> str:
    reasons = ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in source.refused.items())
    counts = (source.n_read, sum(source.refused.values()), source.n_merged_within, source.n_shared)
    cells = "".join(f'<td class="right">{count:,}</td>' for count in counts)
    return (
        f'<tr><th scope="row">{text(source.name)}</th>{cells}<td class="why">{text(reasons)}</td>'
        f"<td>{text(source.licence)}</td></tr>"
    )


def _hull(hull: HullRecord) -> str:
    counts = (hull.n_entries, hull.n_vertices, hull.n_of_crystals, hull.n_elemental_references)
    cells = "".join(f'<td class="right">{count:,}</td>' for count in counts)
    tables = ", ".join(f"{source.name} {source.n_entries:,}" for source in hull.sources)
    return (
        f'<tr><th scope="row">{text(hull_name(hull.convention))}</th>{cells}'
        f'<td class="why">{_experiment(hull.experiment)}</td><td class="why">{text(tables)}</td></tr>'
    )


def _experiment(experiment: ExperimentRecord) -> str:
    if experiment.mean_absolute_difference is None or experiment.median_difference is None:
        return UNKNOWN
    return (
        f"{experiment.mean_absolute_difference:.3f} for {experiment.n_compared:,} measured compounds, "
        f"median {experiment.median_difference:+z.3f}"
    )


def _citation(source: SourceRecord | HullSourceRecord) -> str:
    works = "".join(f" doi:{text(doi)}" for doi in source.doi)
    return (
        f"<li>{text(source.name)}: {text(source.title)}. "
        f'<span class="dim">{text(source.citation)}.{works} {text(source.url)}</span></li>'
    )


def _versions(versions: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in versions.items())
