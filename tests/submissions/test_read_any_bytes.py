"""Whatever bytes come, cutting raises nothing but FileRefusedError and parsing nothing but RecordRefusedError."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submissions.limits import Limits
from submissions.read import parse, split
from submissions.refusal import FileRefusedError, RecordRefusedError
from tests.submissions.packing import cif, crystals, table, tarred, zipped

ROOT = Path(__file__).parents[2]
SMALL = Limits(unpacked_bytes=500_000, members=100, record_bytes=50_000, parts=50_000)
GOOD = [
    cif().encode(),
    zipped({"a.cif": cif(), "b.cif": cif("ZnS")}),
    tarred({"a.cif": cif(), "b" * 120 + ".cif": cif("ZnS")}),
    gzip.compress(tarred({"a.cif": cif()}), mtime=0),
    table(["id", "cif"], [("a", cif()), ("b", cif("ZnS"))]).encode(),
    json.dumps([structure.as_dict() for structure in crystals().values()]).encode(),
    str(crystals()["LiFeO"].to(fmt="poscar")).encode(),
    b'2\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3\nNa 0 0 0\nCl 2 2 2\n',
]
BEGINNINGS = [
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b\x08\x00",
    b"PAR1",
    b"SQLite format 3\x00",
    b"data_",
    b"[",
    b"{",
    b"id,cif\n",
]
PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"nan", b"1e999", b'"', b"\n", b"{", b"]", b"data_", b"loop_\n", b"-1", b"?"]),
)


def read(content: bytes, folder: Path) -> None:
    path = folder / "any"
    path.write_bytes(content)
    with contextlib.suppress(FileRefusedError):
        for record in split(path, SMALL):
            with contextlib.suppress(RecordRefusedError):
                parse(record, SMALL)


ANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY
@given(beginning=st.sampled_from(BEGINNINGS), rest=st.binary(max_size=2_000))
def test_any_bytes(beginning: bytes, rest: bytes, tmp_path: Path) -> None:
    read(beginning + rest, tmp_path)


@ANY
@given(text=st.text(max_size=500), beginning=st.sampled_from(["", "data_a\n", "2\n", "id,cif\n", "[", '{"sites":']))
def test_any_text(beginning: str, text: str, tmp_path: Path) -> None:
    read((beginning + text).encode("utf-8", "surrogatepass"), tmp_path)


@ANY
@given(
    good=st.sampled_from(GOOD),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), PIECES), min_size=1, max_size=4),
)
def test_good_files_with_bytes_exchanged(good: bytes, places: list[tuple[float, int, bytes]], tmp_path: Path) -> None:
    content = bytearray(good)
    for where, removed, put in places:
        start = int(where * len(content))
        content[start : start + removed] = put
    read(bytes(content), tmp_path)


DAMAGE_EVERY_BYTE_OF_THE_FOOTER = """
import io, sys
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from submissions.read import split
from submissions.refusal import FileRefusedError
path = Path(sys.argv[1])
buffer = io.BytesIO()
pq.write_table(pa.table({"id": ["a", "b"], "cif": ["data_a", "data_b"]}), buffer, store_schema=False)
good = buffer.getvalue()
footer = int.from_bytes(good[-8:-4], "little") + 8
refused = 0
for place in range(len(good) - footer, len(good) - 8):
    for change in (1, 2, 255):
        path.write_bytes(good[:place] + bytes([good[place] ^ change]) + good[place + 1 :])
        try:
            list(split(path))
        except FileRefusedError:
            refused += 1
print(refused)
"""


def test_no_damage_to_a_parquet_footer_ends_the_process(tmp_path: Path) -> None:
    # pyarrow calls std::terminate over a column whose statistics are damaged, which no except clause can stop.
    done = subprocess.run(
        [sys.executable, "-c", DAMAGE_EVERY_BYTE_OF_THE_FOOTER, str(tmp_path / "any")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
