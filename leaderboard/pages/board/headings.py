"""The head of the board: groups over headings, each of which sorts and says what it means."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from leaderboard.board.comparison import BAND
from leaderboard.board.score_docs import DIRECTIONS
from leaderboard.pages.board.columns import is_apart
from leaderboard.pages.board.selection import FACT_LABELS, HIGHEST, LOWEST
from leaderboard.pages.parts.markup import text
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.pages.board.columns import Column
    from leaderboard.pages.board.selection import Selection

_ARROWS = {HIGHEST: ("descending", "\u2193"), LOWEST: ("ascending", "\u2191")}
_BAND = "no better end: a structure that becomes stable leaves it"
_RANK = "Place among the ranked models, and under it the ranks that it takes in 95% of boards sampled anew."


def head_html(shown: Sequence[Column], selection: Selection, *, indicative: bool) -> str:
    """Two rows: the groups of the scores, and a heading for each column."""
    groups = [
        f'<th scope="colgroup" colspan="{len(list(of_group))}" class="group">{text(name)}</th>'
        for name, of_group in groupby(shown, key=lambda column: group_of(column, indicative=indicative))
    ]
    starts = group_starts(shown, indicative=indicative)
    cells = [
        _heading(
            column.name,
            column.label,
            "right" + (" start" if column.name in starts else ""),
            selection,
            tip=_tip(column),
            unit="" if column.unit == "share" else column.unit,
            sorts=not is_apart(column, indicative=indicative),
        )
        for column in shown
    ]
    rank = "Rank, indicative" if indicative else "Rank"
    first = _heading("rank", rank, "right rank", selection, tip=text(_RANK))
    model = _heading("model", FACT_LABELS["model"], "model", selection)
    last = _heading("n_submitted", FACT_LABELS["n_submitted"], "right start", selection) + _heading(
        "created", FACT_LABELS["created"], "date", selection
    )
    submission = '<th scope="colgroup" colspan="2" class="group">Submission</th>'
    over = f'<td colspan="2"></td><td class="model"></td>{"".join(groups)}{submission}'
    tick = '<td class="tick"><span class="hidden-text">Compare</span></td>'
    return f"<thead><tr>{over}</tr><tr>{tick}{first}{model}{''.join(cells)}{last}</tr></thead>"


def group_of(column: Column, *, indicative: bool) -> str:
    """The heading over a column's own."""
    return f"{column.group}, indicative" if is_apart(column, indicative=indicative) else column.group


def group_starts(shown: Sequence[Column], *, indicative: bool) -> set[str]:
    """Columns that stand first in their group, which a wider gap shows."""
    return {next(of_group).name for _, of_group in groupby(shown, key=lambda one: group_of(one, indicative=indicative))}


def _heading(
    name: str, label: str, css: str, selection: Selection, *, tip: str = "", unit: str = "", sorts: bool = True
) -> str:
    is_sorted = sorts and name == selection.sort
    aria, arrow = _ARROWS[selection.order] if is_sorted else ("", "")
    described = f' aria-describedby="tip-{text(name)}"' if tip else ""
    shown = text(label) + (f'<span class="arrow" aria-hidden="true">{arrow}</span>' if arrow else "")
    button = (
        f'<button type="button" data-sort="{text(name)}"{described}>{shown}</button>'
        if sorts
        else f'<span class="unsorted" tabindex="0"{described}>{shown}</span>'
    )
    below = f'<span class="unit">{text(unit)}</span>' if unit else ""
    said = f'<span role="tooltip" class="tip" id="tip-{text(name)}">{tip}</span>' if tip else ""
    sorted_by = f' aria-sort="{aria}"' if aria else ""
    return f'<th scope="col" class="{css}"{sorted_by}>{button}{below}{said}</th>'


def _tip(column: Column) -> str:
    """One sentence, unit, direction and formula of a score, and where its definition stands."""
    score = registry()[column.key.name]
    meaning = " ".join(score.meaning.partition("\n\n")[0].split())
    sentence = meaning.partition(". ")[0].rstrip(".") + "."
    unit = "percent" if score.unit == "share" else score.unit
    formula = score.parts.get("Formula")
    parts = [
        text(sentence),
        f"Unit: {text(unit)}; {text(_BAND if score.name in BAND else DIRECTIONS[column.better])}.",
        *([f"<code>{text(formula)}</code>"] if formula else []),
        f'<a href="?page=about#score-{quote(score.name)}" target="_blank">Definition</a>',
    ]
    return "<br>".join(parts)
