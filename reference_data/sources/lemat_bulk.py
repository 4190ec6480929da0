"""LeMat-Bulk, which joins Materials Project, Alexandria and OQMD: from the Hub or from local parquet files."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from metrics.measure.energy.mp2020 import HubbardU  # noqa: TC001 - pydantic reads the annotations
from reference_data.errors import ReferenceSetError
from reference_data.sources.base import (
    Convention,
    Described,
    Source,
    SourceRefusal,
    SourceRow,
    Text,
    file_sha256,
    files_of,
)
from reference_data.sources.row import RowRefusedError, crystal_of_arrays, number, row_or_refusal
from submissions.checked import atomic_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datasets import IterableDataset

ID, CELL, POSITIONS, SPECIES = "immutable_id", "lattice_vectors", "cartesian_site_positions", "species_at_sites"
OCCUPANCIES, VACANCY = "species", "vacancy"
ENERGY, FUNCTIONAL, COMPATIBLE = "energy", "functional", "cross_compatibility"
BATCH_ROWS = 1_000
SPLIT = "train"


class Database(Described):
    """One of the databases that LeMat-Bulk joins.

    Attributes:
        id_prefix: how the ids of its rows begin.
        hubbard_u: U in eV that its calculations have, by anion and metal beside it; without it, those that the
            Materials Project's settings prescribe.

    """

    id_prefix: Text
    hubbard_u: HubbardU | None = None


class LematBulk(Source):
    """Rows of LeMat-Bulk, streamed: one batch is in memory at a time.

    The Hub and local files go through the same code; exactly one of ``repository`` and ``path`` is given. Rows of
    another functional than the subset's, and those that LeMat-Bulk marks as not cross-compatible, are refused, and so
    are those whose ``species`` say that a site is filled in part or by several elements.
    ``energy`` is the total energy of the cell, uncorrected; a row without one is kept.

    Attributes:
        repository: id of the dataset on the Hub.
        revision: its branch, tag or commit; the commit it stands for is recorded in the manifest.
        path: local parquet files instead, a file or a pattern; a relative one starts from the definition's folder.
        subset: configuration of the dataset.
        functional: of the rows that are taken.
        energy_convention: of their energies; without one none is taken.
        fingerprint_column: column of published BAWL fingerprints.
        databases: whose rows are told apart by their ids, so that each is counted, merged and cited on its own.

    """

    kind: Literal["lemat_bulk"]
    repository: str | None = None
    revision: str = "main"
    path: Path | None = None
    subset: str = "compatible_pbe"
    functional: str = "pbe"
    energy_convention: Convention | None = None
    fingerprint_column: str = "entalpic_fingerprint"
    databases: tuple[Database, ...] = ()

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.repository is None) == (self.path is None):
            msg = f"exactly one of repository and path is needed, got {self.repository!r} and {self.path!r}"
            raise ValueError(msg)
        return self

    @property
    def provenances(self) -> tuple[Described, ...]:
        """The databases, and LeMat-Bulk itself for ids of none of them."""
        return (*self.databases, self)

    @property
    def energy_conventions(self) -> tuple[str, ...]:
        """The one that is stated, if any."""
        return (self.energy_convention,) if self.energy_convention else ()

    @property
    def publishes_bawl(self) -> bool:
        """Always: LeMat-Bulk has a column of them."""
        return True

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every row of the dataset, in its order.

        Raises:
            ReferenceSetError: the files are missing or broken, the Hub does not answer, or a column is missing.

        """
        for record in self._records(folder):
            yield row_or_refusal(record[ID], record, self._database(record[ID]), self._row)

    def inputs(self, folder: Path) -> Mapping[str, str]:
        """Each local file by its sha256, or the dataset by its commit."""
        if self.path is not None:
            return {path.name: file_sha256(path) for path in files_of(self.path, folder, self.name)}
        return {f"{self.repository}/{self.subset}": self._commit()}

    def _row(self, identifier: str, record: Mapping[str, Any]) -> SourceRow:
        if not record[COMPATIBLE]:
            reason, detail = "not_cross_compatible", f"{COMPATIBLE} is {record[COMPATIBLE]}, True is needed"
            raise RowRefusedError(reason, detail)
        if record[FUNCTIONAL] != self.functional:
            reason, detail = "other_functional", f"{FUNCTIONAL} is {record[FUNCTIONAL]}, {self.functional} is needed"
            raise RowRefusedError(reason, detail)
        _check_ordered(record[OCCUPANCIES])
        numbers = [atomic_number(symbol) for symbol in record[SPECIES] or ()]
        energy = number(record, ENERGY) if self.energy_convention else None
        return SourceRow(
            identifier,
            self._database(identifier),
            crystal_of_arrays(record[CELL], record[POSITIONS], numbers, cartesian=True),
            bawl=record[self.fingerprint_column] or None,
            energy_per_atom=None if energy is None else energy / len(numbers),
            energy_convention=None if energy is None else self.energy_convention,
        )

    def _database(self, identifier: str | None) -> str:
        known = (
            database.name for database in self.databases if identifier and identifier.startswith(database.id_prefix)
        )
        return next(known, self.name)

    def _records(self, folder: Path) -> Iterator[Mapping[str, Any]]:
        columns = [ID, CELL, POSITIONS, SPECIES, OCCUPANCIES, ENERGY, FUNCTIONAL, COMPATIBLE, self.fingerprint_column]
        dataset = self._dataset(folder, columns)
        missing = sorted(set(columns) - set(dataset.column_names or columns))
        if missing:
            raise ReferenceSetError(
                what=f"{self._place} has no column {', '.join(missing)}",
                expected=f"the columns of LeMat-Bulk: {', '.join(columns)}",
                remedy=f"correct source {self.name}",
            )
        try:
            for table in dataset.with_format("arrow").iter(BATCH_ROWS):
                yield from table.select(columns).to_pylist()
        except _reading_errors() as error:
            raise self._unreadable(error) from error

    def _dataset(self, folder: Path, columns: list[str]) -> IterableDataset:
        from datasets import load_dataset  # noqa: PLC0415 - seconds of import that no other source needs

        try:
            if self.path is not None:
                files = {SPLIT: [str(path) for path in files_of(self.path, folder, self.name)]}
                return load_dataset("parquet", data_files=files, columns=columns, split=SPLIT, streaming=True)
            return load_dataset(
                self.repository, self.subset, revision=self._commit(), columns=columns, split=SPLIT, streaming=True
            )
        except _reading_errors() as error:
            raise self._unreadable(error) from error

    def _commit(self) -> str:
        try:
            return commit_of(str(self.repository), self.revision)
        except _reading_errors() as error:
            raise self._unreadable(error) from error

    @property
    def _place(self) -> str:
        return str(self.path or self.repository)

    def _unreadable(self, error: Exception) -> ReferenceSetError:
        text = str(error).strip().splitlines() or [type(error).__name__]
        return ReferenceSetError(
            what=f"{self._place} cannot be read ({text[0]})",
            expected="LeMat-Bulk on the Hub, or its parquet files",
            remedy="check the connection and the path, then start again: sources read whole are kept",
        )


