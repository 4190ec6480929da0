"""One table of facts for each view of the energies: a potential, as submitted or relaxed, on one hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from leaderboard.calibration.apply import calibrated
from leaderboard.score_key import CALIBRATED
from metrics.energy_convention import OWN
from metrics.scores.stability import CALIBRATED_COLUMNS, RELAXED_ONLY, VIEW_COLUMNS
from metrics.table import frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from leaderboard.calibration.record import Calibration


KEY_COLUMNS = ("potential", "relaxed", "energy_convention")
"""Columns of the energies that tell views apart."""


@dataclass(frozen=True)
class View:
    """Facts of the records with the energies of one view.

    Attributes:
        variant: name that the view's scores carry.
        rows: the table of facts with the columns of the view; of each class of duplicates the member that is lowest in
            energy is the unique one.
        available: columns of the view; those that only a relaxation fills are missing from an unrelaxed one.
        calibrated: scores of it are what they are expected to be once DFT is asked.

    """

    variant: str
    rows: pd.DataFrame
    available: frozenset[str]
    calibrated: bool = False


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


def views(
    columns: pd.DataFrame, energies: pd.DataFrame, calibrations: Mapping[str, Calibration] | None = None
) -> list[View]:
    """Facts of the records with each view of the energies, in the order of :func:`keys`; calibrated ones follow theirs.

    Args:
        columns: facts of the records, with ``sha256``, ``valid`` and what :func:`represented_by_lowest` reads.
        energies: see :data:`leaderboard.run.energies.ENERGIES_SCHEMA`.
        calibrations: by the variant of the view that each fits; None where nothing is calibrated.

    """
    made = []
    for key in keys(energies):
        available = frozenset(VIEW_COLUMNS) - (frozenset() if key.relaxed else RELAXED_ONLY)
        rows = represented_by_lowest(columns.join(_by_record(columns, key.rows(energies), relaxed=key.relaxed)))
        made.append(View(key.variant, rows, available))
        if calibration := (calibrations or {}).get(key.variant):
            name = f"{key.variant}{CALIBRATED}"
            available |= frozenset(CALIBRATED_COLUMNS)
            made.append(View(name, calibrated(rows, calibration), available, calibrated=True))
    return made


def represented_by_lowest(rows: pd.DataFrame) -> pd.DataFrame:
    """The same with ``unique`` and ``duplicate_of`` as the member lowest in energy stands for each class of duplicates.

    All of a class have one composition, so the lowest in energy is the nearest to the hull. Members without an energy
    come last, a valid one before others, then by content: nothing depends on the order of the records.

    Args:
        rows: facts of the records with ``id``, ``sha256``, ``valid``, ``unique``, ``duplicate_of``, ``e_above_hull``.

    """
    of_class = rows["duplicate_of"].fillna(rows["id"])
    is_valid = rows["valid"].fillna(value=False)
    ordered = rows[["id", "sha256", "e_above_hull"]].assign(of_class=of_class, is_not_valid=~is_valid)
    ordered = ordered.sort_values(["e_above_hull", "is_not_valid", "sha256"], na_position="last", kind="stable")
    lowest = ordered.drop_duplicates("of_class").set_index("of_class")["id"]
    stands_for = of_class.map(lowest).astype("string")
    # whether a class is certainly one of its own does not change with who stands for it
    is_certain = of_class.map(rows[rows["duplicate_of"].isna()].set_index("id")["unique"]).astype("boolean")
    is_lowest = rows["id"] == stands_for
    return rows.assign(
        unique=is_certain.where(is_lowest, other=False), duplicate_of=stands_for.mask(is_lowest.astype(bool))
    )


def _by_record(columns: pd.DataFrame, rows: pd.DataFrame, *, relaxed: bool) -> pd.DataFrame:
    """Columns of the view, one row per record; a record without an energy is unknown."""
    by_sha256 = rows.set_index("sha256")
    known = by_sha256.reindex(columns["sha256"]).reset_index(drop=True)
    known["converged"] = (known["status"] == "converged").astype("boolean") if relaxed else None
    schema = pa.schema(dict(VIEW_COLUMNS))
    return frame(pa.Table.from_pandas(known[list(VIEW_COLUMNS)], schema=schema).to_pylist(), schema)
