"""Dumps of the Materials Project: tables or JSON with its own field names."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from reference_data.errors import ReferenceSetError
from reference_data.sources.base import FileSource, SourceRefusal, SourceRow
from reference_data.sources.records import column_names, records
from reference_data.sources.row import crystal_of, number, row_or_refusal

ID = "material_id"
STRUCTURES = ("structure", "cif")
ENERGY, FORMATION_ENERGY = "energy_per_atom", "formation_energy_per_atom"


class MaterialsProject(FileSource):
    """Documents of the Materials Project's API as JSON, or tables made from them (MP-20 and its like).

    Read are ``material_id``, the structure (``structure`` as pymatgen dict or its JSON, else ``cif``),
    ``energy_per_atom`` and ``formation_energy_per_atom`` (eV/atom, with corrections).
    """

    kind: Literal["materials_project"]

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every document; what is no ordered crystal is a refusal with the reader's reason.

        Raises:
            ReferenceSetError: a file is missing, of another kind, broken or without structures.

        """
        wanted = (ID, *STRUCTURES, *((ENERGY, FORMATION_ENERGY) if self.energy_convention else ()))
        for path in self.files(folder):
            names = column_names(path)
            if names is not None and not any(name in names for name in STRUCTURES):
                raise ReferenceSetError(
                    what=f"{path} has the columns {', '.join(names)}",
                    expected=f"{' or '.join(STRUCTURES)} among them",
                    remedy="name the columns in a source of kind structure_table",
                )
            # the id is always asked for, so that its absence is an error and no row without a name
            columns = wanted if names is None else [name for name in wanted if name in (ID, *names)]
            for record in records(path, columns):
                yield row_or_refusal(record.get(ID), record, self.name, self._row)

    def _row(self, identifier: str, record: Mapping[str, Any]) -> SourceRow:
        structure = next((record[name] for name in STRUCTURES if record.get(name)), None)
        convention = self.energy_convention
        energy = number(record, ENERGY) if convention else None
        formation = number(record, FORMATION_ENERGY) if convention else None
        return SourceRow(
            identifier,
            self.name,
            crystal_of(structure),
            energy_per_atom=energy,
            formation_energy_per_atom=formation,
            energy_convention=None if energy is None and formation is None else convention,
        )
