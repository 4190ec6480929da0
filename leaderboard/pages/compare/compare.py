"""Two or more models side by side: each score with its interval, the difference with its own, and a plain word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.board.comparison import CLEAR, caveats, compare, summary
from leaderboard.board.ranking import APPROVED, MODEL, SPREAD, run_variances, score_rows
from leaderboard.board.references import ReferenceVersion
from leaderboard.pages.parts import plots, runs
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.markup import UNKNOWN, Interval, interval, notice, number, text
from leaderboard.pages.texts.hull_shown import banner_html
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.board.comparison import Against, Line
    from leaderboard.board.kept import KeptBoard
    from leaderboard.board.table import Board
    from leaderboard.pages.parts.entrance import Values
    from leaderboard.protocol import Protocol
    from leaderboard.records import ScoreEntry
    from leaderboard.score_key import ScoreKey
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run
    from metrics.statistics.runs import RunVariance

MOST = 6
"""Runs that can be compared at once: more do not fit a table that is read."""

_SMALLEST_P = 0.001

# the address of the page is the link to what is compared
_LINK = (
    "(runs) => { if (runs && runs.length) history.pushState(null, '', '?compare=' + "
    "runs.map(encodeURIComponent).join(',')); }"
)
_HOW = (
    "The difference is to the first model, in percentage points for shares; in brackets its own 95% interval. A model "
    "is called better or worse (higher or lower, for scores without a better end) only where p, after Holm's "
    "correction over {n} comparisons (every score, every pair), is below 0.05: of pages that compare models without "
    "any difference, at most one in twenty calls one. Where one of two values has no interval, nothing is called."
)
_SPREAD_KNOWN = (
    " Intervals and p hold the spread between runs of a model for {n} of {scores} scores, pooled over the models with "
    "several runs."
)
_SPREAD_UNKNOWN = (
    " No comparable model has several runs, so the spread between training or sampling runs is unknown and in none of "
    "these numbers: a clear difference is one between these runs."
)


@dataclass(frozen=True)
class ComparePage:
    """What the rest of the app drives: set ``choice`` to the ids of runs to compare them."""

    choice: gr.Dropdown
    entrance: Entrance


def build(store: Store, boards: KeptBoard, protocol: Protocol) -> ComparePage:
    """Lay the page out in the current block."""
    choice = gr.Dropdown(
        [],
        value=[],
        multiselect=True,
        max_choices=MOST,
        # the choices come when the page is opened
        allow_custom_value=True,
        label="Models and runs; the others are compared with the first",
        elem_id="compare_choice",
    )
    body = gr.HTML(page([], None, protocol), elem_id="compare", apply_default_css=False, js_on_load=None)
    figure = gr.Plot(show_label=False, visible=False, elem_id="plot_compare")

    def show(identifiers: list[str] | None) -> tuple[object, ...]:
        compared = [run for name in (identifiers or [])[:MOST] if (run := runs.find(store, name)) is not None]
        if len(compared) < 2:  # noqa: PLR2004 - a comparison takes two
            return page(compared, None, protocol), gr.Plot(visible=False)
        lines = [line for line in compare(compared, protocol).lines if line.in_headline and line.unit == "share"]
        names = [run.label for run in compared]
        return page(compared, boards.board(), protocol), gr.Plot(plots.side_by_side(names, lines), visible=True)

    choice.change(show, choice, [body, figure], **QUIET)
    choice.input(None, choice, None, js=_LINK, **QUIET)

    def enter(parameters: Mapping[str, str]) -> Values | None:
        if "compare" not in parameters:
            return None
        return {choice: gr.Dropdown(runs.choices(store), value=named_runs(store, parameters["compare"]))}

    return ComparePage(choice, Entrance("compare", [choice], enter))


def named_runs(store: Store, names: str) -> list[str]:
    """Ids of the runs that ``?compare=`` names, each once.

    Raises:
        LookupError: see `runs.linked`.

    """
    named = [runs.linked(store, name.strip()) for name in names.split(",")[: 2 * MOST]]
    return list(dict.fromkeys(run.id for run in named))[:MOST]


def first_two(table: Board) -> list[str]:
    """Ids of the runs of the two models at the top of the board, for a visitor who chose none."""
    models = table.runs[table.runs["status"] == APPROVED].drop_duplicates(MODEL)
    return [str(run) for run in models["run"].head(2)] if len(models) > 1 else []


def page(compared: Sequence[Run], table: Board | None, protocol: Protocol) -> str:
    """The comparison as HTML; ``table`` is the board, which knows about several runs of a model."""
    if len(compared) < 2 or table is None:  # noqa: PLR2004 - a comparison takes two
        return '<p class="dim">Choose two models or more.</p>'
    between = run_variances(table.runs, table.scores, compared[0].id, protocol)
    lines, n_comparisons = compare(compared, protocol, between)
    warnings = "".join(notice("note", f"Compare with care: {caveat}.") for caveat in caveats(compared))
    with_energies = [run.record for run in compared if run.record.potentials]
    sets = dict.fromkeys(record.reference for record in with_energies if record.reference_indicative)
    warnings += "".join(banner_html(name, protocol) for name in sets)
    sentences = "".join(f"<p>{text(sentence)}</p>" for sentence in summary(compared, lines))
    headline = [line for line in lines if line.in_headline]
    others = [line for line in lines if not line.in_headline]
    folded = (
        f"<details><summary>{len(others)} more scores</summary>{_table(compared, others)}</details>" if others else ""
    )
    several = "".join(f"<li>{_runs_of(run, table, protocol)}</li>" for run in compared)
    return (
        f'{warnings}<div class="lead compared">{sentences}</div>{_table(compared, headline)}{folded}'
        f'<ul class="reasons">{several}</ul><p class="legend">{_how(lines, n_comparisons, between)}</p>'
    )


def _how(lines: Sequence[Line], n_comparisons: int, between: Mapping[ScoreKey, RunVariance]) -> str:
    """How the differences are judged, and what they know of the spread between runs."""
    columns = {key.column for key in between}
    n_known = sum(line.name in columns for line in lines)
    spread = _SPREAD_KNOWN.format(n=n_known, scores=len(lines)) if n_known else _SPREAD_UNKNOWN
    return text(_HOW.format(n=f"{n_comparisons:,}") + spread)


def _table(compared: Sequence[Run], lines: Sequence[Line]) -> str:
    first, *others = [text(run.label) for run in compared]
    head = f'<th scope="col">Score</th><th scope="col" class="right">{first}</th>'
    head += "".join(
        f'<th scope="col" class="right start">{name}</th><th scope="col">difference</th>' for name in others
    )
    body = "".join(_row(line) for line in lines)
    table = f'<table class="compare"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _row(line: Line) -> str:
    unit = "%" if line.unit == "share" else line.unit
    cells = "".join(_cells(other, line.unit) for other in line.others)
    return (
        f'<tr data-score="{text(line.name)}"><th scope="row">{text(line.label)}'
        f'<span class="interval">{text(unit)}</span></th>'
        f'<td class="right score">{_value(line.first, line.unit)}</td>{cells}</tr>'
    )


def _cells(other: Against, unit: str) -> str:
    shown = f'<td class="right score start">{_value(other.score, unit)}</td>'
    if other.difference is None or other.p_value is None:
        words = UNKNOWN if other.verdict == "not comparable" else f"<em>{text(other.verdict)}</em>"
        return f'{shown}<td class="verdict">{words}</td>'
    ends = f"[{_signed(other.difference.low, unit)}, {_signed(other.difference.high, unit)}]"
    css = "verdict clear" if other.verdict in CLEAR else "verdict"
    p_value = "p &lt; 0.001" if other.p_value < _SMALLEST_P else f"p = {other.p_value:.3f}"
    return (
        f'{shown}<td class="{css}"><span class="value">{_signed(other.difference.value, unit)} '
        f'<em>{text(other.verdict)}</em></span><span class="interval">{ends}, {p_value}</span></td>'
    )


def _value(score: ScoreEntry | None, unit: str) -> str:
    if score is None:
        return UNKNOWN
    return interval(Interval(score.value, score.low, score.high, score.n_counted), unit)


def _signed(value: float, unit: str) -> str:
    """A difference with its sign; one that rounds to zero has none."""
    shown = number(abs(value), unit)
    if not float(shown):
        return shown
    return f"+{shown}" if value > 0 else f"\u2212{shown}"


def _runs_of(run: Run, table: Board, protocol: Protocol) -> str:
    """How many runs of the model there are, and their spread of the ranking score."""
    name = text(run.label)
    version = ReferenceVersion(run.record.reference, run.record.reference_hash)
    ranking = table.ranking(table.references.get(version, version.name), protocol)
    several = score_rows(table.scores, ranking)[list(SPREAD)].dropna()
    if run.id not in several.index:
        return f"{name}: one run; the spread between runs of the model is unknown."
    score = registry()[ranking.name]
    spread, mean, least, most = (
        number(value, score.unit) for value in several.loc[[run.id]].to_numpy(dtype=float)[0].tolist()
    )
    n_runs = table.runs.set_index("run")["n_runs"][run.id]
    values = f"{mean} \u00b1 {spread} (standard deviation), {least} to {most}"
    return f"{name}: {n_runs} runs; {text(score.label)} {values}."
