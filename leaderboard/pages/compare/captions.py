"""The sentence over a figure, which is also its name for those who hear the page."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from leaderboard.pages.parts.markup import text

_SCRIPT = Path(__file__).parents[1] / "static" / "caption.js"


def caption(elem_id: str) -> gr.HTML:
    """The place of a sentence; its value is :func:`caption_html`."""
    return gr.HTML(js_on_load=_SCRIPT.read_text(), apply_default_css=False, elem_id=elem_id)


def caption_html(sentence: str, figure: str) -> str:
    """What a figure shows, in words, for the figure of this id; nothing where there is nothing to say."""
    return f'<p class="caption" data-figure="{text(figure)}">{text(sentence)}</p>' if sentence else ""
