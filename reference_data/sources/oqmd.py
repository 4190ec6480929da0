"""Data of the OQMD: answers of its API as JSON, or tables with the same fields."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from reference_data.sources.base import FileSource, SourceRefusal, SourceRow
from reference_data.sources.records import column_names, records
from reference_data.sources.row import RowRefusedError, crystal_of_arrays, number, row_or_refusal
from submissions.checked import atomic_number

ID, CELL, SITES, FORMATION_ENERGY = "entry_id", "unit_cell", "sites", "delta_e"


class Oqmd(FileSource):
    """Phases of the OQMD (its API calls them formation energies): ``{"data": [...]}``, or a table of the same fields.

    Read are ``entry_id`` (kept as ``oqmd-<entry_id>``), ``unit_cell`` (three vectors in angstrom), ``sites`` (texts
    ``Cs @ 0 0 0.5``, fractional) and ``delta_e`` (formation energy, eV/atom). In a table the two lists are JSON text.
    The elements of OQMD's formation energies are fitted, so a convention fits them only where a set is made of them
    alone.
    """

    kind: Literal["oqmd"]

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every phase; what is no ordered crystal is a refusal with the reader's reason.

        Raises:
            ReferenceSetError: a file is missing, of another kind, broken or has no such columns.

        """
        columns = [ID, CELL, SITES, *([FORMATION_ENERGY] if self.energy_convention else [])]
        for path in self.files(folder):
            array = "data" if column_names(path) is None else None
            for record in records(path, columns, array):
                entry_id = record.get(ID)
                identifier = None if entry_id is None or entry_id == "" else f"oqmd-{entry_id}"
                yield row_or_refusal(identifier, record, self.name, self._row)

    def _row(self, identifier: str, record: Mapping[str, Any]) -> SourceRow:
        cell, sites = _decoded(record, CELL), _decoded(record, SITES)
        if not isinstance(sites, list):
            reason, detail = "malformed", f"sites is {sites!r:.40}, a list of texts 'Cs @ 0 0 0.5' is needed"
            raise RowRefusedError(reason, detail)
        symbols, positions = zip(*map(_site, sites), strict=True) if sites else ((), ())
        numbers = [atomic_number(symbol) for symbol in symbols]
        formation = number(record, FORMATION_ENERGY) if self.energy_convention else None
        return SourceRow(
            identifier,
            self.name,
            crystal_of_arrays(cell, list(positions), numbers, cartesian=False),
            formation_energy_per_atom=formation,
            energy_convention=None if formation is None else self.energy_convention,
        )


def _decoded(record: Mapping[str, Any], column: str) -> object:
    value = record.get(column)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        reason, detail = "malformed", f"{column} is no JSON list ({error})"
        raise RowRefusedError(reason, detail) from error


def _site(text: object) -> tuple[str, list[str]]:
    symbol, separator, position = str(text).partition("@")
    if not separator:
        reason, detail = "malformed", f"site {text!r:.40}, 'Cs @ 0 0 0.5' is needed"
        raise RowRefusedError(reason, detail)
    return symbol.strip(), position.split()
