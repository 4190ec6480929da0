"""The parquet tables of a run: what every reader relies on in them, and how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.errors import RecordError
from metrics.table import read_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

STRUCTURES, COLUMNS, ENERGIES = "structures.parquet", "columns.parquet", "energies.parquet"

_FLOATS = pa.list_(pa.float64())
NEEDED: Mapping[str, Mapping[str, pa.DataType]] = {
    STRUCTURES: {
        "id": pa.string(),
        "sha256": pa.string(),
        "lattice": _FLOATS,
        "frac_coords": _FLOATS,
        "atomic_numbers": pa.list_(pa.int64()),
        "refusal": pa.string(),
        "detail": pa.string(),
    },
    COLUMNS: {
        "id": pa.string(),
        "sha256": pa.string(),
        "refusal": pa.string(),
        "detail": pa.string(),
        "reduced_formula": pa.string(),
        "space_group": pa.int64(),
        "n_sites": pa.int64(),
        "density": pa.float64(),
        "charge_valid": pa.bool_(),
        "charge_rule": pa.string(),
        "distance_valid": pa.bool_(),
        "plausible": pa.bool_(),
        "valid": pa.bool_(),
        "unique": pa.bool_(),
        "duplicate_of": pa.string(),
        "in_reference": pa.bool_(),
        "matched_id": pa.string(),
        "nearest_reference_distance": pa.float64(),
        "identity_rule": pa.string(),
        "unknown_reasons": pa.string(),
    },
    ENERGIES: {
        "sha256": pa.string(),
        "potential": pa.string(),
        "relaxed": pa.bool_(),
        "status": pa.string(),
        "energy_convention": pa.string(),
        "e_above_hull": pa.float64(),
        "formation_energy_per_atom": pa.float64(),
        "decomposition": pa.list_(pa.struct({"formula": pa.string(), "amount": pa.float64()})),
    },
}
"""Columns that readers name; tables may have more."""


def check_tables(folder: Path, n_submitted: int, *, with_energies: bool, to_the_end: bool) -> None:
    """See that the tables of a run have the columns and rows needed and are of one submission.

    Args:
        folder: of the run.
        n_submitted: rows of its records.
        with_energies: whether it has any.
        to_the_end: read all columns and not only those that tell structures apart, which takes four times as long.

    Raises:
        RecordError: they have not; names the file and what is wrong with it.

    """
    structures, columns = (_read(folder / name, to_the_end=to_the_end) for name in (STRUCTURES, COLUMNS))
    for name, table in ((STRUCTURES, structures), (COLUMNS, columns)):
        if table.num_rows != n_submitted:
            msg = f"{folder / name}: {table.num_rows:,} rows, run.json says n_submitted is {n_submitted:,}"
            raise RecordError(msg)
    ids = columns["id"].to_pylist()
    if None in ids or len(set(ids)) != len(ids):
        msg = f"{folder / COLUMNS}: id: not a different one in each row"
        raise RecordError(msg)
    if structures["id"].to_pylist() != ids:
        msg = f"{folder / COLUMNS}: id: not those of {STRUCTURES}"
        raise RecordError(msg)
    if with_energies:
        energies = _read(folder / ENERGIES, to_the_end=to_the_end)
        foreign = set(energies["sha256"].to_pylist()) - set(columns["sha256"].to_pylist())
        if foreign:
            msg = f"{folder / ENERGIES}: sha256: {len(foreign):,} of no structure of the run"
            raise RecordError(msg)


def read_table(path: Path) -> pd.DataFrame:
    """The whole table with its nullable dtypes.

    Raises:
        RecordError: it cannot be read to the end.
        FileNotFoundError: it is not there.

    """
    try:
        return read_parquet(path)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _read(path: Path, *, to_the_end: bool) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            for name, kind in NEEDED[path.name].items():
                if name not in schema.names:
                    msg = f"{path}: no column {name}"
                    raise RecordError(msg)
                if schema.field(name).type != kind:
                    msg = f"{path}: column {name} is {schema.field(name).type}, not {kind}"
                    raise RecordError(msg)
            columns = None if to_the_end else [name for name in ("id", "sha256") if name in schema.names]
            return file.read(columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RecordError:
    return RecordError(f"{path}: not a readable parquet file: {' '.join(str(error).split())}")
