"""How far a long task is: count, rate, time left; shown on a terminal, written to a log or handed to the app."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tqdm import tqdm

REPORT_EVERY_S = 0.5
LOG_EVERY_S = 30.0  # where each report is a line of its own that stays
BAR_AFTER_S = 0.5  # a stage that is done sooner shows no bar


@dataclass(frozen=True)
class Progress:
    """State of one stage; rate and time left are unknown until something is done."""

    stage: str
    done: int
    total: int
    rate_per_s: float | None
    seconds_left: float | None

    def __str__(self) -> str:
        """One line, as the terminal shows it."""
        return f"{self.stage:<8} {self.done}/{self.total}  {self.pace}".rstrip()

    @property
    def pace(self) -> str:
        """Rate and time left; empty while they are unknown."""
        if self.rate_per_s is None or self.seconds_left is None:
            return ""
        return f"{self.rate_per_s:.1f}/s, {_duration(self.seconds_left)} left"


Report = Callable[[Progress], None]


class Counter:
    """Counts the tasks of one stage and reports now and then, and once at the end.

    Args:
        stage: its name.
        total: how many tasks there are.
        report: who is told.
        every_s: at most once in so many seconds.

    """

    def __init__(self, stage: str, total: int, report: Report, every_s: float = REPORT_EVERY_S) -> None:
        """Start the clock and report the start."""
        self._stage, self._total, self._report, self._every_s = stage, total, report, every_s
        self._done = self._known = 0
        self._start = self._reported = time.monotonic()
        self._send()

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return self._total

    def know(self, count: int) -> None:
        """Count tasks that were done before: they cost nothing now and do not enter the rate."""
        at_once = not self._known  # how much a resumed task has kept is worth a report
        self._known += count
        self._count(count, at_once=at_once)

    def expect(self, total: int) -> None:
        """Count on so many tasks, where how many there are becomes known while they are done.

        Until that is known, count on one more than are there: a stage that has done all is over.
        """
        self._total = total
        if self._done == total:
            self._send()

    def reach(self, done: int) -> None:
        """Count as known what is missing to `done` tasks: the rest of a part that is finished."""
        if done > self._done:
            self.know(done - self._done)

    def add(self, count: int = 1) -> None:
        """Count tasks just done."""
        self._count(count, at_once=False)

    def _count(self, count: int, *, at_once: bool) -> None:
        self._done += count
        if not count:
            return
        if at_once or self._done == self._total or time.monotonic() - self._reported >= self._every_s:
            self._send()

    def _send(self) -> None:
        self._reported = time.monotonic()
        elapsed, counted = self._reported - self._start, self._done - self._known
        rate = counted / elapsed if counted and elapsed > 0 else None
        left = (self._total - self._done) / rate if rate else None
        self._report(Progress(self._stage, self._done, self._total, rate, left))


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


class ToTerminal:
    """Shows progress on stderr: a bar on a terminal, elsewhere a line every half minute.

    What is done sooner writes nothing, so that a short run leaves no noise in a log.
    """

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self._bar: tqdm[None] | None = None
        self._written = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Show how far a stage is."""
        if sys.stderr.isatty():
            self._draw(progress)
        elif time.monotonic() - self._written >= LOG_EVERY_S:
            self._written = time.monotonic()
            sys.stderr.write(f"{progress}\n")
            sys.stderr.flush()

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            shape = "{desc}{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt}{postfix}"
            # how often there is news is the counter's business
            self._bar = tqdm(
                total=progress.total, bar_format=shape, leave=False, delay=BAR_AFTER_S, mininterval=0, file=sys.stderr
            )
        self._bar.set_description_str(f"{progress.stage:<9}", refresh=False)
        self._bar.set_postfix_str(progress.pace, refresh=False)
        self._bar.update(progress.done - self._bar.n)
        if progress.done == progress.total:
            self._bar.close()
            self._bar = None


def silent(_progress: Progress) -> None:
    """Show nothing."""
