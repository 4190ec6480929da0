"""Formulas, Z and multiplicities are witnesses: what contradicts them is refused, what says nothing is not."""

from __future__ import annotations

import pytest

from submissions.refusal import Reason
from tests.submissions.formats.cif.texts import content, operations, refusal, written

ROWS = ("K1 K 0 0 0", "Br1 Br .5 .5 .5")
READ = {"K": 1, "Br": 1}
COLUMNS = "label type_symbol fract_x fract_y fract_z"


@pytest.mark.parametrize(
    "item",
    [
        "_chemical_formula_sum 'K Br'", "_chemical_formula_sum KBr", "_chemical_formula_sum 'Br1 K1'",
        "_chemical_formula_sum 'K0.5 Br0.5'", "_chemical_formula_sum 'K.333 Br.333'", "_chemical_formula_sum 'K(Br)'",
        "_chemical_formula_structural '(K Br)'", "_chemical_formula_moiety 'K Br'", "_chemical_formula_sum\n;K\nBr\n;",
        "_chemical_formula.sum 'K Br'", "_chemical_formula_sum 'K Br'\n_cell_formula_units_Z 1",
    ],
)  # fmt: skip
def test_a_formula_that_fits(item: str) -> None:
    assert content(written(ROWS, item)) == READ


@pytest.mark.parametrize(
    "item",
    [
        "_chemical_formula_sum ?", "_chemical_formula_sum .", "_chemical_formula_sum ''",
        "_chemical_formula_sum 'K1+ Cl1-'",
        "_chemical_formula_structural 'K Cl . 2H2O'", "_chemical_formula_sum 'k cl'", "_chemical_formula_sum unknown",
        "_chemical_formula_sum NaN", "_chemical_formula_sum nan", "_chemical_formula_moiety 'K 1+, Cl 1-'",
        "_chemical_formula_structural 'K~1~ Cl~1~'", "_chemical_formula_sum 'K Cln'",
        "_chemical_formula_sum 'K Cl (alpha)'",
        "_chemical_formula_sum 'K Cl'\n_chemical_formula_sum 'K I'", "_chemical_formula_sum '(K Cl'",
        "_chemical_formula_sum 'Xx Cl'", "_chemical_formula_weight 12", "_cell_formula_units_Z 7",
        "_chemical_formula_sum 'K Br'\n_chemical_formula_sum ''\n_cell_formula_units_Z ?",
    ],
)  # fmt: skip
def test_what_is_no_plain_formula_says_nothing(item: str) -> None:
    assert content(written(ROWS, item)) == READ


@pytest.mark.parametrize(
    "item",
    [
        "_chemical_formula_sum 'K Br2'", "_chemical_formula_sum 'K Cl'", "_chemical_formula_sum K",
        "_chemical_formula_sum 'K2 Br2'",
        "_chemical_formula_sum 'K Br'\n_cell_formula_units_Z 4", "_chemical_formula_sum 'K1.00 Br0.98'",
        "_chemical_formula_sum 'K Br H2 O'", "_chemical_formula_moiety 'K Br3'",
        "_chemical_formula_structural '(KBr)2'",
    ],
)  # fmt: skip
def test_a_formula_that_contradicts_refuses(item: str) -> None:
    refused = refusal(written(ROWS, item))
    assert refused.reason is Reason.FORMULA_MISMATCH
    assert "K1 Br1" in refused.detail
    assert "cut off" not in refused.detail


@pytest.mark.parametrize(("formula", "units"), [("K2 Br2", 2), ("K2 Br2", 1), ("K Br", 2), ("K4 Br4", 0.5)])
def test_the_formula_may_be_of_a_unit_or_of_the_whole_cell(formula: str, units: float) -> None:
    # the core dictionary has units and Z; pymatgen writes the whole cell, and Z of the reduced formula
    rows = (*ROWS, "K2 K 0 0 .5", "Br2 Br .5 .5 0")
    assert content(written(rows, f"_chemical_formula_sum '{formula}'\n_cell_formula_units_Z {units}")) == {
        "K": 2,
        "Br": 2,
    }


def test_deuterium_is_hydrogen_in_formulas() -> None:
    rows = ["D1 D 0 0 0", "D2 D .1 0 0", "O1 O .5 .5 .5"]
    for formula in ("D2 O", "H2 O", "H D O"):
        assert content(written(rows, f"_chemical_formula_sum '{formula}'")) == {"H": 2, "O": 1}


