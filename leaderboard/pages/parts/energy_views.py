"""A run's energies as the pages read them, by energy view: a potential, as submitted or relaxed, on one hull."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from leaderboard.pages.parts import runs
from leaderboard.run.energy_views import KEY_COLUMNS, keys, represented_by_lowest

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.run.energy_views import Key

KEPT_VIEWS = 8_192
"""Runs whose views are remembered; those of one take about a kilobyte."""
KEPT_STRUCTURES = 256
"""Structures whose energies are remembered: words and drawing of one both ask for them."""
DISTANCE = "e_above_hull"
FACTS = (
    "status",
    "detail",
    "n_steps",
    "energy_convention",
    "formation_energy_per_atom",
    DISTANCE,
    "e_above_hull_std",
    "n_members",
    "n_hull_entries",
    "elements_trusted",
    "elements_detail",
    "rmsd",
    "cell",
)
"""Columns of the energies that the page of one structure prints, beside the decomposition."""


@lru_cache(maxsize=KEPT_VIEWS)
def views_of(path: Path) -> tuple[Key, ...]:
    """The views of the run in this folder, single points first; none where it has no energies.

    Of its energies only the columns that tell views apart are read: a page asks this of every run of the store.
    """
    file = path / "energies.parquet"
    return tuple(keys(pd.read_parquet(file, columns=list(KEY_COLUMNS)))) if file.exists() else ()


def energies_of(path: Path, variant: str | None) -> pd.DataFrame | None:
    """Rows of one view, one for each different structure; None where the run has no such view."""
    energies = runs.energies(path)
    if energies is None:
        return None
    return next((key.rows(energies) for key in views_of(path) if key.variant == variant), None)


def distances(path: Path, variant: str) -> pd.Series[float]:
    """E above hull (eV/atom) of each record in one view, in the order of the facts; unknown where there is none."""
    columns, rows = runs.columns(path), energies_of(path, variant)
    if rows is None:
        return pd.Series(pd.NA, index=columns.index, dtype="Float64")
    return rows.set_index("sha256")[DISTANCE].reindex(columns["sha256"]).set_axis(columns.index)


@lru_cache(maxsize=runs.KEPT_TABLES)
def facts(path: Path) -> pd.DataFrame:
    """Facts of the run's records, not to be changed by the caller; as in its first view of the energies, if any."""
    variant = first_variant(path)
    return runs.columns(path) if variant is None else facts_in(path, variant)


def facts_in(path: Path, variant: str) -> pd.DataFrame:
    """Facts of the run's records with E above hull in a view; of duplicates the lowest in energy is the unique one."""
    return represented_by_lowest(runs.columns(path).assign(**{DISTANCE: distances(path, variant)}))


def first_variant(path: Path) -> str | None:
    """Name of the run's first view, which its table of structures shows; None where it has no energies."""
    return next((key.variant for key in views_of(path)), None)


@lru_cache(maxsize=KEPT_STRUCTURES)
def of_structure(path: Path, sha256: str | None) -> list[tuple[Key, dict[str, Any]]]:
    """What each view says of one structure: FACTS and ``decomposition``, a list of formula and share of the atoms.

    Not to be changed by the caller.
    """
    energies = runs.energies(path)
    if energies is None or sha256 is None:
        return []
    rows = energies[(energies["sha256"] == sha256).fillna(value=False).astype(bool)]
    by_view = []
    for key in keys(rows):
        row = key.rows(rows).iloc[0]
        # a run of an earlier state of the protocol does not say which elements are trusted
        facts_of_view = {name: row.get(name) for name in FACTS}
        named = {name: None if pd.isna(value) else value for name, value in facts_of_view.items()}
        parts = row["decomposition"]
        phases = [] if parts is None or parts is pd.NA else [(part["formula"], part["amount"]) for part in parts]
        by_view.append((key, {**named, "decomposition": phases}))
    return by_view
