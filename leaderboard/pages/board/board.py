"""The board: every model's scores with their intervals, sorted, searched and filtered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from leaderboard.board.calibrated import heading, outside_text, ranking_text, side_by_side
from leaderboard.board.training import without_value
from leaderboard.board.written import selection, tied
from leaderboard.calibration.ledger import ledger, record_text
from leaderboard.pages.parts.markup import Interval, interval, number, text
from leaderboard.pages.parts.runs import records
from leaderboard.pages.texts.hull_shown import banner_html, figures_html
from leaderboard.pages.texts.potential_standing import against_dft, on_matbench
from leaderboard.score_key import ScoreKey
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from leaderboard.board.table import Board
    from leaderboard.calibration.ledger import Check
    from leaderboard.protocol import Protocol
    from metrics.score import Better

FACT_LABELS: Mapping[str, str] = {"rank": "Rank", "model": "Model", "n_submitted": "Structures", "created": "Date"}

_CALIBRATED = (
    "Expected by DFT: how many of the structures DFT would find so, by a calibration of the potential on structures "
    "with DFT labels; the 95% interval holds the calibration's own uncertainty. Raw: the potential's verdicts."
)

_UNREVIEWED = "Unverified rows wait for the maintainers' review: they take part in no rank, mean or best."

_SMALL = ": small, so that its numbers are indicative only"

HIGHEST, LOWEST = "Highest first", "Lowest first"

KEPT: Mapping[str, Callable[[pd.DataFrame], pd.Series[bool]]] = {
    "all": lambda table: pd.Series(data=True, index=table.index, dtype="boolean"),
    "ranked": lambda table: table["rank"].notna(),
    "protocol settings": lambda table: ~table["custom"],
    "approved": lambda table: table["status"] == "approved",
    "verified": lambda table: table["verified"],
}
"""The choices of the filter."""
_ABOUT_REVIEWS = {"approved", "verified"}
_MARKS: Mapping[str, str] = {
    "unverified": "not yet reviewed by the maintainers: takes part in no rank, mean or best",
    "superseded": "its owner put a newer submission in its place",
    "verified": "scored again by the maintainers, with the same numbers",
    "same file as another owner's": "another owner submitted the same bytes",
    "baseline": "a rule without training, made by this benchmark: what a model should be better than",
}
"""What may stand behind a model, and what it means."""


@dataclass(frozen=True)
class Column:
    """A score as a column of the board: ``name`` in the wide table; ``raw`` stands in its cells too."""

    name: str
    key: ScoreKey
    label: str
    unit: str
    better: Better
    group: str
    raw: ScoreKey | None = None


@dataclass(frozen=True)
class Selection:
    """What the visitor chose to see; ``indicative`` follows from the reference set: see `stability_apart`."""

    reference: str
    sort_by: str
    direction: str
    search: str = ""
    kept: str = "all"
    columns: tuple[str, ...] = ()
    indicative: bool = False


def columns(table: Board, protocol: Protocol) -> list[Column]:
    """Score columns of a board: the ranking score first, then the protocol's order, groups kept together."""
    known = registry()
    board_columns = []
    ranking = (ScoreKey(protocol.ranking), *protocol.energy_rankings)
    for key in table.keys:
        if key.name in known:
            entry = known[key.name]
            label = heading(key, table.keys, protocol)
            group = "Ranking" if key in ranking else entry.group
            board_columns.append(Column(key.column, key, label, entry.unit, entry.better, group))
    order = {name: place for place, name in enumerate(protocol.scores)}
    first: dict[str, int] = {}
    for column in board_columns:
        place = -1 if column.group == "Ranking" else order.get(column.key.name, len(order))
        first[column.group] = min(place, first.get(column.group, place))

    def position(column: Column) -> tuple[int, bool, int, bool, str]:
        gives_way = column.key == ranking[0]  # where energies exist, they rank
        place = order.get(column.key.name, len(order))
        return first[column.group], gives_way, place, not column.key.is_calibrated, column.name

    return sorted(board_columns, key=position)


def default_columns(board_columns: Sequence[Column], protocol: Protocol) -> list[str]:
    """Columns shown at first, the protocol's headline; the others wait in the picker."""
    return [column.name for column in board_columns if protocol.in_headline(column.key, indicative=False)]


def sort_choices(board_columns: Sequence[Column], *, indicative: bool) -> list[tuple[str, str]]:
    """Label and column for "Sort by"; the board of an indicative set is not put in order by stability."""
    sortable, _ = stability_apart(board_columns, indicative=indicative)
    return [(label, name) for name, label in FACT_LABELS.items()] + [(column.label, column.name) for column in sortable]