@pytest.mark.parametrize(
    ("group", "multiplicities", "read"),
    [
        (["x,y,z"], (1, 1), True),
        (["x,y,z"], (4, 4), False),
        (["x,y,z"], ("?", "."), True),
        (["x,y,z", "-x,-y,-z"], (1, 1), True),  # both on the centre
        (["x,y,z", "-x,-y,-z"], (2, 2), True),  # the order of the site symmetry, as old SHELXL writes
        (["x,y,z", "-x,-y,-z"], (1, 4), False),
    ],
)
def test_multiplicities(group: list[str], multiplicities: tuple[object, object], read: bool) -> None:  # noqa: FBT001
    rows = [f"{row} {one}" for row, one in zip(ROWS, multiplicities, strict=True)]
    for name in ("symmetry_multiplicity", "site_symmetry_multiplicity"):
        text = written(rows, operations(group), columns=f"{COLUMNS} {name}")
        assert content(text) == (READ if read else Reason.CONTRADICTION)
    # a formula with Z is checked more, and outweighs them
    text = written(
        rows,
        operations(group),
        "_chemical_formula_sum 'K Br'\n_cell_formula_units_Z 1",
        columns=f"{COLUMNS} symmetry_multiplicity",
    )
    assert content(text) == READ


@pytest.mark.parametrize(
    ("occupancy", "expected"),
    [
        ("1", READ), ("1.", READ), ("1.000", READ), ("1.00(2)", READ), ("0.999", READ), ("1.0005", READ),
        (".", READ), ("'1'", READ),
        ("0", {"Br": 1}), ("0.5", Reason.PARTIAL_OCCUPANCY), ("0.998", Reason.PARTIAL_OCCUPANCY),
        ("1.5", Reason.PARTIAL_OCCUPANCY),
        ("-1", Reason.PARTIAL_OCCUPANCY), ("?", Reason.PARTIAL_OCCUPANCY), ("abc", Reason.MALFORMED),
        ("nan", Reason.NOT_FINITE),
    ],
)  # fmt: skip
def test_occupancies(occupancy: str, expected: object) -> None:
    rows = [f"{ROWS[0]} {occupancy}", f"{ROWS[1]} 1"]
    assert content(written(rows, columns=f"{COLUMNS} occupancy")) == expected


def test_an_unknown_occupancy_is_full_where_the_formula_says_so() -> None:
    rows = [f"{row} ?" for row in ROWS]
    item = "_chemical_formula_sum 'K Br'\n_cell_formula_units_Z 1"
    assert content(written(rows, item, columns=f"{COLUMNS} occupancy")) == READ


def test_disorder_is_the_reason_before_any_formula() -> None:
    rows = ["Sn1 Sn 0 0 0 .9", "In1 In 0 0 0 .067", "Cl1 Cl .5 .5 .5 1"]
    text = written(rows, "_chemical_formula_sum 'Sn0.9 In0.07 Cl'", columns=f"{COLUMNS} occupancy")
    assert refusal(text).reason is Reason.PARTIAL_OCCUPANCY


@pytest.mark.parametrize(
    ("columns", "values", "expected"),
    [
        ("disorder_group", (".", "."), READ), ("disorder_group", ("1", "."), READ),
        ("disorder_group", ("0", "0"), READ),
        ("disorder_group", ("1", "2"), Reason.PARTIAL_OCCUPANCY),
        ("disorder_group", ("-1", "."), Reason.PARTIAL_OCCUPANCY),
        ("disorder_assembly disorder_group", ("A 1", "A 2"), Reason.PARTIAL_OCCUPANCY),
        ("disorder_assembly disorder_group", ("A 1", "B 2"), READ),
        ("label_alt_id", ("A", "B"), Reason.PARTIAL_OCCUPANCY),
        ("attached_hydrogens", ("0", "."), READ), ("attached_hydrogens", ("2", "0"), Reason.PARTIAL_OCCUPANCY),
        ("calc_flag", ("d", "dum"), {"K": 1}), ("calc_flag", ("dum", "dum"), Reason.EMPTY),
    ],
)  # fmt: skip
def test_alternatives_attached_atoms_and_dummies(columns: str, values: tuple[str, str], expected: object) -> None:
    rows = [f"{row} {value}" for row, value in zip(ROWS, values, strict=True)]
    assert content(written(rows, columns=f"{COLUMNS} {columns}")) == expected
