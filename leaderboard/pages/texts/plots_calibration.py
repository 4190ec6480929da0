"""Figures of a calibration: raw beside expected scores of a run, and how reliable its probabilities are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.pages.parts.plots import BLUE, GRID, INK, SERIES, styled
from leaderboard.score_key import CALIBRATED
from metrics.score import registry
from metrics.statistics.uncertainty import Estimate, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leaderboard.calibration.record import Calibration
    from leaderboard.records import ScoreEntry

SHOWN = ("stable", "metastable_or_better", "sun", "discoveries")
"""Scores of a run that are drawn raw and expected, as far as it has both."""
ORANGE = SERIES[1]
_OFFSET = 0.14  # of the two marks from the middle of a line
_LABELS = {THRESHOLDS[0]: "stable", THRESHOLDS[1]: "\u2264 0.1 eV/atom"}


def raw_and_expected(scores: Iterable[ScoreEntry], variant: str) -> go.Figure:
    """Shares by the potential's verdicts, and as DFT is expected to find them, with their 95% intervals.

    Args:
        scores: those of a run.
        variant: of the energy view, without what marks calibrated scores.

    """
    estimates = {(entry.name, entry.variant): entry.estimate for entry in scores}
    names = [name for name in SHOWN if estimates.get((name, f"{variant}{CALIBRATED}")) is not None]
    figure = go.Figure()
    for words, of_variant, colour, symbol, offset in (
        ("raw, the potential's verdicts", variant, ORANGE, "square", -_OFFSET),
        ("expected by DFT", f"{variant}{CALIBRATED}", BLUE, "circle", _OFFSET),
    ):
        known = [
            (place, estimate)
            for place, name in enumerate(names)
            if (estimate := estimates.get((name, of_variant))) is not None
        ]
        figure.add_scatter(
            x=[100 * estimate.value for _, estimate in known],
            y=[place + offset for place, _ in known],
            error_x=_errors([estimate for _, estimate in known]),
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            name=words,
            customdata=[registry()[names[place]].label for place, _ in known],
            hovertemplate="%{customdata}: %{x:.1f}%<extra>%{fullData.name}</extra>",
        )
    drawn = styled(figure, "Raw and expected by DFT, 95% intervals", "percent of structures", "")
    drawn.update_xaxes(rangemode="tozero")
    drawn.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(names))),
        ticktext=[registry()[name].label.replace(" or ", "<br>or ") for name in names],
        zeroline=False,
    )
    return drawn.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0})


def reliability(calibration: Calibration) -> go.Figure:
    """Predicted probability against the share that DFT confirms, each method predicted from the others.

    Points lie on the diagonal where the probabilities hold; the bars are 95% intervals (Wilson) of the share.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": INK, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    for threshold, colour, symbol in zip(THRESHOLDS, (BLUE, ORANGE), ("circle", "square"), strict=True):
        bins = [one for one in calibration.reliability if one.threshold_ev_per_atom == threshold]
        shares = [
            Estimate(one.n_hits / one.n_structures, *wilson_interval(one.n_hits, one.n_structures)) for one in bins
        ]
        figure.add_scatter(
            x=[100 * one.predicted for one in bins],
            y=[100 * share.value for share in shares],
            error_y=_errors(shares),
            mode="markers+lines",
            line={"color": colour, "width": 1},
            marker={"color": colour, "symbol": symbol, "size": 7},
            name=_LABELS[threshold],
            customdata=[f"{one.n_hits} of {one.n_structures}" for one in bins],
            hovertemplate="predicted %{x:.1f}%, DFT %{y:.1f}% (%{customdata})<extra>%{fullData.name}</extra>",
        )
    drawn = styled(figure, "Reliability, each method from the others", "predicted, percent", "DFT, percent")
    drawn.update_xaxes(range=[-2, 102], zeroline=False)
    drawn.update_yaxes(range=[-2, 102], zeroline=False, gridcolor=GRID)
    return drawn.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0})


def _errors(estimates: Sequence[Estimate]) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * (estimate.high - estimate.value) for estimate in estimates],
        "arrayminus": [100 * (estimate.value - estimate.low) for estimate in estimates],
        "thickness": 1.5,
        "width": 3,
    }
