"""Charts of a run's energies: how far above the hull its structures lie, and the shares that are stable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.board.names import score_name, view_name
from leaderboard.pages.model.charts import Axis, Bar, Series, bars_html, binned, histogram_html
from metrics.scores.stability import METASTABLE_EV_PER_ATOM, TOLERANCE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from leaderboard.records import ScoreEntry

RANGE_EV_PER_ATOM = (-0.3, 1.0)
"""Shown of the distribution: what lies outside is counted in the outermost bars, which are hatched and named."""
BIN_EV_PER_ATOM = 0.02
SHARES: Sequence[str] = ("stable", "metastable")
"""Scores shown side by side."""


def distribution(rows: pd.DataFrame, variant: str) -> str:
    """Structures by e_above_hull, those that are unique and novel apart from the others.

    Args:
        rows: one for each record, with the columns e_above_hull (eV/atom), unique and in_reference.
        variant: of the energy view.

    """
    is_new = (rows["unique"] & ~rows["in_reference"]).fillna(value=False).astype(bool)
    low, high = RANGE_EV_PER_ATOM
    edges = np.linspace(low, high, round((high - low) / BIN_EV_PER_ATOM) + 1).round(6)
    series = []
    for name, chosen in (("unique and novel", is_new), ("known, duplicate or undecided", ~is_new)):
        energies = rows.loc[chosen, "e_above_hull"].dropna().to_numpy(np.float64)
        series.append(Series(f"{name}: {len(energies):,}", binned(energies, edges)))
    marks = ((0.0, "hull"), (METASTABLE_EV_PER_ATOM, f"{METASTABLE_EV_PER_ATOM:g}"))
    axis = Axis(edges, "eV/atom", 1, (True, True), marks)
    title = f"E above hull: {view_name(variant)}"
    return histogram_html(title, _finding(rows, is_new), axis, series, noun="structures")


def shares(scores: Iterable[ScoreEntry]) -> str:
    """Stable and metastable share by energy view, by the verdicts of the potentials, with their 95% intervals.

    Args:
        scores: those of a run, as ``scores.json`` has them.

    """
    bars = [
        Bar(
            score_name(*score.key),
            score.value,
            f"{100 * score.value:.1f}%",
            ends=None if score.estimate is None else (score.estimate.low, score.estimate.high),
        )
        for score in scores
        if score.name in SHARES and score.variant and score.value is not None and not score.key.is_calibrated
    ]
    said = "; ".join(f"{bar.label}: {bar.number}" for bar in bars[:1]) or "No share is known"
    return bars_html("Shares by the potentials' verdicts, with 95% intervals", f"{said}.", bars)


def _finding(rows: pd.DataFrame, is_new: pd.Series[bool]) -> str:
    known = rows["e_above_hull"].notna()
    n_without = int((~known).sum())
    if not known.any():
        return "No structure has an energy."
    near = (rows["e_above_hull"] <= METASTABLE_EV_PER_ATOM + TOLERANCE_EV_PER_ATOM).fillna(value=False).astype(bool)
    said = (
        f"{int(near.sum()):,} of {len(rows):,} structures lie at most {METASTABLE_EV_PER_ATOM:g} eV/atom above the "
        f"hull, {int((near & is_new).sum()):,} of them unique and novel; the median is "
        f"{rows['e_above_hull'].median():z.3f} eV/atom"
    )
    return f"{said}; {n_without:,} structures have no energy." if n_without else f"{said}."
