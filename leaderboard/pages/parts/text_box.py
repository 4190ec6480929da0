"""Boxes for what is searched for: the browser stops at a bound, and so does the server, for what programs send."""

from __future__ import annotations

import gradio as gr

MAX_LENGTH = 500
"""Characters of a search: ids of structures, formulas and names of models that people look for are shorter."""

LINK_CHARACTERS = 4_000
"""Of the part of a link that names what to show."""


def text_box(label: str, *, placeholder: str, elem_id: str, min_width: int = 160) -> gr.Textbox:
    """A box of one line; what it gives goes through :func:`searched`."""
    return gr.Textbox(
        "",
        label=label,
        placeholder=placeholder,
        max_lines=1,
        max_length=MAX_LENGTH,
        elem_id=elem_id,
        min_width=min_width,
    )


def searched(value: object) -> str:
    """What a visitor searches for.

    Raises:
        gr.Error: it is no text, or too long; the page shows the message.

    """
    if not isinstance(value, str):
        msg = f"expected a text to search for, got {type(value).__name__}"
        raise gr.Error(msg, print_exception=False)
    if len(value) > MAX_LENGTH:
        msg = f"a search of {len(value):,} characters; at most {MAX_LENGTH}"
        raise gr.Error(msg, print_exception=False)
    return value
