"""The functions as endpoints of the site, and which of them are tools of its MCP server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradio.events import api

from leaderboard.pages.api.calls import answering
from leaderboard.pages.api.reading import Reading
from leaderboard.pages.api.sending import Sending

if TYPE_CHECKING:
    from leaderboard.board.kept import KeptBoard
    from leaderboard.protocol import Protocol
    from leaderboard.queue.jobs import Jobs
    from leaderboard.store.local import Store

TOOLS = frozenset({"table", "model", "structures", "structure_cif", "status", "validate_text"})
"""What an assistant may call: nothing that keeps anything, and no file, which it could only name by an address that
this server would have to fetch."""


def add_to_site(store: Store, jobs: Jobs, boards: KeptBoard, protocol: Protocol) -> None:
    """Add the functions to the current blocks; they wait in no queue, as the page's own events of this kind do."""
    reading = Reading(store, jobs, boards, protocol)
    sending = Sending(jobs, reading)
    for function in (
        reading.table,
        reading.model,
        reading.structures,
        reading.structure_cif,
        reading.status,
        sending.submit,
        sending.validate,
        sending.validate_text,
    ):
        api(answering(function), api_name=function.__name__, queue=False, api_visibility="public")
