"""Progress: what is told when, and how it reads."""

from __future__ import annotations

import math

import pytest

from metrics.measure.running.progress import Counter, Progress


def test_a_log_is_told_the_start_what_was_kept_and_the_end() -> None:
    told: list[tuple[int, int]] = []
    counter = Counter("measure", 10, lambda progress: told.append((progress.done, progress.total)), math.inf)
    counter.know(0)
    counter.know(3)  # of an interrupted run
    counter.add()
    counter.reach(6)  # two of a finished part were of equal content
    counter.reach(6)
    counter.add(4)
    assert told == [(0, 10), (3, 10), (10, 10)]


def test_a_terminal_is_told_of_each_where_no_time_has_to_pass() -> None:
    told: list[int] = []
    counter = Counter("measure", 3, lambda progress: told.append(progress.done), every_s=0.0)
    for _ in range(3):
        counter.add()
    assert told == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.0, "59 s"), (61.0, "1 min 1 s"), (3_600.0, "1 h 0 min"), (9_000.0, "2 h 30 min")],
)
def test_the_time_left_reads_as_a_person_says_it(seconds: float, text: str) -> None:
    assert str(Progress("measure", 1, 9, 2.0, seconds)) == f"measure  1/9  2.0/s, {text} left"
    assert str(Progress("measure", 0, 9, None, None)) == "measure  0/9"
