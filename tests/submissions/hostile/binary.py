"""Parquet, SQLite and what other programs write, made to fill the memory, to crash or to take long."""

from __future__ import annotations

import io
import sqlite3
import struct
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from submissions.refusal import Reason
from tests.submissions.hostile.file import Hostile, rows, whole
from tests.submissions.hostile.matrix import FORMATS, GOOD
from tests.submissions.hostile.parts import CIF, MB, D, E, M, T, U, gz
from tests.submissions.packing import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator


def files() -> Iterator[Hostile]:
    """All of them."""
    for family in (_parquets, _databases, _foreign):
        yield from family()


def parquet(columns: pa.Table, **options: Any) -> bytes:  # noqa: ANN401 - pyarrow's
    buffer = io.BytesIO()
    pq.write_table(columns, buffer, **options)
    return buffer.getvalue()


def _parquets() -> Iterator[Hostile]:
    good = parquet(pa.table({"id": ["a", "b"], "cif": [CIF, CIF]}))
    two = pa.table([pa.array(["a", "b"]), pa.array([CIF, None]), pa.array([CIF, CIF])], names=["id", "cif", "cif"])
    yield rows("two columns of one name", lambda: parquet(two), 2)
    ids = pa.table([pa.array(["a", "b"]), pa.array(["c", "d"]), pa.array([CIF, CIF])], names=["id", "id", "cif"])
    yield rows("two columns of ids", lambda: parquet(ids), 2)
    mixed = pa.table([pa.array([1, 2]), pa.array([CIF, CIF])], names=["cif", "cif"])
    yield rows("a column of numbers and one of texts of one name", lambda: parquet(mixed), 2)
    yield rows("ids that are lists", lambda: parquet(pa.table({"id": [["a"] * 1_000] * 2, "cif": [CIF, CIF]})), 2)
    nested = pa.array([{"x": list(range(1_000))}] * 2)
    yield rows("ids that are objects", lambda: parquet(pa.table({"id": nested, "cif": [CIF, CIF]})), 2)
    for name, values in (("numbers", [1, 2]), ("dates", pa.array([1, 2], pa.date32())), ("nulls", pa.nulls(2))):
        yield rows(f"ids that are {name}", partial(parquet, pa.table({"id": values, "cif": [CIF, CIF]})), 2)
    yield whole(
        "structures that are lists", lambda: parquet(pa.table({"cif": [[CIF], [CIF]]})), Reason.NO_STRUCTURE_COLUMN
    )
    yield whole(
        "structures that are objects", lambda: parquet(pa.table({"structure": [{"a": 1}]})), Reason.NO_STRUCTURE_COLUMN
    )
    yield whole("no structures", lambda: parquet(pa.table({"x": [1]})), Reason.NO_STRUCTURE_COLUMN)
    yield whole("no rows", lambda: parquet(pa.table({"cif": pa.array([], pa.string())})), E)
    yield rows("cells that are null", lambda: parquet(pa.table({"cif": pa.array([None, None, CIF])})), 1, E, E)
    yield rows("a parquet cell of 20 MB", lambda: parquet(pa.table({"cif": ["x" * 20 * MB, CIF]})), 1, T)
    yield whole(
        "1,500 columns",
        lambda: parquet(pa.table({**{f"c{n}": [1] for n in range(1_500)}, "cif": [CIF]})),
        Reason.NO_STRUCTURE_COLUMN,
    )
    yield whole("cut off", lambda: good[:-10], D)
    yield whole("nothing but its magic", lambda: b"PAR1PAR1", D)
    yield whole("a footer longer than the file", lambda: good[:-8] + struct.pack("<I", 2**31) + b"PAR1", D)
    yield whole("a footer of zeros", lambda: good[:100] + bytes(500) + struct.pack("<I", 500) + b"PAR1", D)
    for codec in ("snappy", "gzip", "zstd", "none"):
        content = parquet(pa.table({"cif": [CIF * 30]}), compression=codec)
        damaged = bytearray(content)
        damaged[40:60] = b"\xff" * 20
        yield Hostile(
            f"a {codec} page with bytes changed",
            partial(bytes, bytes(damaged)),
            (D, Reason.MEMORY_LIMIT, M, U, Reason.WRONG_ENCODING),
        )


