"""What stands around the board: how to read it, in four lines; how it is made; its state, and how to cite it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.board.calibrated import ranking_text
from leaderboard.calibration.ledger import ledger, record_text
from leaderboard.pages.parts.markup import code_block, text
from leaderboard.pages.texts.hull_shown import figures_html
from leaderboard.pages.texts.potential_standing import against_dft, on_matbench
from leaderboard.release import release

if TYPE_CHECKING:
    from leaderboard.board.table import Board
    from leaderboard.calibration.ledger import Check
    from leaderboard.pages.board.selection import Selection
    from leaderboard.protocol import Protocol

TITLE = "LeMaterial crystal generation leaderboard"

_CALIBRATED = (
    "Expected by DFT: how many of the structures DFT would find so, by a calibration of the potential on structures "
    "with DFT labels; the 95% interval holds the calibration's own uncertainty. Raw: the potential's verdicts."
)
_RANKS = (
    "Under a rank stand the ranks that the model takes in 95% of boards on which all models are sampled anew, with the "
    "spread between runs where models have several; with one run that spread is unknown, and it is larger than the "
    "interval. Unranked models of equal size have a range among themselves."
)
_TIED = (
    "Tied: no clear difference after Holm's correction over all pairs of models, so that in 95 of 100 boards no two "
    "models in the wrong order are said to be apart."
)
_BEST_OF = (
    "Best of N: so many attempts were scored, as the card says, and the best submitted; what that gained is taken off "
    "before models are ranked."
)
_VALUES = (
    "Distances are in units of (V/N)<sup>1/3</sup>, V/N the volume per site. Intervals are made as the definition of "
    "each score says; too few structures, or structures without any spread, give a value and no interval. Of several "
    "runs the mean is shown with the interval of that mean, and their standard deviation below it."
)
_UNREVIEWED = "Unverified rows wait for the maintainers' review: they take part in no rank, mean or best."


def legend_html(table: Board, reference: str, protocol: Protocol) -> str:
    """How to read the board of a reference set: four lines."""
    indicative = table.is_indicative(reference)
    word = "Indicative rank" if indicative else "Rank"
    small = ", small, so that its numbers are indicative" if indicative else ""
    lines = {
        word: f"by {text(ranking_text(table, reference, protocol))}; submissions of exactly {protocol.n_ranked:,} "
        "structures; below it the 95% range",
        "Values": "percent of all submitted structures, or the unit under the heading; in a lighter tone the 95% "
        "interval",
        "Bold": "best value of a column among the ranked models",
        "Against": f"reference set {text(table.reference_label(reference))}{small}; protocol {text(protocol.name)} "
        f"({text(protocol.status)})",
    }
    items = "".join(f"<div><dt>{term}</dt><dd>{meaning}</dd></div>" for term, meaning in lines.items())
    return f'<dl class="key">{items}</dl>'


def method_html(table: Board, reference: str, protocol: Protocol) -> str:
    """How ranks, ties and intervals are made, folded."""
    ranking = table.ranking(reference, protocol)
    lines = [_RANKS, _TIED, _BEST_OF, _VALUES]
    if any(key.is_calibrated for key in table.keys):
        lines += [text(_CALIBRATED), text(record_text(_checks(protocol)))]
    if (table.runs["status"] == "unverified").any():
        lines.append(_UNREVIEWED)
    if any(key.variant for key in table.keys):
        lines.append(text(on_matbench(protocol.potentials[0])))
    if ranking.is_calibrated:  # no figure of another hull than the one shown
        lines.append(text(against_dft(protocol.potentials[0])))
    if ranking.variant:
        lines.append(figures_html(reference, protocol))
    paragraphs = "".join(f"<p>{line}</p>" for line in lines if line)
    return f'<details class="method"><summary>How ranks, ties and intervals are made</summary>{paragraphs}</details>'


def footer_html(table: Board, selection: Selection, protocol: Protocol, query: str) -> str:
    """Links to exactly this board and its files, what state it is of, and how to cite it."""
    behind = f"?{query}" if query else ""
    page = behind or "?page=board"
    files = ", ".join(
        f'<a href="board.{form}{text(behind)}" download>{label}</a>'
        for form, label in (("csv", "CSV"), ("json", "JSON"), ("parquet", "Parquet"))
    )
    made = release()
    commit = f", commit {text(made.commit[:12])}" if made.commit else ""
    day, cited = state_day(table), citation(table, selection.reference, protocol)
    return (
        f'<div class="board-foot"><p><a href="{text(page)}">Link to this view</a>; download what is shown: {files}.</p>'
        f"<p>Data of {day}; {len(table.runs):,} runs; reference set {text(_reference(table, selection.reference))}; "
        f"protocol {text(protocol.name)} ({text(protocol.status)}), hash <code>{text(protocol.hash[:12])}</code>; "
        f"release {text(made.version)}{commit}.</p>"
        f"<details><summary>Cite</summary>{code_block(cited, 'BibTeX', 'Copy the citation')}</details></div>"
    )


def citation(table: Board, reference: str, protocol: Protocol) -> str:
    """BibTeX that names what a number of the board depends on."""
    day = state_day(table)
    return (
        "@software{lematerial_crystal_leaderboard,\n"
        f"  title   = {{{TITLE}}},\n"
        "  author  = {{LeMaterial}},\n"
        f"  version = {{{release().version}}},\n"
        f"  year    = {{{day[:4]}}},\n"
        f"  note    = {{Board of {day}, protocol {protocol.name} ({protocol.hash[:12]}), "
        f"reference set {_reference(table, reference)}}},\n"
        "}"
    )


def state_day(table: Board) -> str:
    """Day of the newest run, ISO."""
    newest = table.runs["created"].max()
    return str(newest)[:10] if isinstance(newest, str) else "no run yet"


def _reference(table: Board, reference: str) -> str:
    """Name and digits of the hash of the set."""
    hashes = [version.sha256 for version, name in table.references.items() if name == reference]
    return f"{reference} ({hashes[0][:12]})" if hashes else reference


def _checks(protocol: Protocol) -> list[Check]:
    """How the predictions by the potential that ranks turned out once DFT was asked."""
    return [check for check in ledger() if check.potential == protocol.potentials[0] and not check.relaxed]
