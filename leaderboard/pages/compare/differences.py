"""Scores of runs side by side: each with its interval, the difference to the first with its own, and a plain word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaderboard.board.comparison import BAND, CLEAR, caveats, compare, summary
from leaderboard.board.ranking import SPREAD, run_variances, score_rows
from leaderboard.board.references import ReferenceVersion
from leaderboard.pages.compare.stacked import Cell, Row, stacked
from leaderboard.pages.parts.markup import UNKNOWN, Interval, interval, notice, number, text
from leaderboard.pages.texts.hull_shown import banner_html
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.board.comparison import Against, Line
    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from leaderboard.records import ScoreEntry
    from leaderboard.score_key import ScoreKey
    from leaderboard.store.run import Run
    from metrics.statistics.runs import RunVariance

_SMALLEST_P = 0.001

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
_BAND = (
    " Metastable, MSUN and VMSUN leave the stable structures out, so a model loses by them what it moves onto the "
    "hull: they have no better end."
)


@dataclass(frozen=True)
class Differences:
    """Every score of runs side by side.

    Attributes:
        html: sentences, tables, and how to read them.
        shares: lines of the scores shown at first that are shares.

    """

    html: str
    shares: list[Line]


def differences(compared: Sequence[Run], labels: Sequence[str], table: Board, protocol: Protocol) -> Differences:
    """Compare runs.

    Args:
        compared: two at least; the others are compared with the first.
        labels: of the runs, as people tell them apart.
        table: the board, which knows about several runs of a model.
        protocol: gives the order and the headline.

    """
    between = run_variances(table.runs, table.scores, compared[0].id, protocol)
    lines, n_comparisons = compare(compared, protocol, between)
    warnings = "".join(notice("note", f"Compare with care: {caveat}.") for caveat in caveats(compared, labels))
    with_energies = [run.record for run in compared if run.record.potentials]
    sets = dict.fromkeys(record.reference for record in with_energies if record.reference_indicative)
    warnings += "".join(banner_html(name, protocol) for name in sets)
    sentences = "".join(f"<p>{text(sentence)}</p>" for sentence in summary(labels, lines))
    headline = [line for line in lines if line.in_headline]
    others = [line for line in lines if not line.in_headline]
    folded = (
        f"<details><summary>{len(others)} more scores</summary>{_table(labels, others)}</details>" if others else ""
    )
    several = "".join(
        f"<li>{_runs_of(run, label, table, protocol)}</li>" for run, label in zip(compared, labels, strict=True)
    )
    html = (
        f'{warnings}<div class="lead compared">{sentences}</div>{_table(labels, headline)}{folded}'
        f'<ul class="reasons">{several}</ul><p class="legend">{_how(lines, n_comparisons, between)}</p>'
    )
    return Differences(html, [line for line in headline if line.unit == "share"])


def _how(lines: Sequence[Line], n_comparisons: int, between: Mapping[ScoreKey, RunVariance]) -> str:
    """How the differences are judged, and what they know of the spread between runs."""
    columns = {key.column for key in between}
    n_known = sum(line.name in columns for line in lines)
    spread = _SPREAD_KNOWN.format(n=n_known, scores=len(lines)) if n_known else _SPREAD_UNKNOWN
    band = _BAND if BAND & {line.name.partition("@")[0] for line in lines} else ""
    return text(_HOW.format(n=f"{n_comparisons:,}") + band + spread)


def _table(labels: Sequence[str], lines: Sequence[Line]) -> str:
    first, *others = labels
    heads = [Cell("Score"), Cell(first, "right")]
    for label in others:
        heads += [Cell(label, "right start"), Cell("difference")]
    return stacked("compare", "Scores side by side", heads, [_row(line) for line in lines])


def _row(line: Line) -> Row:
    unit = "%" if line.unit == "share" else line.unit
    head = f'{text(line.label)} <span class="interval">{text(unit)}</span>'
    cells = [Cell(_value(line.first, line.unit), "right score")]
    cells += [cell for other in line.others for cell in _cells(other, line.unit)]
    return Row(head, cells, line.name)


def _cells(other: Against, unit: str) -> tuple[Cell, Cell]:
    shown = Cell(_value(other.score, unit), "right score start")
    if other.difference is None or other.p_value is None:
        words = UNKNOWN if other.verdict == "not comparable" else f"<em>{text(other.verdict)}</em>"
        return shown, Cell(words, "verdict")
    ends = f"[{_signed(other.difference.low, unit)}, {_signed(other.difference.high, unit)}]"
    p_value = "p &lt; 0.001" if other.p_value < _SMALLEST_P else f"p = {other.p_value:.3f}"
    words = f"{_signed(other.difference.value, unit)} <em>{text(other.verdict)}</em>"
    difference = f'<span class="value">{words}</span><span class="interval">{ends}, {p_value}</span>'
    return shown, Cell(difference, "verdict clear" if other.verdict in CLEAR else "verdict")


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


def _runs_of(run: Run, label: str, table: Board, protocol: Protocol) -> str:
    """How many runs of the model there are, and their spread of the ranking score."""
    name = text(label)
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
