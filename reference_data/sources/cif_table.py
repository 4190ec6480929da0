"""Any table with one CIF per row: CSV, gzipped CSV or parquet."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from reference_data.errors import ReferenceSetError
from reference_data.sources.base import Source, SourceRefusal, SourceRow, file_sha256
from submissions.limits import Limits
from submissions.read import parse
from submissions.record import Record
from submissions.refusal import RecordRefusedError

CSV_BLOCK_BYTES = 64 * 2**20  # a row must fit into one block
BATCH_ROWS = 1_000
CSV_ENDINGS = (".csv", ".csv.gz")
PARQUET_ENDING = ".parquet"


class CifTable(Source):
    """A local table with a column of CIF texts and a column of ids; read row by row, never whole.

    Attributes:
        path: the file; a relative one starts from the folder of the set's definition.
        cif_column: column of CIF texts.
        id_column: column of identifiers, kept as they are.
        bawl_column: column of published BAWL fingerprints; None where there is none.

    """

    kind: Literal["cif_table"]
    path: Path
    cif_column: str = "cif"
    id_column: str
    bawl_column: str | None = None

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every row of the table; a text that is no ordered crystal is a refusal with the reader's reason.

        Raises:
            ReferenceSetError: the file is missing, of another kind, broken or has no such column.

        """
        limits = Limits()
        for batch in self._batches(folder / self.path):
            columns = [batch.column(name).to_pylist() for name in self._columns()]
            for number, (identifier, cif, *bawl) in enumerate(zip(*columns, strict=True)):
                if not identifier or not cif:
                    missing = self.cif_column if identifier else self.id_column
                    detail = f"nothing in column {missing} (row {number} of a batch of {len(batch)})"
                    yield SourceRefusal(str(identifier or ""), self.name, "empty_cell", detail)
                    continue
                record = Record(id=identifier, format="cif", payload=cif.encode(), refusal=None, detail=None)
                try:
                    crystal = parse(record, limits)
                except RecordRefusedError as error:
                    yield SourceRefusal(identifier, self.name, str(error.reason), str(error.detail))
                    continue
                yield SourceRow(identifier, self.name, crystal, (bawl[0] or None) if bawl else None)

    @property
    def publishes_bawl(self) -> bool:
        """Whether a column of BAWL fingerprints is named."""
        return self.bawl_column is not None

    def inputs(self, folder: Path) -> Mapping[str, str]:
        """The table by its sha256."""
        return {self.path.name: file_sha256(folder / self.path)}

    def _columns(self) -> list[str]:
        return [self.id_column, self.cif_column] + ([self.bawl_column] if self.bawl_column else [])

    def _batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        kinds = f"a table ending in {', '.join((*CSV_ENDINGS, PARQUET_ENDING))}"
        if not path.is_file():
            raise ReferenceSetError(
                what=f"{path} is no file", expected=kinds, remedy=f"correct path of source {self.name}"
            )
        try:
            if path.name.endswith(PARQUET_ENDING):
                with pq.ParquetFile(path) as file:
                    self._check_columns(path, file.schema_arrow)
                    yield from map(self._as_text, file.iter_batches(BATCH_ROWS, columns=self._columns()))
            elif path.name.endswith(CSV_ENDINGS):
                yield from self._csv_batches(path)
            else:
                raise ReferenceSetError(
                    what=f"{path.name} is of an unknown kind", expected=kinds, remedy="convert it to one of these"
                )
        except (pa.ArrowException, OSError) as error:
            raise ReferenceSetError(
                what=f"{path} cannot be read ({str(error).splitlines()[0]})",
                expected="a complete table",
                remedy="download it again",
            ) from error

    def _csv_batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        read = pa_csv.ReadOptions(block_size=CSV_BLOCK_BYTES)
        parse_options = pa_csv.ParseOptions(newlines_in_values=True)
        with pa_csv.open_csv(path, read_options=read, parse_options=parse_options) as header:
            self._check_columns(path, header.schema)
        convert = pa_csv.ConvertOptions(
            include_columns=self._columns(), column_types=dict.fromkeys(self._columns(), pa.string())
        )
        with pa_csv.open_csv(path, read_options=read, parse_options=parse_options, convert_options=convert) as reader:
            yield from reader

    def _check_columns(self, path: Path, schema: pa.Schema) -> None:
        missing = [name for name in self._columns() if name not in schema.names]
        if missing:
            raise ReferenceSetError(
                what=f"{path} has no column {', '.join(missing)}",
                expected=f"one of {', '.join(schema.names)}",
                remedy=f"correct the columns of source {self.name}",
            )

    def _as_text(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch.cast(pa.schema([(name, pa.string()) for name in batch.schema.names]))
