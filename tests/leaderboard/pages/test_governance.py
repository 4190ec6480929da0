"""The log as the pages show it: who, what and why, whatever somebody wrote there, the newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leaderboard.pages.texts.governance import SHOWN, governance, log_html
from leaderboard.store.actions import Action

HOSTILE = "<img src=x onerror=alert(1)>"
START = datetime(2026, 11, 30, tzinfo=UTC)


def test_nothing_in_the_log_is_markup() -> None:
    page = log_html([Action(actor=HOSTILE, kind="banned", user="eve", reason=HOSTILE, time=START)])
    assert "<img" not in page
    assert page.count("&lt;img") == 2
    assert "2026-11-30T00:00:00Z" in page


def test_the_newest_entries_are_shown_and_the_others_counted() -> None:
    actions = [
        Action(actor="mia", kind="frozen", reason=f"reason {number}", time=START + timedelta(minutes=number))
        for number in range(SHOWN + 3)
    ]
    page = log_html(actions)
    assert page.count("<tr>") == SHOWN + 1  # and the heading
    assert page.index(f"reason {SHOWN + 2})") < page.index(f"reason {SHOWN + 1})")
    assert "reason 2)" not in page
    assert "3 older entries" in page
    assert "older" not in log_html(actions[:SHOWN])


def test_governance_says_how_to_object_and_what_is_kept() -> None:
    text = governance()
    assert text.startswith("## ")
    for heading in (
        "Who decides",
        "How the rules change",
        "How to object",
        "Licence of the data",
        "What is kept of people",
    ):
        assert f"## {heading}\n" in text
