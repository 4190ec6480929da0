"""Figures of runs side by side: shares with intervals, distance from the hull, crystal systems, elements, density.

Colours and marks stand for the runs in their order, in every figure alike; what they mean is written once, over all.
"""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from leaderboard.pages.parts.plots import (
    CRYSTAL_SYSTEMS,
    GRID,
    INK,
    SERIES,
    SYMBOLS,
    error_bars,
    styled,
)
from metrics.scores.stability import METASTABLE_EV_PER_ATOM, TOLERANCE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from leaderboard.board.comparison import Line

DASHES = ("solid", "dash", "dot", "dashdot")
N_ELEMENTS = 16
DISTANCES = np.round(np.arange(-0.2, 0.501, 0.005), 3)
"""Where the curve of distances from the hull is drawn, eV/atom."""
DENSITIES = np.arange(0.0, 20.5, 0.5)
"""Ends of the bins of density, g/cm3."""
_ROW_PX, _HEAD_PX = 24, 90
_ELEMENT = re.compile("[A-Z][a-z]?")


class Drawn(NamedTuple):
    """A figure and the sentence that says what it shows, for those who do not see it too."""

    figure: go.Figure
    finding: str


def side_by_side(names: Sequence[str], lines: Sequence[Line]) -> go.Figure:
    """Shares of several runs with their 95% intervals, one row of marks for each score."""
    figure = go.Figure()
    for place, name in enumerate(names):
        scores = [line.first if place == 0 else line.others[place - 1].score for line in lines]
        known = [(row, score) for row, score in enumerate(scores) if score is not None]
        figure.add_scatter(
            x=[100 * score.value for _, score in known if score.value is not None],
            y=[row + _offset(place, len(names)) for row, _ in known],
            error_x=error_bars([score for _, score in known]),
            mode="markers",
            marker=_mark(place),
            # plotly reads markup in names: what a model is called is shown as written
            name=escape(name),
            customdata=[line.label for line in (lines[row] for row, _ in known)],
            hovertemplate="%{customdata}: %{x:.1f}%<extra>%{fullData.name}</extra>",
        )
    # an energy view in brackets gets a line of its own, so that it leaves room for the marks
    labels = [line.label.replace(" (", "<br>(") for line in lines]
    drawn = styled(figure, "Shares, 95% intervals", "percent of structures", "")
    row_px = max(_ROW_PX + 4 * len(names), 38 if any("<br>" in label for label in labels) else 0)
    return _in_rows(drawn, labels, row_px)


def hull_distances(names: Sequence[str], distances: Sequence[pd.Series[float]], view: str) -> Drawn:
    """Percent of the structures submitted that lie at most so far above the hull, and none where nothing is known.

    A curve has no end bars: what lies beyond its ends is in it.

    Args:
        names: of the runs.
        distances: E above hull (eV/atom) of each structure of each run, in one view of the energies.
        view: in words.

    """
    figure, words = go.Figure(), []
    for place, (name, of_run) in enumerate(zip(names, distances, strict=True)):
        known = np.sort(of_run.dropna().to_numpy(dtype=np.float64))
        within = 100 * np.searchsorted(known, DISTANCES + TOLERANCE_EV_PER_ATOM, side="right") / max(len(of_run), 1)
        figure.add_scatter(
            x=DISTANCES,
            y=within,
            mode="lines",
            line={"color": SERIES[place], "dash": DASHES[place], "width": 2},
            name=escape(name),
            hovertemplate="%{y:.1f}% within %{x:.3f} eV/atom<extra>%{fullData.name}</extra>",
        )
        at_limit = within[np.searchsorted(DISTANCES, METASTABLE_EV_PER_ATOM)]
        words.append(f"{at_limit:.1f}% of {name}")
    drawn = styled(
        figure, f"Distance from the hull, {view}", "at most, eV/atom above the hull", "percent of structures"
    )
    for limit in (0.0, METASTABLE_EV_PER_ATOM):
        drawn.add_vline(x=limit, line_width=1, line_color=INK, line_dash="dot")
    drawn.update_yaxes(rangemode="tozero")
    return Drawn(drawn, f"Within 0.1 eV/atom of the hull lie {_listed(words)}, by {view}.")


def crystal_systems(names: Sequence[str], tables: Sequence[pd.DataFrame]) -> Drawn:
    """Percent of the structures of which a space group is known in each crystal system."""
    starts = np.array(list(CRYSTAL_SYSTEMS.values()))
    shares = []
    for table in tables:
        groups = table["space_group"].dropna().to_numpy(dtype=np.int64)
        counts = np.bincount(np.searchsorted(starts, groups, side="right") - 1, minlength=len(starts))
        shares.append(100 * counts / max(len(groups), 1))
    figure = _marks(names, list(CRYSTAL_SYSTEMS), shares, "Crystal systems", "percent of structures")
    return Drawn(figure, _widest(names, list(CRYSTAL_SYSTEMS), shares, "Crystal systems"))


