"""Stability on the page of a run: the distribution of E above hull, shares by potential, raw and expected by DFT."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.board.names import view_name
from leaderboard.pages.model import energy_charts
from leaderboard.pages.model.figures import KEPT_FIGURES
from leaderboard.pages.parts import runs
from leaderboard.pages.parts.energy_views import facts_in, views_of
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.texts import plots_calibration
from leaderboard.pages.texts.calibration import calibration_html, calibration_of
from leaderboard.pages.texts.potential_accuracy import accuracy_html

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.local import Store
    from leaderboard.store.run import Run


@dataclass(frozen=True)
class EnergySection:
    """The section's components: ``outputs`` is what :func:`fill` fills, in its order."""

    outputs: list[gr.components.Component | gr.Column | gr.Row]


def build(store: Store, choice: gr.Dropdown) -> EnergySection:
    """Lay the section out in the current block; ``choice`` holds the id of the run."""
    with gr.Column(visible=False) as section:
        gr.HTML('<h3 class="part">Stability</h3>', apply_default_css=False, js_on_load=None)
        with gr.Row(elem_classes="controls"):
            view = gr.Dropdown([], label="Energy view", elem_id="energy_view", min_width=140)
        with gr.Row():
            with gr.Column(min_width=320):
                distribution = gr.HTML(elem_id="plot_e_above_hull", apply_default_css=False, js_on_load=None)
            with gr.Column(min_width=320):
                shares = gr.HTML(elem_id="plot_stable", apply_default_css=False, js_on_load=None)
        with gr.Row(visible=False) as calibrated:
            expected = gr.Plot(show_label=False, min_width=320, elem_id="plot_expected")
            reliability = gr.Plot(show_label=False, min_width=320, elem_id="plot_reliability")
        calibration = gr.HTML(elem_id="model_calibration", apply_default_css=False, js_on_load=None)
        accuracy = gr.HTML(elem_id="model_accuracy", apply_default_css=False, js_on_load=None)

    of_view: list[gr.components.Component | gr.Row] = [distribution, calibrated, expected, reliability, calibration]

    def redraw(identifier: str | None, variant: str | None) -> tuple[object, ...]:
        run = runs.find(store, identifier)
        return (gr.skip(),) * len(of_view) if run is None or not variant else drawn_view(run, variant)

    view.input(redraw, [choice, view], of_view, **QUIET)
    return EnergySection([section, view, *of_view, shares, accuracy])


def fill(run: Run | None) -> tuple[object, ...]:
    """What shows the energies of a run; the section is hidden where it has none: values for the ``outputs``."""
    views = views_of(run.path) if run else []
    if run is None or not views:
        empty = ("", gr.Row(visible=False), None, None, "")
        return gr.Column(visible=False), gr.Dropdown([], value=None), *empty, "", ""
    variants = [key.variant for key in views]
    return (
        gr.Column(visible=True),
        gr.Dropdown([(view_name(variant), variant) for variant in variants], value=variants[0]),
        *drawn_view(run, variants[0]),
        energy_charts.shares(run.scores.scores),
        accuracy_html(run),
    )


def drawn_view(run: Run, variant: str) -> tuple[object, ...]:
    """What shows one view: its distribution of E above hull, and what a calibration by DFT labels makes of it."""
    calibration = calibration_of(run, variant)
    figures = (None, None)
    if calibration is not None:
        expected = plots_calibration.raw_and_expected(run.scores.scores, variant)
        figures = (expected, plots_calibration.reliability(calibration))
    return (
        drawn_distribution(run.path, variant),
        gr.Row(visible=calibration is not None),
        *figures,
        calibration_html(run, variant),
    )


@lru_cache(maxsize=KEPT_FIGURES)
def drawn_distribution(path: Path, variant: str) -> str:
    """Distribution of E above hull of the run in this folder in one view."""
    return energy_charts.distribution(facts_in(path, variant), variant)
