"""Where a run stands: the rank of its model, what it is tied with, its other runs, and whom to compare it with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from leaderboard.board.ranking import FIELD, MODEL, ranked_models
from leaderboard.board.written import model_label, tied
from leaderboard.pages.parts.markup import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol

MOST_TIES = 3
"""So many models are named that one cannot be told apart from; of more, how many there are."""


def first_run(board: Board, protocol: Protocol) -> str | None:
    """The run that the page opens with: the first of the first board with ranks, in the protocol's order of sets."""
    order = {name: place for place, name in enumerate(protocol.references)}
    by_set = board.runs["reference"].map(order).fillna(len(order))
    ranked = board.runs[board.runs["rank"].notna()].assign(by_set=by_set)
    if ranked.empty:
        return None if board.runs.empty else str(board.runs["run"].iloc[0])
    return str(ranked.sort_values(["by_set", "rank"], kind="stable")["run"].iloc[0])


def place_html(run: str, board: Board) -> str:
    """Rank with its range, ties, the other runs of the model and a comparison; nothing of a run on no board."""
    rows = board.runs[(board.runs["run"] == run).fillna(value=False).astype(bool)]
    if rows.empty:
        return ""
    row = rows.iloc[0].to_dict()
    parts = [_rank(row, board), _runs(row, board)]
    return "".join(f'<p class="place">{part}</p>' for part in parts if part)


def _rank(row: Mapping[Any, Any], board: Board) -> str:
    """The model's rank among those that are ranked with it, and what a comparison with its neighbour would tell."""
    if pd.isna(row["rank"]):
        return ""
    models = [of_model.iloc[0].to_dict() for of_model in ranked_models(_alike(board.runs, row, FIELD))]
    rank, low, high = (int(row[name]) for name in ("rank", "rank_low", "rank_high"))
    spread = f"95% range {low} to {high}" if low != high else f"95% range {low}"
    said = f"<strong>Rank {rank}</strong> of {len(models)} models, {spread}"
    if ties := tied(row):
        others = [
            _linked(other)
            for other in models
            if int(row["tied_low"]) <= other["rank"] <= int(row["tied_high"]) and not _same_model(other, row)
        ]
        named = ", ".join(others[:MOST_TIES])
        more = f" and {len(others) - MOST_TIES} more" if len(others) > MOST_TIES else ""
        said += f"; {text(ties)}: {named}{more}" if named else f"; {text(ties)}"
    return f"{said}.{_comparison(row, models)}"


def _comparison(row: Mapping[Any, Any], models: Sequence[Mapping[Any, Any]]) -> str:
    """Link to the comparison with the model one rank above, for the first one with that below."""
    here = next((place for place, other in enumerate(models) if _same_model(other, row)), None)
    if here is None or len(models) < 2:  # noqa: PLR2004 - it takes two to compare
        return ""
    other = models[here - 1 if here else 1]
    link = f"?compare={quote(str(row['run']), safe='')},{quote(str(other['run']), safe='')}"
    return f' <a href="{text(link)}">Compare with {text(model_label(dict(other)))}, rank {other["rank"]}</a>'


def _runs(row: Mapping[Any, Any], board: Board) -> str:
    """Which of the comparable runs of the model this is, with links to the others; nothing where it has one."""
    alike = _alike(_alike(board.runs, row, FIELD), row, [*MODEL, "status"])
    if len(alike) < 2:  # noqa: PLR2004 - of one run there is nothing to say
        return ""
    ids = alike.sort_values(["created", "run"])["run"].tolist()
    links = ", ".join(
        f'<strong aria-current="page">{number}</strong>' if identifier == row["run"] else _link(identifier, str(number))
        for number, identifier in enumerate(ids, start=1)
    )
    return f"Run {ids.index(row['run']) + 1} of {len(ids)} of this model: {links}"


def _linked(row: Mapping[Any, Any]) -> str:
    return _link(str(row["run"]), model_label(dict(row)))


def _link(run: str, label: str) -> str:
    """A link that opens a run in place."""
    return f'<a href="{text("?model=" + quote(run, safe=""))}" data-run="{text(run)}">{text(label)}</a>'


def _alike(runs: pd.DataFrame, row: Mapping[Any, Any], columns: Sequence[str]) -> pd.DataFrame:
    """Rows that agree with one in these columns, unknown ones too."""
    same = pd.Series(data=True, index=runs.index)
    for column in columns:
        value = row[column]
        equal = runs[column].isna() if pd.isna(value) else runs[column] == value
        same &= equal.fillna(value=False).astype(bool)
    return runs[same]


def _same_model(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    return all(one[name] == other[name] or (pd.isna(one[name]) and pd.isna(other[name])) for name in MODEL)
