"""One table of facts for each view of the energies: a potential, as submitted or relaxed, on one hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from metrics.energy_convention import OWN
from metrics.scores.stability import RELAXED_ONLY, VIEW_COLUMNS
from metrics.table import frame

if TYPE_CHECKING:
    import pandas as pd


KEY_COLUMNS = ("potential", "relaxed", "energy_convention")
"""Columns of the energies that tell views apart."""


@dataclass(frozen=True)
class View:
    """Facts of the records with the energies of one view.

    Attributes:
        variant: name that the view's scores carry.
        rows: the table of facts with the columns of the view.
        available: columns of the view; those that only a relaxation fills are missing from an unrelaxed one.

    """

    variant: str
    rows: pd.DataFrame
    available: frozenset[str]


def variant(potential: str, *, relaxed: bool, own_hull: bool) -> str:
    """Name of a view, such as ``chgnet/relaxed``; ``/own`` where a hull of DFT energies stands beside.

    Args:
        potential: its id, or the name of an ensemble.
        relaxed: structures relaxed by the potential, or as submitted.
        own_hull: the hull holds the potential's own energies although the set also has a hull that they fit.

    """
    return f"{potential}/{'relaxed' if relaxed else 'unrelaxed'}{'/own' if own_hull else ''}"


@dataclass(frozen=True)
class Key:
    """What tells one view of a run's energies from the others.

    Attributes:
        potential: its id, or the name of an ensemble.
        relaxed: structures relaxed by the potential, or as submitted.
        convention: of the hull.
        variant: name that the view's scores carry.

    """

    potential: str
    relaxed: bool
    convention: str
    variant: str

    def rows(self, energies: pd.DataFrame) -> pd.DataFrame:
        """The rows of this view: one for each different structure."""
        same = (energies["potential"] == self.potential) & (energies["relaxed"] == self.relaxed)
        return energies[(same & (energies["energy_convention"] == self.convention)).fillna(value=False).astype(bool)]


def keys(energies: pd.DataFrame) -> list[Key]:
    """Every view that the energies hold, single points first, in the order of the table.

    Args:
        energies: at least KEY_COLUMNS, see :data:`leaderboard.run.energies.ENERGIES_SCHEMA`.

    """
    on_dft_hulls = set(energies.loc[~energies["energy_convention"].str.startswith(OWN), "potential"])
    result = []
    distinct = energies[list(KEY_COLUMNS)].drop_duplicates()
    for potential, relaxed, convention in distinct.itertuples(index=False):
        own_hull = str(convention).startswith(OWN) and potential in on_dft_hulls
        name = variant(str(potential), relaxed=bool(relaxed), own_hull=own_hull)
        result.append(Key(str(potential), bool(relaxed), str(convention), name))
    return sorted(result, key=lambda key: key.relaxed)


def views(columns: pd.DataFrame, energies: pd.DataFrame) -> list[View]:
    """Facts of the records with each view of the energies, in the order of :func:`keys`.

    Args:
        columns: facts of the records, with ``sha256``.
        energies: see :data:`leaderboard.run.energies.ENERGIES_SCHEMA`.

    """
    made = []
    for key in keys(energies):
        available = frozenset(VIEW_COLUMNS) - (frozenset() if key.relaxed else RELAXED_ONLY)
        rows = columns.join(_by_record(columns, key.rows(energies), relaxed=key.relaxed))
        made.append(View(key.variant, rows, available))
    return made


def _by_record(columns: pd.DataFrame, rows: pd.DataFrame, *, relaxed: bool) -> pd.DataFrame:
    """Columns of the view, one row per record; a record without an energy is unknown."""
    by_sha256 = rows.set_index("sha256")
    known = by_sha256.reindex(columns["sha256"]).reset_index(drop=True)
    known["converged"] = (known["status"] == "converged").astype("boolean") if relaxed else None
    schema = pa.schema(dict(VIEW_COLUMNS))
    return frame(pa.Table.from_pandas(known[list(VIEW_COLUMNS)], schema=schema).to_pylist(), schema)
