"""One table of facts for each view of the energies: a potential, as submitted or relaxed, on one hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from metrics.stability import RELAXED_ONLY, VIEW_COLUMNS
from metrics.table import frame

if TYPE_CHECKING:
    import pandas as pd

OWN = "own:"
"""Conventions that start so hold energies of one potential only, the reference included."""


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


def variant(potential: str, *, relaxed: bool, own: bool) -> str:
    """Name of a view, such as ``chgnet/relaxed``; ``/own`` where a hull of density-functional energies stands beside.

    Args:
        potential: its id, or the name of an ensemble.
        relaxed: structures relaxed by the potential, or as submitted.
        own: the hull holds the potential's own energies although the set also has a hull that they fit.

    """
    return f"{potential}/{'relaxed' if relaxed else 'unrelaxed'}{'/own' if own else ''}"


def views(columns: pd.DataFrame, energies: pd.DataFrame) -> list[View]:
    """Every view that the energies hold, single points first, in the order of the table.

    Args:
        columns: facts of the records, with ``sha256``.
        energies: see :data:`leaderboard.energies.ENERGIES_SCHEMA`.

    """
    made = []
    fitted = set(energies.loc[~energies["energy_convention"].str.startswith(OWN), "potential"])
    for (potential, relaxed, convention), rows in energies.groupby(
        ["potential", "relaxed", "energy_convention"], sort=False
    ):
        own = str(convention).startswith(OWN) and potential in fitted
        name = variant(str(potential), relaxed=bool(relaxed), own=own)
        available = frozenset(VIEW_COLUMNS) - (frozenset() if relaxed else RELAXED_ONLY)
        made.append(View(name, columns.join(_by_record(columns, rows, relaxed=bool(relaxed))), available))
    return sorted(made, key=lambda view: "/relaxed" in view.variant)


def _by_record(columns: pd.DataFrame, rows: pd.DataFrame, *, relaxed: bool) -> pd.DataFrame:
    """Columns of the view, one row per record; a record without an energy is unknown."""
    by_sha256 = rows.set_index("sha256")
    known = by_sha256.reindex(columns["sha256"]).reset_index(drop=True)
    known["converged"] = (known["status"] == "converged").astype("boolean") if relaxed else None
    schema = pa.schema(dict(VIEW_COLUMNS))
    return frame(pa.Table.from_pandas(known[list(VIEW_COLUMNS)], schema=schema).to_pylist(), schema)
