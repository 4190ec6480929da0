"""Records out of local files, one by one: rows of CSV and parquet, objects of JSON; plain, gzipped or bzip2ed."""

from __future__ import annotations

import bz2
import gzip
import json
import re
from typing import IO, TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Record = dict[str, Any]

CSV_BLOCK_BYTES = 64 * 2**20  # a row must fit into one block
BATCH_ROWS = 1_000
CHUNK_CHARACTERS = 4 * 2**20
MAX_RECORD_CHARACTERS = 256 * 2**20
KINDS = "a file ending in .csv, .json or .jsonl, each also with .gz or .bz2, or in .parquet"
_COMPRESSIONS = (".gz", ".bz2")


def column_names(path: Path) -> list[str] | None:
    """Names of the columns of a table; None for JSON, whose records each have their own fields.

    Raises:
        ReferenceSetError: the file is of an unknown kind or broken.

    """
    kind = _kind(path)
    try:
        if kind == ".parquet":
            return list(pq.read_schema(path).names)
        if kind == ".csv":
            with _csv(path) as header:
                return list(header.schema.names)
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from error
    return None


def records(path: Path, columns: Sequence[str], array: str | None = None) -> Iterator[Record]:
    """Every record of a file, in its order, with the fields asked for; in a CSV all of them are text.

    Args:
        path: the file; its ending says what it is.
        columns: names of the fields; a table must have all of them, in JSON what is missing is missing.
        array: field of the outermost JSON object that holds the records; None where they are an array themselves.

    Raises:
        ReferenceSetError: the file is of an unknown kind, broken, or has no such column.

    """
    kind = _kind(path)
    names = column_names(path)
    missing = [] if names is None else [name for name in columns if name not in names]
    if missing:
        raise ReferenceSetError(
            what=f"{path} has no column {', '.join(missing)}",
            expected=f"one of {', '.join(names or ())}",
            remedy="correct the columns of the source",
        )
    try:
        if kind == ".parquet":
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
                    yield from batch.to_pylist()
        elif kind == ".csv":
            with _csv(path, columns) as reader:
                for batch in reader:
                    for start in range(0, len(batch), BATCH_ROWS):
                        yield from batch.slice(start, BATCH_ROWS).to_pylist()
        else:
            with _text(path) as stream:
                yield from _objects(path, _lines(stream) if kind == ".jsonl" else _elements(stream, array))
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _broken(path, error) from error


def _objects(path: Path, elements: Iterator[object]) -> Iterator[Record]:
    for number, record in enumerate(elements):
        if not isinstance(record, dict):
            raise ReferenceSetError(
                what=f"element {number} of {path} is a JSON {type(record).__name__}",
                expected="an object for each record",
                remedy="write the file again",
            )
        yield record


def _lines(stream: IO[str]) -> Iterator[object]:
    return (json.loads(line) for line in stream if not line.isspace())


def _elements(stream: IO[str], array: str | None) -> Iterator[object]:
    """Elements of the array, decoded one by one; no more of the text is in memory than one element and a chunk."""
    opening = re.compile(r"\s*\[" if array is None else rf'"{re.escape(array)}"\s*:\s*\[')
    text, start = stream.read(CHUNK_CHARACTERS), opening
    match = start.match(text) if array is None else start.search(text)
    while match is None:
        more = stream.read(CHUNK_CHARACTERS)
        if not more or array is None:
            msg = "there is no array" if array is None else f"there is no array {array} in the object"
            raise json.JSONDecodeError(msg, text[:40], 0)
        text = text[-len(array) - 100 :] + more
        match = start.search(text)
    decoder, at = json.JSONDecoder(), match.end()
    separator = re.compile(r"[\s,]*")
    while True:
        at = cast("re.Match[str]", separator.match(text, at)).end()
        if text[at : at + 1] == "]":
            return
        try:
            element, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            # cut off by the end of the chunk, unless there is no more; as much again, so that this stays linear
            more = stream.read(max(CHUNK_CHARACTERS, len(text) - at))
            if not more or len(text) - at > MAX_RECORD_CHARACTERS:
                raise
            text, at = text[at:] + more, 0
        else:
            yield element


def _csv(path: Path, columns: Sequence[str] | None = None) -> pa_csv.CSVStreamingReader:
    convert = None
    if columns is not None:
        kinds = dict.fromkeys(columns, pa.string())
        convert = pa_csv.ConvertOptions(include_columns=list(columns), column_types=kinds, strings_can_be_null=False)
    return pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(block_size=CSV_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    )


def _text(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8"))
    if path.suffix == ".bz2":
        return bz2.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _kind(path: Path) -> str:
    name = path.with_suffix("") if path.suffix in _COMPRESSIONS else path
    kind = name.suffix
    if kind in {".csv", ".json", ".jsonl"} or path.suffix == ".parquet":
        return kind
    raise ReferenceSetError(what=f"{path.name} is of an unknown kind", expected=KINDS, remedy="convert it to one")


def _broken(path: Path, error: Exception) -> ReferenceSetError:
    return ReferenceSetError(
        what=f"{path} cannot be read ({str(error).splitlines()[0] if str(error) else type(error).__name__})",
        expected="a complete file",
        remedy="download it again",
    )
