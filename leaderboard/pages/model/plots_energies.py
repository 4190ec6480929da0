"""Figures of a run's energies: how far above the hull its structures lie, and the shares that are stable."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from leaderboard.board.names import view_name
from leaderboard.pages.parts.plots import INK, error_bars, styled
from leaderboard.pages.reference.plots_hull import KNOWN, NEW
from metrics.score import registry
from metrics.scores.stability import METASTABLE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from leaderboard.records import ScoreEntry

RANGE_EV_PER_ATOM = (-0.3, 1.0)
"""Shown of the distribution: what lies outside is counted in the outermost bars, which are marked."""
BIN_EV_PER_ATOM = 0.02
_LINE = 24  # characters
SHARES: Mapping[str, str] = {"stable": "#0072b2", "metastable": "#e69f00"}
"""Scores shown side by side, each with its colour (Okabe and Ito's blue and orange)."""


def distribution(rows: pd.DataFrame, variant: str) -> go.Figure:
    """Structures by e_above_hull, those that are unique and novel apart from the others.

    Args:
        rows: one for each record, with the columns e_above_hull (eV/atom), unique and in_reference.
        variant: of the energy view.

    """
    is_new = (rows["unique"] & ~rows["in_reference"]).fillna(value=False).astype(bool)
    low, high = RANGE_EV_PER_ATOM
    n_bins = round((high - low) / BIN_EV_PER_ATOM)
    edges = np.linspace(low, high, n_bins + 1).round(6)
    figure = go.Figure()
    for name, colour, chosen in (("unique and novel", NEW, is_new), ("known, duplicate or undecided", KNOWN, ~is_new)):
        energies = rows.loc[chosen, "e_above_hull"].dropna().to_numpy(np.float64)
        counts = np.histogram(np.clip(energies, low, high), edges)[0]
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=BIN_EV_PER_ATOM,
            name=f"{name}: {len(energies):,}",
            marker_color=colour,
            customdata=[_bin(start, stop, low, high) for start, stop in pairwise(edges)],
            hovertemplate=f"%{{customdata}}: %{{y:,}} {name}<extra></extra>",
        )
    for value, words in ((0.0, "hull"), (METASTABLE_EV_PER_ATOM, f"{METASTABLE_EV_PER_ATOM:g}")):
        figure.add_vline(x=value, line={"color": INK, "width": 1, "dash": "dot"})
        figure.add_annotation(x=value, y=1, yref="paper", yanchor="bottom", text=words, showarrow=False, font_size=10)
    n_without = int(rows["e_above_hull"].isna().sum())
    title = f"E above hull: {escape(view_name(variant))}" + (
        f" ({n_without:,} structures without)" if n_without else ""
    )
    drawn = styled(figure, title, "eV/atom", "structures")
    drawn.update_xaxes(range=[low, high], zeroline=False)
    return drawn.update_layout(
        barmode="stack", bargap=0, showlegend=True, legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0}
    )


def shares(scores: Iterable[ScoreEntry]) -> go.Figure:
    """Stable and metastable share by energy view, by the verdicts of the potentials, with their 95% intervals.

    Args:
        scores: those of a run, as ``scores.json`` has them.

    """
    entries = [score for score in scores if not score.key.is_calibrated]
    figure = go.Figure()
    for name, colour in SHARES.items():
        of_name = [
            (score.variant, score.value, score)
            for score in entries
            if score.name == name and score.variant and score.value is not None
        ]
        figure.add_bar(
            y=[_in_lines(variant) for variant, *_ in of_name],
            x=[100 * value for _, value, _ in of_name],
            orientation="h",
            name=registry()[name].label,
            marker_color=colour,
            error_x={**error_bars([score for *_, score in of_name]), "color": INK},
            hovertemplate="%{y}: %{x:.1f}%<extra>%{fullData.name}</extra>",
        )
    n_views = len({score.variant for score in entries if score.name in SHARES and score.variant})
    drawn = styled(figure, "Share by the potentials' verdicts, 95% intervals", "percent of structures", "")
    drawn.update_yaxes(autorange="reversed")
    drawn.update_xaxes(rangemode="tozero")
    return drawn.update_layout(
        barmode="group",
        showlegend=True,
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0},
        height=max(320, 150 + 46 * n_views),
    )


def _bin(start: float, stop: float, low: float, high: float) -> str:
    if start <= low:
        return f"below {stop:.2f} eV/atom"
    return f"above {start:.2f} eV/atom" if stop >= high else f"{start:.2f} to {stop:.2f} eV/atom"


def _in_lines(variant: str) -> str:
    """Name of an energy view, a long one broken, so that it leaves room for the bars."""
    return "<br>".join(escape(line) for line in wrap(view_name(variant), _LINE))
