"""Fuzzing of every reader: ``make fuzz``, or ``python -m tests.fuzz_readers [SECONDS] [SEED] [READER ...]``.

Good files of each format are changed at random, pieces exchanged, doubled, removed, or put where others were, and cut
and parsed in a process of their own. Nothing may come out but a crystal or a reason of the closed list, and nothing may
take longer than a few seconds, or end the process. What did is written to a folder, for a test to be made of it.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from submissions.limits import Limits
from submissions.read import parse, split
from submissions.refusal import FileRefusedError, RecordRefusedError
from tests.submissions.hostile.binary import database, parquet
from tests.submissions.hostile.matrix import FORMATS, GOOD
from tests.submissions.hostile.parts import CIF, DICT, POSCAR, XYZ, gz
from tests.submissions.packing import table, tarred, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

LIMITS = Limits(unpacked_bytes=20_000_000, members=2_000, record_bytes=500_000, parts=2_000_000)
CPU_SECONDS = 5.0
MEMORY_BYTES = 2 * 2**30
FIELD = Path(__file__).parent / "submissions" / "field_inputs"
PIECES = (
    *(b"", b"\0", b"\xff", b"\n", b"\r\n", b" ", b'"', b"'", b",", b";", b"{", b"}", b"[", b"]", b"(", b"\\"),
    *(b"nan", b"1e999", b"-1", b"0", b"9" * 40, b"null", b"true", b'"sites":', b"#2", b"?", b"."),
    *(b"data_", b"loop_\n", b"_cell_length_a", b"\xc2\xb2", b"\xef\xbb\xbf", b"PK\x03\x04"),
)


def good_files() -> dict[str, list[bytes]]:
    """Reader -> files that it reads."""
    rows = table(["id", "note", "cif"], [("a", 'x "y"', CIF), ("b", "", CIF)])
    columns = pa.table({"id": ["a", "b", "c"], "cif": [CIF, DICT, POSCAR]})
    members: dict[str, str | bytes] = {"a.cif": CIF, "b.json": DICT, "c/POSCAR": POSCAR, "readme.md": "x"}
    members["d.cif.gz"] = gz(CIF.encode())
    dicts = [json.loads(FORMATS[name](GOOD)) for name in ("pymatgen", "optimade", "ase")]
    lines = "\n".join(map(json.dumps, dicts))
    return {
        "cif": [CIF.encode(), (CIF + CIF.replace("data_x", "data_y")).encode(), *field_inputs("cif/*.cif")],
        "poscar": [POSCAR.encode(), (POSCAR + POSCAR).encode(), *field_inputs("*.vasp")],
        "extxyz": [XYZ.encode(), (XYZ + XYZ).encode(), *field_inputs("*.xyz")],
        "table": [rows.encode(), rows.replace(",", "\t").encode(), *field_inputs("*.csv")],
        "json": [json.dumps(dicts).encode(), lines.encode(), str(dicts).encode(), *field_inputs("*.json*")],
        "parquet": [parquet(columns), parquet(columns, compression="none"), parquet(columns, use_dictionary=False)],
        "ase_db": [database(), database(ids=tuple(range(1, 30)))],
        "zip": [zipped(members)],
        "tar": [tarred(members), gz(tarred(members)), tarred(members) + tarred(members)],
    }


def field_inputs(pattern: str) -> list[bytes]:
    """Files as people wrote them."""
    return [path.read_bytes() for path in sorted(FIELD.glob(pattern))]


def changed(content: bytes, chance: random.Random) -> bytes:
    """The file with one to eight changes."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        length = min(chance.choice((0, 1, 2, 4, 16, 100, 1_000)), len(data) - at)
        match chance.randrange(6):
            case 0:
                data[at : at + length] = chance.choice(PIECES)
            case 1:
                data[at : at + length] = data[at : at + length] * chance.choice((2, 3, 50))
            case 2:
                other = chance.randrange(len(data) + 1)
                data[at : at + length] = data[other : other + length]
            case 3 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 4:
                del data[at : at + length]
            case _:
                data[at : at + length] = chance.choice(PIECES) * chance.choice((1, 10, 1_000))
        if chance.random() < 0.03:
            del data[at:]
    return bytes(data[:2_000_000])


def read(path: Path) -> None:
    """Cut and parse; anything but a refusal comes out."""
    with contextlib.suppress(FileRefusedError):
        for record in split(path, LIMITS):
            with contextlib.suppress(RecordRefusedError):
                parse(record, LIMITS)


def stop(_signal: int, _frame: FrameType | None) -> None:
    msg = f"more than {CPU_SECONDS} s"
    raise TimeoutError(msg)


def fuzz(files: list[bytes], seed: int, seconds: float, folder: Path, count: object) -> None:
    """Feed changed files until the time is over; runs in a process of its own, which a crash ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGPROF, stop)
    path, end = folder / "current", time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        chance = random.Random(f"{seed} {number}")  # noqa: S311 - chance, no secret
        content = changed(chance.choice(files), chance)
        path.write_bytes(content)
        number += 1
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        try:
            read(path)
        except Exception:  # noqa: BLE001 - what is looked for
            (folder / f"failure-{number}").write_bytes(content)
            (folder / f"failure-{number}.txt").write_text(traceback.format_exc())
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        count.value = number  # type: ignore[attr-defined]


def run(reader: str, files: list[bytes], seconds: float, seed: int, folder: Path) -> int:
    """Fuzz one reader and say what came of it; the number of failures."""
    folder.mkdir(parents=True)
    count = multiprocessing.Value("q", 0)
    process = multiprocessing.Process(target=partial(fuzz, files, seed, seconds, folder, count))
    process.start()
    process.join()
    failures = sorted(folder.glob("failure-*.txt"))
    if process.exitcode:
        (folder / "current").rename(folder / "crash")
    died = f", process ended with {process.exitcode}" if process.exitcode else ""
    sys.stdout.write(f"{reader:<8} {count.value:>9,} files, {len(failures)} failures{died}\n")
    for failure in failures[:5]:
        sys.stdout.write(f"  {failure.with_suffix('')}: {failure.read_text().splitlines()[-1]}\n")
    sys.stdout.flush()
    return len(failures) + bool(process.exitcode)


def main(arguments: list[str]) -> int:
    """Fuzz every reader, or those named, one after the other."""
    seconds, seed = float(arguments[0]) if arguments else 120.0, int(arguments[1]) if arguments[1:] else 0
    files = good_files()
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    os.environ["OMP_NUM_THREADS"] = "1"
    readers: Callable[[str], bool] = (lambda reader: reader in arguments[2:]) if arguments[2:] else bool
    n_failed = sum(run(reader, files[reader], seconds, seed, folder / reader) for reader in files if readers(reader))
    sys.stdout.write(f"{n_failed} failures" + (f", see {folder}\n" if n_failed else "\n"))
    return int(n_failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
