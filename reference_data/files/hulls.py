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
ELEMENTAL_REFERENCES_FILE = "hull_elemental_references.parquet"
SYSTEMS_FILE = "hull_systems.parquet"
HULL_FILES = (VERTICES_FILE, ELEMENTAL_REFERENCES_FILE, SYSTEMS_FILE)

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
ELEMENTAL_REFERENCES_SCHEMA = pa.schema(
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
TABLES = {
    "vertices": (VERTICES_FILE, VERTICES_SCHEMA),
    "elemental_references": (ELEMENTAL_REFERENCES_FILE, ELEMENTAL_REFERENCES_SCHEMA),
    "systems": (SYSTEMS_FILE, SYSTEMS_SCHEMA),
}
"""File and schema of each table of :class:`HullTables`."""
ROW_GROUP_ROWS = 32_768


@dataclass(frozen=True, eq=False)
class HullTables:
    """The hull of one convention.

    Attributes:
        convention: of all its energies.
        vertices: columns id, reduced_formula, chemical_system, formation_energy_per_atom, energy_per_atom; by system.
        elemental_references: columns element, energy_per_atom, id: total energies, where they are known.
        systems: columns chemical_system, n_entries.

    """

    convention: str
    vertices: pd.DataFrame
    elemental_references: pd.DataFrame
    systems: pd.DataFrame


def write_hulls(hulls: Sequence[HullTables], folder: Path) -> None:
    """Write the three files; the same hulls give the same bytes."""
    for name, (file, schema) in TABLES.items():
        parts = [
            pa.Table.from_pandas(
                getattr(hull, name).assign(energy_convention=hull.convention), schema=schema, preserve_index=False
            )
            for hull in sorted(hulls, key=lambda hull: hull.convention)
        ]
        table = pa.concat_tables([schema.empty_table(), *parts]).replace_schema_metadata(None)
        pq.write_table(table, folder / file, row_group_size=ROW_GROUP_ROWS, compression="zstd")


def read_hull(folder: Path, convention: str) -> HullTables:
    """Read the hull of one convention, which may have no rows."""
    tables = {
        name: pq.read_table(folder / file, filters=[("energy_convention", "=", convention)])
        .drop(["energy_convention"])
        .to_pandas()
        for name, (file, _) in TABLES.items()
    }
    return HullTables(convention, **tables)
