"""Whatever bytes come, cutting raises nothing but FileRefusedError and parsing nothing but RecordRefusedError."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core.structure import Structure

from submissions.limits import Limits
from submissions.read import parse, split
from submissions.refusal import FileRefusedError, RecordRefusedError
from tests.submissions.packing import cif, crystals, optimade, table, tarred, zipped

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
    b"2\nLattice=[[4, 0, 0], [0, 4, 0], [0, 0, 4]] pbc=[T, T, T]\nNa 0 0 0\nCl 2 2 2\n# end\n",
    b"t\n1\n4 0 0\n0 4 0\n0 0 4\nNa Cl\n1 1\nDirect configuration= 1\n0 0 0\n.5 .5 .5\nDirect configuration= 2\n0 0 0",
    json.dumps({name: structure.as_dict() for name, structure in crystals().items()}, indent=1).encode(),
    json.dumps({"id": {"0": "a"}, "structure": {"0": json.dumps(crystals()["NaCl"].as_dict())}}).encode(),
    json.dumps({"columns": ["cif"], "data": [[cif()]], "index": [0]}).encode(),
    json.dumps({"data": [optimade(crystals()["NaCl"], "a")]}).encode(),
    json.dumps([{"numbers": [11], "positions": [[0, 0, 0]], "cell": {"array": [[4, 0, 0]] * 3}, "pbc": True}]).encode(),
    str([crystals()["NaCl"].as_dict()]).encode(),
    cif().encode("utf-16"),
    bz2.compress(cif().encode()),
    lzma.compress(cif().encode()),
    zipped(
        {"metrics.json": '{"a": 1}', "run.py": "x", "t.csv": "a,b\n", "a.json": "null", "b.cif.gz": gzip.compress(b"")}
    ),
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


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Path to every value within a value of JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, one in inner for deeper in places(one, (*path, key)))]


def exchanged(value: Any, path: tuple[Any, ...], other: object) -> Any:  # noqa: ANN401 - JSON
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = exchanged(copy[path[0]], path[1:], other)
    return copy


ARRAY = {"__ndarray__": [[1, 3], "float64", [0.0, 0.0, 0.0]]}
ATOMS = {
    "numbers": {"__ndarray__": [[1], "int64", [11]]},
    "positions": ARRAY,
    "cell": {"array": {"__ndarray__": [[3, 3], "float64", [4, 0, 0, 0, 4, 0, 0, 0, 4]]}, "__ase_objtype__": "cell"},
    "pbc": [True, True, True],
    "info": {"occupancy": {"0": {"Na": 1.0}}},
    "spacegroup_kinds": [0],
    "occupancies": [1.0],
}
SALT = Structure([[4, 0, 0], [0, 4, 0], [0, 0, 4]], ["Na+"], [[0.0, 0, 0]]).as_dict()
ENTRY = optimade(Structure([[4, 0, 0], [0, 4, 0], [0, 0, 4]], ["Na"], [[0.0, 0, 0]]), "a")
ENTRY["attributes"] |= {
    "fractional_site_positions": [[0, 0, 0]],
    "nperiodic_dimensions": 3,
    "structure_features": [],
    "assemblies": None,
}
DOCUMENTS = [
    SALT,
    ATOMS,
    ENTRY,
    {"atoms_json": json.dumps(ATOMS), "atoms_info": {"occupancy": None}},
    {"@class": "ComputedStructureEntry", "@module": "pymatgen.entries", "structure": SALT},
    {"id": {"0": "a", "1": "b"}, "structure": {"0": json.dumps(SALT), "1": None}},
    {"id": ["a"], "cif": ["data_x"]},
    {"columns": ["id", "structure"], "index": [0], "data": [["a", SALT]]},
    {"a": SALT, "b": {"id": "c", "cif": "data_x"}, "c": None, "ids": [1]},
    {"model": "x", "ids": ["a"], "structures": [SALT]},
    {"data": [ENTRY], "meta": {}},
]
VALUES: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "x",
    "\ud800",
    [],
    [[]],
    [None],
    {},
    {"a": []},
    ["a"],
    ARRAY,
]


@ANY
@given(data=st.data())
def test_any_value_in_any_place_of_a_document(data: st.DataObject, tmp_path: Path) -> None:
    document: Any = data.draw(st.sampled_from(DOCUMENTS))
    for _ in range(data.draw(st.integers(1, 3))):
        document = exchanged(document, data.draw(st.sampled_from(places(document))), data.draw(st.sampled_from(VALUES)))
    read(json.dumps(document).encode(), tmp_path)
    read(json.dumps([document, {"structure": document}]).encode(), tmp_path)
    read(repr(document).encode("utf-8", "replace"), tmp_path)


FOUND = [
    b'[{"id": "\\ud800", "structure": "\\ud800"}]',
    b'{"a": {"structure": {"0": "\\udfff"}}}',
    json.dumps({"lattice": {}, "sites": [{"species": [{"element": "A" + "1" * 49_000}]}]}).encode(),
    b'{"a":' * 2_000,
    b"[[" * 2_000 + b"1",
    b"{'a': " + b"(" * 3_000,
    b"a\n1\n" + b"1 1 1\n" * 3_000,
    b"a\n" + b"1" * 30_000 + b"x\n1 0 0\n0 1 0\n0 0 1\n",
    "\u00b2\nLattice=\n".encode(),
    b"2\n" + b"lattice={" * 3_000 + b"\nNa 0 0 0\n",
    b"1\n" + b'a="\\' * 5_000 + b"\n",
    b"1" * 5_000 + b"\n\nNa 0 0 0\n",
    b'{"numbers": {"__ndarray__": [[1000000000, 0], "int64", []]}, "positions": [], "cell": []}',
    gzip.compress(b"", mtime=0) * 3_000,
    b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 60_000,
    b"\xff\xfe\x00\xd8",
]
"""Content that once raised something else, or took long, while readers were fuzzed or written."""


@pytest.mark.parametrize("content", FOUND)
def test_what_was_found_before(content: bytes, tmp_path: Path) -> None:
    read(content, tmp_path)
    read(zipped({"a.json": content, "b.cif": content, "metrics.json": content}), tmp_path)
    read(table(["id", "structure"], [("a", content.decode("utf-8", "replace"))]).encode(), tmp_path)


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
