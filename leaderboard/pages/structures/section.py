"""The structures of a run: their table, and beside it the one that was clicked; used by two pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.parts import runs
from leaderboard.pages.structures import detail, panel

if TYPE_CHECKING:
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run


@dataclass(frozen=True)
class Section:
    """The section's components.

    Attributes:
        outputs: what :func:`fill` fills, in its order.
        downloads: what :func:`leaderboard.pages.structures.panel.links` fills, in its order.

    """

    outputs: list[gr.components.Component | gr.Column]
    downloads: list[gr.DownloadButton]


def build(store: Store, prefix: str) -> Section:
    """Lay the section out in the current block; ``prefix`` keeps the ids of its elements apart."""
    gr.HTML("<h3>Structures</h3>", apply_default_css=False, js_on_load=None)
    with gr.Row():
        with gr.Column(scale=6, min_width=320):
            table = panel.build(store, prefix)
        with gr.Column(scale=4, min_width=320, elem_classes="side"):
            structure = detail.build(store, table, prefix)
    return Section([*table.outputs, *structure.outputs], table.buttons)


def fill(run: Run | None) -> tuple[object, ...]:
    """What shows a run with its first readable record: values for ``Section.outputs``."""
    if run is None:
        return *panel.fill(None, None), *detail.fill(None, None)
    columns = runs.columns(run.path)
    readable = columns["id"][columns["refusal"].isna()]
    first = None if readable.empty else str(readable.iloc[0])
    return *panel.fill(run, first), *detail.fill(run, first)
