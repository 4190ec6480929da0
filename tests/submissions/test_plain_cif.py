"""The own reader of plain CIFs gives pymatgen's arrays to the last bit, or nothing."""

from __future__ import annotations

import gzip
import os
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifWriter
from pymatgen.symmetry.groups import SpaceGroup

from submissions.elements import SYMBOLS
from submissions.formats import cif, plain_cif
from submissions.formats.plain_sites import RANK
from submissions.limits import Limits
from submissions.refusal import RecordRefusedError
from tests.submissions.packing import cif as packed_cif
from tests.submissions.packing import crystals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
LIMITS = Limits()
PER_FILE = 150
GROUPS = ("P1", "P-1", "P2_1/c", "Cmcm", "R-3m", "P-3m1", "P6_3/mmc", "P6_3mc", "P4/nmm", "F-43m", "Fm-3m", "Ia-3d")
generously = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def taken(text: str) -> bool:
    """Whether the own reader reads the text; if it does, pymatgen's reader must agree in every bit."""
    try:
        text = cif.bounded(text, LIMITS)
    except RecordRefusedError:
        return False
    fast = plain_cif.read(text, LIMITS)
    if fast is None:
        return False
    expected = cif.parse_with_pymatgen(text, LIMITS)
    for name in ("lattice", "frac_coords", "atomic_numbers"):
        ours, theirs = getattr(fast, name), getattr(expected, name)
        np.testing.assert_array_equal(ours, theirs, err_msg=f"{name} of {text}", strict=True)
        # Equal numbers may still be zeros of unlike sign.
        assert ours.tobytes() == theirs.tobytes(), text
    return True


def written(
    sites: Sequence[str],
    *,
    operations: Sequence[str] = ("'x, y, z'",),
    cell: str = "5 6 7 80 95 100",
    columns: str = "type_symbol label fract_x fract_y fract_z occupancy",
    more: str = "",
) -> str:
    """CIF of `sites`, whose values are in the order of `columns`."""
    keys = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = ["data_made", *(f"_cell_{key} {value}" for key, value in zip(keys, cell.split(), strict=True))]
    lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *operations, "loop_"]
    lines += [f"_atom_site_{column}" for column in columns.split()] + list(sites)
    return "\n".join([*lines, more, ""])


NA = "Na Na1 0 0 0 1"
CL = "Cl Cl1 0.5 0.5 0.5 1"
HYDROGENS = "H H1 0.3333 0.6667 0.25 1"


def symmetric(group: str) -> list[str]:
    return [f"'{operation.as_xyz_str()}'" for operation in SpaceGroup(group).symmetry_ops]


def identity_first(operations: list[str]) -> list[str]:
    return sorted(operations, key=lambda operation: operation != "'x, y, z'")


def test_elements_are_in_the_order_of_pymatgen() -> None:
    known = [symbol for symbol in SYMBOLS if symbol not in {"He", "Ne", "Ar"} and Element(symbol).Z <= Element("Lr").Z]
    assert list(RANK) == sorted(known, key=lambda symbol: (Element(symbol).X, symbol))
    assert RANK["Na"] < RANK["Cl"] < RANK["O"]


def real_files() -> list[str]:
    folders = [DATA / "submissions", DATA / "reference"]
    found = [path for folder in folders for path in sorted(folder.glob("*")) if path.is_file()]
    return [str(path) for path in found if path.name.endswith((".zip", ".parquet", ".csv.gz"))]


def real_cifs(path: Path) -> list[str]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name).decode() for name in archive.namelist()]
    if path.suffix == ".parquet":
        return list(pd.read_parquet(path, columns=["cif"])["cif"])
    with gzip.open(path) as file:
        return list(pd.read_csv(file, usecols=["cif"])["cif"])


