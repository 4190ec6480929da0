"""ASE database in an SQLite file (https://ase-lib.org/ase/db/db.html): every row of `systems` is a record.

ASE itself is not asked: it opens the file for writing and rebuilds objects that the data names. Here the database is
a copy in memory, only the columns of the cell and the atoms are read, and they are plain arrays.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from submissions.checked import check_site_count, from_cartesian
from submissions.record import Record
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError, one_line, shown
from submissions.stream import read_all, too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_CELL_BYTES = 9 * 8
_NUMBER_BYTES = 4
_POSITION_BYTES = 3 * 8
_ATOM_BYTES = _NUMBER_BYTES + _POSITION_BYTES
_ALL_PERIODIC = 0b111
_COLUMNS = ("id", "numbers", "positions", "cell", "pbc")
# Blobs are fetched only where their stored size allows it; length() of a blob does not load it, that of a text does.
_ROWS = """
    SELECT CASE WHEN typeof(id) = 'integer' THEN id END, CASE WHEN typeof(pbc) = 'integer' THEN pbc END, size,
           CASE WHEN typeof(cell) = 'blob' AND size <= :limit THEN cell END,
           CASE WHEN typeof(numbers) = 'blob' AND size <= :limit THEN numbers END,
           CASE WHEN typeof(positions) = 'blob' AND size <= :limit THEN positions END
    FROM (SELECT *, CASE typeof(cell) WHEN 'blob' THEN length(cell) ELSE 0 END
                  + CASE typeof(numbers) WHEN 'blob' THEN length(numbers) ELSE 0 END
                  + CASE typeof(positions) WHEN 'blob' THEN length(positions) ELSE 0 END AS size FROM systems)
"""
# Bytes 18 and 19 of the file are 2 for a write-ahead log beside it, which a file submitted does not have; 1 without.
_JOURNAL_MODE = slice(18, 20)
_NO_WRITE_AHEAD_LOG = b"\x01\x01"


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per row, named by its id in the database, by its number from 0 where that is no whole number."""
    begin = stream.read(_JOURNAL_MODE.start) + stream.read(len(_NO_WRITE_AHEAD_LOG)).replace(b"\x02", b"\x01")
    content = read_all(stream, begin)
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(content)
            del content  # the database has its own copy
            database.execute("PRAGMA trusted_schema = OFF")
            _check_table(database)
            n_bytes = 0
            for number, row in enumerate(database.execute(_ROWS, {"limit": limits.record_bytes})):
                # rows may share the pages that hold them, so that a small file has any number of bytes
                n_bytes += row[2]
                if n_bytes > limits.unpacked_bytes:
                    detail = f"its rows hold more than {limits.unpacked_bytes:,} bytes; submit fewer structures"
                    raise FileRefusedError(Reason.UNPACKED_TOO_LARGE, detail)
                yield _record(row, number, limits)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        detail = f"the SQLite file cannot be read ({one_line(error)}); write the database again"
        raise RecordRefusedError(Reason.DAMAGED, detail) from error


def _check_table(database: sqlite3.Connection) -> None:
    """Refuse anything but a plain table of stored values: views and generated columns compute, perhaps without end."""
    kinds = [row[2] for row in database.execute("PRAGMA table_list('systems')")]
    stored = {row[1] for row in database.execute("PRAGMA table_xinfo('systems')") if row[6] == 0}
    if kinds != ["table"] or not stored.issuperset(_COLUMNS):
        detail = f"no table 'systems' with the stored columns {', '.join(_COLUMNS)}; write the database with ase.db"
        raise RecordRefusedError(Reason.UNREADABLE_FORMAT, detail)


def _record(row: tuple[object, ...], number: int, limits: Limits) -> Record:
    row_id, pbc, size, *blobs = row
    name = number if row_id is None else row_id
    if isinstance(size, int) and size > limits.record_bytes:
        return Record(str(name), "ase", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
    if pbc != _ALL_PERIODIC:
        detail = f"pbc is {shown(pbc)}, {_ALL_PERIODIC} (all three directions) is needed; submit crystals"
        return Record(str(name), "ase", b"", Reason.NOT_PERIODIC, detail)
    cell, numbers, positions = (blob if isinstance(blob, bytes) else b"" for blob in blobs)
    n_sites = len(numbers) // _NUMBER_BYTES
    if (len(cell), len(numbers), len(positions)) != (_CELL_BYTES, n_sites * _NUMBER_BYTES, n_sites * _POSITION_BYTES):
        detail = f"cell, numbers, positions of {len(cell)}, {len(numbers)}, {len(positions)} bytes do not fit together"
        return Record(str(name), "ase", b"", Reason.MALFORMED, f"{detail}; write the database again")
    return Record(str(name), "ase", cell + numbers + positions)


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read one row: the cell (float64) and the positions (float64) in angstrom, the atomic numbers (int32).

    Raises:
        RecordRefusedError: with the reason.

    """
    n_sites = (len(payload) - _CELL_BYTES) // _ATOM_BYTES
    check_site_count(n_sites, limits)
    cell = np.frombuffer(payload, "<f8", 9).reshape(3, 3)
    numbers = np.frombuffer(payload, "<i4", n_sites, _CELL_BYTES)
    positions = np.frombuffer(payload, "<f8", 3 * n_sites, _CELL_BYTES + n_sites * _NUMBER_BYTES)
    return from_cartesian(cell, positions.reshape(n_sites, 3), numbers.tolist(), limits)
