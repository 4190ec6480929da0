"""The crystals of a set: their table on disk, and one of them as an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metrics.crystal import Crystal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from metrics.measure.matching.verdict import Candidate

CRYSTALS_FILE = "crystals.parquet"

# A look-up decodes whole row groups, so they are small; smaller ones would make the file's footer slow to read.
ROW_GROUP_ROWS = 1_024

# Lengths in angstrom, energies in eV/atom; energies are null where the set has none.
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("source_ids", pa.list_(pa.string())),
        ("sources", pa.list_(pa.string())),  # one for each source id
        ("reduced_formula", pa.string()),
        ("anonymous_formula", pa.string()),
        ("chemical_system", pa.string()),
        ("n_sites", pa.int64()),
        ("lattice", pa.list_(pa.float64())),
        ("frac_coords", pa.list_(pa.float64())),
        ("atomic_numbers", pa.list_(pa.int32())),
        ("space_group", pa.int64()),
        ("keys", pa.list_(pa.string())),
        ("bawl", pa.string()),
        ("bawls", pa.list_(pa.string())),  # one for each source id, null where there is none
        ("prototype", pa.string()),
        ("energy_per_atom", pa.float64()),
        ("energy_convention", pa.string()),
        ("formation_energy_per_atom", pa.float64()),
        ("e_above_hull", pa.float64()),
    ]
)


@dataclass(frozen=True)
class ReferenceCrystal:
    """One crystal of a reference set.

    Attributes:
        row: its row number in the set.
        id: source id of the row that stands for it: the lowest in energy, else the smallest id.
        source_ids: ids of all source rows that are this crystal.
        sources: the source of each of them.
        crystal: the structure of the row ``id``.
        reduced_formula: formula with the smallest whole numbers.
        chemical_system: its elements, alphabetical, joined by hyphens.
        space_group: international number; None where it could not be determined.
        keys: canonical fingerprint keys, the primary one first.
        bawl: BAWL fingerprint, as published by the source or computed; None where there is none.
        bawls: that of each source row, for each source id.
        prototype: see :mod:`metrics.measure.structure.prototype`; None where there is no space group.
        energy_convention: of its energies; None where it has none.
        formation_energy_per_atom: eV/atom; None where it is unknown.
        e_above_hull: distance from the set's hull of that convention, eV/atom; None where it is unknown.

    """

    row: int
    id: str
    source_ids: tuple[str, ...]
    sources: tuple[str, ...]
    crystal: Crystal
    reduced_formula: str
    chemical_system: str
    space_group: int | None
    keys: tuple[str, ...]
    bawl: str | None
    bawls: tuple[str | None, ...]
    prototype: str | None
    energy_convention: str | None
    formation_energy_per_atom: float | None
    e_above_hull: float | None

    def candidate(self) -> Candidate:
        """The crystal as :func:`metrics.measure.matching.verdict.compare` takes it; this imports pymatgen."""
        from metrics.measure.matching.verdict import Candidate  # noqa: PLC0415 - the app opens sets without pymatgen

        return Candidate(crystal=self.crystal, reduced_formula=self.reduced_formula, keys=self.keys)


_CRYSTAL_COLUMNS = (
    "id",
    "source_ids",
    "sources",
    "lattice",
    "frac_coords",
    "atomic_numbers",
    "reduced_formula",
    "chemical_system",
    "space_group",
    "keys",
    "bawl",
    "bawls",
    "prototype",
    "energy_convention",
    "formation_energy_per_atom",
    "e_above_hull",
)


class CrystalTable:
    """Reads single rows of ``crystals.parquet``, decoding only the row groups that hold them.

    The file's footer is read at the first look-up, not when the table is made.
    """

    def __init__(self, path: Path) -> None:
        """Remember the path; nothing is read."""
        self._path = path
        self._metadata: pq.FileMetaData | None = None
        self._starts = np.zeros(1, dtype=np.int64)  # first row of each row group, and the number of rows

    def rows(self, numbers: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """The named columns (default: all) of the rows with these numbers, in the order of the numbers.

        Raises:
            IndexError: a number outside the table.

        """
        # one reader per call: readers must not be shared between threads, the footer may
        with pq.ParquetFile(self._path, metadata=self._metadata, memory_map=True) as file:
            if self._metadata is None:
                metadata = file.metadata
                sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
                self._starts, self._metadata = np.cumsum([0, *sizes]), metadata
            starts = self._starts
            wanted = np.asarray(numbers, dtype=np.int64)
            if len(wanted) and not 0 <= wanted.min() <= wanted.max() < starts[-1]:
                msg = f"rows {wanted.min()} to {wanted.max()} asked of a table of {starts[-1]}"
                raise IndexError(msg)
            distinct, back = np.unique(wanted, return_inverse=True)
            groups = np.searchsorted(starts, distinct, side="right") - 1
            parts = [SCHEMA.empty_table().select(columns or SCHEMA.names)]
            for group in np.unique(groups):
                inside = distinct[groups == group] - starts[group]
                parts.append(file.read_row_group(int(group), columns=columns).take(pa.array(inside)))
            return pa.concat_tables(parts).take(pa.array(back))

    def crystals(self, numbers: Sequence[int]) -> list[ReferenceCrystal]:
        """The crystals with these row numbers, in that order."""
        return list(_crystals(numbers, self.rows(numbers, _CRYSTAL_COLUMNS)))


def _crystals(numbers: Sequence[int], table: pa.Table) -> Iterator[ReferenceCrystal]:
    for number, row in zip(numbers, table.to_pylist(), strict=True):
        yield ReferenceCrystal(
            row=int(number),
            id=row["id"],
            source_ids=tuple(row["source_ids"]),
            sources=tuple(row["sources"]),
            crystal=Crystal.from_arrays(row["lattice"], row["frac_coords"], row["atomic_numbers"]),
            reduced_formula=row["reduced_formula"],
            chemical_system=row["chemical_system"],
            space_group=row["space_group"],
            keys=tuple(row["keys"]),
            bawl=row["bawl"],
            bawls=tuple(row["bawls"]),
            prototype=row["prototype"],
            energy_convention=row["energy_convention"],
            formation_energy_per_atom=row["formation_energy_per_atom"],
            e_above_hull=row["e_above_hull"],
        )


def write_crystals(tables: Iterable[pa.Table], path: Path, row_group_rows: int = ROW_GROUP_ROWS) -> None:
    """Write a set's crystals, given in any pieces; the same rows give the same bytes, however they are cut."""
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        waiting = SCHEMA.empty_table()
        for table in tables:
            waiting = pa.concat_tables([waiting, table.cast(SCHEMA)])
            n_whole = len(waiting) - len(waiting) % row_group_rows
            for start in range(0, n_whole, row_group_rows):
                writer.write_table(waiting.slice(start, row_group_rows).combine_chunks(), row_group_rows)
            waiting = waiting.slice(n_whole).combine_chunks()
        if len(waiting):
            writer.write_table(waiting, row_group_rows)
