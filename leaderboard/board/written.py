"""The three written forms of the board, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from leaderboard.board.calibrated import heading, outside_text, ranking_text, side_by_side
from leaderboard.board.comparison import direction
from leaderboard.board.names import no_interval, score_name
from leaderboard.board.ranking import ranked_models, that_vary, without_selection
from leaderboard.board.ties import Shown, Ties, sentence, tied_text
from leaderboard.board.training import without_value
from leaderboard.spreadsheet import safe_cell
from metrics.score import registry
from metrics.statistics.uncertainty import Estimate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from leaderboard.score_key import ScoreKey

Form = Literal["md", "csv", "json"]

NOT_RANKED = "Stability on a hull that is not complete: indicative, and nothing is ranked by it."


def render(board: Board, form: Form, protocol: Protocol) -> str:
    """Write the board for a person (``md``, ``csv``) or a program (``json``: a list of objects, null for unknown).

    The markdown tables are short, the protocol's headline for each reference set, with shares in percent, and under
    each stands what ranks it; the other two hold every column as it is.
    """
    if form == "json":
        return json.dumps(json.loads(board.wide.to_json(orient="records")), indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        return csv_for_people(board.wide)
    return _markdown(board, protocol)


def csv_for_people(table: pd.DataFrame) -> str:
    """CSV whose text cells no spreadsheet takes for a formula (:mod:`leaderboard.spreadsheet`), all in quotes."""
    safe = table.rename(columns=safe_cell)
    for name in safe.columns:
        if isinstance(safe[name].dtype, pd.ArrowDtype):  # a list: its items, separated by spaces
            safe[name] = safe[name].map(lambda items: " ".join(map(str, items)), na_action="ignore").astype("string")
        if isinstance(safe[name].dtype, pd.StringDtype):
            safe[name] = safe[name].map(safe_cell, na_action="ignore")
    # lines end as RFC 4180 says
    return safe.to_csv(index=False, lineterminator="\r\n", quoting=csv.QUOTE_ALL)


def sentence_over(board: Board, reference: str, protocol: Protocol) -> str:
    """What the board of a reference set can and cannot tell apart; empty where fewer than two models take a rank.

    The other scores are those shown at first that have a better end and of which every ranked run has an interval. The
    score that ranks is corrected, as the ranks are, where the best of several attempts were submitted.
    """
    ranking, indicative = board.ranking(reference, protocol), board.is_indicative(reference)
    rows = board.wide[(board.wide["reference"] == reference).fillna(value=False).astype(bool)]
    ends = [f"{ranking.column}{end}" for end in ("", "_low", "_high")]
    measured = rows[ends].set_axis(["value", "low", "high"], axis="columns")
    rows = rows.assign(
        **without_selection(rows, measured, registry().get(ranking.name), protocol).set_axis(ends, axis="columns")
    )
    models = ranked_models(rows)
    wanted = [key for key in board.keys if protocol.in_headline(key, indicative=indicative)]
    beside = [key for key in side_by_side(wanted, rows) if key != ranking and direction(key.name) != "neither"]
    first, *others = (_shown(board, key, models, protocol) for key in (ranking, *beside))
    if first is None:
        return ""
    first_rows = [of_model.iloc[0].to_dict() for of_model in models]
    labels = [model_label(row) for row in first_rows]
    names = [
        label if labels.count(label) == 1 or pd.isna(row["version"]) else f"{label}, version {row['version']}"
        for label, row in zip(labels, first_rows, strict=True)
    ]
    return sentence(names, first, [score for score in others if score is not None])


def _markdown(board: Board, protocol: Protocol) -> str:
    """A table for each reference set; of an indicative one the stability scores follow in another, unranked."""
    wanted = [key for key in board.keys if key.name in registry() and protocol.in_headline(key, indicative=False)]
    references = list(dict.fromkeys(board.wide["reference"].dropna())) or [""]
    return "\n".join(part for reference in references for part in _tables(board, reference, wanted, protocol))


def _tables(board: Board, reference: str, wanted: Sequence[ScoreKey], protocol: Protocol) -> list[str]:
    of_board = board.wide[(board.wide["reference"] == reference).fillna(value=False).astype(bool)]
    rows = of_board.to_dict("records")
    indicative = board.is_indicative(reference)
    shown = side_by_side(wanted, of_board)
    leading = [key for key in shown if key.variant is None or not indicative]
    apart = [key for key in shown if key not in leading and of_board[key.column].notna().any()]
    label = board.reference_label(reference)
    rank = "Indicative rank (95%)" if indicative else "Rank (95%)"
    table = [[rank, "Model", "Structures", "Runs", *map(_heading, leading), "Reference", "Note"]]
    for row in rows:
        place = "-" if pd.isna(row["rank"]) else f"{row['rank']} ({row['rank_low']} to {row['rank_high']})"
        why = [] if pd.isna(row["not_ranked"]) else [f"not ranked: {row['not_ranked']}"]
        outside = outside_text(row, protocol)
        notes = (tied(row), selection(row), *why, outside)
        note = "; ".join(note for note in notes if note)
        facts = [place, model_label(row), f"{row['n_submitted']:,}", str(row["n_runs"])]
        table.append([*facts, *(_cell(row, key, shown[key]) for key in leading), label, note])
    parts = [_table(table, [0, 2, 3, *range(4, 4 + len(leading))])]
    if rows:
        if said := sentence_over(board, reference, protocol):
            parts.append(f"{_one_cell(said)}\n")
        parts.append(f"Ranked by {_one_cell(ranking_text(board, reference, protocol))}.\n")
    if apart:
        stability = [
            ["Model", *map(_heading, apart)],
            *([model_label(row), *(_cell(row, key, shown[key]) for key in apart)] for row in rows),
        ]
        parts += [f"{NOT_RANKED}\n", _table(stability, range(1, 1 + len(apart)))]
    return parts


def selection(row: Mapping[Any, Any]) -> str:
    """How a row's model was chosen and what that takes from its score; empty where nothing was said or taken."""
    shift = row["selection_shift"]
    if shift is None or pd.isna(shift):
        return ""
    name = str(row["ranked_by"]).partition("@")[0]
    is_share = name in registry() and registry()[name].unit == "share"
    lower = f"{100 * shift:.1f} points" if is_share else f"{shift:.3g}"
    n_attempts = row["n_attempts"]
    # of a model whose other run's card says how many there were, this one's may not
    known = n_attempts is not None and not pd.isna(n_attempts) and n_attempts > row["n_runs"]
    return f"best of {f'{n_attempts:,}' if known else 'several'} attempts, ranked {lower} lower"


