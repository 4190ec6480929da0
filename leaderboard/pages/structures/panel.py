"""The table of structures with its filters, order, search, pages and downloads, used by two pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.text_box import LINK_CHARACTERS, searched, text_box
from leaderboard.pages.structures import downloads
from leaderboard.pages.structures.choices import ALL, ANY, FILE_ORDER, ORDERS, SHOWN, Choice, reason_counts
from leaderboard.pages.structures.structures import table_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

_SCRIPT = Path(__file__).parents[1] / "static" / "structures.js"
_DOWNLOAD = """(file) => {
    if (!file) return;
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name;
    link.click();
}"""
# the address of the page is the link to what is seen on it
_ADDRESS = """(link) => {
    const tab = document.querySelector('#pages button[role="tab"][aria-selected="true"]');
    if (link && (!tab || tab.textContent.trim() === 'Model')) history.replaceState(null, '', link);
}"""


@dataclass(frozen=True)
class Panel:
    """The panel's components.

    Attributes:
        table: reports the id of the record that was clicked.
        run: id of the run shown.
        chosen: id of the structure drawn.
        link: what stands behind the address once the visitor has changed anything.
        inputs: what :func:`seen` reads a choice from, in its order.
        outputs: what :func:`fill` fills, in its order.

    """

    table: gr.HTML
    run: gr.State
    chosen: gr.State
    link: gr.Textbox
    inputs: list[gr.components.Component]
    outputs: list[gr.components.Component]


def build(store: Store, prefix: str, *, is_addressed: bool) -> Panel:
    """Lay the panel out in the current block.

    Args:
        store: where the runs are.
        prefix: keeps the ids of its elements apart.
        is_addressed: the address of the page follows what is seen.

    """
    run, page, chosen, last_search = gr.State(None), gr.State(1), gr.State(None), gr.State("")
    # the browser knows this one; a State stays on the server
    # gradio shows what is hidden once the column around it is shown again; the class keeps it out of sight
    link = gr.Textbox("", visible="hidden", max_length=LINK_CHARACTERS, elem_id=f"{prefix}_link", elem_classes="unseen")
    with gr.Row(elem_classes="controls"):
        shown = gr.Dropdown(list(SHOWN), value=ALL, label="Show", elem_id=f"{prefix}_show", min_width=140)
        reason = gr.Dropdown([ANY], value=ANY, label="Reason", elem_id=f"{prefix}_reason", min_width=140)
        order = gr.Dropdown(list(ORDERS), value=FILE_ORDER, label="Sort by", elem_id=f"{prefix}_sort", min_width=140)
        search = text_box("Search", placeholder="id, formula or match", elem_id=f"{prefix}_search", min_width=140)
    table = structures_html(f"{prefix}_structures", "table")
    with gr.Row(elem_classes="downloads"):
        buttons = {
            gr.Button(f"Download {label}", size="sm", min_width=120, elem_id=f"{prefix}_{label.lower()}"): written
            for label, written in downloads.FORMS.items()
        }
        # gradio forgets that a component is hidden when the column that it is in is shown again
        file = gr.DownloadButton(elem_classes="unseen")

    def drawn(identifier: str | None, choice: Choice) -> tuple[int, str, str]:
        run = runs.find(store, identifier)
        return (1, "", "") if run is None else (choice.page, table_html(run, choice), choice.link(run.id))

    def narrow(identifier: str | None, *controls: object) -> tuple[int, str, str]:
        return drawn(identifier, replace(seen(*controls), page=1))

    def narrow_by_search(identifier: str | None, last: object, *controls: object) -> tuple[object, ...]:
        choice = replace(seen(*controls), page=1)
        # what a link or another run set the box to is shown already
        return (gr.skip(),) * 4 if choice.search == last else (choice.search, *drawn(identifier, choice))

    def turn(event: gr.EventData, identifier: str | None, *controls: object) -> tuple[int, str, str]:
        return drawn(identifier, replace(seen(*controls), page=int(event.page)))

    inputs = [shown, reason, order, search, page, chosen]
    redrawn = [page, table, link]
    choosing = [shown.input, reason.input, order.input]
    gr.on(choosing, narrow, [run, *inputs], redrawn, trigger_mode="always_last", **QUIET)
    search.change(
        narrow_by_search, [run, last_search, *inputs], [last_search, *redrawn], trigger_mode="always_last", **QUIET
    )
    table.click(turn, [run, *inputs], redrawn, **QUIET)
    if is_addressed:
        link.change(None, link, None, js=_ADDRESS, **QUIET)
    for button, written in buttons.items():
        # they hold the whole run: written when somebody asks for one, not each time a page is opened
        button.click(partial(_written, store, written), run, file, **QUIET).then(
            None, file, None, js=_DOWNLOAD, **QUIET
        )
    return Panel(table, run, chosen, link, inputs, [run, *inputs, last_search, table, link])


def structures_html(elem_id: str, kind: str) -> gr.HTML:
    """HTML that reports which structure or page was clicked in it: ``select`` {id} and ``click`` {page}."""
    return gr.HTML(
        js_on_load=_SCRIPT.read_text(), apply_default_css=False, elem_id=elem_id, elem_classes=[kind, "chooser"]
    )


def seen(shown: object, reason: object, order: object, search: object, page: object, chosen: object) -> Choice:
    """The choice that the controls are set to.

    Raises:
        gr.Error: the search is no text, or too long.

    """
    return Choice(
        str(shown), str(reason), str(order), searched(search), int(str(page)), None if chosen is None else str(chosen)
    )


def fill(run: Run | None, choice: Choice, chosen: str | None = None) -> tuple[object, ...]:
    """What shows a run as a choice has it: values for ``Panel.outputs``.

    Args:
        run: nothing is shown of None.
        choice: as a link gives it.
        chosen: the structure that is drawn where the choice names none.

    """
    if run is None:
        return None, ALL, gr.Dropdown([ANY], value=ANY), FILE_ORDER, "", 1, None, "", "", ""
    counts = reason_counts(energy_views.facts(run.path))
    choices = [(ANY, ANY), *((f"{name} ({count:,})", name) for name, count in counts.items())]
    reason = gr.Dropdown(choices, value=choice.reason)
    seen_first = choice if choice.chosen else replace(choice, chosen=chosen)
    controls = (choice.shown, reason, choice.order, choice.search, choice.page, choice.chosen)
    return run.id, *controls, choice.search, table_html(run, seen_first), choice.link(run.id)


def _written(store: Store, written: Callable[[Run], str], identifier: str | None) -> str | None:
    run = runs.find(store, identifier)
    return None if run is None else written(run)
