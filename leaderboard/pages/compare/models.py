"""The models of a board as points: each score of a model by the mean of its runs; and who led by it at what time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from leaderboard.board.comparison import direction
from leaderboard.board.ranking import APPROVED, MODEL
from leaderboard.board.ties import mean_of
from leaderboard.board.written import model_label
from leaderboard.pages.parts.markup import Interval
from metrics.statistics.uncertainty import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leaderboard.board.table import Board
    from leaderboard.score_key import ScoreKey


class Model(NamedTuple):
    """A model against one reference set.

    Attributes:
        label: as people tell it from the others.
        runs: its rows of the wide board that count together, oldest first: those that are ranked, where one is.
        is_ranked: whether they are.

    """

    label: str
    runs: pd.DataFrame
    is_ranked: bool

    @property
    def run(self) -> str:
        """Id of its newest run."""
        return str(self.runs["run"].iloc[-1])

    @property
    def is_baseline(self) -> bool:
        """Whether this benchmark made it."""
        return bool(self.runs["bundled"].notna().all())

    def score(self, key: ScoreKey) -> Interval | None:
        """Mean over its runs, with the 95% interval of that where each has one; None where a run has no value."""
        values = self.runs[key.column]
        if values.isna().any():
            return None
        ends = self.runs[[key.column, f"{key.column}_low", f"{key.column}_high"]]
        if ends.isna().any(axis=None):
            return Interval(float(values.mean()), None, None, int(self.runs[f"{key.column}_counted"].min()))
        return Interval(*mean_of([Estimate(*map(float, row)) for row in ends.itertuples(index=False, name=None)]))


class Leader(NamedTuple):
    """Who led from a day on, by the mean of the runs that were there."""

    day: str
    label: str
    run: str
    value: float


def models(board: Board, reference: str) -> list[Model]:
    """Approved models under the protocol's own settings against a reference set, no controls, ranked ones first.

    Of a model without a ranked run, its runs of one size count, that of the newest.
    """
    table = board.wide
    is_control = (table["bundled"] == "control").fillna(value=False) & table["owner"].isna()
    kept = (table["reference"] == reference) & (table["status"] == APPROVED) & ~table["custom"] & ~is_control
    rows = table[kept.fillna(value=False).astype(bool)].sort_values(["created", "run"])
    made = []
    for _, of_model in rows.groupby(MODEL, dropna=False, sort=True):
        ranked = of_model[of_model["rank"].notna()]
        newest_size = of_model[(of_model["n_submitted"] == of_model["n_submitted"].iloc[-1]).astype(bool)]
        runs = newest_size if ranked.empty else ranked
        made.append(Model(model_label(runs.iloc[-1].to_dict()), runs, not ranked.empty))
    labels = [model.label for model in made]
    told_apart = [
        model._replace(label=f"{model.label}, version {model.runs['version'].iloc[-1]}")
        if labels.count(model.label) > 1 and model.runs["version"].notna().all()
        else model
        for model in made
    ]
    return sorted(told_apart, key=lambda model: not model.is_ranked)


def leaders(of_board: Iterable[Model], key: ScoreKey) -> list[Leader]:
    """Each change of the first place among the models that are ranked today, oldest first; none without a direction.

    A model stands at the mean of the runs that it had, as it does on the board, so the best value may fall with a run.
    """
    better = direction(key.name)
    if better == "neither":
        return []
    sign = 1 if better == "higher" else -1
    added = sorted(
        (str(created), model.label, str(run), float(value))
        for model in of_board
        if model.is_ranked
        for created, run, value in model.runs[["created", "run", key.column]].itertuples(index=False, name=None)
        if not pd.isna(value)
    )
    values: dict[str, list[float]] = {}
    newest: dict[str, str] = {}
    changes: list[Leader] = []
    for created, label, run, value in added:
        values.setdefault(label, []).append(value)
        newest[label] = run
        best = max(values, key=lambda name: sign * _mean(values[name]))
        leader = Leader(created, best, newest[best], _mean(values[best]))
        if not changes or changes[-1][1:] != leader[1:]:
            changes.append(leader)
    return changes


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
