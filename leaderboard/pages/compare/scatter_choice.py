"""What the page of two scores shows: sentences, figures and tables, from the board."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import numpy as np

from leaderboard.board.calibrated import heading
from leaderboard.board.comparison import direction
from leaderboard.pages.compare import scatter_figures
from leaderboard.pages.compare.models import leaders, models
from leaderboard.pages.compare.pareto import front
from leaderboard.pages.compare.scatter_figures import Axis, Point
from leaderboard.pages.compare.stacked import Cell, Row, stacked
from leaderboard.pages.parts.markup import Interval, interval, number, text
from leaderboard.pages.texts.hull_shown import banner_html
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from leaderboard.board.table import Board
    from leaderboard.pages.compare.models import Leader, Model
    from leaderboard.protocol import Protocol
    from leaderboard.score_key import ScoreKey

FIRST_X, FIRST_Y = "novel", "valid"
"""Scores that a visitor sees first: what copies the reference set is valid, and what is new may be wrong."""
_NAMED = 8
"""Models of the front that the sentence names; the table has all."""
_LEGEND = (
    "One point for each model, the mean of its runs, with 95% intervals. Filled: ranked; diamonds: ranked baselines of "
    "this benchmark; hollow: not ranked, for most another number of structures. The dotted line is the Pareto front of "
    "the ranked models: no other one is better in one of the two scores without being worse in the other. Points that "
    "lie within each other's intervals are not told apart by it."
)


class Choice(NamedTuple):
    """What the visitor chose: columns of two scores, the reference set, and the column of the score by date."""

    x: str
    y: str
    reference: str
    score: str


class Drawn(NamedTuple):
    """What the page shows of a choice: sentences and tables as HTML, and figures."""

    finding: str
    figure: go.Figure | None
    table: str
    record: str
    history: go.Figure | None
    leaders: str


def choice_of(chosen: Mapping[str, object], board: Board, protocol: Protocol) -> Choice:
    """The choice with what was chosen, and what is shown first for the rest.

    Raises:
        LookupError: a choice names what the board does not have; says what it has.

    """
    first_set = reference_sets(board, protocol)[0][1]
    reference = chosen.get("reference", first_set)
    known = reference if isinstance(reference, str) and reference in board.references.values() else first_set
    first = Choice(FIRST_X, FIRST_Y, first_set, board.ranking(known, protocol).column)
    choice = Choice(*(str(chosen.get(name, value))[:200] for name, value in first._asdict().items()))
    check(choice, board)
    return choice


def check(choice: Choice, board: Board) -> None:
    """See that the board has what a choice names.

    Raises:
        LookupError: it has not; says what it has.

    """
    columns = {key.column for key in board.keys if key.name in registry()}
    for name in (choice.x, choice.y, choice.score):
        if name not in columns:
            some = ", ".join(sorted(columns)[:5])
            msg = f"no score here is called {name!r}; scores are named like {some}, as the columns of the board's CSV"
            raise LookupError(msg)
    if board.references and choice.reference not in board.references.values():
        known = ", ".join(board.references.values())
        msg = f"no reference set with a board is called {choice.reference!r}; there are {known}"
        raise LookupError(msg)


def draw(choice: Choice, board: Board, protocol: Protocol) -> Drawn:
    """Draw a choice whose names the board has."""
    by_column = {key.column: key for key in board.keys}
    keys = [by_column[choice.x], by_column[choice.y]]
    score = by_column[choice.score]
    of_board = models(board, choice.reference, [*keys, score])
    names = [heading(key, board.keys, protocol) for key in keys]
    known = [(model, scores) for model in of_board if None not in (scores := [model.score(key) for key in keys])]
    on_front = _front([model for model, _ in known], [scores for _, scores in known], keys)
    points = [
        Point(model.label, *_scaled(scores, keys), model.is_ranked, model.is_baseline, bool(on))
        for (model, scores), on in zip(known, on_front, strict=True)
    ]
    axes = [Axis(f"{name}, {_unit(key)}", direction(key.name)) for name, key in zip(names, keys, strict=True)]
    needs_hull = any(key.variant is not None for key in keys) and board.is_indicative(choice.reference)
    banner = banner_html(choice.reference, protocol) if needs_hull else ""
    rows = [_row(model, scores, keys, on_front=bool(on)) for (model, scores), on in zip(known, on_front, strict=True)]
    steps = leaders(of_board, score)
    name = heading(score, board.keys, protocol)
    return Drawn(
        finding=_finding([model for model, _ in known], on_front, names, keys),
        figure=scatter_figures.plane(points, *axes) if points else None,
        table=banner + _tables(rows, on_front, names),
        record=_record(steps, score, name),
        history=_history(of_board, steps, score, name),
        leaders=_leaders(steps, score, name),
    )


def _front(
    of_board: Sequence[Model], scores: Sequence[Sequence[Interval | None]], keys: Sequence[ScoreKey]
) -> list[bool]:
    """Which models are on the front: of the ranked ones, or all where none is; none where a score has no direction."""
    if "neither" in (directions := [direction(key.name) for key in keys]):
        return [False] * len(of_board)
    competes = [model.is_ranked for model in of_board]
    competes = competes if any(competes) else [True] * len(of_board)
    signs = [1.0 if better == "higher" else -1.0 for better in directions]
    values = np.array(
        [
            [one.value for one in of_model if one is not None]
            for of_model, does in zip(scores, competes, strict=True)
            if does
        ],
        dtype=np.float64,
    ).reshape(-1, 2)
    on_front = iter(front(values * signs).tolist())
    return [does and next(on_front) for does in competes]


def _finding(
    of_board: Sequence[Model], on_front: Sequence[bool], names: Sequence[str], keys: Sequence[ScoreKey]
) -> str:
    if not of_board:
        return f"No model has both {names[0]} and {names[1]} against this reference set."
    bare = [name for name, key in zip(names, keys, strict=True) if direction(key.name) == "neither"]
    n_ranked = sum(model.is_ranked for model in of_board)
    counted = f"{len(of_board):,} models, {n_ranked:,} of them ranked"
    if bare:
        return (
            f"{counted}. {' and '.join(bare)} {'have' if len(bare) > 1 else 'has'} no better end, so there is no front."
        )
    on = [model.label for model, is_on in zip(of_board, on_front, strict=True) if is_on]
    more = len(on) - _NAMED
    listed = ", ".join(on[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    among = "ranked model" if n_ranked else "model"
    better = f"no other {among} is better in one of {names[0]} and {names[1]} without being worse in the other"
    return f"{counted}. On the front: {listed}; {better}."


def _row(model: Model, scores: Sequence[Interval | None], keys: Sequence[ScoreKey], *, on_front: bool) -> Row:
    link = f'<a href="?model={quote(model.run)}">{text(model.label)}</a>'
    cells = [
        Cell(interval(one, registry()[key.name].unit), "right score")
        for one, key in zip(scores, keys, strict=True)
        if one is not None
    ]
    standing = "on the front" if on_front else "ranked" if model.is_ranked else "not ranked"
    return Row(link, [*cells, Cell(f"{len(model.runs):,}", "right"), Cell(standing)])


def _tables(rows: Sequence[Row], on_front: Sequence[bool], names: Sequence[str]) -> str:
    """The front, and folded up all models: what the figure shows, for those who do not see it."""
    heads = [Cell("Model"), *(Cell(name, "right") for name in names), Cell("Runs", "right"), Cell("Standing")]
    leading = [row for row, on in zip(rows, on_front, strict=True) if on]
    first = stacked("points", "Models on the front", heads, leading) if leading else ""
    every = stacked("points", "All models", heads, rows)
    folded = f"<details><summary>All {len(rows):,} models as a table</summary>{every}</details>" if rows else ""
    return f'{first}{folded}<p class="legend">{text(_LEGEND)}</p>'


def _record(steps: Sequence[Leader], key: ScoreKey, name: str) -> str:
    if not steps:
        why = "no better end" if direction(key.name) == "neither" else "no ranked model"
        return f"{name} has {why} here, so nothing is called best."
    last = steps[-1]
    led = len({step.label for step in steps}) - 1
    before = f"; {led:,} other {'model' if led == 1 else 'models'} led before" if led else ""
    since = next(step.day for step in reversed(steps) if step.label == last.label)
    value = _with_unit(number(last.value, registry()[key.name].unit), key)
    return f"Best {name} of a ranked model: {value}, by {last.label}, since {since[:10]}{before}."


def _history(of_board: Sequence[Model], steps: Sequence[Leader], key: ScoreKey, name: str) -> go.Figure | None:
    scale = _scale(key)
    dots = [
        (str(run["created"]), scale * float(run[key.column]), model.label, model.is_ranked)
        for model in of_board
        for run in model.runs
        if run[key.column] is not None
    ]
    if not dots:
        return None
    scaled = [step._replace(value=scale * step.value) for step in steps]
    return scatter_figures.by_date(dots, scaled, f"{name}, {_unit(key)}", max(date for date, *_ in dots))


def _leaders(steps: Sequence[Leader], key: ScoreKey, name: str) -> str:
    if not steps:
        return ""
    heads = [Cell("From"), Cell("Model"), Cell(f"{name}, {_unit(key)}", "right")]
    rows = [
        Row(
            step.day[:10],
            [
                Cell(f'<a href="?model={quote(step.run)}">{text(step.label)}</a>'),
                Cell(number(step.value, registry()[key.name].unit), "right"),
            ],
        )
        for step in reversed(steps)
    ]
    table = stacked("points", "First places by date", heads, rows)
    return (
        f"<details><summary>First places by date</summary>{table}</details>"
        '<p class="legend">Dots: every run, hollow where it is not ranked. Line: the best mean over the runs that a '
        "model had by that day, among the models that are ranked today; it falls where another run lowers the mean.</p>"
    )


def reference_sets(board: Board, protocol: Protocol) -> list[tuple[str, str]]:
    """Label and name of the reference sets that have a board, in the protocol's order; at least one."""
    order = {name: place for place, name in enumerate(protocol.references)}
    versions = sorted(board.references, key=lambda version: order.get(version.name, len(order)))
    names = [board.references[version] for version in versions] or [protocol.references[0]]
    return [(board.reference_label(name), name) for name in names]


def _scale(key: ScoreKey) -> float:
    return 100.0 if registry()[key.name].unit == "share" else 1.0


def _unit(key: ScoreKey) -> str:
    unit = registry()[key.name].unit
    return "percent of structures" if unit == "share" else unit


def _with_unit(value: str, key: ScoreKey) -> str:
    unit = registry()[key.name].unit
    return f"{value}%" if unit == "share" else f"{value} {unit}"


def _scaled(scores: Sequence[Interval | None], keys: Sequence[ScoreKey]) -> tuple[Interval, Interval]:
    """Two scores in the units of the axes."""
    x, y = (_in_unit(one, _scale(key)) for one, key in zip(scores, keys, strict=True) if one is not None)
    return x, y


def _in_unit(score: Interval, scale: float) -> Interval:
    value, low, high = (None if end is None else scale * end for end in score[:3])
    return Interval(value, low, high, score.n_counted)
