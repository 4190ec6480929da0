"""The controls over the board: each has the name that the link gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.board.columns import CALIBRATED, PRESETS, RAW, columns, energy_views, is_apart
from leaderboard.pages.board.filters import choices, shown_choices
from leaderboard.pages.board.selection import FACT_LABELS, HIGHEST, LOWEST
from leaderboard.pages.parts.events import table_component
from leaderboard.pages.parts.text_box import text_box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.board.table import Board
    from leaderboard.pages.board.selection import Selection
    from leaderboard.protocol import Protocol

MAX_COLUMNS = 6_000
"""Characters of the names of picked columns."""


@dataclass(frozen=True)
class Controls:
    """The components.

    Attributes:
        dropdowns: by the name of what they choose.
        search: part of a name.
        shade: whether cells are shaded.
        columns: the preset, or what was picked; hidden.
        at: the page; hidden.
        presets: sets ``columns``.
        picking: opened to pick columns.
        picker: boxes that set ``columns``.

    """

    dropdowns: dict[str, gr.Dropdown]
    search: gr.Textbox
    shade: gr.Checkbox
    columns: gr.Textbox
    at: gr.Textbox
    presets: gr.Radio
    picking: gr.Accordion
    picker: gr.HTML

    @property
    def by_name(self) -> dict[str, gr.Dropdown | gr.Textbox | gr.Checkbox]:
        """All that a selection is made of, by the names of its fields."""
        others: dict[str, gr.Textbox | gr.Checkbox] = {
            "search": self.search,
            "shade": self.shade,
            "columns": self.columns,
            "at": self.at,
        }
        return {**self.dropdowns, **others}


def build(table: Board, protocol: Protocol, first: Selection) -> Controls:
    """Lay the controls out in the current block, as ``first`` sets them."""
    offered = choices(table, protocol)
    dropdowns: dict[str, gr.Dropdown] = {}

    def dropdown(
        name: str, label: str, options: Sequence[str] | Sequence[tuple[str, str]], value: str | None = None
    ) -> None:
        chosen = value or getattr(first, name)
        dropdowns[name] = gr.Dropdown(list(options), value=chosen, label=label, elem_id=f"board_{name}", min_width=130)

    with gr.Row(elem_classes="controls"):
        presets = gr.Radio(
            [(name.capitalize(), name) for name in PRESETS],
            value=first.preset,
            label="Columns",
            elem_id="board_presets",
            min_width=420,
            scale=3,
        )
        dropdown("reference", "Reference set", references(table, protocol))
        dropdown("sort", "Sort by", sort_choices(table, protocol, first.reference))
        dropdown("order", "Order", [HIGHEST, LOWEST])
        search = text_box("Search", placeholder="model", elem_id="board_search", min_width=130)
    with gr.Accordion("Filters, potential, shading", open=False, elem_id="board_filters"):
        with gr.Row(elem_classes="controls"):
            dropdown("show", "Show", shown_choices(table))
            dropdown("training", "Trained on", offered.training)
            dropdown("relaxed", "Relaxed before", offered.relaxed)
            dropdown("weights", "Open weights", offered.weights)
            dropdown("architecture", "Architecture", offered.architecture)
        with gr.Row(elem_classes="controls"):
            dropdown("structures", "Number of structures", offered.structures)
            dropdown("protocol", "Protocol", offered.protocol)
            dropdown("energies", "Potential", energy_views(table, protocol), protocol.energy_variant)
            dropdown("values", "Stability", [("calibrated, raw beside", CALIBRATED), ("raw", RAW)])
            shade = gr.Checkbox(value=False, label="Shade by value", elem_id="board_shade", min_width=130)
    with gr.Accordion("Pick columns", open=False, elem_id="board_pick") as picking:
        picker = table_component("board_columns")
    picked = gr.Textbox(first.columns, visible="hidden", max_length=MAX_COLUMNS, elem_id="board_picked")
    at = gr.Textbox("1", visible="hidden", max_length=10, elem_id="board_at")
    return Controls(dropdowns, search, shade, picked, at, presets, picking, picker)


def sort_choices(table: Board, protocol: Protocol, reference: str) -> list[tuple[str, str]]:
    """Label and column for "Sort by"; the board of an indicative set is not put in order by stability."""
    indicative = table.is_indicative(reference)
    sortable = [column for column in columns(table, protocol) if not is_apart(column, indicative=indicative)]
    return [(label, name) for name, label in FACT_LABELS.items()] + [(column.label, column.name) for column in sortable]


def references(table: Board, protocol: Protocol) -> list[tuple[str, str]]:
    """Label and name of the reference sets that have a board: the protocol's in its order, then others; at least one.

    Of several versions of a set the default one comes first.
    """
    order = {name: place for place, name in enumerate(protocol.references)}
    versions = sorted(table.references, key=lambda version: order.get(version.name, len(order)))
    names = [table.references[version] for version in versions] or [protocol.references[0]]
    return [(table.reference_label(name), name) for name in names]
