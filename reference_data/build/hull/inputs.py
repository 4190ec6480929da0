"""Tables of energies that give entries of a hull: formulas and energies, no structures."""

from __future__ import annotations

import gzip
import json
from pathlib import Path  # noqa: TC003 - pydantic resolves the annotation at run time
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from reference_data.errors import ReferenceSetError
from reference_data.sources.base import Convention, Described, Text, file_sha256
from reference_data.sources.records import records

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON_ENDINGS = (".json", ".json.gz")
ELEMENTAL_REFERENCE_COLUMNS = ("element", "energy_per_atom", "id")
RUN_TYPES = {"pbe_mp2020": {"GGA", "GGA+U"}, "pbe_uncorrected": {"GGA", "GGA+U"}, "r2scan": {"R2SCAN", "r2SCAN"}}
"""What Materials Project writes into an entry's parameters, for each convention of DFT energies."""


class HullSource(Described):
    """A table of entries: CSV, JSON lines or parquet (see :mod:`reference_data.sources.records`), or one JSON object.

    Attributes:
        kind: what its energies are: from the elements, or total.
        path: the file, in JSON ``{id: {column: value}}``; a relative one starts from the definition's folder.
        convention: energy convention of all its energies.
        id_column: identifiers of the entries; in JSON they are the keys.
        formula_column: formulas of whole numbers, reduced or not.
        energy_column: energies in eV/atom.
        convention_column: states the convention of each row, all the same; None where nothing states it.
        elemental_references: JSON object ``{element: ComputedEntry}`` of total energies of the elements, as pymatgen
            writes it; without it the elements among the entries decide, where their energies are total.
        elements_at_zero: elements that the table lacks, to be added with a formation energy of zero.

    """

    kind: Literal["formation_energies", "total_energies"]
    path: Path
    convention: Convention
    id_column: Text = "id"
    formula_column: Text = "formula"
    energy_column: Text = "energy_per_atom"
    convention_column: Text | None = None
    elemental_references: Path | None = None
    elements_at_zero: tuple[Text, ...] = ()

    def entries(self, folder: Path) -> pd.DataFrame:
        """Columns id, reduced_formula (as given) and energy (eV/atom) of all entries.

        Raises:
            ReferenceSetError: the file is missing, of another kind, broken, lacks a column or a value, or states
                another convention.

        """
        columns = {self.id_column: "id", self.formula_column: "reduced_formula", self.energy_column: "energy"}
        if self.convention_column:
            columns[self.convention_column] = "convention"
        table = self._table(folder / self.path, list(columns)).rename(columns=columns)
        missing = table[["id", "reduced_formula", "energy"]].isna().any(axis=1)
        if missing.any():
            raise ReferenceSetError(
                what=f"row {missing.idxmax()} of {self.path.name} lacks an id, a formula or an energy",
                expected="all three in every row",
                remedy=f"complete or remove the {missing.sum()} such rows",
            )
        if self.convention_column:
            stated = sorted(set(table.pop("convention").fillna("none")))
            if stated != [self.convention]:
                raise ReferenceSetError(
                    what=f"{self.path.name} holds energies of the conventions {', '.join(stated)}",
                    expected=f"{self.convention} alone",
                    remedy="put each convention into a table of its own",
                )
        try:
            return table.astype({"id": str, "reduced_formula": str, "energy": "float64"})
        except ValueError as error:
            raise self._unreadable(self.path, str(error)) from error

    def elements(self, folder: Path) -> pd.DataFrame:
        """Columns element, energy_per_atom (eV, total), id of the file of elemental entries; no rows without one.

        Raises:
            ReferenceSetError: the file is missing or holds something else, or an entry is of another level of theory.

        """
        if self.elemental_references is None:
            return pd.DataFrame([], columns=list(ELEMENTAL_REFERENCE_COLUMNS)).astype({"energy_per_atom": "float64"})
        path = folder / self.elemental_references
        content = self._json(path)
        rows = []
        for symbol, entry in content.items():
            try:
                n_atoms = sum(entry["composition"].values())
                energy = (entry["energy"] + entry.get("correction", 0.0)) / n_atoms
                run_type = entry.get("parameters", {}).get("run_type")
                is_elemental = set(entry["composition"]) == {symbol}
                rows.append((symbol, energy, str(entry.get("entry_id") or symbol)))
            except (AttributeError, KeyError, TypeError, ZeroDivisionError) as error:
                raise self._unreadable(path, f"{symbol}: {error!r}") from error
            if not is_elemental:
                raise self._unreadable(
                    self.elemental_references, f"{symbol} has the composition {entry['composition']}"
                )
            allowed = RUN_TYPES.get(self.convention, {run_type})
            if run_type is not None and run_type not in allowed:
                raise ReferenceSetError(
                    what=f"the entry of {symbol} in {path.name} is a run of type {run_type}",
                    expected=f"{' or '.join(sorted(allowed))}, as {self.convention} has",
                    remedy="give elemental entries of the same convention as the compounds",
                )
        return pd.DataFrame(rows, columns=list(ELEMENTAL_REFERENCE_COLUMNS))

    def inputs(self, folder: Path) -> Mapping[str, str]:
        """The files by their sha256."""
        paths = [self.path, *([self.elemental_references] if self.elemental_references else [])]
        return {path.name: file_sha256(folder / path) for path in paths}

    def _table(self, path: Path, columns: list[str]) -> pd.DataFrame:
        if path.name.endswith(JSON_ENDINGS):
            rows = [{self.id_column: name, **self._object(path, entry)} for name, entry in self._json(path).items()]
        else:
            self._check_file(path)
            rows = list(records(path, columns))
        table = pd.DataFrame.from_records(rows, columns=None if rows else columns)
        missing = [column for column in columns if column not in table]
        if missing:
            raise ReferenceSetError(
                what=f"{path.name} has no column {', '.join(missing)}",
                expected=f"one of {', '.join(map(str, table.columns))}",
                remedy=f"correct the columns of hull source {self.name}",
            )
        return table[columns].replace("", None)

    def _object(self, path: Path, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._unreadable(path, f"{value!r:.40} is no object")
        return value

    def _json(self, path: Path) -> dict[str, Any]:
        self._check_file(path)
        try:
            with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
                content = json.load(stream)
        except (OSError, EOFError, ValueError) as error:
            raise self._unreadable(path, str(error)) from error
        if not isinstance(content, dict):
            raise self._unreadable(path, f"it holds a {type(content).__name__}")
        return content

    def _check_file(self, path: Path) -> None:
        if not path.is_file():
            raise ReferenceSetError(
                what=f"{path} is no file", expected="a table of energies", remedy=f"correct hull source {self.name}"
            )

    def _unreadable(self, path: Path, why: str) -> ReferenceSetError:
        return ReferenceSetError(
            what=f"{path.name} of hull source {self.name} cannot be read ({why})",
            expected="a table of energies, or an object of elemental entries",
            remedy="correct or download it again",
        )
