"""Runs whose structures can be drawn in a hull of a reference set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leaderboard.board.names import view_name
from leaderboard.pages.parts import runs
from leaderboard.pages.parts.energy_views import energies_of, views_of

if TYPE_CHECKING:
    import pandas as pd

    from leaderboard.store.local import Store
    from leaderboard.store.run import Run
    from reference_data.reference import Reference

_BETWEEN = "@"


class Overlay(NamedTuple):
    """One potential's energies of one run: what a person reads, and what names it."""

    label: str
    key: str


def overlays(store: Store, reference: Reference, convention: str) -> list[Overlay]:
    """Energies of this convention of all runs against this state of the set, newest run first."""
    result = []
    for run in reversed(store.runs()):
        if run.record.reference_hash == reference.manifest_sha256:
            result += [
                Overlay(_label(run, view.variant), f"{run.id}{_BETWEEN}{view.variant}")
                for view in views_of(run.path)
                if view.convention == convention
            ]
    return result


def _label(run: Run, variant: str) -> str:
    return f"{run.label} ({run.record.n_submitted:,} structures), {view_name(variant)}"


def rows_of(store: Store, key: str | None) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Facts of the records and the energies that a key names; None where it names none."""
    name, _, variant = (key or "").rpartition(_BETWEEN)  # an owner stands behind the same sign
    run = runs.find(store, name)
    energies = None if run is None else energies_of(run.path, variant)
    return None if run is None or energies is None else (runs.columns(run.path), energies)
