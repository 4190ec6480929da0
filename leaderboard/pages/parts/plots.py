"""Figures that plotly draws: the space groups of a set; and what all of them share."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import plotly.graph_objects as go

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.records import ScoreEntry

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/): told apart with every kind of colour vision.
BLUE = "#0072b2"
# One grey that reads on light and on dark paper.
INK = "#858b94"
GRID = "rgba(133, 139, 148, 0.25)"
# further colours of the palette that read on light and on dark paper, each with a mark of its own
SERIES = (BLUE, "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")

# first space group of each crystal system (International Tables for Crystallography, Vol. A)
CRYSTAL_SYSTEMS = {
    "triclinic": 1,
    "monoclinic": 3,
    "orthorhombic": 16,
    "tetragonal": 75,
    "trigonal": 143,
    "hexagonal": 168,
    "cubic": 195,
}
N_SPACE_GROUPS = 230
N_LABEL_ROWS, _LABEL_STEP = 3, 14


def space_group_counts(counts: Mapping[int, int], noun: str) -> go.Figure:
    """Numbers by space group, with the crystal systems marked and their sums; ``noun`` says what is counted."""
    numbers = sorted(counts)
    figure = go.Figure(
        go.Bar(
            x=numbers,
            y=[counts[number] for number in numbers],
            width=2.0,
            marker_color=BLUE,
            hovertemplate=f"space group %{{x}}: %{{y:,}} {noun}<extra></extra>",
        )
    )
    starts = [*CRYSTAL_SYSTEMS.values(), N_SPACE_GROUPS + 1]
    for place, (name, (start, end)) in enumerate(zip(CRYSTAL_SYSTEMS, pairwise(starts), strict=True)):
        n_system = sum(count for number, count in counts.items() if start <= number < end)
        figure.add_vline(x=start - 0.5, line_width=1, line_color=GRID)
        figure.add_annotation(
            x=start - 0.5,
            y=1,
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            # the first systems have few groups: names in steps keep out of each other's way
            yshift=_LABEL_STEP * (N_LABEL_ROWS - 1 - place % N_LABEL_ROWS),
            text=f"{name} {n_system:,}",
            showarrow=False,
            font_size=10,
        )
    figure.update_xaxes(range=[0.5, N_SPACE_GROUPS + 0.5])
    drawn = styled(figure, "Space groups", "number of the space group", noun)
    return drawn.update_layout(margin_t=95)


def error_bars(scores: Sequence[ScoreEntry]) -> dict[str, object]:
    """The 95% intervals of shares, in percent; a value without one has no bar."""
    estimates = [score.estimate for score in scores]
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if estimate is None else 100 * (estimate.high - estimate.value) for estimate in estimates],
        "arrayminus": [None if estimate is None else 100 * (estimate.value - estimate.low) for estimate in estimates],
        "thickness": 1.5,
        "width": 3,
    }


def styled(figure: go.Figure, title: str, x_title: str, y_title: str) -> go.Figure:
    """Transparent paper and one grey, so that the page's light or dark ground shows through."""
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0.01, "xref": "container", "y": 0.98, "yanchor": "top"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12, "color": INK},
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        height=320,
        bargap=0.25,
        showlegend=False,
    )
    figure.update_traces(marker_line_width=0)
    figure.update_xaxes(title=x_title, gridcolor=GRID, zerolinecolor=GRID, automargin=True, fixedrange=True)
    figure.update_yaxes(title=y_title, gridcolor=GRID, zerolinecolor=GRID, automargin=True, fixedrange=True)
    return figure
