"""Two to four runs side by side: their differences, the crystals that they have in common, and figures."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.board.names import view_name
from leaderboard.board.ranking import APPROVED, MODEL
from leaderboard.pages.compare import figures
from leaderboard.pages.compare.captions import caption, caption_html
from leaderboard.pages.compare.crystals import crystals_html
from leaderboard.pages.compare.differences import differences
from leaderboard.pages.compare.labels import run_labels
from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.markup import notice, text
from leaderboard.pages.parts.plots import SERIES, SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.board.kept import KeptBoard
    from leaderboard.board.table import Board
    from leaderboard.pages.compare.differences import Differences
    from leaderboard.pages.compare.figures import Drawn
    from leaderboard.pages.parts.entrance import Values
    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

MOST = 4
"""Runs that are compared at once: more do not fit a table that is read."""
_LOOKED_UP = 12
"""Names of a link that are looked up at all."""
_KEPT_COMPARISONS = 16
FIGURES = ("shares", "hull", "systems", "density", "elements")

_NOTHING = '<p class="dim">Choose two models or more.</p>'
# the address of the page is the link to what is compared
_LINK = (
    "(runs) => { if (runs && runs.length) history.pushState(null, '', '?compare=' + "
    "runs.map(encodeURIComponent).join(',')); }"
)


@dataclass(frozen=True)
class ComparePage:
    """What the rest of the app drives: set ``choice`` to the ids of runs to compare them."""

    choice: gr.Dropdown
    entrance: Entrance


@dataclass(frozen=True, eq=False)
class Comparison:
    """All that the page shows of some runs.

    Attributes:
        compared: the runs.
        labels: of the runs, as people tell them apart.
        scores: their scores.
        crystals: what they have in common, as HTML.

    """

    compared: Sequence[Run]
    labels: Sequence[str]
    scores: Differences
    crystals: str

    @cached_property
    def figures(self) -> Mapping[str, Drawn]:
        """By the names in `FIGURES`; those without data are left out."""
        labels, facts = self.labels, [runs.columns(run.path) for run in self.compared]
        shares = figures.side_by_side(labels, self.scores.shares)
        said = "Shares of the scores shown at first with their 95% intervals; the values are those of the table above."
        drawn = {"shares": figures.Drawn(shares, said)}
        views = [energy_views.first_variant(run.path) for run in self.compared]
        if views[0] is not None and set(views) == {views[0]}:
            distances = [energy_views.distances(run.path, views[0]) for run in self.compared]
            drawn["hull"] = figures.hull_distances(labels, distances, view_name(views[0]))
        drawn["systems"] = figures.crystal_systems(labels, facts)
        drawn["density"] = figures.densities(labels, facts)
        drawn["elements"] = figures.elements(labels, facts)
        return drawn


class Comparisons:
    """Comparisons of the newest board, each made once; those asked for last are kept."""

    def __init__(self, boards: KeptBoard, protocol: Protocol) -> None:
        """Nothing is compared yet."""
        self._boards, self._protocol = boards, protocol
        self._lock = threading.Lock()
        self._table: Board | None = None
        self._made: dict[tuple[str, ...], Comparison] = {}

    def of(self, compared: Sequence[Run]) -> Comparison:
        """The comparison of two runs or more with the first of them."""
        table, key = self._boards.board(), tuple(run.id for run in compared)
        with self._lock:
            if table is not self._table:
                self._table, self._made = table, {}
            kept = self._made
        made = kept.get(key)
        if made is None:
            made = comparison_of(compared, table, self._protocol)
            with self._lock:
                kept[key] = made
                while len(kept) > _KEPT_COMPARISONS:
                    del kept[next(iter(kept))]
        return made


def build(store: Store, boards: KeptBoard, protocol: Protocol) -> ComparePage:
    """Lay the page out in the current block."""
    comparisons = Comparisons(boards, protocol)
    choice = gr.Dropdown(
        [],
        value=[],
        multiselect=True,
        max_choices=MOST,
        # the choices come when the page is opened
        allow_custom_value=True,
        label=f"Models and runs, two to {_word(MOST)}; the others are compared with the first",
        elem_id="compare_choice",
    )
    left_out = gr.HTML(elem_id="compare_note", apply_default_css=False, js_on_load=None)
    scores = gr.HTML(_NOTHING, elem_id="compare", apply_default_css=False, js_on_load=None)
    crystals = gr.HTML(elem_id="compare_crystals", apply_default_css=False, js_on_load=None)
    with gr.Column(visible=False) as drawn:
        series = gr.HTML(elem_id="compare_series", apply_default_css=False, js_on_load=None)
        captions, plots = {}, {}
        for row in (FIGURES[:2], FIGURES[2:4], FIGURES[4:]):
            with gr.Row():
                for name in row:
                    with gr.Column(min_width=320):
                        captions[name] = caption(f"compare_caption_{name}")
                        plots[name] = gr.Plot(show_label=False, container=False, elem_id=f"plot_compare_{name}")

    def made(identifiers: object) -> Comparison | None:
        names = identifiers[:MOST] if isinstance(identifiers, list) else []
        known = [runs.find(store, name) for name in names if isinstance(name, str)]
        compared = [run for run in known if run is not None]
        return comparisons.of(compared) if len(compared) > 1 else None

    def show(identifiers: list[str] | None) -> tuple[str, str]:
        comparison = made(identifiers)
        return (_NOTHING, "") if comparison is None else (comparison.scores.html, comparison.crystals)

    def show_figures(identifiers: list[str] | None) -> list[object]:
        comparison = made(identifiers)
        if comparison is None:
            return [gr.Column(visible=False), "", *("" for _ in FIGURES), *(None for _ in FIGURES)]
        by_name = {name: comparison.figures.get(name) for name in FIGURES}
        return [
            gr.Column(visible=True),
            series_html(comparison.labels),
            *(caption_html(one.finding if one else "", f"plot_compare_{name}") for name, one in by_name.items()),
            *(gr.Plot(one.figure if one else None, visible=one is not None) for one in by_name.values()),
        ]

    # the answer first: a browser takes a second to draw five figures
    choice.change(show, choice, [scores, crystals], **QUIET).then(
        show_figures, choice, [drawn, series, *captions.values(), *plots.values()], **QUIET
    )
    choice.input(lambda: "", None, left_out, **QUIET)
    choice.input(None, choice, None, js=_LINK, **QUIET)

    def enter(parameters: Mapping[str, str]) -> Values | None:
        if "compare" not in parameters:
            return None
        named = named_runs(store, parameters["compare"])
        more = parameters["compare"].count(",") + 1 > _LOOKED_UP
        return {
            choice: gr.Dropdown(runs.choices(store), value=named[:MOST]),
            left_out: _left_out(store, named[MOST:], more=more),
        }

    return ComparePage(choice, Entrance("compare", [choice, left_out], enter))


def comparison_of(compared: Sequence[Run], table: Board, protocol: Protocol) -> Comparison:
    """Compare two runs or more with the first of them."""
    labels = run_labels(compared, table.runs)
    scores = differences(compared, labels, table, protocol)
    return Comparison(compared, labels, scores, crystals_html(compared, labels))


def series_html(labels: Sequence[str]) -> str:
    """What the colours and marks of all figures stand for."""
    marks = zip(labels, SERIES, SYMBOLS, figures.DASHES, strict=False)
    items = "".join(
        f'<li style="--mark: {colour}"><span class="mark {symbol}"></span><span class="stroke {dash}"></span>'
        f"{text(label)}</li>"
        for label, colour, symbol, dash in marks
    )
    return f'<h3 class="part">Side by side</h3><ul class="series">{items}</ul>'


def named_runs(store: Store, names: str) -> list[str]:
    """Ids of the runs that ``?compare=`` names, each once.

    Raises:
        LookupError: see `runs.linked`.

    """
    named = [runs.linked(store, name.strip()) for name in names.split(",")[:_LOOKED_UP]]
    return list(dict.fromkeys(run.id for run in named))


def first_two(table: Board) -> list[str]:
    """Ids of the runs of the two models at the top of the board, for a visitor who chose none."""
    models = table.runs[table.runs["status"] == APPROVED].drop_duplicates(MODEL)
    return [str(run) for run in models["run"].head(2)] if len(models) > 1 else []


def _left_out(store: Store, identifiers: Sequence[str], *, more: bool) -> str:
    """What a link names beyond what is compared; nothing where it names no more."""
    if not identifiers and not more:
        return ""
    labels = [run.label for name in identifiers if (run := runs.find(store, name)) is not None]
    names = ", ".join([*labels, *(["others"] if more else [])])
    return notice("note", f"At most {_word(MOST)} runs are compared at once; this link names more: without {names}.")


def _word(count: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(count, str(count))
