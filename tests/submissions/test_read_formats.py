"""The same crystals come out of every format, with the ids that each format gives."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import ase.db
import ase.io
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ase.data import chemical_symbols
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from submissions.elements import SYMBOLS
from submissions.refusal import FileRefusedError, Reason
from tests.submissions.packing import (
    assert_is,
    cif,
    cif_of_sites,
    crystals,
    one,
    optimade,
    read_all,
    reason,
    table,
    tarred,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = list(crystals())
NUMBERS = ["0", "1", "2"]
EXACT = 1e-12
CIF_DIGITS = 1e-7
"""pymatgen writes CIF coordinates with 8 decimals."""


def cifs() -> dict[str, str]:
    return {f"{name}.cif": cif(name) for name in NAMES}


def dicts() -> list[dict[str, Any]]:
    return [structure.as_dict() for structure in crystals().values()]


def atoms() -> list[Any]:
    return [AseAtomsAdaptor.get_atoms(structure) for structure in crystals().values()]


def extxyz(frames: list[Any]) -> str:
    buffer = io.StringIO()
    ase.io.write(buffer, frames, format="extxyz")
    return buffer.getvalue()


def parquet(columns: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def optimade_response() -> dict[str, Any]:
    data = [optimade(structure, name) for name, structure in crystals().items()]
    return {"meta": {"api_version": "1.2.0", "query": {"data": "[{]}"}}, "data": data, "links": {"next": None}}


FILES: dict[str, tuple[Callable[[], bytes | str], list[str], float]] = {
    "zip": (lambda: zipped(cifs()), NAMES, CIF_DIGITS),
    "zip with folders": (
        lambda: zipped({f"a/{name}": text for name, text in cifs().items()}),
        [f"a/{n}" for n in NAMES],
        CIF_DIGITS,
    ),
    "zip of gzipped": (
        lambda: zipped({f"{name}.gz": gzip.compress(text.encode()) for name, text in cifs().items()}),
        NAMES,
        CIF_DIGITS,
    ),
    "tar": (lambda: tarred(cifs()), NAMES, CIF_DIGITS),
    "tar.gz": (lambda: tarred(cifs(), "gz"), NAMES, CIF_DIGITS),
    "multi-block CIF": (lambda: "\n".join(cif(name) for name in NAMES), NAMES, CIF_DIGITS),
    "multi-block CIF in zip": (
        lambda: zipped({"run/all.cif": "\n".join(cif(name) for name in NAMES)}),
        [f"run/all/{name}" for name in NAMES],
        CIF_DIGITS,
    ),
    "CSV": (lambda: table(["material_id", "cif", "n"], [(n, cif(n), 1) for n in NAMES]), NAMES, CIF_DIGITS),
    "CSV with byte order mark": (
        lambda: "\ufeff" + table(["id", "cif"], [(n, cif(n)) for n in NAMES]),
        NAMES,
        CIF_DIGITS,
    ),
    "CSV without ids": (lambda: table(["cif_string"], [(cif(n),) for n in NAMES]), NUMBERS, CIF_DIGITS),
    "CSV of dicts": (
        lambda: table(["name", "LeMatStructs"], [(n, json.dumps(d)) for n, d in zip(NAMES, dicts(), strict=True)]),
        NAMES,
        EXACT,
    ),
    "CSV in zip": (
        lambda: zipped({"b.csv": table(["cif"], [(cif(n),) for n in NAMES])}),
        [f"b.csv/{n}" for n in NUMBERS],
        CIF_DIGITS,
    ),
    "CSV, gzipped": (
        lambda: gzip.compress(table(["id", "cif"], [(n, cif(n)) for n in NAMES]).encode()),
        NAMES,
        CIF_DIGITS,
    ),
    "TSV": (lambda: table(["id", "cif"], [(n, cif(n)) for n in NAMES], "\t"), NAMES, CIF_DIGITS),
    "parquet": (lambda: parquet({"id": NAMES, "cif": [cif(n) for n in NAMES]}), NAMES, CIF_DIGITS),
    "parquet of dicts": (lambda: parquet({"structure": [json.dumps(d) for d in dicts()]}), NUMBERS, EXACT),
    "parquet with whole numbers as ids": (
        lambda: parquet({"id": [0, 1, 2], "structure": pa.array([json.dumps(d) for d in dicts()], pa.large_string())}),
        NUMBERS,
        EXACT,
    ),
    "parquet, gzipped": (
        lambda: gzip.compress(parquet({"file": NAMES, "cif": [cif(n) for n in NAMES]})),
        NAMES,
        CIF_DIGITS,
    ),
    "parquet in zip": (
        lambda: zipped({"p": parquet({"id": NAMES, "cif": [cif(n) for n in NAMES]})}),
        [f"p/{n}" for n in NAMES],
        CIF_DIGITS,
    ),
    "JSON": (lambda: json.dumps(dicts()), NUMBERS, EXACT),
    "JSON, indented": (lambda: "\ufeff \n" + json.dumps(dicts(), indent=2), NUMBERS, EXACT),
    "JSON of rows": (
        lambda: json.dumps([{"id": n, "structure": d} for n, d in zip(NAMES, dicts(), strict=True)]),
        NAMES,
        EXACT,
    ),
    "JSON of CIFs": (lambda: json.dumps([cif(n) for n in NAMES]), NUMBERS, CIF_DIGITS),
    "JSON lines": (lambda: "\n\n".join(json.dumps(d) for d in dicts()) + "\n", NUMBERS, EXACT),
    "JSON lines of rows": (
        lambda: "\r\n".join(json.dumps({"material_id": n, "cif": cif(n)}) for n in NAMES),
        NAMES,
        CIF_DIGITS,
    ),
    "JSON in zip": (
        lambda: zipped({f"x/{n}.json": json.dumps(d) for n, d in zip(NAMES, dicts(), strict=True)}),
        [f"x/{n}" for n in NAMES],
        EXACT,
    ),
    "JSON lines in tar.gz": (
        lambda: tarred({"all.jsonl": "\n".join(json.dumps(d) for d in dicts())}, "gz"),
        [f"all.jsonl/{n}" for n in NUMBERS],
        EXACT,
    ),
    "POSCARs in zip": (
        lambda: zipped({f"{n}/POSCAR": str(s.to(fmt="poscar")) for n, s in crystals().items()}),
        [f"{n}/POSCAR" for n in NAMES],
        EXACT,
    ),
    "extended XYZ": (lambda: extxyz(atoms()), NUMBERS, CIF_DIGITS),
    "extended XYZ in zip": (
        lambda: zipped({"generated.xyz": extxyz(atoms())}),
        [f"generated/{n}" for n in NUMBERS],
        CIF_DIGITS,
    ),
    "one extended XYZ each": (
        lambda: zipped({f"{n}.xyz": extxyz([a]) for n, a in zip(NAMES, atoms(), strict=True)}),
        NAMES,
        CIF_DIGITS,
    ),
    "OPTIMADE response": (lambda: json.dumps(optimade_response()), NAMES, EXACT),
    "OPTIMADE response, indented": (lambda: json.dumps(optimade_response(), indent=1), NAMES, EXACT),
    "OPTIMADE lines": (lambda: "\n".join(json.dumps(optimade(s, n)) for n, s in crystals().items()), NAMES, EXACT),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_same_crystals_come_out_of_every_format(kind: str, tmp_path: Path) -> None:
    make, ids, tolerance = FILES[kind]
    results = read_all(tmp_path, make())
    assert list(results) == ids
    for result, structure in zip(results.values(), crystals().values(), strict=True):
        assert_is(result, structure, tolerance=tolerance)


@pytest.mark.parametrize("packed", [False, True])
def test_rows_of_an_ase_database_are_named_by_their_id(packed: bool, tmp_path: Path) -> None:  # noqa: FBT001 - pytest
    path = tmp_path / "made.db"
    with ase.db.connect(path) as database:
        for one_of_them in atoms():
            database.write(one_of_them, data={"anything": [1, 2]})
    content = path.read_bytes()
    results = read_all(tmp_path, zipped({"made.db": content}) if packed else content)
    assert list(results) == [f"made.db/{n}" if packed else n for n in ("1", "2", "3")]
    for result, structure in zip(results.values(), crystals().values(), strict=True):
        assert_is(result, structure, tolerance=EXACT)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", NAMES)
def test_a_single_structure_is_named_after_its_file(name: str, tmp_path: Path) -> None:
    structure = crystals()[name]
    alone: dict[str, tuple[str | bytes, str, float]] = {
        "a.cif": (cif(name), "a", CIF_DIGITS),
        "b.cif.gz": (gzip.compress(cif(name).encode()), "b", CIF_DIGITS),
        "c.json": (json.dumps(structure.as_dict()), "c", EXACT),
        "d.vasp": (str(structure.to(fmt="poscar")), "d", EXACT),
        "POSCAR": (str(structure.to(fmt="poscar")), "POSCAR", EXACT),
        "e.xyz": (extxyz([AseAtomsAdaptor.get_atoms(structure)]), "e", CIF_DIGITS),
        "f.csv": (cif(name), "f.csv", CIF_DIGITS),
        "g.json": (json.dumps({"id": "own", "structure": structure.as_dict()}), "own", EXACT),
    }
    for file_name, (content, record_id, tolerance) in alone.items():
        results = read_all(tmp_path, content, name=file_name)
        assert list(results) == [record_id], "the name alone never decides what a file is"
        assert_is(results[record_id], structure, tolerance=tolerance)


def test_symmetry_in_a_cif_is_expanded(tmp_path: Path) -> None:
    text = cif_of_sites(["Na Na1 0 0 0 1", "Cl Cl1 0.5 0.5 0.5 1"], extra="_symmetry_space_group_name_H-M 'F m -3 m'")
    result = one(read_all(tmp_path, text))
    assert not isinstance(result, tuple)
    assert result.atomic_numbers.tolist() == [11] * 4 + [17] * 4
    # rock salt: sodium where an even number of coordinates is a half, chlorine where an odd number is
    halves = np.rint(result.frac_coords * 2).astype(int)
    assert len({tuple(row) for row in halves.tolist()}) == 8
    assert (halves.sum(axis=1) % 2).tolist() == [0] * 4 + [1] * 4


def test_oxidation_states_and_isotopes_are_dropped(tmp_path: Path) -> None:
    charged = Structure.from_dict(dicts()[0]).add_oxidation_state_by_element({"Na": 1, "Cl": -1})
    text = cif_of_sites(["D D1 0 0 0 1", "T T1 0.5 0.5 0.5 1", "O2- O1 0.25 0.5 0.5 1.0(0)"])
    oxidised = cif().replace(" Na ", " Na+ ").replace(" Cl ", " Cl1- ")
    results = read_all(tmp_path, zipped({"a": oxidised, "b": json.dumps(charged.as_dict()), "c": text}))
    for name in "ab":
        assert_is(results[name], crystals()["NaCl"], tolerance=CIF_DIGITS)
    assert not isinstance(results["c"], tuple)
    assert sorted(results["c"].atomic_numbers) == [1, 1, 8]


POSCAR = """a comment, with a comma
{scale}
1 0 0
0 2 0
0 0 3
Si_pv C/0123abcd
1 1
{mode}
0 0 0
{position}
"""


@pytest.mark.parametrize(
    ("scale", "mode", "position"),
    [
        ("2.0", "Direct", "0.5 0.25 0.5"),
        ("2.0", "Selective dynamics\nDirect", "0.5 0.25 0.5 T T F"),
        ("2.0", "Cartesian", "0.5 0.5 1.5"),
        ("-48", "Cartesian", "0.5 0.5 1.5"),
        ("2 2 2", "Direct", "0.5 0.25 0.5 C"),
    ],
)
def test_the_ways_to_write_a_poscar(scale: str, mode: str, position: str, tmp_path: Path) -> None:
    # Vectors 1, 2, 3 scaled by 2 give a volume of 48 cubic angstrom: five descriptions of one crystal.
    result = one(read_all(tmp_path, POSCAR.format(scale=scale, mode=mode, position=position)))
    expected = Structure([[2, 0, 0], [0, 4, 0], [0, 0, 6]], ["Si", "C"], [[0.0, 0, 0], [0.5, 0.25, 0.5]])
    assert_is(result, expected, tolerance=EXACT)


def test_a_poscar_without_element_symbols_says_so(tmp_path: Path) -> None:
    old = POSCAR.format(scale="1", mode="Direct", position="0.5 0.5 0.5").replace("Si_pv C/0123abcd\n", "") + "0 0 0\n"
    assert reason(one(read_all(tmp_path, old))) is Reason.MALFORMED


def test_columns_of_extended_xyz_are_found_by_name(tmp_path: Path) -> None:
    comment = 'Properties=forces:R:3:Z:I:1:pos:R:3 Lattice="4 0 0 0 4 0 0 0 4" pbc="T T T"'
    text = f"2\n{comment}\n9 9 9 11 0 0 0\n9 9 9 17 2 2 2\n"
    expected = Structure([[4, 0, 0], [0, 4, 0], [0, 0, 4]], ["Na", "Cl"], [[0.0, 0, 0], [0.5, 0.5, 0.5]])
    assert_is(one(read_all(tmp_path, text)), expected, tolerance=EXACT)


def test_the_first_of_the_known_columns_is_read(tmp_path: Path) -> None:
    text = table(["name", "cif", "id", "structure"], [("n", "garbage", "i", cif("ZnS"))])
    results = read_all(tmp_path, text)
    assert list(results) == ["i"]
    assert_is(results["i"], crystals()["ZnS"], tolerance=CIF_DIGITS)


@pytest.mark.parametrize(
    "content", [table(["id", "formula"], [("a", "NaCl")]), parquet({"id": ["a"], "formula": ["NaCl"]})]
)
def test_a_table_without_a_structure_column_names_those_it_could_have(content: bytes | str, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="structure, cif, cif_string, LeMatStructs") as caught:
        read_all(tmp_path, content)
    assert caught.value.reason is Reason.NO_STRUCTURE_COLUMN


def test_symbols_are_those_of_ase() -> None:
    assert list(SYMBOLS) == chemical_symbols[1:119]
