"""Files that take seconds to make or to refuse: ``make soak-reading``, ``python -m tests.submissions.hostile.giants``.

For each it prints what became of it, the wall time, the CPU time of the process that cut it, which hardly depends on
what else the machine does, and the most address space that process had. On a calm machine each ends within `SECONDS`.
"""

from __future__ import annotations

import gzip
import io
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from leaderboard.processes import start_engine
from leaderboard.run.scoring import LIMITS
from metrics.measure.running.choice import EngineChoice
from submissions.box import Box
from submissions.refusal import Reason
from tests.submissions.hostile.archives import many_members
from tests.submissions.hostile.binary import database, parquet
from tests.submissions.hostile.file import Hostile, whole
from tests.submissions.hostile.outcome import outcome, peak_address_space
from tests.submissions.hostile.parts import CIF, MB

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMBERS, UNPACKED, MEMORY, TIME = (
    Reason.TOO_MANY_MEMBERS,
    Reason.UNPACKED_TOO_LARGE,
    Reason.MEMORY_LIMIT,
    Reason.TIME_LIMIT,
)
SECONDS = 30.0


def files() -> Iterator[Hostile]:
    """All of them."""
    T = Reason.RECORD_TOO_LARGE  # noqa: N806 - as in the other families
    yield whole("tar of 100,001 members", lambda: many_members(100_001), MEMBERS)
    yield whole("a million brackets", lambda: b"[" + b"[]," * MB + b"{}]", MEMBERS)
    yield whole("100,001 rows", lambda: parquet(pa.table({"cif": [""] * 100_001})), MEMBERS)
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000), ["x" * 4_900_000])
    yield whole("5 MB a thousand times", lambda: parquet(pa.table({"cif": repeated})), UNPACKED)
    yield whole("one cell of 900 MB", lambda: packed(b"id,cif\na,", b"x" * MB, 900, b"\n"), T)
    yield whole("one cell of 900 MB of quotes", lambda: packed(b"id,cif\na,", b'"' * MB, 900, b"\n"), T)
    yield whole("one JSON text of 900 MB", lambda: packed(b'["', b"x" * MB, 900, b'"]'), T)
    yield whole(
        "900 MB of JSON brackets", lambda: packed(b"[", b"[]," * 333_333, 900, b"{}]"), MEMBERS, Reason.TOO_MANY_PARTS
    )
    yield whole(
        "900 MB of JSON numbers",
        lambda: packed(b"[", b"1," * 500_000, 900, b"1]"),
        MEMBERS,
        Reason.TOO_MANY_PARTS,
        TIME,
    )
    yield whole(
        "900 MB of nested JSON", lambda: packed(b"", b"[" * MB, 900, b""), Reason.MALFORMED, Reason.TOO_MANY_PARTS
    )
    yield whole("900 MB of blanks", lambda: packed(b"", b" " * MB, 900, b""), Reason.EMPTY)
    yield whole("900 MB of line ends", lambda: packed(b"id,cif\n", b"\n" * MB, 900, b""), Reason.TOO_MANY_PARTS)
    yield whole(
        "a CIF of 900 MB",
        lambda: packed(CIF.encode(), b"# x\n" * 250_000, 900, b""),
        T,
        Reason.TOO_MANY_PARTS,
        TIME,
    )
    yield whole("a frame of 900 MB", lambda: packed(b"1000\n", b"x" * MB, 900, b"\n"), T)
    yield whole(
        "a POSCAR line of 900 MB",
        lambda: packed(b"a\n1\n1 0 0\n0 1 0\n0 0 1\nNa\n1\nDirect\n0 0 0", b" " * MB, 900, b"\n"),
        T,
    )
    yield whole("2 GB behind gzip", lambda: packed(b"id,cif\na,", b"x" * MB, 2_000, b"\n"), UNPACKED)
    # SQLite reads no page that no table has: where the address space suffices, both structures are read
    yield Hostile(
        "a database padded with 900 MB of zeros",
        lambda: packed(database(), bytes(MB), 900, b""),
        (MEMORY, Reason.DAMAGED),
        readable=2,
    )
    yield whole("a parquet cell of 900 MB", lambda: parquet(pa.table({"cif": ["x" * 900 * MB]})), T, MEMORY)
    yield whole("a parquet page whose footer lies", footer_that_lies, UNPACKED, MEMORY, Reason.DAMAGED)
    yield whole(
        "a parquet column of 100 million ids",
        lambda: parquet(long_list()),
        T,
        MEMORY,
        Reason.EMPTY,
        Reason.UNREADABLE_FORMAT,
    )
    yield whole("a zip of 100 members of 20 MB", zip_bomb, UNPACKED)


