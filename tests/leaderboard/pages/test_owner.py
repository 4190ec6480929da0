"""What the owner's part does for whom; with people signed in, ``tests/test_sign_in.py``."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import pytest

from leaderboard.pages.model import owner
from leaderboard.store.local import Store
from tests.leaderboard.pages.test_visitor import request
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = tempfile.TemporaryDirectory()
STORE = Store(Path(FOLDER.name))
RUN = publish(STORE.root, Made("m", [good("a")]))


async def _events() -> dict[str, Callable[..., str]]:
    """In a loop that runs: without one gradio makes several, which nobody closes."""
    with gr.Blocks(analytics_enabled=False) as site:
        owner.build(STORE, gr.Dropdown([]))
    return {function.name: function.fn for function in site.fns.values()}


# the part is not shown where nobody signs in; its events are called all the same by who writes the request
EVENTS = asyncio.run(_events())


@pytest.mark.parametrize(("event", "value"), [("do_withdraw", "why"), ("do_correct", 'model = "taken over"')])
def test_where_nobody_signs_in_nobody_changes_what_the_command_line_published(event: str, value: str) -> None:
    assert 'class="notice error"' in EVENTS[event](RUN.id, value, request())
    assert (STORE.actions(), [shown.model for shown in STORE.runs()]) == ([], ["m"])
