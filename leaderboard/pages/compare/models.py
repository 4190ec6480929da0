"""The models of a board as points: each score of a model by the mean of its runs; and who led by it at what time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from leaderboard.board.comparison import direction
from leaderboard.board.ranking import APPROVED, MODEL
from leaderboard.board.ties import mean_of
from leaderboard.board.written import model_label
from leaderboard.pages.parts.markup import Interval
from leaderboard.pages.parts.runs import records
from metrics.statistics.uncertainty import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leaderboard.board.table import Board
    from leaderboard.score_key import ScoreKey


_FACTS = (*MODEL, "run", "created", "rank", "bundled", "reference", "status", "custom", "n_submitted")
_ENDS = ("", "_low", "_high", "_counted")


class Model(NamedTuple):
    """A model against one reference set.

    Attributes:
        label: as people tell it from the others.
        runs: its rows of the board with the scores asked for, None where unknown: those that count together, oldest
            first; the ranked ones, where one is.
        is_ranked: whether they are.

    """

    label: str
    runs: Sequence[Mapping[str, Any]]
    is_ranked: bool

    @property
    def run(self) -> str:
        """Id of its newest run."""
        return str(self.runs[-1]["run"])

    @property
    def is_baseline(self) -> bool:
        """Whether this benchmark made it."""
        return all(run["bundled"] is not None for run in self.runs)

    def score(self, key: ScoreKey) -> Interval | None:
        """Mean over its runs, with the 95% interval of that where each has one; None where a run has no value."""
        ends = [[run[f"{key.column}{end}"] for end in _ENDS] for run in self.runs]
        if any(value is None for value, *_ in ends):
            return None
        if any(low is None or high is None for _, low, high, _ in ends):
            return Interval(_mean([value for value, *_ in ends]), None, None, min(counted for *_, counted in ends))
        return Interval(*mean_of([Estimate(value, low, high) for value, low, high, _ in ends]))


class Leader(NamedTuple):
    """Who led from a day on, by the mean of the runs that were there."""

    day: str
    label: str
    run: str
    value: float


def models(board: Board, reference: str, keys: Iterable[ScoreKey]) -> list[Model]:
    """Approved models under the protocol's own settings against a reference set, no controls, ranked ones first.

    Of a model without a ranked run, its runs of one size count, that of the newest.

    Args:
        board: all runs.
        reference: name of the set on the board.
        keys: of the scores that are asked for; a row of all of them has hundreds of columns.

    """
    columns = dict.fromkeys(f"{key.column}{end}" for key in keys for end in _ENDS)
    table = board.wide[[*_FACTS, *columns]]
    kept = (table["reference"] == reference) & (table["status"] == APPROVED) & ~table["custom"]
    of_model: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for run in records(table[kept.fillna(value=False).astype(bool)].sort_values(["created", "run"])):
        if run["bundled"] != "control" or run["owner"] is not None:
            of_model.setdefault(tuple(run[name] for name in MODEL), []).append(run)
    made = []
    for runs in of_model.values():
        ranked = [run for run in runs if run["rank"] is not None]
        of_newest_size = [run for run in runs if run["n_submitted"] == runs[-1]["n_submitted"]]
        made.append(Model(model_label(runs[-1]), ranked or of_newest_size, bool(ranked)))
    labels = Counter(model.label for model in made)
    told_apart = [
        model._replace(label=f"{model.label}, version {version}")
        if labels[model.label] > 1 and (version := model.runs[-1]["version"]) is not None
        else model
        for model in made
    ]
    return sorted(told_apart, key=lambda model: (not model.is_ranked, model.label))


def leaders(of_board: Iterable[Model], key: ScoreKey) -> list[Leader]:
    """Each change of the first place among the models that are ranked today, oldest first; none without a direction.

    A model stands at the mean of the runs that it had, as it does on the board, so the best value may fall with a run.
    """
    better = direction(key.name)
    if better == "neither":
        return []
    sign = 1 if better == "higher" else -1
    added = sorted(
        (str(run["created"]), model.label, str(run["run"]), float(run[key.column]))
        for model in of_board
        if model.is_ranked
        for run in model.runs
        if run[key.column] is not None
    )
    values: dict[str, list[float]] = {}
    means: dict[str, float] = {}
    newest: dict[str, str] = {}
    changes: list[Leader] = []
    for created, label, run, value in added:
        values.setdefault(label, []).append(value)
        means[label], newest[label] = _mean(values[label]), run
        best = changes[-1].label if changes else label
        if label == best:  # whose mean may have fallen below another one's
            best = max(means, key=lambda name: sign * means[name])
        elif sign * means[label] > sign * means[best]:
            best = label
        leader = Leader(created, best, newest[best], means[best])
        if not changes or changes[-1][1:] != leader[1:]:
            changes.append(leader)
    return changes


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