def _check_ordered(text: str | None) -> None:
    """Refuse a row whose species, JSON as OPTIMADE defines it, say that a site is not filled by one element.

    A row without them says no more than its sites do.

    Raises:
        RowRefusedError: it is disordered, or not such JSON.

    """
    if text is None:
        return
    try:
        species = [(list(one["chemical_symbols"]), list(one["concentration"])) for one in json.loads(text)]
    except (ValueError, TypeError, KeyError) as error:
        reason = "malformed"
        detail = f"{OCCUPANCIES} is {text!r:.60}, a JSON list with chemical_symbols and concentration is needed"
        raise RowRefusedError(reason, detail) from error
    for symbols, concentrations in species:
        if len(symbols) != 1 or symbols[0] == VACANCY or concentrations != [1]:
            reason = "partial_occupancy"
            detail = f"a site holds {symbols!r:.60} in the parts {concentrations!r:.60}, one whole atom is needed"
            raise RowRefusedError(reason, detail)


@cache
def commit_of(repository: str, revision: str) -> str:
    """Commit that a revision of a dataset on the Hub stands for; asked once, so that a build reads what it records.

    Raises:
        OSError: the Hub has no such dataset.
        HTTPError: it does not answer.

    """
    from huggingface_hub import HfApi  # noqa: PLC0415 - slow to import, and no other source needs it

    return str(HfApi().dataset_info(repository, revision=revision).sha)


def _reading_errors() -> tuple[type[Exception], ...]:
    """What the Hub's client and the reader of its files raise where they cannot read."""
    from httpx2 import HTTPError  # noqa: PLC0415 - comes with huggingface_hub

    return OSError, ValueError, HTTPError
