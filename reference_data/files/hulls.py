"""The hulls of a set on disk: vertices, elemental energies and numbers of entries, each of several conventions.

Reading imports neither numba nor pymatgen, so that the app can show what is in a hull.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

VERTICES_FILE = "hull_vertices.parquet"
TERMINALS_FILE = "hull_terminals.parquet"
SYSTEMS_FILE = "hull_systems.parquet"
HULL_FILES = (VERTICES_FILE, TERMINALS_FILE, SYSTEMS_FILE)

# Energies in eV/atom. Each file is sorted by convention, so that one convention is one run of rows.
VERTICES_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("reduced_formula", pa.string()),
        ("chemical_system", pa.string()),
        ("energy_convention", pa.string()),
        ("formation_energy_per_atom", pa.float64()),
        ("energy_per_atom", pa.float64()),  # total; null where only the formation energy is known
    ]
)
TERMINALS_SCHEMA = pa.schema(
    [
        ("element", pa.string()),
        ("energy_convention", pa.string()),
        ("energy_per_atom", pa.float64()),
        ("id", pa.string()),
    ]
)
SYSTEMS_SCHEMA = pa.schema(
    [
        ("chemical_system", pa.string()),
        ("energy_convention", pa.string()),
        ("n_entries", pa.int64()),
    ]
)
SCHEMAS = {VERTICES_FILE: VERTICES_SCHEMA, TERMINALS_FILE: TERMINALS_SCHEMA, SYSTEMS_FILE: SYSTEMS_SCHEMA}
ROW_GROUP_ROWS = 32_768


@dataclass(frozen=True, eq=False)
class HullTables:
    """The hull of one convention.

    Attributes:
        convention: of all its energies.
        vertices: columns id, reduced_formula, chemical_system, formation_energy_per_atom, energy_per_atom; by system.
        terminals: columns element, energy_per_atom, id: total energies of the elements; those that are known.
        systems: columns chemical_system, n_entries.

    """

    convention: str
    vertices: pd.DataFrame
    terminals: pd.DataFrame
    systems: pd.DataFrame


def write_hulls(hulls: Sequence[HullTables], folder: Path) -> None:
    """Write the three files; the same hulls give the same bytes."""
    for name, of in (("vertices", VERTICES_FILE), ("terminals", TERMINALS_FILE), ("systems", SYSTEMS_FILE)):
        schema = SCHEMAS[of]
        parts = [
            pa.Table.from_pandas(
                getattr(hull, name).assign(energy_convention=hull.convention), schema=schema, preserve_index=False
            )
            for hull in sorted(hulls, key=lambda tables: tables.convention)
        ]
        table = pa.concat_tables([schema.empty_table(), *parts]).replace_schema_metadata(None)
        pq.write_table(table, folder / of, row_group_size=ROW_GROUP_ROWS, compression="zstd")


def read_hull(folder: Path, convention: str) -> HullTables:
    """Read the hull of one convention, which may have no rows."""
    tables = {
        name: pq.read_table(folder / name, filters=[("energy_convention", "=", convention)])
        .drop(["energy_convention"])
        .to_pandas()
        for name in HULL_FILES
    }
    return HullTables(convention, tables[VERTICES_FILE], tables[TERMINALS_FILE], tables[SYSTEMS_FILE])
