"""Options of the pages' events, and the table that reports what was clicked."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypedDict

import gradio as gr

_SCRIPT = Path(__file__).parents[1] / "static" / "table.js"


class Quiet(TypedDict):
    """Options of every event of the pages: no overlay over what is redrawn, no entry in the API's documentation."""

    show_progress: Literal["hidden"]
    api_visibility: Literal["private"]


QUIET = Quiet(show_progress="hidden", api_visibility="private")


class Light(Quiet):
    """And of events that take milliseconds: they wait in no queue, so that none is refused when many come at once."""

    queue: Literal[False]


LIGHT = Light(**QUIET, queue=False)


def table_component(elem_id: str, value: str = "") -> gr.HTML:
    """A table drawn by the server that reports what was clicked: ``click`` {sort or page}, ``select`` {id or run}."""
    script = _SCRIPT.read_text()
    return gr.HTML(value, js_on_load=script, apply_default_css=False, elem_id=elem_id, elem_classes="table")
