"""The table of structures with its filter, search, pages and downloads, used by two pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.events import QUIET, table_component
from leaderboard.pages.parts.text_box import searched, text_box
from leaderboard.pages.structures import downloads, structures

if TYPE_CHECKING:
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

_DOWNLOAD = """(file) => {
    if (!file) return;
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name;
    link.click();
}"""


@dataclass(frozen=True)
class Panel:
    """The panel's components.

    Attributes:
        table: reports the id of the record that was clicked.
        run: id of the run shown.
        outputs: what :func:`fill` fills, in its order.
        buttons: what :func:`links` fills, in its order.

    """

    table: gr.HTML
    run: gr.State
    outputs: list[gr.components.Component]
    buttons: list[gr.DownloadButton]


def build(store: Store, prefix: str) -> Panel:
    """Lay the panel out in the current block; ``prefix`` keeps the ids of its elements apart."""
    run, page, chosen = gr.State(None), gr.State(1), gr.State(None)
    with gr.Row(elem_classes="controls"):
        shown = gr.Dropdown(list(structures.SHOWN), value="all", label="Show", elem_id=f"{prefix}_show", min_width=140)
        search = text_box("Search", placeholder="id, formula or match", elem_id=f"{prefix}_search", min_width=140)
    table = table_component(f"{prefix}_structures")
    with gr.Row(elem_classes="downloads"):
        buttons = [
            gr.DownloadButton(
                f"Download {form}", size="sm", min_width=120, interactive=False, elem_id=f"{prefix}_{form.lower()}"
            )
            for form in ("CSV", "Parquet", "JSON")
        ]
        bundle = gr.Button("Download bundle", size="sm", min_width=120, elem_id=f"{prefix}_bundle")
        # gradio forgets that a component is hidden when the column that it is in is shown again
        file = gr.DownloadButton(elem_classes="unseen")

    def draw(identifier: str | None, shown: str, search: str, page: int, chosen: str | None) -> str:
        run = runs.find(store, identifier)
        if run is None:
            return ""
        rows = structures.select(energy_views.facts(run.path), shown, searched(search))
        return structures.page_html(rows, page, chosen, energy_views.first_variant(run.path))

    def narrow(identifier: str | None, shown: str, search: str, chosen: str | None) -> tuple[int, str]:
        return 1, draw(identifier, shown, search, 1, chosen)

    def turn(
        identifier: str | None, shown: str, search: str, chosen: str | None, event: gr.EventData
    ) -> tuple[int, str]:
        page = int(event.page)
        return page, draw(identifier, shown, search, page, chosen)

    def choose(identifier: str | None, shown: str, search: str, page: int, event: gr.EventData) -> tuple[str, str]:
        return event.id, draw(identifier, shown, search, page, event.id)

    # it holds the whole run: written when somebody asks for it, not each time a page is opened
    bundle.click(lambda name: _bundle(runs.find(store, name)), run, file, **QUIET).then(
        None, file, None, js=_DOWNLOAD, **QUIET
    )
    inputs = [run, shown, search]
    gr.on([shown.input, search.change], narrow, [*inputs, chosen], [page, table], trigger_mode="always_last", **QUIET)
    table.click(turn, [*inputs, chosen], [page, table], **QUIET)
    table.select(choose, [*inputs, page], [chosen, table], **QUIET)
    return Panel(table, run, [run, shown, search, page, chosen, table], buttons)


def fill(run: Run | None, chosen: str | None) -> tuple[object, ...]:
    """What shows a run from the start, unfiltered, with one record chosen: values for ``Panel.outputs``."""
    if run is None:
        return None, "all", "", 1, None, ""
    table = structures.page_html(energy_views.facts(run.path), 1, chosen, energy_views.first_variant(run.path))
    return run.id, "all", "", 1, chosen, table


def _bundle(run: Run | None) -> str | None:
    return None if run is None else downloads.bundle(run)


def links(run: Run | None) -> tuple[gr.DownloadButton, ...]:
    """Files to download, for ``Panel.buttons``; a button without a file cannot be pressed."""
    files = (None, None, None) if run is None else downloads.files(run)
    return tuple(gr.DownloadButton(value=file, interactive=file is not None) for file in files)
