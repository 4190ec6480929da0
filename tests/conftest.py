"""No test is timed, and at its end a run says how far we agree with each oracle, from the tests that record it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# hypothesis fails an example that takes longer than 0.2 s: on a busy machine, or where the first one compiles
settings.register_profile("search", deadline=None)
# the same examples each time, so that a run says something of the code and not of the draw; --hypothesis-profile=search
# draws others
settings.register_profile("repeatable", settings.get_profile("search"), derandomize=True)
settings.load_profile("repeatable")

AGREEMENT = "agreement"
"""Name under which a test records one line with pytest's ``record_property``; it comes back from other processes."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the agreements that the tests recorded."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    lines = sorted({str(value) for report in reports for name, value in report.user_properties if name == AGREEMENT})
    if lines:
        terminalreporter.write_sep("=", "agreement with oracles")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of a file."""
    from tests.browser import chromium  # noqa: PLC0415 - needs playwright, which other tests do without

    with chromium() as started:
        yield started