def _databases() -> Iterator[Hostile]:
    yield rows("a good database", database, 2)
    yield rows("a database padded with zeros", lambda: database() + bytes(20 * MB), 2)
    yield whole("a database cut off", lambda: database()[:4_096], D, U)
    yield whole("a database of zeros", lambda: database()[:100] + bytes(100_000), D, U)
    yield whole("no table systems", lambda: _sql("CREATE TABLE other (id INTEGER)"), U)
    yield whole(
        "a view for systems",
        lambda: _sql("CREATE VIEW systems AS SELECT 1 AS id, 2 AS numbers, 3 AS positions, 4 AS cell, 7 AS pbc"),
        U,
    )
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    columns = "SELECT i AS id, 2 AS numbers, 3 AS positions, 4 AS cell, 7 AS pbc FROM n"
    yield whole("a view without end", lambda: _sql(f"CREATE VIEW systems AS {numbers} {columns}"), U)
    generated = "CREATE TABLE systems (id INTEGER, numbers AS (zeroblob(900000000)), positions, cell, pbc)"
    yield whole("a column that is computed", lambda: _sql(generated), U)
    yield rows("cells that are texts", partial(database, cell="x" * 72), 0, M, M)
    yield rows("a text of 20 MB in a database", lambda: database(cell="x" * 20 * MB), 0, M, M)
    yield rows("blobs of 20 MB", lambda: database(numbers=bytes(20 * MB)), 0, T, T)
    yield rows("blobs that do not fit", partial(database, numbers=bytes(7)), 0, M, M)
    yield rows("a slab in a database", partial(database, pbc=3), 0, *[Reason.NOT_PERIODIC] * 2)
    yield rows("a text for pbc", partial(database, pbc="x" * MB), 0, *[Reason.NOT_PERIODIC] * 2)
    yield rows(
        "an element of number 119",
        partial(database, numbers=np.array([119, 17], "<i4").tobytes()),
        0,
        *[Reason.UNKNOWN_ELEMENT] * 2,
    )
    yield rows("ids that are texts", partial(database, key="id TEXT", ids=("a", "b")), 2)
    yield rows("rows of nulls", partial(database, numbers=None), 0, M, M)
    yield rows("rows on the same pages", shared_pages, 0, *[M] * 7)


def database(**given: Any) -> bytes:  # noqa: ANN401 - whatever a column may hold
    """Two rows as ASE writes them, with other values where given."""
    values = {
        "numbers": np.array([11, 17], "<i4").tobytes(),
        "positions": np.array([0, 0, 0, 2.8, 2.8, 2.8], "<f8").tobytes(),
        "cell": (5.6 * np.eye(3)).astype("<f8").tobytes(),
        "pbc": 7,
        **given,
    }
    key = values.pop("key", "id INTEGER PRIMARY KEY")
    ids = values.pop("ids", (1, 2))
    with sqlite3.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE systems ({key}, numbers BLOB, positions BLOB, cell BLOB, pbc INTEGER)")
        for row_id in ids:
            connection.execute(
                "INSERT INTO systems VALUES (?, ?, ?, ?, ?)",
                (row_id, *(values[name] for name in ("numbers", "positions", "cell", "pbc"))),
            )
        connection.commit()
        content = connection.serialize()
    connection.close()
    return content


def _sql(statement: str) -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute(statement)
        connection.commit()
        content = connection.serialize()
    connection.close()
    return content


def shared_pages() -> bytes:
    """Rows whose blobs of 4 MB lie on the overflow pages of the first: the file holds them once."""
    page_size, size = 4_096, 4_000_000
    # as little as can be of the payload on the row's own page
    content, cell = _one_row(size)
    content, cell = _one_row(size - len(cell) + 520)
    n_rows = (page_size - 8) // (len(cell) + 2)
    # payload length and row id come first, as numbers of 7 bits a byte; then the payload, and a page number
    at_id = next(at for at in range(1, 10) if cell[at - 1] < 0x80)
    page = bytearray(page_size)
    page[0] = content[page_size]
    page[3:5] = n_rows.to_bytes(2, "big")
    end = page_size
    for number in range(n_rows):
        end -= len(cell)
        page[end : end + len(cell)] = cell[:at_id] + bytes([number + 1]) + cell[at_id + 1 :]
        page[8 + 2 * number : 10 + 2 * number] = end.to_bytes(2, "big")
    page[5:7] = end.to_bytes(2, "big")
    return content[:page_size] + page + content[2 * page_size :]


def _one_row(size: int) -> tuple[bytes, bytes]:
    """A database of one row with a blob, and the row as it lies on its own page, the second."""
    content = database(numbers=bytes(size), positions=b"0", cell=b"0", ids=(1,))
    page = content[4_096:8_192]
    return content, page[int.from_bytes(page[5:7], "big") :]


def _foreign() -> Iterator[Hostile]:
    for name, content in {
        "NumPy": b"\x93NUMPY\x01\x00v\x00" + bytes(118),
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "netCDF": b"CDF\x01" + bytes(100),
        "Arrow": b"ARROW1" + bytes(100),
        "PDF": b"%PDF-1.7\n" + bytes(100),
        "PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "JPEG": b"\xff\xd8\xff" + bytes(100),
        "zstandard": b"\x28\xb5\x2f\xfd" + bytes(100),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
        "rar": b"Rar!\x1a\x07" + bytes(100),
        "LMDB": bytes(16) + b"\xde\xc0\xef\xbe" + bytes(100),
        "ASE trajectory": b"- of UlmASE-Trajectory" + bytes(100),
        "an Office document": zipped({"[Content_Types].xml": ""}),
    }.items():
        yield whole(f"{name}, alone", partial(bytes, content), U)
        is_archive = name in ("7z", "rar")
        reason = Reason.NESTED_ARCHIVE if is_archive else U
        yield rows(f"{name} in a zip", partial(zipped, {"a.cif": content, "b.cif": CIF}), 1, reason)
    for name, write in FORMATS.items():
        packed = gz(write(GOOD).encode())
        yield rows(f"{name}, packed, as a member", partial(zipped, {"a.gz": packed, "b.cif": CIF}), 2)
        yield whole(
            f"{name}, packed and cut off",
            partial(bytes, packed[: len(packed) // 2]),
            D,
            M,
            U,
            Reason.NO_RECORD_READABLE,
        )