def stability_apart(board_columns: Sequence[Column], *, indicative: bool) -> tuple[list[Column], list[Column]]:
    """The columns that lead, and those of an indicative set that stand apart: all that need energies."""
    apart = [column for column in board_columns if indicative and column.key.variant is not None]
    return [column for column in board_columns if column not in apart], apart


def kept_choices(board: Board) -> list[str]:
    """Choices of the filter; those about reviews where the board holds anything that was, or waits for one."""
    reviewed = bool((board.runs["verified"] | (board.runs["status"] != "approved")).any())
    return [name for name in KEPT if reviewed or name not in _ABOUT_REVIEWS]


def select(board: Board, selection: Selection) -> pd.DataFrame:
    """Rows of the selection in its order, no controls; ranked rows first, those without a value last of their kind."""
    table = board.wide
    of_board = (table["reference"] == selection.reference) & ~_is_control(table)
    kept = KEPT[selection.kept](table).fillna(value=False).astype(bool) & of_board.astype(bool)
    wanted = selection.search.strip().casefold()
    if wanted:
        names = table["model"] + "\n" + table["owner"].fillna("")
        kept &= names.str.casefold().str.contains(wanted, regex=False).fillna(value=False).astype(bool)
    rows = table[kept]
    ordered = rows.sort_values(
        selection.sort_by,
        ascending=selection.direction == LOWEST,
        na_position="last",
        kind="stable",
        key=lambda values: values.str.casefold() if selection.sort_by == "model" else values,
    )
    return ordered.sort_values("rank", key=lambda ranks: ranks.isna(), kind="stable")


def bundled(board: Board, reference: str) -> pd.DataFrame:
    """Rows of the baselines and controls of the board of a reference set."""
    table = board.wide
    of_board = table["bundled"].notna() & table["owner"].isna() & (table["reference"] == reference)
    return table[of_board.fillna(value=False).astype(bool)]


def _is_control(table: pd.DataFrame) -> pd.Series[bool]:
    """Ours: what somebody else submitted stands among the models, whatever it is."""
    return ((table["bundled"] == "control") & table["owner"].isna()).fillna(value=False).astype(bool)


def table_html(
    rows: pd.DataFrame,
    board_columns: Sequence[Column],
    selection: Selection,
    protocol: Protocol,
    drawn: pd.DataFrame | None = None,
) -> str:
    """The rows ``drawn``, or all, as a table with grouped headings; the best value of each column of all is marked.

    A calibrated score and the one by raw verdicts share a column. Of an indicative set the stability scores follow in a
    table of their own, in the same order, under a banner.
    """
    wanted = [column for column in board_columns if column.name in selection.columns]
    beside = side_by_side([column.key for column in wanted], rows)
    chosen = [replace(column, raw=beside[column.key]) for column in wanted if column.key in beside]
    shown, apart = stability_apart(chosen, indicative=selection.indicative)
    best = {column.name: _best(rows, column) for column in shown}
    drawn = rows if drawn is None else drawn
    body = "".join(_row(row, shown, best, protocol) for row in records(drawn))
    if not body:
        body = f'<tr><td class="empty" colspan="{4 + len(shown)}">No submission matches.</td></tr>'
    table = f'<div class="scroll"><table class="board">{_head(shown, selection)}<tbody>{body}</tbody></table></div>'
    has_energies = [column for column in apart if rows[column.name].notna().any()]
    banner = banner_html(selection.reference, protocol)
    return table + (banner + _stability_html(drawn, has_energies, protocol) if has_energies else "")


def _stability_html(rows: pd.DataFrame, shown: Sequence[Column], protocol: Protocol) -> str:
    """Stability scores that rank nothing: no rank, no best value, no heading to sort by."""
    head = "".join(f'<th scope="col" class="right">{text(column.label)}</th>' for column in shown)
    body = "".join(
        f'<tr><th scope="row" class="model">{text(row["model"])}{_standing(row)}{_doubt(row, shown, protocol)}</th>'
        f"{''.join(_score_cell(row, column, None, start=False) for column in shown)}</tr>"
        for row in records(rows)
    )
    table = f'<thead><tr><th scope="col" class="model">Model</th>{head}</tr></thead><tbody>{body}</tbody>'
    return f'<div class="scroll"><table class="board apart">{table}</table></div>'


