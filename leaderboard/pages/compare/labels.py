"""Names of the runs that stand side by side: different ones, also for the runs of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.board.ranking import FIELD, MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from leaderboard.store.run import Run

_SET = FIELD[:2]


def run_labels(compared: Sequence[Run], listed: pd.DataFrame) -> list[str]:
    """What each run is called: its model, and which of its runs where the model has several against the same set.

    Where names are equal still, what differs follows: the version, the reference set, the day, digits of the id.

    Args:
        compared: runs, each once.
        listed: runs of the board, see :attr:`leaderboard.board.table.Board.runs`; a run need not be among them.

    """
    labels = [run.label + _place(run, listed) for run in compared]
    told_apart: tuple[Callable[[Run], str], ...] = (
        lambda run: f"version {run.card.version}" if run.card.version else "",
        lambda run: run.record.reference,
        lambda run: run.record.day,
        lambda run: run.id[:6],
        lambda run: run.record.run_key[:6],
        lambda run: run.id,
    )
    for part in told_apart:
        labels = _told_apart(labels, [part(run) for run in compared])
    return labels


def _told_apart(labels: Sequence[str], parts: Sequence[str]) -> list[str]:
    """The labels, those that are equal with their parts behind them where the parts differ."""
    of_label: dict[str, set[str]] = {}
    for label, part in zip(labels, parts, strict=True):
        of_label.setdefault(label, set()).add(part)
    return [
        f"{label}, {part}" if part and len(of_label[label]) > 1 else label
        for label, part in zip(labels, parts, strict=True)
    ]


def _place(run: Run, listed: pd.DataFrame) -> str:
    """Which of the model's runs against the set it is, by date; nothing where there is one."""
    this = listed[(listed["run"] == run.id).fillna(value=False).astype(bool)]
    if this.empty:
        return ""
    facts = listed[[*MODEL, *_SET]].fillna("")
    same = listed[(facts == facts.loc[this.index[0]]).all(axis=1)]
    if len(same) == 1:
        return ""
    by_date = same.sort_values(["created", "run"])["run"].tolist()
    return f", run {by_date.index(run.id) + 1} of {len(by_date)}"
