"""The page for programs: each way into the board as code to copy, with this site's own address in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.api.functions import TOOLS
from leaderboard.pages.api.snippets import SNIPPETS
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import LIGHT
from leaderboard.pages.parts.markup import code_block, text
from leaderboard.pages.parts.text_box import MAX_LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.pages.api.snippets import Snippet
    from leaderboard.pages.parts.entrance import Values

SCRIPT = Path(__file__).parents[1] / "static" / "texts.js"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}")
HERE = "http://127.0.0.1:7860"
"""Of the app as README.md starts it, for a browser that names no address."""


@dataclass(frozen=True)
class ApiPage:
    """What the rest of the app drives."""

    entrance: Entrance


def build(tab: gr.Tab) -> ApiPage:
    """Lay the page out in the current block; it is made when it is opened, for the address that the browser has."""
    address = gr.Textbox("", visible="hidden", max_length=MAX_LENGTH, elem_id="api_address")
    opened = gr.Textbox("", visible="hidden", max_length=MAX_LENGTH, elem_id="api_opened")
    html = gr.HTML(elem_id="api", apply_default_css=False, js_on_load=SCRIPT.read_text())
    tab.select(page, address, html, js="() => location.origin", **LIGHT)
    opened.change(page, address, html, js="() => location.origin", **LIGHT)

    def enter(parameters: Mapping[str, str]) -> Values | None:
        return {opened: "yes"} if parameters.get("page") == "api" else None

    return ApiPage(Entrance("api", [opened], enter))


def page(address: object) -> str:
    """The page as HTML for a site at an address; one that is none is not shown."""
    url = address if isinstance(address, str) and _ADDRESS.fullmatch(address) else HERE
    names = ", ".join(f"<code>{name}</code>" for name in sorted(TOOLS))
    return f"""
<div class="prose-page">
<h2>For programs</h2>
<p>Everything that the pages show can be read by programs, and a file can be validated and submitted for a private
check. The functions have types: <a href="{text(url)}/gradio_api/info" target="_blank">/gradio_api/info</a> lists them.
What is wrong with a call is said in a sentence.</p>
{"".join(_section(snippet, url) for snippet in SNIPPETS)}
<p>The tools of the MCP server are {names}.</p>
</div>"""


def _section(snippet: Snippet, url: str) -> str:
    title = text(snippet.title)
    return (
        f'<h2 id="api-{snippet.name}">{title}</h2><p>{text(snippet.lead)}</p>'
        f"{code_block(snippet.at(url), snippet.language, f'Copy the code: {snippet.title}')}"
    )
