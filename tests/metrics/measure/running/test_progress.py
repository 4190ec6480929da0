"""Progress: what is told when, and how it reads."""

from __future__ import annotations

import io
import math

import pytest

from metrics.measure.running.progress import Counter, Progress, ToTerminal, silent


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


class Terminal(io.StringIO):
    """A stderr that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set by hand."""
    now = [0.0]
    monkeypatch.setattr("metrics.measure.running.progress.time.monotonic", lambda: now[0])
    return now


def test_in_a_log_a_line_comes_every_half_minute(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    report = ToTerminal()
    for second in range(100):
        clock[0] = float(second)
        report(Progress("relax", second, 100, 1.0, 100.0 - second))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"relax    {done}/100  1.0/s, {text} left" for done, text in AFTER_HALF_MINUTES.items()]


AFTER_HALF_MINUTES = {30: "1 min 10 s", 60: "40 s", 90: "10 s"}


def test_on_a_terminal_a_bar_shows_count_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.measure.running.progress.BAR_AFTER_S", 0.0)
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    report = ToTerminal()
    report(Progress("relax", 0, 100, None, None))
    report(Progress("relax", 40, 100, 2.0, 30.0))
    report(Progress("relax", 100, 100, 2.0, 0.0))
    assert "40/100" in shown.getvalue()
    assert "2.0/s, 30 s left" in shown.getvalue()
    assert "\n" not in shown.getvalue().rstrip("\n")


def test_what_is_silent_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent(Progress("relax", 1, 2, 1.0, 1.0))
    assert capsys.readouterr().err == ""
