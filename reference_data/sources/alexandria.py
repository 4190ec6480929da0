"""Dumps of Alexandria: JSON files of computed structure entries."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import model_validator

from reference_data.sources.base import FileSource, SourceRefusal, SourceRow
from reference_data.sources.records import records
from reference_data.sources.row import RowRefusedError, crystal_of, number, row_or_refusal

CORRECTED = "pbe_mp2020"
UNCORRECTED = "pbe_uncorrected"


class Alexandria(FileSource):
    """Files ``alexandria_*.json.bz2``: an object whose ``entries`` are pymatgen's ``ComputedStructureEntry`` as dicts.

    Read are ``data.mat_id``, ``structure`` and the energies: with the convention ``pbe_mp2020`` the total energy
    ``energy + correction`` (eV a cell, here divided by the sites) and ``data.e_form`` (eV/atom), which Alexandria gives
    for corrected energies; with ``pbe_uncorrected`` the total energy ``energy`` alone.
    """

    kind: Literal["alexandria"]

    @model_validator(mode="after")
    def _known_convention(self) -> Self:
        if self.energy_convention not in {None, CORRECTED, UNCORRECTED}:
            msg = f"Alexandria's energies are {CORRECTED} or {UNCORRECTED}, got {self.energy_convention}"
            raise ValueError(msg)
        return self

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every entry; what is no ordered crystal is a refusal with the reader's reason.

        Raises:
            ReferenceSetError: a file is missing, broken or has no entries.

        """
        for path in self.files(folder):
            for entry in records(path, ("data", "structure", "energy", "correction"), "entries"):
                data = entry.get("data")
                identifier = data.get("mat_id") if isinstance(data, dict) else None
                yield row_or_refusal(identifier, entry, self.name, self._row)

    def _row(self, identifier: str, entry: Mapping[str, Any]) -> SourceRow:
        crystal = crystal_of(entry.get("structure"))
        energy = number(entry, "energy") if self.energy_convention else None
        formation = None
        if self.energy_convention == CORRECTED and energy is not None:
            correction = number(entry, "correction")
            if correction is None:
                reason, detail = "no_correction", f"the entry has no correction, {CORRECTED} needs one"
                raise RowRefusedError(reason, detail)
            energy, formation = energy + correction, number(entry["data"], "e_form")
        return SourceRow(
            identifier,
            self.name,
            crystal,
            energy_per_atom=None if energy is None else energy / crystal.n_sites,
            formation_energy_per_atom=formation,
            energy_convention=None if energy is None else self.energy_convention,
        )
