"""Any file with a structure in each record: CSV, parquet or JSON, its columns named in the set's definition."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, Field, model_validator

from metrics.crystal import Crystal
from reference_data.errors import ReferenceSetError
from reference_data.sources.base import FileSource, SourceRefusal, SourceRow
from reference_data.sources.records import records
from reference_data.sources.row import RowRefusedError, crystal_of, crystal_of_arrays, number, row_or_refusal


class StructureTable(FileSource):
    """Local tables with structures and a column of ids; read record by record, never whole.

    Attributes:
        structure_column: column of structures: CIF, POSCAR or JSON text, in JSON and parquet also pymatgen dicts.
        array_columns: three columns of lists of numbers instead, in JSON and parquet: the cell vectors in angstrom, the
            fractional coordinates and the atomic numbers, flat or nested, as ``crystals.parquet`` of a set has them.
        id_column: column of identifiers, kept as they are.
        bawl_column: column of published BAWL fingerprints; None where there is none.
        energy_column: column of total energies of the cell as given, eV.
        energy_per_atom_column: column of total energies in eV/atom, instead.
        formation_energy_column: column of formation energies, eV/atom.
        array: field of the outermost object that holds the records of a JSON file; None where they are an array.

    """

    # the second names are those of the first definitions, which are still read
    kind: Literal["structure_table", "cif_table"]
    structure_column: str = Field("cif", validation_alias=AliasChoices("structure_column", "cif_column"))
    array_columns: tuple[str, str, str] | None = None
    id_column: str
    bawl_column: str | None = None
    energy_column: str | None = None
    energy_per_atom_column: str | None = None
    formation_energy_column: str | None = None
    array: str | None = None

    @model_validator(mode="after")
    def _columns_fit_together(self) -> Self:
        if bool(self._energy_columns()) != (self.energy_convention is not None):
            msg = "columns of energies and energy_convention go together, got only one of them"
            raise ValueError(msg)
        if self.energy_column and self.energy_per_atom_column:
            msg = "only one of energy_column and energy_per_atom_column can be read, got both"
            raise ValueError(msg)
        if self.array_columns and "structure_column" in self.model_fields_set:
            msg = "only one of structure_column and array_columns can be read, got both"
            raise ValueError(msg)
        return self

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every record; what is no ordered crystal is a refusal with the reader's reason.

        Raises:
            ReferenceSetError: a file is missing, of another kind, broken or has no such column.

        """
        structure = self.array_columns or (self.structure_column,)
        columns = [name for name in (self.id_column, *structure, self.bawl_column, *self._energy_columns()) if name]
        for path in self.files(folder):
            some = False
            for record in records(path, columns, self.array):
                if not some and (missing := [name for name in structure if name not in record]):
                    raise ReferenceSetError(
                        what=f"the first record of {path} has no field {', '.join(missing)}",
                        expected=f"one of {', '.join(record)}",
                        remedy=f"correct the columns of source {self.name}",
                    )
                some = True
                yield row_or_refusal(record.get(self.id_column), record, self.name, self._row)

    @property
    def publishes_bawl(self) -> bool:
        """Whether a column of BAWL fingerprints is named."""
        return self.bawl_column is not None

    def _row(self, identifier: str, record: Mapping[str, Any]) -> SourceRow:
        crystal = self._crystal(record)
        energy = number(record, self.energy_per_atom_column)
        total = number(record, self.energy_column)
        energy = energy if total is None else total / crystal.n_sites
        formation = number(record, self.formation_energy_column)
        known = energy is not None or formation is not None
        return SourceRow(
            identifier,
            self.name,
            crystal,
            bawl=(record.get(self.bawl_column) or None) if self.bawl_column else None,
            energy_per_atom=energy,
            formation_energy_per_atom=formation,
            energy_convention=self.energy_convention if known else None,
        )

    def _crystal(self, record: Mapping[str, Any]) -> Crystal:
        if self.array_columns is None:
            return crystal_of(record.get(self.structure_column))
        lattice, frac_coords, atomic_numbers = (record.get(name) for name in self.array_columns)
        if not (lattice and frac_coords and atomic_numbers):
            reason, detail = "empty_cell", f"the record has no structure in {', '.join(self.array_columns)}"
            raise RowRefusedError(reason, detail)
        if not (isinstance(atomic_numbers, list) and all(isinstance(number, int) for number in atomic_numbers)):
            reason, detail = (
                "malformed",
                f"atomic numbers are {atomic_numbers!r:.40}, whole numbers are needed",
            )
            raise RowRefusedError(reason, detail)
        return crystal_of_arrays(lattice, frac_coords, atomic_numbers, cartesian=False)

    def _energy_columns(self) -> list[str]:
        columns = (self.energy_column, self.energy_per_atom_column, self.formation_energy_column)
        return [name for name in columns if name]
