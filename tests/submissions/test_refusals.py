"""Every bad structure is refused for its own reason, in every format that can say it, and the one beside it is read."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pytest

from submissions.limits import Limits
from submissions.read import parse, split
from submissions.refusal import FileRefusedError, Reason, one_line, shown
from tests.submissions.packing import assert_is, cif, cif_of_sites, crystals, read_all, reason, table, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CELL = [[4.0, 0, 0], [0, 4.0, 0], [0, 0, 4.0]]
SITE = "Na Na1 0 0 0 1"


def as_dict(cell: object = None, sites: object = None, **more: object) -> dict[str, Any]:
    """A pymatgen dict with whatever cell and sites; a site is an element and three fractional coordinates."""
    rows = [("Na", 0.0, 0.0, 0.0), ("Cl", 0.5, 0.5, 0.5)] if sites is None else sites
    assert isinstance(rows, list)
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "lattice": {"matrix": CELL if cell is None else cell},
        "sites": [
            site if isinstance(site, dict) else {"species": [{"element": site[0], "occu": 1}], "abc": list(site[1:])}
            for site in rows
        ],
    } | more


def site(*species: dict[str, object]) -> list[object]:
    return [{"species": list(species), "abc": [0, 0, 0]}]


def poscar(cell: str = "4 0 0\n0 4 0\n0 0 4", symbols: str = "Na", counts: str = "1", rows: str = "0 0 0") -> str:
    return f"made\n1.0\n{cell}\n{symbols}\n{counts}\nDirect\n{rows}\n"


def xyz(comment: str = 'Lattice="4 0 0 0 4 0 0 0 4"', row: str = "Na 0 0 0", count: int = 1) -> str:
    return f"{count}\n{comment} Properties=species:S:1:pos:R:3\n{row}\n"


def optimade(**changes: object) -> dict[str, Any]:
    attributes = {
        "lattice_vectors": CELL,
        "cartesian_site_positions": [[0, 0, 0]],
        "species_at_sites": ["Na"],
        "species": [{"name": "Na", "chemical_symbols": ["Na"], "concentration": [1.0]}],
    }
    return {"id": "x", "type": "structures", "attributes": attributes | changes}


def species(*symbols: str, concentration: list[float] | None = None) -> list[dict[str, object]]:
    return [{"name": "Na", "chemical_symbols": list(symbols), "concentration": concentration or [1.0]}]


THOUSANDS: list[Any] = [("Na", i / 25, j / 20, k / 20) for i in range(25) for j in range(20) for k in range(20)]
"""10,000 sites."""

BAD: dict[str, tuple[Callable[[], str | bytes | dict[str, Any]], Reason]] = {
    # NaN and infinity
    "CIF, NaN cell": (lambda: cif_of_sites([SITE], "nan 5 5 90 90 90"), Reason.NOT_FINITE),
    "CIF, infinite angle": (lambda: cif_of_sites([SITE], "5 5 5 90 90 inf"), Reason.NOT_FINITE),
    "CIF, NaN coordinate": (lambda: cif_of_sites(["Na Na1 0 NaN 0 1"]), Reason.NOT_FINITE),
    "CIF, overflowing length": (lambda: cif_of_sites([SITE], "1e999 5 5 90 90 90"), Reason.NOT_FINITE),
    "dict, NaN cell": (lambda: as_dict([[math.nan, 0, 0], [0, 4, 0], [0, 0, 4]]), Reason.NOT_FINITE),
    "dict, infinite coordinate": (lambda: as_dict(sites=[("Na", 0, math.inf, 0)]), Reason.NOT_FINITE),
    "POSCAR, NaN cell": (lambda: poscar("nan 0 0\n0 4 0\n0 0 4"), Reason.NOT_FINITE),
    "POSCAR, NaN coordinate": (lambda: poscar(rows="0 nan 0"), Reason.NOT_FINITE),
    "XYZ, NaN cell": (lambda: xyz('Lattice="nan 0 0 0 4 0 0 0 4"'), Reason.NOT_FINITE),
    "OPTIMADE, NaN position": (lambda: optimade(cartesian_site_positions=[[0, math.nan, 0]]), Reason.NOT_FINITE),
    # volume
    "CIF, length 0": (lambda: cif_of_sites([SITE], "0 5 5 90 90 90"), Reason.ZERO_VOLUME),
    "CIF, negative length": (lambda: cif_of_sites([SITE], "-5 5 5 90 90 90"), Reason.ZERO_VOLUME),
    "CIF, flat": (lambda: cif_of_sites([SITE], "5 5 5 90 90 0.01"), Reason.ZERO_VOLUME),
    "dict, all zero": (lambda: as_dict([[0, 0, 0]] * 3), Reason.ZERO_VOLUME),
    "dict, vectors in a plane": (lambda: as_dict([[4, 0, 0], [0, 4, 0], [4, 4, 0]]), Reason.ZERO_VOLUME),
    "POSCAR, flat": (lambda: poscar("4 0 0\n0 4 0\n0 4 0"), Reason.ZERO_VOLUME),
    "XYZ, flat": (lambda: xyz('Lattice="4 0 0 4 0 0 0 0 4"'), Reason.ZERO_VOLUME),
    # size
    "dict, cell in picometres": (lambda: as_dict([[4e5, 0, 0], [0, 4e5, 0], [0, 0, 4e5]]), Reason.OUT_OF_RANGE),
    "dict, coordinate of 1e12": (lambda: as_dict(sites=[("Na", 1e12, 0, 0)]), Reason.OUT_OF_RANGE),
    "CIF, 10,000 sites": (
        lambda: cif_of_sites(f"Na Na{n} {x} {y} {z} 1" for n, (_, x, y, z) in enumerate(THOUSANDS)),
        Reason.TOO_MANY_SITES,
    ),
    "CIF, 100 sites on general positions of Fm-3m": (
        lambda: cif_of_sites(
            [f"Na Na{n} {0.011 + n / 1001} {0.13 + n / 997} {0.29 + n / 991} 1" for n in range(100)],
            extra="_symmetry_Int_Tables_number 225",
        ),
        Reason.TOO_MANY_SITES,
    ),
    "CIF, 100,000 operations": (
        lambda: cif_of_sites([SITE], extra="loop_\n_symmetry_equiv_pos_as_xyz\n" + "x,y,z\n" * 100_000),
        Reason.RECORD_TOO_LARGE,
    ),
    "CIF, a million words": (lambda: cif() + ("_a " * 500 + "\n") * 2_000, Reason.RECORD_TOO_LARGE),
    "CIF, an endless line": (lambda: cif() + "_a '" + "'b " * 100_000, Reason.RECORD_TOO_LARGE),
    "dict, 10,000 sites": (lambda: as_dict(sites=list(THOUSANDS)), Reason.TOO_MANY_SITES),
    "POSCAR, 10,000 sites": (lambda: poscar(counts="10000"), Reason.TOO_MANY_SITES),
    "POSCAR, endless count": (lambda: poscar(counts="9" * 5_000), Reason.TOO_MANY_SITES),
    "XYZ, 10,000 sites": (lambda: xyz(row="Na 0 0 0\n" * 9_999 + "Na 0 0 0", count=10_000), Reason.TOO_MANY_SITES),
    "dict, 6 MB": (lambda: as_dict(properties="x" * 6_000_000), Reason.RECORD_TOO_LARGE),
    "dict, no sites": (lambda: as_dict(sites=[]), Reason.EMPTY),
    # elements
    "CIF, Xx": (lambda: cif_of_sites(["Xx Xx1 0 0 0 1"]), Reason.UNKNOWN_ELEMENT),
    "CIF, Cx, which readers take for C": (lambda: cif_of_sites(["Cx C1 0 0 0 1"]), Reason.UNKNOWN_ELEMENT),
    "CIF, OH, which readers leave out": (lambda: cif_of_sites([SITE, "OH O1 0.5 0.5 0.5 1"]), Reason.UNKNOWN_ELEMENT),
    "CIF, a number": (lambda: cif_of_sites(["11 Na1 0 0 0 1"]), Reason.UNKNOWN_ELEMENT),
    "dict, Xx": (lambda: as_dict(sites=[("Xx", 0, 0, 0)]), Reason.UNKNOWN_ELEMENT),
    "dict, dummy": (lambda: as_dict(sites=[("X0+", 0, 0, 0)]), Reason.UNKNOWN_ELEMENT),
    "dict, no symbol": (lambda: as_dict(sites=[(None, 0, 0, 0)]), Reason.UNKNOWN_ELEMENT),
    "POSCAR, Xx": (lambda: poscar(symbols="Xx"), Reason.UNKNOWN_ELEMENT),
    "XYZ, Xx": (lambda: xyz(row="Xx 0 0 0"), Reason.UNKNOWN_ELEMENT),
    "XYZ, element 119": (lambda: xyz(row="119 0 0 0"), Reason.UNKNOWN_ELEMENT),
    "OPTIMADE, X": (lambda: optimade(species=species("X")), Reason.UNKNOWN_ELEMENT),
    # order
    "CIF, half occupied": (lambda: cif_of_sites(["Na Na1 0 0 0 0.5"]), Reason.PARTIAL_OCCUPANCY),
    "CIF, shared site": (lambda: cif_of_sites(["Na Na1 0 0 0 0.5", "K K1 0 0 0 0.5"]), Reason.PARTIAL_OCCUPANCY),
    "CIF, two elements in one symbol": (lambda: cif_of_sites(["Na,K Na1 0 0 0 1"]), Reason.PARTIAL_OCCUPANCY),
    "dict, half occupied": (lambda: as_dict(sites=site({"element": "Na", "occu": 0.5})), Reason.PARTIAL_OCCUPANCY),
    "dict, NaN occupancy": (lambda: as_dict(sites=site({"element": "Na", "occu": math.nan})), Reason.PARTIAL_OCCUPANCY),
    "dict, shared site": (
        lambda: as_dict(sites=site({"element": "Na", "occu": 0.5}, {"element": "K", "occu": 0.5})),
        Reason.PARTIAL_OCCUPANCY,
    ),
    "OPTIMADE, shared site": (
        lambda: optimade(species=species("Na", "K", concentration=[0.5, 0.5])),
        Reason.PARTIAL_OCCUPANCY,
    ),
    "OPTIMADE, vacancy": (
        lambda: optimade(species=species("Na", "vacancy", concentration=[0.5, 0.5])),
        Reason.PARTIAL_OCCUPANCY,
    ),
    # symmetry
    "CIF, a name of no group": (
        lambda: cif_of_sites([SITE], extra="_symmetry_space_group_name_H-M 'P 5 q'"),
        Reason.UNKNOWN_SYMMETRY,
    ),
    "CIF, an operation that is none": (
        lambda: cif_of_sites([SITE], extra="loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'-x,-y,w'"),
        Reason.UNKNOWN_SYMMETRY,
    ),
    "CIF, a group that the cell does not fit": (
        lambda: cif_of_sites([SITE], "5 6 7 90 90 90", "_symmetry_space_group_name_H-M 'F m -3 m'"),
        Reason.CONTRADICTION,
    ),
    # truncated
    "CIF, cut in the cell": (lambda: cif()[:80], Reason.MALFORMED),
    "CIF, cut within a row": (lambda: cif().rstrip()[:-20], Reason.MALFORMED),
    "CIF, cut between rows": (lambda: "\n".join(cif().splitlines()[:-2]), Reason.FORMULA_MISMATCH),
    "CIF, no atoms": (lambda: cif().split("loop_\n _atom_site")[0], Reason.MALFORMED),
    "JSON, cut": (lambda: json.dumps(as_dict())[:-40], Reason.MALFORMED),
    "JSON, nested without end": (lambda: '{"a":' * 100_000, Reason.MALFORMED),
    "JSON, an endless number": (lambda: '{"lattice": ' + "9" * 10_000 + "}", Reason.MALFORMED),
    "dict, no lattice": (lambda: {"sites": []}, Reason.MALFORMED),
    "dict, words for numbers": (lambda: as_dict(sites=[("Na", "a", "b", "c")]), Reason.MALFORMED),
    "dict, two coordinates": (lambda: as_dict(sites=[("Na", 0, 0)]), Reason.MALFORMED),
    "POSCAR, cut": (lambda: poscar(counts="3"), Reason.MALFORMED),
    "XYZ, cut": (lambda: xyz(count=3), Reason.MALFORMED),
    "OPTIMADE, no cell": (lambda: optimade(lattice_vectors=None), Reason.MALFORMED),
    # other classes
    "dict of os.system": (lambda: {"@module": "os", "@class": "system", "command": "true"}, Reason.FOREIGN_CLASS),
    "dict of a slab's class": (lambda: as_dict(**{"@class": "Slab"}), Reason.FOREIGN_CLASS),
    "dict of a composition and an energy": (
        lambda: {"@module": "pymatgen.core.entries", "@class": "ComputedEntry", "energy": -1.0, "composition": {}},
        Reason.FOREIGN_CLASS,
    ),
    "dict of a Structure of another package": (lambda: as_dict(**{"@module": "evil.core"}), Reason.FOREIGN_CLASS),
    "dict whose lattice is another class": (
        lambda: as_dict(lattice={"@module": "subprocess", "@class": "Popen", "matrix": CELL}),
        Reason.FOREIGN_CLASS,
    ),
    "dict whose site is another class": (
        lambda: as_dict(sites=[{"@class": "Popen", "species": [{"element": "Na", "occu": 1}], "abc": [0, 0, 0]}]),
        Reason.FOREIGN_CLASS,
    ),
    # not periodic
    "dict of a molecule": (lambda: as_dict(**{"@class": "Molecule"}), Reason.NOT_PERIODIC),
    "dict of a slab": (
        lambda: as_dict(lattice={"matrix": CELL, "pbc": [True, True, False]}),
        Reason.NOT_PERIODIC,
    ),
    "XYZ of a molecule": (lambda: xyz("no cell"), Reason.NOT_PERIODIC),
    "XYZ of a slab": (lambda: xyz('Lattice="4 0 0 0 4 0 0 0 4" pbc="T T F"'), Reason.NOT_PERIODIC),
    "OPTIMADE slab": (lambda: optimade(dimension_types=[1, 1, 0]), Reason.NOT_PERIODIC),
    # encoding
    "CIF in Latin-1": (
        lambda: cif().replace("data_", "# Universität\ndata_").encode("latin-1") + b"# \xe4",
        Reason.WRONG_ENCODING,
    ),
    "magnetic CIF": (lambda: cif() + "_space_group_magn.number_BNS 1.1\n", Reason.UNREADABLE_FORMAT),
}


def content(kind: str) -> str | bytes:
    made = BAD[kind][0]()
    return json.dumps(made) if isinstance(made, dict) else made


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_structure_is_refused_and_the_ones_beside_it_are_read(kind: str, tmp_path: Path) -> None:
    results = read_all(tmp_path, zipped({"before.cif": cif(), "bad": content(kind), "then.cif": cif("ZnS")}))
    assert list(results) == ["before", "bad", "then"]
    assert reason(results["bad"]) is BAD[kind][1], results["bad"]
    assert_is(results["before"], crystals()["NaCl"], tolerance=1e-7)
    assert_is(results["then"], crystals()["ZnS"], tolerance=1e-7)


TEXTS = [kind for kind in BAD if kind not in ("CIF in Latin-1", "dict, 6 MB")]


@pytest.mark.parametrize("kind", [kind for kind in TEXTS if not kind.startswith("JSON")])
def test_a_bad_row_is_refused_and_the_ones_beside_it_are_read(kind: str, tmp_path: Path) -> None:
    text = content(kind)
    results = read_all(tmp_path, table(["id", "structure"], [("a", cif()), ("bad", text), ("z", cif("ZnS"))]))
    assert {name: reason(result) for name, result in results.items()} == {"a": None, "bad": BAD[kind][1], "z": None}


@pytest.mark.parametrize("kind", [kind for kind in TEXTS if isinstance(BAD[kind][0](), dict)])
def test_a_bad_line_is_refused_and_the_ones_beside_it_are_read(kind: str, tmp_path: Path) -> None:
    good, bad = json.dumps(as_dict()), str(content(kind))
    results = list(read_all(tmp_path, f"{good}\n{bad}\n{good}").values())
    assert [reason(result) for result in results] == [None, BAD[kind][1], None]
    results = list(read_all(tmp_path, f"[{good},{bad},{good}]").values())
    assert [reason(result) for result in results] == [None, BAD[kind][1], None]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ('{"cut": \n{good}\n{good}', [Reason.MALFORMED, None, None]),
        ("{good}\nno JSON\n{good}", [None, Reason.MALFORMED, None]),
        ("[{good}, 7, null, {good}]", [None, Reason.MALFORMED, Reason.EMPTY, None]),
        ("[{good}, {good}", [None, None]),
        ('[{good}, {"lattice": [', [None, Reason.MALFORMED]),
        ("[{good}] 7", [None, Reason.MALFORMED]),
        ("{good} 7", [Reason.MALFORMED]),
        ("[{good},, {good}]", [None, Reason.MALFORMED, None]),
    ],
)
def test_damaged_json_costs_only_the_records_it_hits(text: str, reasons: list[Reason | None], tmp_path: Path) -> None:
    results = read_all(tmp_path, text.replace("{good}", json.dumps(as_dict())))
    assert [reason(result) for result in results.values()] == reasons


@pytest.mark.parametrize(("count", "why"), [(1_000, None), (1_001, Reason.TOO_MANY_SITES)])
def test_the_largest_structure_read_has_a_thousand_sites(count: int, why: Reason | None, tmp_path: Path) -> None:
    rows = [f"Na {4 * x} {4 * y} {4 * z}" for _, x, y, z in THOUSANDS[:count]]
    cell = 'Lattice="4 0 0 0 4 0 0 0 4"'
    files = {
        "dict": json.dumps(as_dict(sites=THOUSANDS[:count])),
        "cif": cif_of_sites(f"Na Na{n} {x} {y} {z} 1" for n, (_, x, y, z) in enumerate(THOUSANDS[:count])),
        "poscar": poscar(counts=str(count), rows="\n".join(row.removeprefix("Na ") for row in rows)),
        "xyz": xyz(cell, "\n".join(rows), count),
    }
    results = read_all(tmp_path, zipped(files))
    assert {name: reason(result) for name, result in results.items()} == dict.fromkeys(files, why)


def test_damaged_rows_cost_only_themselves(tmp_path: Path) -> None:
    good = table(["id", "cif", "n"], [("a", cif(), 1)])
    text = good + 'short,x\nlong,x,1,2\n,"",\n\n' + table([], [("z", cif(), 1)]).lstrip()
    results = read_all(tmp_path, text)
    reasons = {"a": None, "short": Reason.MALFORMED, "long": Reason.MALFORMED, "3": Reason.EMPTY, "z": None}
    assert {name: reason(result) for name, result in results.items()} == reasons
    wrong_bytes = text.encode().replace(b"short,x", b"bytes,data_\xff,1")
    assert reason(read_all(tmp_path, wrong_bytes)["bytes"]) is Reason.WRONG_ENCODING


def test_a_quote_that_is_never_closed_costs_its_row_and_none_that_follow(tmp_path: Path) -> None:
    text = table(["id", "cif"], [("a", cif())]) + 'open,"data_x\nb,y\nc,z\n'
    refused = {"a": None, "open": Reason.MALFORMED, "b": Reason.UNREADABLE_FORMAT, "c": Reason.UNREADABLE_FORMAT}
    assert {name: reason(result) for name, result in read_all(tmp_path, text).items()} == refused
    cut_off = table(["id", "cif"], [("a", cif()), ("b", cif())])[:-20]
    assert [reason(result) for result in read_all(tmp_path, cut_off).values()] == [None, Reason.MALFORMED]


def test_a_quote_within_a_cell_is_a_character(tmp_path: Path) -> None:
    rows = table(["id", "note", "cif"], [("a", "NOTE", cif()), ("b", "plain", cif()), ("c", "NOTE", cif())])
    results = read_all(tmp_path, rows.replace("NOTE", '5" wafer'))
    assert {name: reason(result) for name, result in results.items()} == {"a": None, "b": None, "c": None}


def test_a_huge_row_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    rows = [("a", cif()), ("huge", cif() + "#" * 200_000), ("z", cif())]
    results = read_all(tmp_path, table(["id", "cif"], rows), Limits(record_bytes=100_000))
    assert [reason(result) for result in results.values()] == [None, Reason.RECORD_TOO_LARGE, None]


def test_a_huge_block_or_frame_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    limits = Limits(record_bytes=100_000)
    blocks = read_all(tmp_path, "\n".join([cif(), cif("ZnS") + "#\n" * 100_000, cif("LiFeO")]), limits)
    assert {name: reason(r) for name, r in blocks.items()} == {
        "NaCl": None,
        "ZnS": Reason.RECORD_TOO_LARGE,
        "LiFeO": None,
    }
    frames = read_all(tmp_path, xyz() + xyz(row="Na 0 0 0" + " 7" * 100_000) + xyz(), limits)
    assert [reason(result) for result in frames.values()] == [None, Reason.RECORD_TOO_LARGE, None]


def test_a_file_of_more_lines_or_brackets_than_allowed_is_refused(tmp_path: Path) -> None:
    for text in ("data_a\n" + "\n" * 1_001, "[" * 1_001):
        with pytest.raises(FileRefusedError, match="more than 1,000") as caught:
            read_all(tmp_path, text, Limits(parts=1_000))
        assert caught.value.reason is Reason.TOO_MANY_PARTS


def test_an_id_that_is_too_long_is_cut_and_its_record_refused(tmp_path: Path) -> None:
    results = read_all(tmp_path, table(["id", "cif"], [("x" * 1_001, cif()), ("x" * 1_000, cif())]))
    assert [(len(name), reason(result)) for name, result in results.items()] == [
        (1_000, Reason.ID_TOO_LONG),
        (1_002, None),
    ]


def test_an_id_that_is_no_text_can_still_be_stored(tmp_path: Path) -> None:
    rows = (
        '[{"id": "\\ud800", "cif": "x"}, {"id": 7, "cif": "x"}, {"id": null, "cif": "x"}, {"id": "=1+1", "cif": "x"}]'
    )
    names = list(read_all(tmp_path, rows))
    assert names == ["\\ud800", "7", "2", "=1+1"]
    assert [name.encode("utf-8").decode("utf-8") for name in names] == names


def test_a_refused_record_keeps_its_reason_when_it_is_parsed_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("cif\nno structure\n")
    (record,) = split(tmp_path / "a.csv")
    assert record.refusal is Reason.UNREADABLE_FORMAT
    with pytest.raises(Exception, match="unreadable_format: text that begins with 'no structure'"):
        parse(record)


@pytest.mark.parametrize("why", Reason)
def test_every_reason_says_what_it_means_and_what_to_do(why: Reason) -> None:
    assert re.fullmatch(r"[a-z_]+", why.value)
    assert why.meaning
    assert why.remedy
    assert Reason(why.value) is why


def test_quoted_values_are_short_and_printable() -> None:
    assert shown("a\n\u202e" + "x" * 1_000).isascii()
    assert len(shown("x" * 1_000)) <= 64
    assert one_line("a\n\tb\x00c") == "a b?c"
    assert one_line("x" * 300) == "x" * 197 + "..."