def tied(row: Mapping[Any, Any]) -> str:
    """The ranks that a row's model cannot be told apart from, in words; empty where there are none, or no rank."""
    if any(pd.isna(row[name]) for name in ("rank", "tied_low", "tied_high")):
        return ""
    return tied_text(int(row["rank"]), Ties(int(row["tied_low"]), int(row["tied_high"])))


def model_label(row: Mapping[Any, Any]) -> str:
    """The model of a row, and behind it the owner where one is: two owners may name their models alike."""
    return str(row["model"]) if pd.isna(row["owner"]) else f"{row['model']} by {row['owner']}"


def _shown(board: Board, key: ScoreKey, models: Sequence[pd.DataFrame], protocol: Protocol) -> Shown | None:
    """A score of the runs of models; None where one of them has no value or no interval."""
    ends = [rows[[key.column, f"{key.column}_low", f"{key.column}_high"]] for rows in models]
    if any(of_model.isna().any(axis=None) for of_model in ends):
        return None
    runs = [
        that_vary(
            [Estimate(*map(float, run)) for run in of_model.itertuples(index=False, name=None)],
            is_chosen=bool(rows["selection_shift"].notna().any()),
        )
        for of_model, rows in zip(ends, models, strict=True)
    ]
    return Shown(f"\u201c{heading(key, board.keys, protocol)}\u201d", direction(key.name) == "higher", runs)


def _table(cells: Sequence[Sequence[str]], to_the_right: Collection[int]) -> str:
    head, *rows = cells
    rule = ["--:" if place in to_the_right else "---" for place in range(len(head))]
    return "".join(f"{_line(line)}\n" for line in (head, rule, *([_one_cell(cell) for cell in row] for row in rows)))


def _heading(key: ScoreKey) -> str:
    unit = registry()[key.name].unit
    return f"{score_name(*key)}, {'%' if unit == 'share' else unit}"


def _cell(row: Mapping[Any, Any], key: ScoreKey, raw: ScoreKey | None) -> str:
    """The score; a calibrated one with the one by the potential's verdicts beside it."""
    scale = 100 if registry()[key.name].unit == "share" else 1
    cell = _with_interval(row, key.column, scale)
    if raw is None or pd.isna(row[raw.column]):
        return cell
    return f"{cell}, raw {scale * row[raw.column]:.1f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _one_cell(text: str) -> str:
    """Text that stays inside its cell, whatever a model is called, and is neither a link nor markup."""
    escaped = "".join(f"\\{mark}" if mark in r"\`*_[]<>|" else mark for mark in text)
    return " ".join(escaped.split())


def _with_interval(row: Mapping[Any, Any], column: str, scale: int) -> str:
    """Value with its 95% interval, and where the model has several runs their mean and standard deviation."""
    value, low, high = (row[column + end] for end in ("", "_low", "_high"))
    if pd.isna(value):
        return without_value(column)
    bare = pd.isna(low) or pd.isna(high)
    ends = no_interval(row[f"{column}_counted"]) if bare else f"{scale * low:.1f} to {scale * high:.1f}"
    text = f"{scale * value:.1f} ({ends})"
    spread = row.get(f"{column}_spread")
    if spread is None or pd.isna(spread):
        return text
    return f"{text}, runs {scale * row[f'{column}_runs_mean']:.1f} ± {scale * spread:.1f}"
