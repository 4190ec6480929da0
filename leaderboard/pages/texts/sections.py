"""The tab About: its sections, one at a time, made when they are opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from leaderboard.matching_benchmark.result import newest_result
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import LIGHT, QUIET
from leaderboard.pages.parts.text_box import MAX_LENGTH
from leaderboard.pages.texts import about, governance, guide, reported, structure_matching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leaderboard.pages.parts.entrance import Values
    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store

DOCS = Path(__file__).parents[3] / "docs"
SCRIPT = Path(__file__).parents[1] / "static" / "texts.js"
TAB = "about"
_TO_A_FILE = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]+\)")
# where an address names a place in the section, as the headings of the board do
_TO_PLACE = """() => setTimeout(() => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (place) place.scrollIntoView();
}, 100)"""


class Section(NamedTuple):
    """One section.

    Attributes:
        title: in the list of sections.
        make: its text.
        is_markdown: whether that is Markdown, else HTML.

    """

    title: str
    make: Callable[[], str]
    is_markdown: bool = False


@dataclass(frozen=True)
class AboutPage:
    """What the rest of the app drives."""

    entrance: Entrance


def sections(store: Store, protocol: Protocol) -> dict[str, Section]:
    """All sections by the name that ``?page=`` gives them, in their order."""
    return {
        "about": Section("What the numbers mean", lambda: about.page(protocol)),
        "guide": Section("Submit guide", lambda: guide.page(protocol)),
        "faq": Section("Questions", lambda: without_title(DOCS / "faq.md"), is_markdown=True),
        "matching": Section("Structure matching", lambda: structure_matching.page(newest_result(store))),
        "reported": Section("Reported elsewhere", reported.current),
        "glossary": Section("Glossary", about.glossary, is_markdown=True),
        "governance": Section("Governance", governance.governance, is_markdown=True),
        "log": Section("Log of actions", lambda: governance.log_page(store.actions())),
    }


def without_title(path: Path) -> str:
    """The sections of a page of the documentation, without its title and its links to other files."""
    _, first, rest = path.read_text(encoding="utf-8").partition("## ")
    return _TO_A_FILE.sub(r"\1", first + rest)


def build(store: Store, protocol: Protocol, tab: gr.Tab) -> AboutPage:
    """Lay the tab out in the current block; nothing is in it before it is opened."""
    known = sections(store, protocol)
    chosen = gr.Textbox("", visible="hidden", max_length=MAX_LENGTH, elem_id="about_section")
    html = gr.HTML(elem_id="about", apply_default_css=False, js_on_load=SCRIPT.read_text())
    markdown = gr.Markdown(elem_id="about_text", elem_classes="prose-page")

    def open_section(name: object) -> tuple[str, str, str]:
        name = name if isinstance(name, str) and name in known else next(iter(known))
        section = known[name]
        body = section.make()
        return name, contents(known, name) + ("" if section.is_markdown else body), body if section.is_markdown else ""

    def first(name: object) -> tuple[object, ...]:
        return (gr.skip(),) * 3 if name else open_section(None)

    def follow(event: gr.EventData) -> tuple[str, str, str]:
        return open_section(event.page)

    outputs = [chosen, html, markdown]
    html.select(follow, None, outputs, **LIGHT)
    tab.select(first, chosen, outputs, **LIGHT)
    html.change(None, None, None, js=_TO_PLACE, **QUIET)

    def enter(parameters: Mapping[str, str]) -> Values | None:
        name = parameters.get("page", "")
        return dict(zip(outputs, open_section(name), strict=True)) if name in known else None

    return AboutPage(Entrance(TAB, outputs, enter))


def contents(known: Mapping[str, Section], shown: str) -> str:
    """Links to all sections; that of the one shown says so."""
    links = "".join(
        f'<li><a href="?page={name}" data-page="{name}"{" aria-current=page" if name == shown else ""}>'
        f"{section.title}</a></li>"
        for name, section in known.items()
    )
    return f'<nav class="sections" aria-label="Sections of About"><ul>{links}</ul></nav>'