def legend(table: Board, reference: str, protocol: Protocol) -> str:
    """Units, marks and conditions under the board of a reference set."""
    ranking, indicative = table.ranking(reference, protocol), table.is_indicative(reference)
    is_calibrated = any(key.is_calibrated for key in table.keys)
    word = "Indicative rank" if indicative else "Rank"
    condition = f"submissions of exactly {protocol.n_ranked:,} structures under the protocol's own settings"
    lines = [
        (
            f"{word}: by {text(ranking_text(table, reference, protocol))}; highest first, for {condition}; under it "
            "the ranks that the model takes in 95% of boards on which all models are sampled anew, with the spread "
            "between runs where models have several. A model takes one rank, by the mean of its runs; unranked models "
            "of equal size have a range among themselves. Tied: no clear difference after Holm's correction over all "
            "pairs of models, so that in 95 of 100 boards no two models in the wrong order are said to be apart. Best "
            "of N: so many attempts were scored, as the card says, and the best submitted; its gain is taken off."
        ),
        *([text(record_text(_checks(protocol))), text(_CALIBRATED)] if is_calibrated else []),
        (
            "Shares are percent of all submitted structures, distances in units of (V/N)<sup>1/3</sup>, V/N the volume "
            "per site; in a lighter tone the 95% interval, made as the definition of each score says. Too few "
            "structures, or structures without any spread, give a value and no interval."
        ),
        '<span class="best">Bold</span>: best of the ranked rows of a column, or of all rows where none is ranked.',
        *([_UNREVIEWED] if (table.runs["status"] == "unverified").any() else []),
        (
            "Runs: with several, the mean and standard deviation over the runs stand under each value; with one, the "
            "spread between training or sampling runs is unknown, and it is larger than the interval."
        ),
        f"Protocol {text(protocol.name)} ({text(protocol.status)}), hash {text(protocol.hash[:12])}.",
        f"Reference set {text(table.reference_label(reference))}{_SMALL if indicative else ''}.",
    ]
    if any(key.variant for key in table.keys):
        lines.append(text(on_matbench(protocol.potentials[0])))
    if ranking.is_calibrated:  # no figure of another hull than the one shown
        lines.append(text(against_dft(protocol.potentials[0])))
    if ranking.variant:
        lines.append(figures_html(reference, protocol))
    return f'<p class="legend">{"<br>".join(lines)}</p>'


def _checks(protocol: Protocol) -> list[Check]:
    """How the predictions by the potential that ranks turned out once DFT was asked."""
    return [check for check in ledger() if check.potential == protocol.potentials[0] and not check.relaxed]


def _best(rows: pd.DataFrame, column: Column) -> float | None:
    is_ranked = rows["rank"].notna()
    competes = is_ranked if is_ranked.any() else (rows["status"] == "approved").fillna(value=False).astype(bool)
    values = rows[column.name][competes].dropna()
    if values.empty or column.better == "neither":
        return None
    return float(values.max() if column.better == "higher" else values.min())


def _head(shown: Sequence[Column], selection: Selection) -> str:
    groups: list[tuple[str, int]] = []
    for column in shown:
        if groups and groups[-1][0] == column.group:
            groups[-1] = (column.group, groups[-1][1] + 1)
        else:
            groups.append((column.group, 1))
    over = "".join(f'<th scope="colgroup" colspan="{span}" class="group">{text(name)}</th>' for name, span in groups)
    marks = {HIGHEST: ("descending", "\u2193"), LOWEST: ("ascending", "\u2191")}[selection.direction]

    def sortable(name: str, label: str, css: str) -> str:
        sorted_here = name == selection.sort_by
        aria = f' aria-sort="{marks[0]}"' if sorted_here else ""
        arrow = f'<span class="arrow">{marks[1]}</span>' if sorted_here else ""
        button = f'<button type="button" data-sort="{text(name)}">{text(label)}{arrow}</button>'
        return f'<th scope="col" class="{css}"{aria}>{button}</th>'

    starts = _group_starts(shown)
    scores = "".join(
        sortable(column.name, column.label, "right" + (" start" if column.name in starts else "")) for column in shown
    )
    number_sign = "# indicative" if selection.indicative else "#"
    first = sortable("rank", number_sign, "right rank") + sortable("model", FACT_LABELS["model"], "model")
    n_records = sortable("n_submitted", FACT_LABELS["n_submitted"], "right start")
    last = f"{n_records}{sortable('created', FACT_LABELS['created'], '')}"
    over = f'<th colspan="2" class="stick"></th>{over}<th colspan="2" class="group">Submission</th>'
    return f"<thead><tr>{over}</tr><tr>{first}{scores}{last}</tr></thead>"


