"""Any file with a structure in each record: CSV, parquet or JSON, its columns named in the set's definition."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, Field, model_validator

from reference_data.errors import ReferenceSetError
from reference_data.sources.base import FileSource, SourceRefusal, SourceRow
from reference_data.sources.records import records
from reference_data.sources.row import crystal_of, number, row_or_refusal


class StructureTable(FileSource):
    """Local tables with a column of structures and a column of ids; read record by record, never whole.

    Attributes:
        structure_column: column of structures: CIF, POSCAR or JSON text, in JSON and parquet also pymatgen dicts.
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
    id_column: str
    bawl_column: str | None = None
    energy_column: str | None = None
    energy_per_atom_column: str | None = None
    formation_energy_column: str | None = None
    array: str | None = None

    @model_validator(mode="after")
    def _energies_have_a_convention(self) -> Self:
        if bool(self._energy_columns()) != (self.energy_convention is not None):
            msg = "columns of energies and energy_convention go together, got only one of them"
            raise ValueError(msg)
        if self.energy_column and self.energy_per_atom_column:
            msg = "only one of energy_column and energy_per_atom_column can be read, got both"
            raise ValueError(msg)
        return self

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every record; what is no ordered crystal is a refusal with the reader's reason.

        Raises:
            ReferenceSetError: a file is missing, of another kind, broken or has no such column.

        """
        named = [self.id_column, self.structure_column, self.bawl_column, *self._energy_columns()]
        columns = [name for name in named if name]
        for path in self.files(folder):
            some = False
            for record in records(path, columns, self.array):
                if not some and self.structure_column not in record:
                    raise ReferenceSetError(
                        what=f"the first record of {path} has no field {self.structure_column}",
                        expected=f"one of {', '.join(record)}",
                        remedy=f"correct structure_column of source {self.name}",
                    )
                some = True
                yield row_or_refusal(record.get(self.id_column), record, self.name, self._row)

    @property
    def publishes_bawl(self) -> bool:
        """Whether a column of BAWL fingerprints is named."""
        return self.bawl_column is not None

    def _row(self, identifier: str, record: Mapping[str, Any]) -> SourceRow:
        crystal = crystal_of(record.get(self.structure_column))
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

    def _energy_columns(self) -> list[str]:
        columns = (self.energy_column, self.energy_per_atom_column, self.formation_energy_column)
        return [name for name in columns if name]
