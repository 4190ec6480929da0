"""What the hull, the index and the statistics of so many different crystals cost, each alone.

Run as ``python -m tests.reference_data.scale.alone ROWS --folder FOLDER``. Every row is a crystal of its own here.
These are what grows with the rows of a set while it is assembled; all else has one part of it in memory.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from metrics.reference_statistics import StatisticsBuilder
from reference_data.build.hull.hulls import build_hulls, place
from reference_data.files.crystals import SCHEMA
from reference_data.files.hulls import write_hulls
from reference_data.files.index import Index, IndexBuilder
from tests.reference_data.scale.meter import Meter
from tests.reference_data.scale.synthetic import formulas, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

CONVENTION = "pbe_mp2020"
PLACED_ROWS = 20_000
STATISTICS_ROWS = INDEXED_ROWS = 4_096


def main() -> None:
    """One line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference_data.scale.alone", description=__doc__)
    parser.add_argument("rows", type=int, metavar="ROWS")
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="folder to work in")
    parser.add_argument("--only", choices=list(STAGES), help="one of them (default: all)")
    options = parser.parse_args()
    with Meter(options.folder) as meter:
        for name in [options.only] if options.only else STAGES:
            STAGES[name](options.rows, options.folder, meter)


def hull(n_rows: int, folder: Path, meter: Meter) -> None:
    """Of all crystals; then some are placed on it."""
    for _ in crystals(n_rows):
        pass
    meter.line("(making the crystals, part of the next line)")
    (built,) = build_hulls([], folder, crystals(n_rows))
    write_hulls([built.tables], folder)
    meter.line(f"hull: {built.record.n_entries} entries, {built.record.n_vertices} vertices")
    place(next(crystals(PLACED_ROWS)), [built])
    meter.line(f"{PLACED_ROWS} crystals placed on it, of {len(built.tables.systems)} chemical systems")


def index(n_rows: int, folder: Path, meter: Meter) -> None:
    """Of two keys and one BAWL of each crystal, two crystals of each formula, and 50,000 prototypes."""
    builder = IndexBuilder()
    for start in range(0, n_rows, INDEXED_ROWS):
        rows = range(start, min(start + INDEXED_ROWS, n_rows))
        names = [f"NaCl{1 + row // 2}" for row in rows]
        keys = [(f"{name}:1:{row:016x}", f"{name}:2:{row:016x}") for name, row in zip(names, rows, strict=True)]
        builder.add(keys, [(f"bawl {row}",) for row in rows], [f"prototype {row % 50_000}" for row in rows], names)
    meter.line("index filled")
    builder.result().write(folder)
    meter.line("index sorted and written")
    Index.open(folder)
    meter.line("index opened")


def statistics(n_rows: int, _folder: Path, meter: Meter) -> None:
    """Of descriptors and quantities at random."""
    table = facts(STATISTICS_ROWS)
    builder = StatisticsBuilder()
    for start in range(0, n_rows, STATISTICS_ROWS):
        builder.add(table.iloc[: n_rows - start])
    meter.line("statistics filled")
    builder.result()
    meter.line("statistics made")


STAGES = {"hull": hull, "index": index, "statistics": statistics}


def crystals(n_rows: int) -> Iterator[pa.Table]:
    """So many crystals in the columns that hulls read."""
    n_left = n_rows
    kinds = {name: SCHEMA.field(name).type for name in SCHEMA.names}
    for rows in tables():
        table = rows.slice(0, n_left)
        ids = [f"{name}-{at}" for at, name in enumerate(table["immutable_id"].to_pylist())]  # some are repeated
        columns: dict[str, object] = {
            "id": ids,
            "source_ids": [[name] for name in ids],
            "reduced_formula": formulas(table),
            "energy_per_atom": np.divide(table["energy"], pa.compute.list_value_length(table["species_at_sites"])),
            "energy_convention": pa.repeat(CONVENTION, len(table)),
        }
        yield pa.table([columns.get(name, pa.nulls(len(table), kinds[name])) for name in kinds], list(kinds))
        n_left -= len(table)
        if not n_left:
            return


def facts(n_rows: int) -> pd.DataFrame:
    """What statistics read of so many crystals."""
    rng = np.random.default_rng(n_rows)
    numbers = pd.DataFrame(rng.uniform(1, 10, (n_rows, 4)), columns=["density", "volume_per_atom", "a", "b"])
    lists = pd.ArrowDtype(pa.list_(pa.float64()))
    amd = pa.FixedSizeListArray.from_arrays(rng.uniform(2, 20, 100 * n_rows), 100)
    features = pa.FixedSizeListArray.from_arrays(rng.uniform(1, 50, 6 * n_rows), 6)
    return numbers[["density", "volume_per_atom"]].assign(
        reduced_formula=["NaCl"] * n_rows,
        space_group=pd.array(rng.integers(1, 231, n_rows), "Int64"),
        n_sites=pd.array(rng.integers(1, 20, n_rows), "Int64"),
        n_sites_primitive=pd.array(rng.integers(1, 20, n_rows), "Int64"),
        amd=pd.Series(pd.array(amd.cast(pa.list_(pa.float64())), lists)),
        composition_features=pd.Series(pd.array(features.cast(pa.list_(pa.float64())), lists)),
        site_elements=pd.Series([None] * n_rows, dtype=pd.ArrowDtype(pa.list_(pa.string()))),
        coordination_numbers=pd.Series([None] * n_rows, dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    )


if __name__ == "__main__":
    main()