def _group_starts(shown: Iterable[Column]) -> set[str]:
    first: dict[str, str] = {}
    for column in shown:
        first.setdefault(column.group, column.name)
    return set(first.values())


def _row(row: Mapping[str, Any], shown: Sequence[Column], best: Mapping[str, float | None], protocol: Protocol) -> str:
    notes = (tied(row) if row["not_ranked"] is None else f"not ranked: {row['not_ranked']}", selection(row))
    why = "; ".join(note for note in notes if note)
    why = f'<span class="reason">{text(why)}</span>' if why else ""
    run, name = str(row["run"]), text(row["model"])
    link = f'<a href="?model={quote(run)}" data-run="{text(run)}" title="{name}">{name}</a>{_standing(row)}'
    starts = _group_starts(shown)
    scores = "".join(_score_cell(row, column, best[column.name], start=column.name in starts) for column in shown)
    runs = "1 run" if row["n_runs"] == 1 else f"{row['n_runs']} runs"
    return (
        f'<tr><td class="right rank">{_rank(row)}</td>'
        f'<th scope="row" class="model">{link}{_narrow_rank(row)}{why}{_doubt(row, shown, protocol)}</th>{scores}'
        f'<td class="right start"><span class="value">{row["n_submitted"]:,}</span>'
        f'<span class="interval">{runs}</span></td>'
        f'<td class="date">{text(str(row["created"])[:10])}</td></tr>'
    )


def _standing(row: Mapping[str, Any]) -> str:
    """Whose the model is, and what is to be known of the submission; nothing where nobody signs in."""
    owner = "" if row["owner"] is None else f'<span class="owner">by {text(row["owner"])}</span>'
    marks = [
        *([row["status"]] if row["status"] in _MARKS else []),
        *(["verified"] if row["verified"] else []),
        *(["same file as another owner's"] if row["same_file"] else []),
        *([row["bundled"]] if row["bundled"] == "baseline" else []),
    ]
    titles = {**_MARKS, "published outputs": row["published"]}
    marks += ["published outputs"] if row["published"] else []
    return owner + "".join(f'<span class="mark" title="{text(titles[mark])}">{text(mark)}</span>' for mark in marks)


def _doubt(row: Mapping[str, Any], shown: Sequence[Column], protocol: Protocol) -> str:
    """How many structures of a row the calibration does not know the like of."""
    outside = outside_text(row, protocol) if any(column.raw for column in shown) else None
    return f'<span class="reason">{outside}</span>' if outside else ""


def _rank(row: Mapping[str, Any]) -> str:
    """The rank, and under it its range."""
    rank = "\u2013" if row["rank"] is None else str(row["rank"])
    if row["rank_low"] is None:
        return rank
    alike = "" if row["rank"] is not None else f" among models of {row['n_submitted']:,} structures"
    title = f"95% of {'indicative ' if row['indicative'] else ''}ranks{alike}"
    return f'<span class="value">{rank}</span><span class="interval" title="{title}">{_range(row)}</span>'


def _narrow_rank(row: Mapping[str, Any]) -> str:
    """The same in words, for a screen that has no place for the column."""
    if row["rank"] is None:
        return ""
    word = "indicative rank" if row["indicative"] else "rank"
    return f'<span class="narrow">{word} {row["rank"]}, range {_range(row)}</span>'


def _range(row: Mapping[str, Any]) -> str:
    low, high = row["rank_low"], row["rank_high"]
    return str(low) if low == high else f"{low}\u2013{high}"


def _score_cell(row: Mapping[str, Any], column: Column, best: float | None, *, start: bool) -> str:
    score = Interval(*(row[f"{column.name}{end}"] for end in ("", "_low", "_high", "_counted")))
    css = "right score" + (" best" if best is not None and score.value == best else "") + (" start" if start else "")
    counts = f"{row[f'{column.name}_counted']} known, {row[f'{column.name}_unknown']} unknown"
    verdicts = None if column.raw is None else row[column.raw.column]
    raw = "" if verdicts is None else f'<span class="interval">raw {number(verdicts, column.unit)}</span>'
    spread = row.get(f"{column.name}_spread")
    runs = ""
    if spread is not None:
        mean, least, most = (number(row[f"{column.name}_runs_{end}"], column.unit) for end in ("mean", "min", "max"))
        counts += f"; {row['n_runs']} runs: {least} to {most}"
        runs = f'<span class="interval">runs {mean} \u00b1 {number(spread, column.unit)}</span>'
    value = interval(score, column.unit, without_value(column.name))
    return f'<td class="{css}" title="{text(column.label)}: {counts}">{value}{raw}{runs}</td>'
