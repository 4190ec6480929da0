"""What a test run says at its end: how far we agree with each oracle, from the tests that record it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

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
