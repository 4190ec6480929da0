"""However many structures a file holds and in whatever shape, each is a record, under the name that it has there."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from typing import TYPE_CHECKING, Any

import ase.io
import pandas as pd
import pytest
from monty.json import MontyEncoder
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.entries.computed_entries import ComputedEntry
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from submissions.read import Contents, split
from submissions.refusal import FileRefusedError, Reason
from tests.submissions.packing import assert_is, cif, crystals, optimade, read_all, reason, table, tarred, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = list(crystals())
NUMBERS = ["0", "1", "2"]
DICTS: dict[str, dict[str, Any]] = {name: structure.as_dict() for name, structure in crystals().items()}
TEXTS = {name: json.dumps(one) for name, one in DICTS.items()}
FRAME = pd.DataFrame({"id": NAMES, "structure": list(TEXTS.values()), "n": [1, 2, 3]})
OF_OBJECTS = FRAME.assign(structure=pd.Series([DICTS[name] for name in NAMES], dtype=object))
CIFS = {name: cif(name) for name in NAMES}


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(frame.to_json(orient="records"))  # type: ignore[no-any-return]


SHAPES: dict[str, tuple[Callable[[], object], list[str]]] = {
    "by id": (lambda: DICTS, NAMES),
    "texts by id": (lambda: CIFS, NAMES),
    "rows by id": (lambda: {f"row {name}": {"id": name, "structure": DICTS[name]} for name in NAMES}, NAMES),
    "by id, facts beside": (lambda: {"model": "x", "n": 3, **DICTS, "metadata": {"seed": 1}}, NAMES),
    "by id, in two parts": (
        lambda: {"a": {NAMES[0]: DICTS[NAMES[0]]}, "b": {name: DICTS[name] for name in NAMES[1:]}},
        [f"a/{NAMES[0]}", *(f"b/{name}" for name in NAMES[1:])],
    ),
    "lists by id": (
        lambda: {"x": list(DICTS.values())[:2], "y": list(DICTS.values())[2:]},
        ["x/0", "x/1", "y/0"],
    ),
    "a list under a key": (lambda: {"model": "x", "structures": list(DICTS.values())}, NUMBERS),
    "a list of texts under a key": (lambda: {"cifs": list(CIFS.values()), "energies": [1, 2, 3]}, NUMBERS),
    "a list beside its ids": (lambda: {"ids": NAMES, "structures": list(DICTS.values())}, NAMES),
    "an object under a key": (lambda: {"structures": DICTS, "version": 2}, [f"structures/{name}" for name in NAMES]),
    "a list of lists": (lambda: [list(DICTS.values())[:2], list(DICTS.values())[2:]], ["0/0", "0/1", "1/0"]),
    "documents with a structure": (
        lambda: [{"@module": "m", "@class": "SummaryDoc", "material_id": n, "structure": DICTS[n]} for n in NAMES],
        NAMES,
    ),
    "symmetrised structures": (
        lambda: [SpacegroupAnalyzer(one).get_symmetrized_structure() for one in crystals().values()],
        NUMBERS,
    ),
    "pandas, by default": (lambda: json.loads(FRAME.to_json()), NAMES),
    "pandas, by default, of objects": (lambda: json.loads(OF_OBJECTS.to_json()), NAMES),
    "pandas, by default, without ids": (lambda: json.loads(FRAME[["structure"]].to_json()), NUMBERS),
    "pandas, by default, index as ids": (lambda: json.loads(FRAME.set_index("id").to_json()), NAMES),
    "pandas, columns as lists": (lambda: OF_OBJECTS.to_dict(orient="list"), NAMES),
    "pandas, index": (lambda: json.loads(FRAME.to_json(orient="index")), NAMES),
    "pandas, records": (lambda: rows(OF_OBJECTS), NAMES),
    "pandas, split": (lambda: json.loads(FRAME.to_json(orient="split")), NAMES),
    "pandas, split, index as ids": (lambda: json.loads(FRAME.set_index("id").to_json(orient="split")), NAMES),
    "pandas, values": (lambda: json.loads(FRAME.to_json(orient="values")), NUMBERS),
    "pandas, table": (lambda: json.loads(FRAME.to_json(orient="table")), NAMES),
    "OPTIMADE response": (
        lambda: {"data": [optimade(one, name) for name, one in crystals().items()], "meta": {}, "links": {}},
        NAMES,
    ),
}


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING")  # spglib's, of pymatgen's analyser
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", SHAPES)
def test_json_of_any_shape_gives_all_its_structures(shape: str, indent: int | None, tmp_path: Path) -> None:
    make, names = SHAPES[shape]
    results = read_all(tmp_path, json.dumps(make(), indent=indent, cls=MontyEncoder))
    assert list(results) == names
    for result, structure in zip(results.values(), crystals().values(), strict=True):
        assert_is(result, structure, tolerance=1e-7)


def test_what_stands_beside_structures_in_json_is_named_and_a_failed_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    content = {"seed": 7, "a": DICTS["ZnS"], "b": None, "c": {}, "config": {"x": 1}, "d": DICTS["NaCl"], "e": "failed"}
    path.write_text(json.dumps(content))
    contents = Contents()
    records = list(split(path, contents=contents))
    assert [record.id for record in records] == ["a", "b", "c", "d", "e"]
    assert [reason(result) for result in read_all(tmp_path, path.read_bytes()).values()] == [
        None,
        Reason.EMPTY,
        Reason.MALFORMED,
        None,
        Reason.UNREADABLE_FORMAT,
    ]
    assert [one.name for one in contents.ignored] == ["seed", "config"]


def test_a_lone_structure_stays_one_record_however_damaged(tmp_path: Path) -> None:
    whole = TEXTS["ZnS"]
    for text in (whole[:-30], whole[: len(whole) // 2], json.dumps({"id": "a", "structure": DICTS["ZnS"]})[:-40]):
        assert [reason(result) for result in read_all(tmp_path, text).values()] == [Reason.MALFORMED]


def test_json_by_id_that_is_cut_off_loses_the_last_structure_only(tmp_path: Path) -> None:
    results = read_all(tmp_path, json.dumps(DICTS)[:-40])
    assert {name: reason(result) for name, result in results.items()} == dict(
        zip(NAMES, (None, None, Reason.MALFORMED), strict=True)
    )


def test_values_that_follow_each_other_are_all_read(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(one, indent=1) for one in DICTS.values())
    assert [reason(result) for result in read_all(tmp_path, text).values()] == [None, None, None]


def test_an_entry_without_a_structure_says_what_it_is(tmp_path: Path) -> None:
    text = json.dumps([ComputedEntry("NaCl", -1.0).as_dict(), DICTS["NaCl"]])
    results = list(read_all(tmp_path, text).values())
    assert isinstance(results[0], tuple)
    assert "ComputedEntry, a composition and an energy without a structure" in results[0][1]
    assert reason(results[1]) is None


def test_other_entries_of_an_optimade_export_are_no_structures(tmp_path: Path) -> None:
    lines = [{"x-optimade": {"meta": {}}}, {"type": "info", "id": "structures"}, optimade(crystals()["NaCl"], "a")]
    lines += [{"type": "references", "id": "r"}, optimade(crystals()["ZnS"], "b")]
    assert list(read_all(tmp_path, "\n".join(map(json.dumps, lines)))) == ["a", "b"]


PLACES = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
ONE, TWO = (Structure(Lattice.cubic(a), ["Cs", anion], PLACES) for a, anion in ((4.2, "Cl"), (4.4, "Br")))
POSCARS = [str(structure.to(fmt="poscar")) for structure in (ONE, TWO)]
VELOCITIES = "\n" + "0.1 0.2 0.3\n" * 2
XDATCAR = """run
1.0
4.2 0 0
0 4.2 0
0 0 4.2
Cs Cl
1 1
Direct configuration=     1
0 0 0
.5 .5 .5
Direct configuration=     2
0 0 0.01
.5 .5 .49
"""
LARGER = XDATCAR.partition("Direct")[0].replace("4.2", "4.3")
VARIABLE = XDATCAR.replace("Direct configuration=     2", LARGER + "Direct configuration= 2")


@pytest.mark.parametrize(
    ("text", "volumes"),
    [
        ("".join(POSCARS), [4.2**3, 4.4**3]),
        ("\n\n".join(POSCARS), [4.2**3, 4.4**3]),
        (VELOCITIES.join([*POSCARS, ""]), [4.2**3, 4.4**3]),
        ("".join(POSCARS * 3), [4.2**3, 4.4**3] * 3),
        (XDATCAR, [4.2**3] * 2),
        (VARIABLE, [4.2**3, 4.3**3]),
        (XDATCAR + POSCARS[1], [4.2**3, 4.2**3, 4.4**3]),
        (POSCARS[0].replace("\n", "\r\n") + POSCARS[1], [4.2**3, 4.4**3]),
    ],
)
def test_every_structure_of_a_poscar_file_is_a_record(text: str, volumes: list[float], tmp_path: Path) -> None:
    results = read_all(tmp_path, text)
    assert list(results) == [str(number) for number in range(len(volumes))]
    assert [result.volume for result in results.values()] == pytest.approx(volumes)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (POSCARS[0] + POSCARS[1][:-40], [None, Reason.MALFORMED]),
        (POSCARS[0][:-80] + "\n" + POSCARS[1], [Reason.MALFORMED, None]),
        (POSCARS[0] + "\n".join(POSCARS[1].splitlines()[:4]), [None, Reason.MALFORMED]),
        (POSCARS[0].replace("direct\n", "") + POSCARS[1], [Reason.MALFORMED, None]),
        (XDATCAR[:-8], [None, Reason.MALFORMED]),
        (XDATCAR.replace("1 1\n", "1 999999999\n"), [Reason.TOO_MANY_SITES, Reason.TOO_MANY_SITES]),
        (POSCARS[0] + "a word at the end\n", [None]),
        (POSCARS[0] + VELOCITIES + "\n1\n 1.0\n 0.1 0.2 0.3 0.4\n" + VELOCITIES * 3, [None]),
    ],
)
def test_a_broken_poscar_among_others_is_a_record_too(text: str, reasons: list[Reason | None], tmp_path: Path) -> None:
    assert [reason(result) for result in read_all(tmp_path, text).values()] == reasons


HEAD = "a\n1.0\n4.2 0 0\n0 4.2 0\n0 0 4.2\n"
SPELLINGS = {
    "capitals": HEAD + "CS CL\n1 1\nDirect\n0 0 0\n.5 .5 .5\n",
    "small letters": HEAD + "cs cl\n1 1\nDirect\n0 0 0\n.5 .5 .5\n",
    "lines of their own": HEAD + "Cs\nCl\n1\n1\nDirect\n0 0 0\n.5 .5 .5\n",
    "Fortran's exponents": HEAD.replace("4.2 0 0", "0.42d1 0.D0 0", 1) + "Cs Cl\n1 1\nDirect\n0 0 0\n.5D0 .5 5d-1\n",
    "commas and comments": HEAD.replace("1.0", "1.0 ! scale") + "Cs Cl # species\n1 1\nD\n0, 0, 0\n.5, .5, .5\n",
    "VASP 4, symbols in the comment": HEAD.replace("a\n", "Cs Cl\n") + "1 1\nDirect\n0 0 0\n.5 .5 .5\n",
    "VASP 4, a formula in the comment": HEAD.replace("a\n", "Cs1Cl1 of run 7\n") + "1 1\nDirect\n0 0 0\n.5 .5 .5\n",
    "VASP 4, symbols at the sites": HEAD + "1 1\nDirect\n0 0 0 Cs\n.5 .5 .5 Cl\n",
    "VASP 4, selective, at the sites": HEAD + "1 1\nSelective\nDirect\n0 0 0 T T F Cs\n.5 .5 .5 T T T Cl2\n",
    "three scales": HEAD.replace("1.0", "1 2 0.5").replace("0 4.2 0", "0 2.1 0").replace("0 0 4.2", "0 0 8.4")
    + "Cs Cl\n1 1\nCart\n0 0 0\n2.1 1.05 4.2\n",
    "negative scale": HEAD.replace("1.0", "-74.088").replace("4.2", "1") + "Cs Cl\n1 1\nKartesisch\n0 0 0\n.5 .5 .5\n",
}


@pytest.mark.parametrize("kind", SPELLINGS)
def test_the_spellings_of_a_poscar(kind: str, tmp_path: Path) -> None:
    (result,) = read_all(tmp_path, SPELLINGS[kind]).values()
    assert_is(result, ONE, tolerance=1e-9)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD + "NO\n1\nDirect\n0 0 0\n", Reason.UNKNOWN_ELEMENT),
        (HEAD + "Cs CL\n1 1\nDirect\n0 0 0\n.5 .5 .5\n", Reason.UNKNOWN_ELEMENT),
        (HEAD + "1 1\nDirect\n0 0 0\n.5 .5 .5\n", Reason.MALFORMED),
        (HEAD.replace("a\n", "Na Cl\n") + "1 1\nDirect\n0 0 0 Cs\n.5 .5 .5 Cl\n", Reason.MALFORMED),
        (HEAD.replace("a\n", "NaCl3\n") + "1 1\nDirect\n0 0 0\n.5 .5 .5\n", Reason.MALFORMED),
        (HEAD + "CsCl\n1 1\nDirect\n0 0 0\n.5 .5 .5\n", Reason.MALFORMED),
        (HEAD.replace("1.0", "1 -2 1") + "Cs Cl\n1 1\nDirect\n0 0 0\n.5 .5 .5\n", Reason.MALFORMED),
        (HEAD + "Cs Cl\n1 1\n0 0 0\n.5 .5 .5\n", Reason.MALFORMED),
        (HEAD + "Cs Cl\n1 \u00b2\nDirect\n0 0 0\n.5 .5 .5\n", Reason.MALFORMED),
        (HEAD + "Cs Cl\n1 1\nDirect\n0 0 0\n.5 ******* .5\n", Reason.MALFORMED),
    ],
)
def test_a_poscar_that_may_mean_two_things_is_refused(text: str, why: Reason, tmp_path: Path) -> None:
    assert [reason(result) for result in read_all(tmp_path, text).values()] == [why]


XYZ_ROWS = "Cs 0 0 0\nCl 2.1 2.1 2.1\n"
LATTICES = {
    "in quotes": 'Lattice="4.2 0 0 0 4.2 0 0 0 4.2" pbc="T T T"',
    "an array of arrays": "Lattice=[[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]] pbc=[T, T, T]",
    "one array": "Lattice=[4.2, 0, 0, 0, 4.2, 0, 0, 0, 4.2] pbc=[true, True, TRUE]",
    "the diagonal": 'lattice = "4.2 4.2 4.2"',
    "in braces, after others": "energy=-1.0 note=\"a=b Lattice='no'\" Lattice={4.2 0 0 0 4.2 0 0 0 4.2}",
    "Fortran's exponents": 'Lattice="4.2D0 0 0 0 4.2d0 0 0 0 .42D+1"',
}


@pytest.mark.parametrize("kind", LATTICES)
def test_the_spellings_of_extended_xyz(kind: str, tmp_path: Path) -> None:
    frame = f"2\n{LATTICES[kind]} Properties=species:S:1:pos:R:3\n{XYZ_ROWS}"
    for text in (frame, frame + "\n\n", frame + "# the end\n", frame.replace("\n", "\r\n")):
        (result,) = read_all(tmp_path, text).values()
        assert_is(result, ONE, tolerance=1e-9)


@pytest.mark.parametrize("pbc", ['"T T F"', "[T, F, T]", "F", '"0 0 0"'])
def test_a_frame_that_is_not_periodic_says_so(pbc: str, tmp_path: Path) -> None:
    text = f'2\nLattice="4.2 0 0 0 4.2 0 0 0 4.2" pbc={pbc} Properties=species:S:1:pos:R:3\n{XYZ_ROWS}'
    assert [reason(result) for result in read_all(tmp_path, text).values()] == [Reason.NOT_PERIODIC]


def test_a_frame_that_promises_too_many_atoms_takes_no_others_with_it(tmp_path: Path) -> None:
    good = f"2\n{LATTICES['in quotes']} Properties=species:S:1:pos:R:3\n{XYZ_ROWS}"
    for count, why in (("3", Reason.MALFORMED), ("99999", Reason.TOO_MANY_SITES), ("9" * 50, Reason.TOO_MANY_SITES)):
        results = read_all(tmp_path, good + good.replace("2\n", f"{count}\n", 1) + good)
        assert [reason(result) for result in results.values()] == [None, why, None]


def test_a_cell_of_a_table_holds_one_structure(tmp_path: Path) -> None:
    rows = [("a", "".join(POSCARS)), ("b", POSCARS[0]), ("c", "\ufeff" + cif()), ("d", str(ONE)), ("e", "nan")]
    results = read_all(tmp_path, table(["id", "structure"], rows))
    assert [reason(result) for result in results.values()] == [
        Reason.MALFORMED,
        None,
        None,
        Reason.UNREADABLE_FORMAT,
        Reason.EMPTY,
    ]
    assert isinstance(results["d"], tuple)
    assert "json.dumps(structure.as_dict())" in results["d"][1]


@pytest.mark.parametrize(
    "text",
    [
        table(["ID", " Cif "], [("a", cif()), ("b", cif("ZnS"))]),
        table(["id", "structure", "CIF"], [("a", "", cif()), ("b", "nan", cif("ZnS"))]),
        table(["id", "CIF", "structure"], [("a", "", cif()), ("b", cif("ZnS"), "")]),
        "id, cif\n" + "".join(f'{name}, "{text}"\n' for name, text in (("a", cif()), ("b", cif("ZnS")))),
        table(["id", "cif"], [("a", cif()), ("b", cif("ZnS"))], delimiter=";"),
        table(["id", "LEMATSTRUCTS"], [("a", str(DICTS["NaCl"])), ("b", str(DICTS["ZnS"]))]),
    ],
)
def test_columns_are_found_however_they_are_written(text: str, tmp_path: Path) -> None:
    results = read_all(tmp_path, text)
    assert list(results) == ["a", "b"]
    for result, name in zip(results.values(), ("NaCl", "ZnS"), strict=True):
        assert_is(result, crystals()[name], tolerance=1e-7)


def two_parts(text: bytes) -> bytes:
    half = len(text) // 2
    return gzip.compress(text[:half]) + gzip.compress(b"") + gzip.compress(text[half:]) + bytes(700)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "gz in parts": two_parts,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_is_read_packed_and_in_any_encoding_that_its_mark_names(
    packing: str, encoding: str, tmp_path: Path
) -> None:
    buffer = io.StringIO()
    ase.io.write(buffer, AseAtomsAdaptor.get_atoms(crystals()["NaCl"]), format="extxyz")
    texts = [
        cif(),
        TEXTS["NaCl"],
        str(crystals()["NaCl"].to(fmt="poscar")),
        buffer.getvalue(),
        table(["cif"], [[cif()]]),
    ]
    packed = {
        f"{number}.{packing[:3].strip()}": PACKED[packing](text.encode(encoding)) for number, text in enumerate(texts)
    }
    assert [reason(result) for result in read_all(tmp_path, zipped(packed)).values()] == [None] * len(texts)
    for content in packed.values():
        (result,) = read_all(tmp_path, content).values()
        assert_is(result, crystals()["NaCl"], tolerance=1e-7)


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
def test_a_tar_may_be_packed_by_each(compression: str, tmp_path: Path) -> None:
    results = read_all(tmp_path, tarred({"a.cif": cif(), "b.cif": cif("ZnS")}, compression))
    assert [reason(result) for result in results.values()] == [None, None]


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(cif().encode()) + b"more",
        bz2.compress(cif().encode())[:-5],
        lzma.compress(cif().encode())[:-20],
        gzip.compress(b"") * 60_000 + gzip.compress(cif().encode()),
        b"\x1f\x8b\x08\x08" + bytes(6) + b"name" * 500_000,
    ],
    ids=["bytes after the end", "cut bz2", "cut xz", "60,000 parts", "a name without end"],
)
def test_damage_to_what_is_packed_is_said(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as caught:
        read_all(tmp_path, content)
    assert caught.value.reason is Reason.DAMAGED


GOOD_POSCAR = "NaCl\n1.0\n4 0 0\n0 4 0\n0 0 4\nNa Cl\n1 1\nDirect\n0 0 0\n.5 .5 .5\n"


@pytest.mark.parametrize(
    ("written", "damaged"),
    [
        ("1.0\n", "abc\n"),
        ("4 0 0", "*** 0 0"),
        ("4 0 0", "4 0"),
        ("1 1\n", ""),
        ("1 1\n", "1 x\n"),
        ("1 1\n", "1 -1\n"),
        ("Direct\n", ""),
    ],
)
def test_a_damaged_poscar_between_good_ones_is_a_refused_record(tmp_path: Path, written: str, damaged: str) -> None:
    results = read_all(tmp_path, GOOD_POSCAR + GOOD_POSCAR.replace(written, damaged, 1) + GOOD_POSCAR, name="x.vasp")
    assert [isinstance(result, tuple) for result in results.values()] == [False, True, False]


@pytest.mark.parametrize("behind", ["\n0.1 0 0\n0.2 0 0\n", "Cartesian\n0.1 0 0\n0.2 0 0\n", "\n\n"])
def test_velocities_are_no_structure(tmp_path: Path, behind: str) -> None:
    assert len(read_all(tmp_path, GOOD_POSCAR + behind, name="CONTCAR")) == 1
    assert len(read_all(tmp_path, GOOD_POSCAR + behind + GOOD_POSCAR, name="x.vasp")) == 2