@pytest.mark.skipif(not real_files(), reason=f"no CIFs in {DATA}; set LEADERBOARD_TEST_DATA to the folder of real data")
@pytest.mark.parametrize("path", real_files(), ids=lambda path: Path(path).name)
def test_real_cifs_are_read_as_pymatgen_reads_them(path: str) -> None:
    texts = real_cifs(Path(path))
    chosen = np.random.default_rng(20261123).choice(len(texts), min(PER_FILE, len(texts)), replace=False)
    # Left to pymatgen: noble gases without electronegativity, sites that coincide. 5 of all 39,259 are.
    assert sum(taken(texts[index]) for index in chosen) >= 0.98 * len(chosen)


def with_symmetry(name: str) -> str:
    """CIF of the asymmetric unit and its operations, as pymatgen writes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of spglib's old way to report errors
        return str(CifWriter(crystals()[name], symprec=0.01))


@pytest.mark.parametrize("name", list(crystals()))
@pytest.mark.parametrize("writer", [packed_cif, with_symmetry])
def test_what_pymatgen_writes_is_taken(name: str, writer: Callable[[str], str]) -> None:
    assert taken(writer(name))


@pytest.mark.parametrize("group", GROUPS)
def test_symmetry_is_expanded_as_pymatgen_does(group: str) -> None:
    cell = {"R": "4 4 9 90 90 120", "6": "4 4 9 90 90 120", "3": "4 4 9 90 90 120"}
    chosen = next((value for key, value in cell.items() if key in group[:3]), "8 8 8 90 90 90")
    rows = ["Ca Ca1 0 0 0 1", "O O1 0.3333 0.6667 0.1 1", "O O2 0.25 0.25 0.25 1.0", "Ti Ti1 .512 -0.2201 1.13 1."]
    operations = identity_first(symmetric(group))
    sites = [count for count in range(1, 5) if taken(written(rows[:count], operations=operations, cell=chosen))]
    assert sites


TAKEN: dict[str, str] = {
    "uncertainties": written(["Na Na1 0.1234(5) 0.3333(2) 0.9(1) 1", CL], cell="5.64(1) 5.64 5.64(12) 90 90.0 90."),
    "coordinates outside the cell": written(["Na Na1 -0.0 -1e-17 7.25 1", "Cl Cl1 -0.5 1.5 -12.625 1.000"]),
    "thirds at the edge of what is rounded": written(
        [f"H H{n} {1 / 3 + n * 3.33333e-6:.12f} {2 / 3 + n * 6.66666e-6:.12f} {n / 40} 1" for n in range(-12, 13)]
    ),
    "comments and odd spacing": "# made\n\n  # by hand\n\t" + written(["\tNa  Na1\t0 0  0 1  ", "# here", "", CL]),
    "Windows line ends": written([NA, CL]).replace("\n", "\r\n"),
    "labels only": written(["Na1 0 0 0", "Cl 0.5 0.5 0.5"], columns="label fract_x fract_y fract_z"),
    "unquoted operations": written([NA], operations=["x,y,z", "-X,-y,-Z+1/2", '"x-y, 1/2-y, z"']),
    "sites that the operations double": written([NA, CL, HYDROGENS], operations=["'x, y, z'", "'-x, -y, -z'"]),
    "images of two elements that only the operations of a group would find to coincide": written(
        ["Na Na1 .1 .2 .3 1", "Cl Cl1 .9 .8 .3 1"], operations=["x,y,z", "-x,y,z", "x,-y,z"]
    ),
    "formula for two cells": written([NA, CL], more="_chemical_formula_sum 'Na2 Cl2'"),
    "formula without a cell": written([NA, CL], more="_chemical_formula_structural NaCl"),
    "one element": written([NA]),
    "value on the next line": written([NA], more="_chemical_name_common\n'rock salt'"),
}


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN)
def test_plain_is_taken(text: str) -> None:
    assert taken(text)


NOT_TAKEN: dict[str, str] = {
    "noble gas": written(["Ar Ar1 0 0 0 1", CL]),
    "coinciding sites": written([NA, "Cl Cl1 0.00005 0 0.99995 1"]),
    "image of one on another": written([NA, "Cl Cl1 .1 0 0 1", "O O1 .9 0 0 1"], operations=["'x,y,z'", "'-x,y,z'"]),
    "partial occupancy": written([NA, "Cl Cl1 0.5 0.5 0.5 0.5"]),
    "charged type": written(["Na+ Na1 0 0 0 1", CL]),
    "deuterium": written(["D D1 0 0 0 1", CL]),
    "no operations": written([NA]).replace("equiv_pos_as_xyz", "equiv_pos_site_id"),
    "operation on a scaled axis": written([NA], operations=["x,y,z", "1/2x,y,z"]),
    "two operation lists": written([NA], more="loop_\n_space_group_symop_operation_xyz\n'x, y, z'"),
    "unknown item": written([NA], more="_atom_site_moment_label Na1"),
    "oxidation states": written([NA], more="loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nNa 1"),
    "text field": written([NA], more="_chemical_name_common\n;\nsalt\n;"),
    "comment behind a value": written([f"{NA} # first"]),
    "hash in quotes": written([NA], more="_chemical_name_common 'a #1'"),
    "item twice": written([NA], more="_cell_length_a 6"),
    "value two lines": written([NA], more="_chemical_name_common\nrock\nsalt"),
    "value missing": written([NA], more="_chemical_name_common"),
    "row over two lines": written(["Na Na1 0 0", "0 1"]),
    "not a number": written(["Na Na1 0 0 ? 1"]),
    "dot": written(["Na Na1 0 0 . 1"]),
    "number with underscore": written(["Na Na1 0 0 1_0 1"]),
    "not finite": written(["Na Na1 0 0 1e999 1"]),
    "flat cell": written([NA], cell="5 5 5 60 60 120"),
    "impossible cell": written([NA], cell="5 5 5 20 20 120"),
    "no angle": written([NA], cell="5 5 5 0 90 90"),
    "huge cell": written([NA], cell="1e300 5 5 90 90 90"),
    "other formula": written([NA, CL], more="_chemical_formula_sum 'Na1 Cl2'"),
    "formula with brackets": written([NA, CL], more="_chemical_formula_sum '(NaCl)2'"),
    "powder pattern": written([NA]).replace("data_made", "data_powder_pattern"),
    "no header": written([NA]).replace("data_made\n", ""),
    "two blocks": written([NA]) + written([CL]),
    "text before the header": "salt\n" + written([NA]),
    "letters beyond ASCII": written([NA]).replace("data_made", "data_é"),
    "control character": written([NA.replace(" 1", "\x1f1")]),
    "end mark": written([NA], more="_eof\n_cell_length_a 7"),
    "empty": "",
}


@pytest.mark.parametrize("text", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_anything_else_is_left_to_pymatgen(text: str) -> None:
    try:
        text = cif.bounded(text, LIMITS)
    except RecordRefusedError as refused:
        pytest.fail(refused.detail)
    assert plain_cif.read(text, LIMITS) is None


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(sites=1), written([NA, CL])),
        (Limits(symmetry_operations=1), written([NA], operations=["x,y,z", "-x,-y,-z"])),
        (Limits(cell_length=6.5), written([NA])),
        (Limits(cell_thickness=6.0), written([NA])),
    ],
    ids=["sites", "operations", "length", "thickness"],
)
def test_limits_are_enforced_by_the_reader_that_refuses(limits: Limits, text: str) -> None:
    assert plain_cif.read(text, LIMITS) is not None
    with pytest.raises(RecordRefusedError):
        cif.parse(text.encode(), limits)


def decimal(low: float, high: float) -> st.SearchStrategy[str]:
    forms: list[Callable[[float], str]] = [
        "{:.8f}".format, "{:.4f}".format, "{:g}".format, "{:.2f}(3)".format, "{:.3e}".format, "{:+.5f}".format, repr,
    ]  # fmt: skip
    return st.builds(lambda form, value: form(value), st.sampled_from(forms), st.floats(low, high))


near_ideal = st.builds(
    lambda ideal, step, digits: f"{ideal * (1 + step * 1e-5):.{digits}f}",
    st.sampled_from([0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1.0, -1 / 3, 4 / 3]),
    st.sampled_from([0, 0, 0, 9.9, 9.99999, 10, 10.00001, 10.1, -9.9, -10, -10.1]),
    st.integers(3, 17),
)
odd = st.sampled_from(
    ["?", ".", "1/3", "nan", "-0", "0.", ".5", "1e-17", "-1e-17", "0.5(", "'0.5'", "(1)", "1,5", "_x"]
)
regular = st.one_of(decimal(-1, 2), decimal(-1, 2), near_ideal)
rarely = st.integers(0, 31).map(lambda drawn: drawn == 31)
coordinate = rarely.flatmap(lambda yes: odd if yes else regular)


@st.composite
def site(draw: st.DrawFn) -> list[str]:
    symbol = draw(st.sampled_from(["Na", "Cl", "O", "H", "Se", "C", "Ca", "Fe"]))
    label = f"{symbol}{draw(st.integers(0, 9))}"
    occupancy = "1"
    if draw(rarely):
        symbol = draw(st.sampled_from([*SYMBOLS, "D", "T", "Na+", "O2-", "OH", "Wat", "Cx", "na", "'Na'", "Na1", "X"]))
    if draw(rarely):
        label = draw(st.sampled_from(["Ow1", "OH2", "Na1A", "?", "C1'", "'Na 1'", "NO3", '"O\'"', "Hw", "1"]))
    if draw(rarely):
        occupancy = draw(st.sampled_from(["1.0", "1.", "1.0000", "0.5", "1(0)", "1.000000001", "2", "0", "?", "."]))
    return [symbol, label, *(draw(coordinate) for _ in "xyz"), occupancy]


term = st.sampled_from(["x", "y", "z", "-x", "-y", "-z", "x-y", "y-x", "-x+y", "x+y-z", "2x", "1/2x", "1/4", "x+x"])
shift = st.sampled_from(["", "", "+1/2", "-1/4", "+2/3", "+1/6", "+0.5", "+1", "+1/2+1/2", "+ 1/3"])
operation = st.lists(st.builds("{}{}".format, term, shift), min_size=3, max_size=3).map(", ".join)


@st.composite
def operations(draw: st.DrawFn) -> list[str]:
    kind = draw(st.integers(0, 5))
    if kind < 2:
        return ["'x, y, z'"]
    if kind < 4:
        return identity_first(symmetric(draw(st.sampled_from(GROUPS))))
    chosen = draw(st.lists(operation, max_size=4))
    return [draw(st.sampled_from(["'{}'", '"{}"', "' {} '"])).format(each) for each in ["x, y, z", *chosen]]


EXTRAS = [
    "# comment", "   ", "_cell_volume 100", "_cell_volume 1 2", "_symmetry_Int_Tables_number   1", "data_other", "stop",
    "_symmetry_space_group_name_H-M   'P 1'", '_symmetry_space_group_name_H-M "F m -3 m"', "_cell_length_a 6.0",
    "_chemical_formula_sum 'Na1 Cl1'", "_chemical_formula_sum Na", "_chemical_formula_structural NaCl", "_eof",
    "_chemical_formula_sum ?", "_chemical_name_common ';'", "_chemical_name_common\n;\ndata_x\n;", "loop_",
    "_audit_creation_method 'made # by hand'", "_audit_creation_date 2026-11-23 # today", "_pd_phase_name 'it''s'",
    "_atom_site_moment_label Na1", "loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nNa 1\nCl -1",
    "loop_\n_space_group_symop_operation_xyz\n'-x, -y, -z'", "_symmetry_equiv_pos_as_xyz 'x, y, z'", "_x _y", "#",
    "loop_\n_space_group_symop_id\n1\n2", "_atom_site_attached_hydrogens 1", "_journal_name 'Acta # Cryst'", ";\n;",
]  # fmt: skip


@st.composite
def cif_texts(draw: st.DrawFn) -> str:
    sites = draw(st.lists(site(), min_size=1, max_size=6))
    if draw(rarely):
        again = draw(st.sampled_from([0.0, 0.5e-4, 0.99999e-4, 1e-4, 1.00001e-4, 1.005e-4, 1.02e-4]))
        sites.append(["O", "O9", *(f"{0.25 + each:.9f}" for each in (again, 0.0, 1.0)), "1"])
        sites.append(["O", "O8", "0.25", "0.25", "0.25", "1"])
    lengths = st.one_of(decimal(2, 12), st.sampled_from(["5.0(2)", "5.", "7"]))
    angles = st.one_of(decimal(75, 115), st.sampled_from(["90", "90.00000000"]))
    cell = [draw(lengths) for _ in "abc"] + [draw(angles) for _ in "abc"]
    if draw(rarely):
        cell[draw(st.integers(0, 2))] = draw(st.sampled_from(["0", "-5", "1e5", "1e-3", "?", "0.010001", "1e300"]))
    if draw(rarely):
        cell[draw(st.integers(3, 5))] = draw(st.sampled_from(["179.9", "0", "180", "200", "60", "1e-7", "-90", "120"]))
    columns = ["type_symbol", "label", "fract_x", "fract_y", "fract_z", "occupancy"]
    for gone in draw(st.sampled_from([(), (), (5,), (0,), (0, 5)])):
        columns[gone] = ""
    order = draw(st.permutations([index for index, column in enumerate(columns) if column]))
    if draw(st.booleans()):
        order = sorted(order)
    space = draw(st.sampled_from([" ", "  ", "\t", " \t "]))
    rows = [space.join(row[index] for index in order) for row in sites]
    text = written(
        rows, operations=draw(operations()), cell=" ".join(cell), columns=" ".join(columns[index] for index in order)
    )
    lines = text.split("\n")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(EXTRAS)))
    if draw(rarely):
        lines.pop(draw(st.integers(0, len(lines) - 1)))
    return draw(st.sampled_from(["\n", "\r\n", "\n\n", " \n  "])).join(lines)


@generously
@given(cif_texts())
def test_made_up_cifs_are_read_as_pymatgen_reads_them_or_left_to_it(text: str) -> None:
    taken(text)


@generously
@given(
    st.sampled_from([packed_cif(), packed_cif("LiFeO"), with_symmetry("ZnS")]),
    st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.integers(0, 3),
            st.one_of(
                st.sampled_from([*"'\"#;_ \n\t.-(),1x", "loop_", "data_", "\n;", " #", "\x0c"]),
                st.text(max_size=2),
            ),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_damaged_cifs_are_read_as_pymatgen_reads_them_or_left_to_it(
    text: str, damages: list[tuple[float, int, str]]
) -> None:
    for where, length, replacement in damages:
        start = int(where * len(text))
        text = text[:start] + replacement + text[start + length :]
    taken(text)


@generously
@given(operations=st.lists(operation, min_size=1, max_size=3), point=st.lists(decimal(-1, 2), min_size=3, max_size=3))
def test_operations_are_applied_as_pymatgen_applies_them(operations: list[str], point: list[str]) -> None:
    taken(written([f"Na Na1 {' '.join(point)} 1"], operations=["x,y,z", *(f"'{each}'" for each in operations)]))


def test_lattices_and_orders_of_random_structures() -> None:
    random = np.random.default_rng(7)
    for _ in range(40):
        count = int(random.integers(1, 30))
        structure = Structure(
            lattice=random.uniform(-1, 1, (3, 3)) + 5 * np.eye(3),
            species=random.choice(random.choice(list(RANK), 5), count).tolist(),
            coords=random.uniform(0, 1, (count, 3)),
        )
        # Formulas of more elements become text fields of several lines.
        assert taken(str(CifWriter(structure, significant_figures=int(random.integers(3, 14)))))
