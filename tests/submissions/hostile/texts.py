"""Tables, JSON, POSCAR, extended XYZ and CIF made to hide structures, to fill the memory or to take long."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from submissions.refusal import Reason
from tests.submissions.hostile.file import Hostile, rows, whole
from tests.submissions.hostile.matrix import GOOD, ase_dict, pymatgen_dict
from tests.submissions.hostile.parts import CIF, DICT, MB, POSCAR, XYZ, E, M, T, U
from tests.submissions.packing import table, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator


def files() -> Iterator[Hostile]:
    """All of them."""
    for family in (_csv, _json, _texts, _cifs):
        yield from family()


def _csv() -> Iterator[Hostile]:
    good = table(["id", "note", "cif"], [("a", "x", CIF), ("b", "NOTE", CIF), ("c", "z", CIF)])
    for name, note in (("within", '5" wafer'), ("at the end", 'wafer"'), ("thrice", 'a"b"c"'), ("two", '""')):
        yield rows(f"a bare quote {name} a cell", partial(str.encode, good.replace("NOTE", note)), 3)
    yield rows("a quote never closed", partial(str.encode, good.replace("NOTE", '"x')), 2, *[M] * 16)
    yield rows("the last cell cut off", lambda: good.encode()[:-30], 2, M)
    dicts = table(["id", "structure"], [("a", DICT), ("b", DICT), ("c", DICT)])
    yield rows("a quote before the id", partial(str.encode, dicts.replace("b,", '"b,', 1)), 2, M)
    for delimiter, name in (("\t", "TSV"), (";", "semicolons")):
        other = table(["id", "note", "cif"], [("a", 'x"y', CIF), ("b", "", CIF)], delimiter)
        yield rows(f"{name} with quotes", partial(str.encode, other), 2)
    yield rows(
        "rows too short and too long",
        partial(str.encode, table(["id", "cif"], [("a", CIF), ("b",), ("c", CIF, 1)])),
        1,
        M,
        M,
    )
    yield rows(
        "empty cells",
        partial(str.encode, table(["id", "cif"], [("a", ""), ("b", "nan"), ("c", "None"), ("d", CIF)])),
        1,
        E,
        E,
        E,
    )
    yield whole(
        "no column of structures", partial(str.encode, table(["id", "x"], [("a", CIF)])), Reason.NO_STRUCTURE_COLUMN
    )
    yield whole(
        "2,000 columns", partial(str.encode, table([*map(str, range(2_000)), "cif"], [])), Reason.NO_STRUCTURE_COLUMN
    )
    yield whole("a header and no row", lambda: b"id,cif\n", E)
    yield whole("a header of 6 MB", lambda: b"id,cif," + b"x" * 6 * MB, Reason.NO_STRUCTURE_COLUMN)
    yield rows("a cell of 20 MB", lambda: table(["id", "cif"], [("a", "x" * 20 * MB), ("b", CIF)]).encode(), 1, T)
    yield rows(
        "a cell of 20 MB of quotes", lambda: table(["id", "cif"], [("a", '"' * 10 * MB), ("b", CIF)]).encode(), 1, T
    )
    yield rows("a row of 2 million cells", lambda: b"id,cif\na," + b'"",' * 1_500_000 + b"\n", 0, M)
    yield rows("50,000 rows of nothing", lambda: b"id,cif\n" + b"a,\n" * 5_000, 0, *[E] * 5_000)
    yield rows(
        "ids that command a spreadsheet",
        partial(str.encode, table(["id", "cif"], [("=1+1", CIF), ("+a", CIF), ("x;=1", CIF)])),
        3,
    )
    yield rows(
        "an id of 2,000 characters",
        partial(str.encode, table(["id", "cif"], [("i" * 2_000, CIF)])),
        0,
        Reason.ID_TOO_LONG,
    )
    yield rows("one id 1,000 times", partial(str.encode, table(["id", "cif"], [("i", "")] * 1_000)), 0, *[E] * 1_000)
    yield whole(
        "zeros within a cell",
        lambda: b"id,cif\na,data_x\0\n",
        U,
    )
    yield whole(
        "a zip in a cell", lambda: table(["id", "cif"], [("a", zipped({"a": "x"}).decode("latin-1"))]).encode(), U
    )
    yield rows(
        "two structures in a cell",
        partial(str.encode, table(["id", "cif"], [("a", POSCAR + POSCAR), ("b", XYZ + XYZ)])),
        0,
        M,
        M,
    )


def _json() -> Iterator[Hostile]:
    yield whole("null", lambda: b"null", E)
    yield rows("an empty object", lambda: b"{}", 0, M)
    yield whole("an empty array", lambda: b"[]", E)
    yield rows("nulls", lambda: b"[null, null, " + DICT.encode() + b"]", 1, E, E)
    yield rows("an array cut off", lambda: f"[{DICT},{DICT},{DICT}".encode()[:-40], 2, M)
    yield rows("lines of which one is cut off", f"{DICT}\n{DICT[:-40]}\n{DICT}".encode, 2, M)
    for opening in ("({", '"'):
        yield whole(f"nesting by {opening}", partial(str.encode, opening * 100_000), U)
    for opening in ("[", '{"a":', "[[", '{"structures":['):
        yield rows(f"nesting by {opening}", partial(str.encode, opening * 100_000), 0, M)
    yield rows("numbers", lambda: b"[1, 2, 3]", 0, M, M, M)
    yield rows("a number of 4 million digits", lambda: b'{"lattice": ' + b"1" * 4 * MB + b', "sites": []}', 0, M)
    yield rows("an exponent beyond all bounds", lambda: DICT.replace("5.6", "1e99999").encode(), 0, Reason.NOT_FINITE)
    yield rows(
        "a class to construct", lambda: DICT.replace("pymatgen.core.structure", "os").encode(), 0, Reason.FOREIGN_CLASS
    )
    yield rows("a molecule", lambda: DICT.replace('"Structure"', '"Molecule"').encode(), 0, Reason.NOT_PERIODIC)
    yield rows("str() of Python", lambda: str([pymatgen_dict(GOOD)] * 2).encode(), 2)
    yield rows("str() of Python, nested", lambda: b"{'a': " + b"(" * 10_000, 0, M)
    yield rows("str() of Python, 2 MB", lambda: b"{'a': '" + b"x" * 2 * MB + b"'}", 0, M)
    yield rows("a call in str() of Python", lambda: b"{'lattice': __import__('os').system('true'), 'sites': []}", 0, M)
    yield rows("one key a thousand times", ("{" + ",".join([f'"a":{DICT}'] * 100) + "}").encode, 100)
    yield rows(
        "ids that are no text",
        lambda: json.dumps(
            [{"id": value, "structure": pymatgen_dict(GOOD)} for value in ([1], {"a": 1}, None, True)]
        ).encode(),
        4,
    )
    yield rows("lone surrogates", lambda: b'[{"id": "\\ud800", "structure": "\\ud800"}]', 0, U)
    arrays: dict[str, Any] = {"numbers": {"__ndarray__": [[10**9, 0], "int64", []]}, "positions": [], "cell": []}
    yield rows("an array that claims a billion numbers", lambda: json.dumps(arrays).encode(), 0, M)
    atoms = ase_dict(GOOD)
    yield rows(
        "atoms within atoms",
        lambda: json.dumps({"atoms_json": json.dumps({"atoms_json": json.dumps(atoms)})}).encode(),
        0,
        M,
    )
    yield rows("2,000 empty objects", lambda: json.dumps([{}] * 2_000).encode(), 0, *[M] * 2_000)
    yield whole("100,001 nulls", lambda: b"[" + b",".join([b"null"] * 100_001) + b"]", Reason.TOO_MANY_MEMBERS)
    yield rows("a text of 20 MB", lambda: b'["' + b"x" * 20 * MB + b'", ' + DICT.encode() + b"]", 1, T)
    yield rows("10 MB of backslashes", lambda: b'["' + b"\\" * 10 * MB + b"]", 0, T)


def _texts() -> Iterator[Hostile]:
    for count in ("1000000000", "9" * 30, "1001"):
        yield rows(
            f"a frame that claims {count[:12]} atoms",
            partial(str.encode, XYZ.replace("2", count, 1) + XYZ),
            1,
            Reason.TOO_MANY_SITES,
        )
    yield rows("a frame that claims no atoms", partial(str.encode, XYZ.replace("2", "0", 1)), 0, E, M)
    yield rows("a frame that claims one atom too many", partial(str.encode, XYZ.replace("2", "3", 1) + XYZ), 1, M)
    yield whole("a superscript for a number of atoms", "\u00b2\nLattice=\nNa 0 0 0\n".encode, U)
    yield whole("a number of atoms of 5,000 digits", lambda: b"1" * 5_000 + b"\n\nNa 0 0 0\n", U)
    yield rows(
        "a comment line of 4 MB", lambda: b'1\nLattice="4 0 0 0 4 0 0 0 4" ' + b"a=" * 2 * MB + b"\nNa 0 0 0\n", 1
    )
    for pair in ('a="', "a='", "a={", "a=[", "a=[[", 'a="\\', "a  ", ",a", "a.b-c ="):
        text = f"1\n{pair * 200_000}\nNa 0 0 0\n"
        yield rows(f"a comment line of {pair}", partial(str.encode, text), 0, Reason.NOT_PERIODIC)
    yield rows("1,000 frames without a cell", lambda: b"1\nx\nNa 0 0 0\n" * 1_000, 0, *[Reason.NOT_PERIODIC] * 1_000)
    yield rows(
        "a line of 6 MB in a frame", lambda: XYZ.replace("Na", "Na" + " " * 6 * MB, 1).encode() + XYZ.encode(), 1, T
    )
    yield rows(
        "a POSCAR that claims 10^12 atoms",
        partial(str.encode, POSCAR.replace("1 1", f"1 {10**12}")),
        0,
        Reason.TOO_MANY_SITES,
    )
    yield whole("a POSCAR whose scale is a superscript", partial(str.encode, POSCAR.replace("1.0", "\u00b2", 1)), U)
    yield rows("two POSCARs, the second cut off", partial(str.encode, POSCAR + POSCAR[:-20]), 1, M)
    yield whole("number lines without end", lambda: b"a\n" + b"1" * 60_000 + b"x\n" * 10, U)
    yield whole("lines of numbers", lambda: b"a\n1\n" + b"1 1 1\n" * 100_000, U, M)
    yield whole("a scale of 60,000 digits", lambda: b"a\n" + b"1" * 60_000 + b"x\n1 0 0\n0 1 0\n0 0 1\n", U)
    yield whole("a text of no format", lambda: b"lorem ipsum\n" * 1_000, U)
    yield whole("random bytes", lambda: np.random.default_rng(0).bytes(100_000), U)
    yield whole("a printed structure", lambda: b"Full Formula (Na1 Cl1)\nabc : 1 2 3\n", U)
    yield rows("UTF-16 with a mark", lambda: CIF.encode("utf-16"), 1)
    yield whole("UTF-16 without a mark", lambda: CIF.encode("utf-16-le"), Reason.WRONG_ENCODING)
    yield whole("UTF-16 that breaks off", lambda: CIF.encode("utf-16") + b"\x00\xd8", Reason.WRONG_ENCODING, M)
    yield whole("a pickle", lambda: b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n.", Reason.PICKLE)
    yield whole("a pickle of protocol 0", lambda: b"cos\nsystem\n(S'true'\ntR.", Reason.PICKLE)


def _cifs() -> Iterator[Hostile]:
    yield rows("a block without content", lambda: b"data_x\n", 0, M)
    yield rows("5,000 empty blocks", lambda: b"".join(b"data_%d\n" % n for n in range(5_000)), 0, *[M] * 5_000)
    yield rows("a text field without end between blocks", (CIF + "_a\n;\n" + CIF + CIF).encode, 3)
    yield rows("a line of 3,000 characters", (CIF + "#" * 3_000).encode, 0, T)
    yield rows("300,000 values", (CIF + "loop_\n_x\n" + "1\n" * 300_000).encode, 0, T)
    operations = "loop_\n_space_group_symop_operation_xyz\n"
    yield rows("193 operations", (CIF + operations + "'x,y,z'\n" * 193).encode, 0, T)
    yield rows(
        "an operation of 1,900 characters",
        (CIF + operations + f"'{'+x' * 900},y,z'\n").encode,
        0,
        Reason.UNKNOWN_SYMMETRY,
    )
    yield rows(
        "operations that are no group",
        (CIF + operations + "'x,y,z'\n'y,z,x'\n").encode,
        0,
        Reason.UNKNOWN_SYMMETRY,
    )
    for name in (
        "o" + " " * 1_900 + "x",
        "(" * 1_900,
        "\\bar" + " " * 1_900,
        "[" + " " * 1_900 + "!",
        "h" * 1_900,
        "1-" * 900,
    ):
        yield rows(
            f"a space group named {name[:6]}...",
            partial(str.encode, f"{CIF}_symmetry_space_group_name_H-M '{name}'\n"),
            0,
            Reason.UNKNOWN_SYMMETRY,
        )
    yield rows(
        "a space group of number \u00b2",
        partial(str.encode, f"{CIF}_symmetry_Int_Tables_number \u00b2\u00b2\u00b2\n"),
        0,
        Reason.UNKNOWN_SYMMETRY,
    )
    yield rows(
        "a Hall symbol of 1,900 characters",
        partial(str.encode, f"{CIF}_space_group_name_Hall '{'-P 2 ' * 380}'\n"),
        0,
        Reason.UNKNOWN_SYMMETRY,
    )
    for what, long in (
        ("digits", "1" * 1_900 + "x"),
        ("an uncertainty", "1(" + "1" * 1_900),
        ("points", "1." * 900),
        ("signs", "+" * 1_900),
    ):
        yield rows(f"a length of {what}", partial(str.encode, CIF.replace("5.6", long, 1)), 0, M)
    for label in (
        "A," + " " * 1_800 + "!",
        "A" + "+" * 1_900 + "!",
        "2A" + "2" * 1_900 + "!",
        "2" + "A1" * 900 + "!",
        "(" + "1" * 1_900,
    ):
        loop = f"'{label}' 0 0 0 1\n" * 100
        text = CIF.replace("Na 0.0", f"{loop}Na 0.0", 1)
        yield rows(
            f"labels such as {label[:4]}...",
            partial(str.encode, text),
            0,
            *([Reason.PARTIAL_OCCUPANCY] if label.startswith("A+") and False else [Reason.UNKNOWN_ELEMENT]),
        )
    yield rows(
        "a formula of 100 nested brackets",
        partial(str.encode, f"{CIF}_chemical_formula_sum '{'(' * 100}Na{')9' * 100}'\n"),
        0,
        Reason.FORMULA_MISMATCH,
    )
    yield rows(
        "a formula that the atoms do not make up",
        partial(str.encode, f"{CIF}_chemical_formula_sum 'Na2 Cl'\n"),
        0,
        Reason.FORMULA_MISMATCH,
    )
    yield rows("two lists of sites", partial(str.encode, CIF + CIF[CIF.index("loop_") :]), 0, M)
    yield rows(
        "a cubic group on a skewed cell",
        partial(str.encode, CIF.replace("90.0", "80.0", 1) + "_symmetry_Int_Tables_number 225\n"),
        0,
        Reason.CONTRADICTION,
    )
    yield rows(
        "a length given twice",
        partial(str.encode, CIF.replace("loop_", "_cell_length_a 6\nloop_", 1)),
        0,
        Reason.CONTRADICTION,
    )
    yield whole("zeros within a CIF", lambda: CIF.replace("data_x", "data_x\0").encode(), U)
    yield rows("a block that begins in quotes", lambda: b"'data_x\n" + CIF.encode(), 1)
