"""How far a build is: count, rate and time left, now and then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

REPORT_EVERY_S = 10.0


class Progress:
    """Counts structures and reports them as lines, at most every ten seconds and once at the end.

    Args:
        total: how many there are.
        report: takes the lines.

    """

    def __init__(self, total: int, report: Callable[[str], None]) -> None:
        """Start the clock."""
        self._total, self._report = total, report
        self._done = self._known = 0
        self._start = time.monotonic()
        self._reported = self._start

    def know(self, count: int) -> None:
        """Count structures that were measured before: they cost nothing now and do not enter the rate."""
        self._known += count
        if count:
            self._reported -= REPORT_EVERY_S  # worth a line at once
        self.add(count)

    def reach(self, done: int) -> None:
        """Count what is left of a finished part: rows of equal content are measured once."""
        self.know(done - self._done)

    def add(self, count: int) -> None:
        """Count structures just measured."""
        self._done += count
        now = time.monotonic()
        if count and (self._done == self._total or now - self._reported >= REPORT_EVERY_S):
            self._reported = now
            rate = (self._done - self._known) / max(now - self._start, 1e-9)
            left = f", {rate:.0f}/s, {_duration((self._total - self._done) / rate)} left" if rate else ""
            self._report(f"measured {self._done} of {self._total} structures{left}")


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