def elements(names: Sequence[str], tables: Sequence[pd.DataFrame]) -> Drawn:
    """Percent of readable structures that hold an element, for those that most differ or are frequent in one run."""
    by_run = [_element_shares(table["reduced_formula"].dropna()) for table in tables]
    most = Counter({symbol: max(shares.get(symbol, 0.0) for shares in by_run) for symbol in set().union(*by_run)})
    symbols = sorted(most, key=lambda symbol: (-most[symbol], symbol))[:N_ELEMENTS]
    shares = [np.array([of_run.get(symbol, 0.0) for symbol in symbols]) for of_run in by_run]
    title = f"Elements ({len(symbols)} most frequent)" if len(most) > N_ELEMENTS else "Elements"
    figure = _marks(names, symbols, shares, title, "percent of structures")
    return Drawn(figure, _widest(names, symbols, shares, "Elements"))


def densities(names: Sequence[str], tables: Sequence[pd.DataFrame]) -> Drawn:
    """Percent of the structures of which a density is known in each bin of 0.5 g/cm3."""
    figure, words, beyond = go.Figure(), [], []
    for place, (name, table) in enumerate(zip(names, tables, strict=True)):
        known = table["density"].dropna().to_numpy(dtype=np.float64)
        counts, _ = np.histogram(known, DENSITIES)
        figure.add_scatter(
            x=DENSITIES[:-1],
            y=100 * counts / max(len(known), 1),
            mode="lines",
            line={"color": SERIES[place], "dash": DASHES[place], "width": 2, "shape": "hv"},
            name=escape(name),
            hovertemplate="%{y:.1f}% from %{x:.1f} g/cm3<extra>%{fullData.name}</extra>",
        )
        if len(known):
            words.append(f"{np.median(known):.1f} g/cm3 of {name}")
            if (n_beyond := int((known > DENSITIES[-1]).sum())) > 0:
                beyond.append(f"{n_beyond:,} of {name}")
    drawn = styled(figure, "Density", "g/cm<sup>3</sup>, bins of 0.5", "percent of structures")
    drawn.update_yaxes(rangemode="tozero")
    said = f"The median density is {_listed(words)}." if words else "No density is known."
    said += f" Denser than {DENSITIES[-1]:g} g/cm3 and not drawn: {_listed(beyond)}." if beyond else ""
    return Drawn(drawn, said)


def _marks(
    names: Sequence[str], labels: Sequence[str], shares: Sequence[NDArray[np.float64]], title: str, unit: str
) -> go.Figure:
    """Shares of several runs, one row of marks for each label."""
    figure = go.Figure()
    # a line from the least to the most of each row, so that the eye keeps to it
    stroke = {"color": GRID, "width": 3}
    rows = np.array(shares).T
    figure.update_layout(
        shapes=[
            {"type": "line", "x0": of_row.min(), "x1": of_row.max(), "y0": row, "y1": row, "line": stroke}
            for row, of_row in enumerate(rows)
        ]
    )
    for place, (name, of_run) in enumerate(zip(names, shares, strict=True)):
        figure.add_scatter(
            x=of_run,
            y=list(range(len(labels))),
            mode="markers",
            marker=_mark(place),
            name=escape(name),
            customdata=labels,
            hovertemplate="%{customdata}: %{x:.1f}%<extra>%{fullData.name}</extra>",
        )
    drawn = styled(figure, title, unit, "")
    most = max((of_run.max(initial=0.0) for of_run in shares), default=0.0) or 1.0
    # room for the marks at both ends, clear of the labels
    drawn.update_xaxes(range=[-0.04 * most, 1.04 * most])
    return _in_rows(drawn, labels, _ROW_PX)


def _in_rows(figure: go.Figure, labels: Sequence[str], row_px: int) -> go.Figure:
    """With a labelled row for each label, of a height that leaves each room."""
    figure.update_yaxes(
        range=[len(labels) - 0.5, -0.5], tickvals=list(range(len(labels))), ticktext=labels, zeroline=False
    )
    return figure.update_layout(height=_HEAD_PX + row_px * max(len(labels), 1))


def _mark(place: int) -> dict[str, object]:
    return {"color": SERIES[place], "symbol": SYMBOLS[place], "size": 8}


def _offset(place: int, n: int) -> float:
    return (place - (n - 1) / 2) * 0.6 / n


def _element_shares(formulas: pd.Series[str]) -> Mapping[str, float]:
    """Percent of the formulas that hold each element."""
    counts = Counter(symbol for formula in formulas for symbol in set(_ELEMENT.findall(formula)))
    return {symbol: 100 * count / len(formulas) for symbol, count in counts.items()}


def _widest(names: Sequence[str], labels: Sequence[str], shares: Sequence[NDArray[np.float64]], what: str) -> str:
    """Where the runs differ most, in one sentence."""
    if not labels:
        return f"{what}: nothing is known."
    table = np.array(shares)
    row = int(np.argmax(table.max(axis=0) - table.min(axis=0)))
    words = [f"{share:.1f}% of {name}" for name, share in zip(names, table[:, row], strict=True)]
    return f"{what}: the runs differ most in {labels[row]}, {_listed(words)}."


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
