"""The board as a table: a row for each model, ranked ones first, its runs below it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from leaderboard.board.calibrated import outside_text, side_by_side
from leaderboard.board.ranking import SPREAD
from leaderboard.board.table import FACTS, PARTS
from leaderboard.board.training import without_value
from leaderboard.board.written import selection as chosen_of_several
from leaderboard.board.written import tied
from leaderboard.pages.board.columns import columns, is_apart, preset
from leaderboard.pages.board.filters import kept
from leaderboard.pages.board.headings import group_starts, head_html
from leaderboard.pages.board.selection import LOWEST
from leaderboard.pages.parts.markup import Interval, interval, number, text
from leaderboard.pages.parts.runs import records
from leaderboard.pages.texts.hull_shown import banner_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from leaderboard.board.table import Board
    from leaderboard.pages.board.columns import Column
    from leaderboard.pages.board.models import Models
    from leaderboard.pages.board.selection import Selection
    from leaderboard.protocol import Protocol

_MARKS: Mapping[str, str] = {
    "unverified": "not yet reviewed by the maintainers: takes part in no rank, mean or best",
    "superseded": "its owner put a newer submission in its place",
    "verified": "scored again by the maintainers, with the same numbers",
    "same file as another owner's": "another owner submitted the same bytes",
    "baseline": "a rule without training, made by this benchmark: what a model should be better than",
}
"""What may stand behind a model, and what it means."""
OUTSIDE_CALIBRATION = "outside_calibration@"
_LINKS = {"paper": "paper", "code": "code"}


def chosen(models: Models, selection: Selection) -> pd.Index[int]:
    """Models of the selection in its order, no controls; ranked ones first, without a value last of their kind."""
    listed = _listed(models, selection)
    facts = listed[kept(listed, selection)]
    ordered = facts.sort_values(
        selection.sort,
        ascending=selection.order == LOWEST,
        na_position="last",
        kind="stable",
        key=lambda values: values.str.casefold() if selection.sort == "model" else values,
    )
    return ordered.sort_values("rank", key=lambda ranks: ranks.isna(), kind="stable").index


def select(models: Models, selection: Selection) -> pd.DataFrame:
    """The rows that are `chosen`."""
    return models.rows.loc[chosen(models, selection)]


def n_hidden(models: Models, selection: Selection) -> int:
    """How many models of the board the filters leave out."""
    listed = _listed(models, selection)
    return len(listed) - int(kept(listed, selection).sum())


def _listed(models: Models, selection: Selection) -> pd.DataFrame:
    """Facts and the sorted column of all models of a board."""
    facts = models.rows[list(dict.fromkeys([*FACTS, selection.sort]))]
    of_board = (facts["reference"] == selection.reference).fillna(value=False).astype(bool)
    return facts[of_board & ~_is_control(facts)]


def bundled(table: Board, reference: str) -> pd.DataFrame:
    """Rows of the baselines and controls of the board of a reference set."""
    rows = table.wide
    of_board = rows["bundled"].notna() & rows["owner"].isna() & (rows["reference"] == reference)
    return rows[of_board.fillna(value=False).astype(bool)]


def _is_control(rows: pd.DataFrame) -> pd.Series[bool]:
    """Ours: what somebody else submitted stands among the models, whatever it is."""
    return ((rows["bundled"] == "control") & rows["owner"].isna()).fillna(value=False).astype(bool)


def shown_columns(
    table: Board, models: Models, index: pd.Index[int], selection: Selection, protocol: Protocol
) -> list[Column]:
    """The columns of a selection with these rows; a calibrated score and the one by raw verdicts share one."""
    board_columns = columns(table, protocol)
    if selection.preset == selection.columns:
        wanted = preset(
            selection.columns,
            board_columns,
            protocol,
            energies=selection.energies or protocol.energy_variant,
            values=selection.values,
            indicative=table.is_indicative(selection.reference),
        )
    else:
        picked = set(selection.columns.split(","))
        wanted = [column for column in board_columns if column.name in picked]
    keys = [column.key for column in wanted]
    known = [
        name for name in dict.fromkeys(key.column for one in keys for key in (one, one.raw)) if name in models.rows
    ]
    beside = side_by_side(keys, models.rows.loc[index, known])
    return [replace(column, raw=beside[column.key]) for column in wanted if column.key in beside]


def table_html(table: Board, models: Models, index: pd.Index[int], selection: Selection, protocol: Protocol) -> str:
    """A page of the `chosen` rows of a selection; the best value of each column of all is marked.

    Of an indicative set nothing is marked or sorted by stability, and a banner over the table says why.
    """
    indicative = table.is_indicative(selection.reference)
    shown = shown_columns(table, models, index, selection, protocol)
    needed = [*FACTS, *_of_columns(models.rows, shown)]
    rows = models.rows.loc[index, list(dict.fromkeys(needed))]
    drawing = _Drawing(shown, rows, protocol, indicative=indicative, shade=selection.shade)
    start = (selection.at - 1) * PAGE_SIZE
    lines: dict[bool, list[str]] = {True: [], False: []}
    for row in records(rows.iloc[start : start + PAGE_SIZE]):
        runs = models.runs.get(str(row["run"]))
        of_runs = [] if runs is None else records(runs[rows.columns])
        lines[row["rank"] is not None].append(drawing.model(row, of_runs))
    width = 5 + len(shown)
    body = f"<tbody>{''.join(lines[True])}</tbody>" if lines[True] else ""
    if lines[False]:
        title = f'<tr class="below"><th colspan="{width}" scope="rowgroup">Not ranked</th></tr>' if lines[True] else ""
        body += f"<tbody>{title}{''.join(lines[False])}</tbody>"
    if not body:
        body = f'<tbody><tr><td class="empty" colspan="{width}">No submission matches.</td></tr></tbody>'
    head = head_html(shown, selection, indicative=indicative)
    caption = f"Scores of models against {table.reference_label(selection.reference)}"
    with_stability = any(is_apart(column, indicative=indicative) for column in shown)
    return (
        (banner_html(selection.reference, protocol) if with_stability else "")
        + f'<div class="scroll wide" role="region" tabindex="0" aria-label="{text(caption)}"><table class="board">'
        f'<caption class="hidden-text">{text(caption)}</caption>{head}{body}</table></div>'
    )


def _of_columns(rows: pd.DataFrame, shown: Sequence[Column]) -> list[str]:
    """Columns of the rows that the cells of these columns show."""
    outside = [name for name in rows if str(name).startswith(OUTSIDE_CALIBRATION)]
    raws = [column.raw.column for column in shown if column.raw is not None]
    ends = [f"{column.name}{end}" for column in shown for end in (*PARTS, *(f"_{part}" for part in SPREAD))]
    return [name for name in (*ends, *raws, *map(str, outside)) if name in rows]


PAGE_SIZE = 100
"""Models that are drawn at once: 3,000 are 4 MB, which a browser takes seconds to lay out."""


class _Drawing:
    """Rows of one table."""

    def __init__(
        self, shown: Sequence[Column], rows: pd.DataFrame, protocol: Protocol, *, indicative: bool, shade: bool
    ) -> None:
        self._shown, self._protocol = shown, protocol
        self._starts = group_starts(shown, indicative=indicative)
        self._is_ranked = bool(rows["rank"].notna().any())
        competing = rows[_competes(rows)]
        plain = [column for column in shown if not is_apart(column, indicative=indicative)]
        self._best = {column.name: _best(competing, column) for column in plain}
        self._ranges = {column.name: _range_of(competing, column) for column in shown} if shade else {}
        self._outside = any(column.raw for column in shown)

    def model(self, row: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> str:
        """The line of a model, and hidden below it those of its runs where it has several."""
        run, name = str(row["run"]), text(row["model"])
        link = f'<a class="name" href="?model={quote(run)}" data-run="{text(run)}" title="{name}">{name}</a>'
        ids = [f"run-{number}-{text(run)}" for number in range(len(runs))]
        unfold = (
            f'<button type="button" class="unfold" data-unfold="{" ".join(ids)}" aria-expanded="false">'
            f"{len(runs)} runs</button>"
            if runs
            else ""
        )
        notes = (
            tied(row) if row["not_ranked"] is None else f"not ranked: {row['not_ranked']}",
            chosen_of_several(row),
            outside_text(row, self._protocol) if self._outside else None,
        )
        why = "".join(f'<span class="reason">{text(note)}</span>' for note in notes if note)
        tick = f'<input type="checkbox" data-tick="{text(run)}" aria-label="Compare {name}">'
        return (
            f'<tr><td class="tick">{tick}</td><td class="right rank">{_rank(row)}</td><th scope="row" class="model">'
            f'{link}<span class="under">{_standing(row)}{_narrow_rank(row)}{why}{unfold}</span></th>'
            f'{self._cells(row)}<td class="right start"><span class="value">{row["n_submitted"]:,}</span></td>'
            f'<td class="date">{text(str(row["created"])[:10])}</td></tr>'
        ) + "".join(self._run(one, place, len(runs), ids[place - 1], name) for place, one in enumerate(runs, start=1))

    def _run(self, row: Mapping[str, Any], place: int, n_runs: int, line: str, model: str) -> str:
        run, label = str(row["run"]), f"run {place} of {n_runs}"
        link = f'<a href="?model={quote(run)}" data-run="{text(run)}" aria-label="{model}, {label}">{label}</a>'
        alone = {name: value for name, value in row.items() if not name.endswith("_spread")}
        return (
            f'<tr class="run" id="{line}" hidden><td class="tick"></td><td class="rank"></td>'
            f'<th scope="row" class="model">{link}</th>{self._cells(alone)}<td class="right start">'
            f'{row["n_submitted"]:,}</td><td class="date">{text(str(row["created"])[:10])}</td></tr>'
        )

    def _cells(self, row: Mapping[str, Any]) -> str:
        return "".join(self._cell(row, column) for column in self._shown)

    def _cell(self, row: Mapping[str, Any], column: Column) -> str:
        score = Interval(*(row[f"{column.name}{end}"] for end in ("", "_low", "_high", "_counted")))
        best = self._best.get(column.name)
        competes = row["rank"] is not None or not self._is_ranked
        css = "right score" + (" best" if best is not None and competes and score.value == best else "")
        css += " start" if column.name in self._starts else ""
        counts = f"{row[f'{column.name}_counted']} known, {row[f'{column.name}_unknown']} unknown"
        verdicts = None if column.raw is None else row[column.raw.column]
        raw = "" if verdicts is None else f'<span class="interval">raw {number(verdicts, column.unit)}</span>'
        spread = row.get(f"{column.name}_spread")
        runs = ""
        if spread is not None:
            least, most = (number(row[f"{column.name}_runs_{end}"], column.unit) for end in ("min", "max"))
            counts += f"; {row['n_runs']} runs: {least} to {most}"
            runs = f'<span class="interval">runs \u00b1 {number(spread, column.unit)}</span>'
        value = interval(score, column.unit, without_value(column.name))
        heat = self._heat(column, score.value)
        return f'<td class="{css}"{heat} title="{text(column.label)}: {counts}">{value}{raw}{runs}</td>'

    def _heat(self, column: Column, value: float | None) -> str:
        """How far a value lies from the worst of its column to the best, as the strength of its ground."""
        ends = self._ranges.get(column.name)
        if ends is None or value is None or ends[0] == ends[1]:
            return ""
        place = (value - ends[0]) / (ends[1] - ends[0])
        return f' style="--heat:{min(max(place, 0.0), 1.0):.2f}"'


def _best(competing: pd.DataFrame, column: Column) -> float | None:
    values = competing[column.name].dropna()
    if values.empty or column.better == "neither":
        return None
    return float(values.max() if column.better == "higher" else values.min())


def _range_of(competing: pd.DataFrame, column: Column) -> tuple[float, float] | None:
    """The worst and the best value; from the smallest to the largest where a score has no better end."""
    values = competing[column.name].dropna()
    if values.empty:
        return None
    ends = float(values.min()), float(values.max())
    return ends[::-1] if column.better == "lower" else ends


def _competes(rows: pd.DataFrame) -> pd.Series[bool]:
    is_ranked = rows["rank"].notna()
    return is_ranked if is_ranked.any() else (rows["status"] == "approved").fillna(value=False).astype(bool)


def _standing(row: Mapping[str, Any]) -> str:
    """Whose the model is, what is to be known of the submission, and where paper and code are."""
    owner = "" if row["owner"] is None else f'<span class="owner">by {text(row["owner"])}</span>'
    marks = [
        *([row["status"]] if row["status"] in _MARKS else []),
        *(["verified"] if row["verified"] else []),
        *(["same file as another owner's"] if row["same_file"] else []),
        *([row["bundled"]] if row["bundled"] == "baseline" else []),
    ]
    titles = {**_MARKS, "published outputs": row["published"]}
    marks += ["published outputs"] if row["published"] else []
    marked = "".join(f'<span class="mark" title="{text(titles[mark])}">{text(mark)}</span>' for mark in marks)
    links = "".join(
        f'<a class="mark" href="{text(row[name])}" target="_blank" rel="noopener noreferrer nofollow" '
        f'aria-label="{word} of {text(row["model"])}">{word}</a>'
        for name, word in _LINKS.items()
        if row[name] is not None
    )
    return owner + marked + links


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
