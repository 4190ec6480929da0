"""Methods at work in worker processes: what each says about pairs of crystals, and what that costs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leaderboard.matching_benchmark.methods import METHODS
from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from metrics.measure.running.engine import Engine

GROUP_LIMIT_S = 120.0
PAIR_LIMIT_S = 30.0
PAIRS_PER_GROUP = 40


class Answer(NamedTuple):
    """What a method says about one pair.

    Attributes:
        same: None where it could not decide.
        reason: why it could not.
        cpu_s: CPU seconds of the comparison alone; None where it was never made.

    """

    same: bool | None
    reason: str | None
    cpu_s: float | None


@dataclass(frozen=True, eq=False)
class Group:
    """Crystals that are described once each, and the pairs of them, by place, that are compared."""

    crystals: tuple[Crystal, ...]
    pairs: tuple[tuple[int, int], ...]


class Answers(NamedTuple):
    """What a method says about one group.

    Attributes:
        pairs: in the order of the group's.
        described_s: CPU seconds of each crystal's description, in the order of the group's; None where there is none.

    """

    pairs: tuple[Answer, ...]
    described_s: tuple[float | None, ...]


def ask(method: str, groups: Sequence[Group], engine: Engine, advance: Callable[[int], None]) -> list[Answers]:
    """Ask one method about all pairs of all groups.

    A group that exceeds its time, or crashes, is asked again pair by pair, so that only the culprit stays unknown.

    Args:
        method: its name.
        groups: what to ask.
        engine: where the work runs.
        advance: called with the number of pairs just answered.

    """
    answers: list[Answers] = [Answers((), ())] * len(groups)
    failed = []
    for outcome in engine.map(answer, ((method, group) for group in groups), time_limit_s=GROUP_LIMIT_S):
        if outcome.failure is None:
            answers[outcome.index] = outcome.value
            advance(len(groups[outcome.index].pairs))
        else:
            failed.append(outcome.index)
    for index in failed:
        answers[index] = _one_by_one(method, groups[index], engine, advance)
    return answers


def answer(task: tuple[str, Group]) -> Answers:
    """Describe each crystal once and compare the pairs; runs in a worker process."""
    name, group = task
    method = METHODS[name]
    described = [_timed(method.describe, crystal) for crystal in group.crystals]
    answers = []
    for a, b in group.pairs:
        reason = described[a].reason or described[b].reason
        if reason is not None:
            answers.append(Answer(None, reason, None))
            continue
        compared = _timed(method.same, described[a].value, described[b].value)
        same = None if compared.reason else bool(compared.value)
        answers.append(Answer(same, compared.reason, compared.cpu_s))
    return Answers(tuple(answers), tuple(None if one.reason else one.cpu_s for one in described))


def warm() -> None:
    """Take a small crystal through every method, so that loading compiled code is in nobody's time."""
    crystal = Crystal.from_arrays(
        np.array([[0.0, 2.82, 2.82], [2.82, 0.0, 2.82], [2.82, 2.82, 0.0]]), [[0.0] * 3, [0.5] * 3], [11, 17]
    )
    for name in METHODS:
        answer((name, Group((crystal, crystal), ((0, 1),))))


class _Timed(NamedTuple):
    value: object
    reason: str | None
    cpu_s: float


def _timed(function: Callable[..., object], *arguments: object) -> _Timed:
    start = time.process_time()
    try:
        value, reason = function(*arguments), None
    except UnmeasurableError as error:
        value, reason = None, error.reason
    return _Timed(value, reason, time.process_time() - start)


def _one_by_one(method: str, group: Group, engine: Engine, advance: Callable[[int], None]) -> Answers:
    answers: list[Answer] = [Answer(None, None, None)] * len(group.pairs)
    for outcome in engine.map(answer, _alone(method, group), time_limit_s=PAIR_LIMIT_S):
        answers[outcome.index] = (
            outcome.value.pairs[0] if outcome.failure is None else Answer(None, outcome.failure, None)
        )
        advance(1)
    return Answers(tuple(answers), (None,) * len(group.crystals))


def _alone(method: str, group: Group) -> Iterable[tuple[str, Group]]:
    return ((method, Group((group.crystals[a], group.crystals[b]), ((0, 1),))) for a, b in group.pairs)