def packed(begin: bytes, piece: bytes, times: int, end: bytes) -> bytes:
    """Begin, so many pieces, and end, packed by gzip while they are made."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1, mtime=0) as stream:
        stream.write(begin)
        for _ in range(times):
            stream.write(piece)
        stream.write(end)
    return buffer.getvalue()


def zip_bomb() -> bytes:
    """100 members of 20 MB of zeros, a CIF by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(100):
            archive.writestr(f"{number}.cif", CIF + "\n" + "# " * 10 * MB)
    return buffer.getvalue()


def long_list() -> pa.Table:
    """One row whose id is a list of 100 million numbers, and no structure."""
    ids = pa.ListArray.from_arrays([0, 100 * MB], pa.array(np.zeros(100 * MB, dtype=np.int64)))
    return pa.table({"id": ids, "cif": ["x"]})


def footer_that_lies() -> bytes:
    """A page of 1.5 GB in a row group that says it has 1 KB."""
    content = bytearray(parquet(pa.table({"cif": ["x" * 1_500 * MB]}), use_dictionary=False, write_statistics=False))
    size = 1_500 * MB
    # the size stands in the footer as a varint of zigzag code (Thrift's compact protocol), for the column and the group
    wide = size + 4
    for claim in range(size, wide + 200):
        code = varint(2 * claim)
        start = content.rfind(code)
        while start > len(content) - 2_000:
            content[start : start + len(code)] = varint_of_length(2 * 1_024, len(code))
            start = content.rfind(code)
    return bytes(content)


def varint(value: int) -> bytes:
    """7 bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint_of_length(value: int, length: int) -> bytes:
    """The same in so many bytes, those at the end zero."""
    out = bytearray(varint(value))
    while len(out) < length:
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def cutting_cpu_s() -> float:
    """CPU seconds of the boxes of this process that have ended; its worker has not."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Run each through the box, or those whose name an argument is part of; how many did not end as they should."""
    n_wrong = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        start_engine(EngineChoice(jobs=1), preload=("leaderboard.run.reading",)) as engine,
    ):
        path = Path(folder) / "upload.bin"
        for file in files():
            if sys.argv[1:] and not any(part in file.name for part in sys.argv[1:]):
                continue
            path.write_bytes(file.make())
            before = cutting_cpu_s()
            with Box(LIMITS) as box:
                start = time.monotonic()
                refused, readable, refusals = outcome(path, box, engine)
                seconds, peak = time.monotonic() - start, peak_address_space()
            reasons = {refused} if refused else {*refusals}
            is_right = (
                readable == (0 if reasons else file.readable)
                and reasons <= {*file.reasons}
                and peak <= LIMITS.split_memory_bytes
            )
            n_wrong += not is_right
            cpu_s = cutting_cpu_s() - before
            what = f"refused: {refused}" if refused else f"{readable} read, {dict(refusals)}"
            times = f"{seconds:5.1f} s {cpu_s:5.1f} CPU s {peak / 2**20:6.0f} MiB"
            sys.stdout.write(f"{'ok   ' if is_right else 'WRONG'} {times}  {file.name}: {what}\n")
            sys.stdout.flush()
    return n_wrong


if __name__ == "__main__":
    sys.exit(main())
