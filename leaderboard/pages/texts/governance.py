"""How the board is run, and the log of what was done to submissions, for all to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.moderation.log import about, when
from leaderboard.pages.parts.markup import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.store.actions import Action

GOVERNANCE = Path(__file__).parents[3] / "GOVERNANCE.md"
SHOWN = 200
"""Entries of the log on a page; the command line prints all."""


def governance() -> str:
    """The sections of ``GOVERNANCE.md``, without its title."""
    _, first, sections = GOVERNANCE.read_text(encoding="utf-8").partition("## ")
    return first + sections


def log_page(actions: Sequence[Action]) -> str:
    """The log under its heading."""
    lead = "What was done to submissions, by whom and why, the newest first."
    return f'<div class="prose-page"><h2>Log of actions</h2><p>{lead}</p></div>{log_html(actions)}'


def log_html(actions: Sequence[Action]) -> str:
    """The newest entries as a table: when, who, what, about what and why."""
    rows = "".join(
        f"<tr><td>{when(action)}</td><td>{text(action.actor)}</td><td>{text(action.kind.replace('_', ' '))}</td>"
        f"<td>{text(about(action))}</td></tr>"
        for action in list(actions)[-SHOWN:][::-1]
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("When (UTC)", "Who", "What", "Of what, and why"))
    older = f'<p class="legend">{len(actions) - SHOWN:,} older entries.</p>' if len(actions) > SHOWN else ""
    table = f'<div class="scroll"><table class="log"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return (table + older) if rows else '<p class="dim">Nothing was done yet.</p>'
