"""The grammar of CIF, the dialects of its names, and what is mended because only one thing can be meant."""

from __future__ import annotations

import numpy as np
import pytest

from submissions.formats.cif.document import blocks_of
from submissions.refusal import Reason, RecordRefusedError
from tests.submissions.formats.cif.texts import cell, content, operations, read, refusal, sites, written

ROWS = ("K1 K 0 0 0", "Br1 Br .5 .5 .5")
READ = {"K": 1, "Br": 1}
PLAIN = written(ROWS, operations())


def dotted(text: str) -> str:
    for category in (
        "cell",
        "atom_site",
        "space_group_symop",
        "space_group",
        "chemical_formula",
        "symmetry_equiv",
        "symmetry",
    ):
        text = text.replace(f"_{category}_", f"_{category}.")
    return text.replace("_space_group.symop.", "_space_group_symop.")


INVERTED = written(ROWS, operations(["x,y,z", "-x,-y,-z"]))
BOTH = "x,y,z\n-x,-y,-z"
ITEM = "_space_group_symop_operation_xyz"


@pytest.mark.parametrize(
    "text",
    [
        dotted(INVERTED),
        f"#\\#CIF_2.0\n{dotted(INVERTED)}",
        INVERTED.upper().replace("BR ", "Br "),
        INVERTED.replace("_fract_", "_Fract_"),
        INVERTED.replace("loop_", "LOOP_").replace("data_", "DATA_"),
        INVERTED.replace("_cell_length", "_Cell_Length"),
        INVERTED.replace(ITEM, "_symmetry_equiv_pos_as_xyz"),
        INVERTED.replace(ITEM, "_symmetry_equiv.pos_as_xyz"),
        INVERTED.replace(ITEM, "_Space_Group_Symop_Operation_xyz_"),
        INVERTED.replace("\n", "\r\n"),
        INVERTED.replace("\n", "\r"),
        INVERTED.replace(" ", "\t"),
        "\ufeff" + INVERTED,
        "# a comment\n\n" + INVERTED,
        INVERTED.replace("-x", "\u2212x"),
        INVERTED.replace("loop_\n", "loop_ "),
        INVERTED.replace(BOTH, "x, y, z\n-x, -y, -z"),
        INVERTED.replace(BOTH, "'x, y, z'\n\"-x, -y, -z\""),
        INVERTED.replace(f"{ITEM}\n{BOTH}", f"{ITEM}\n_space_group_symop_id\nx,y,z 1\n-x,-y,-z 2"),
        INVERTED.replace(f"{ITEM}\n{BOTH}", f"_space_group_symop_id\n{ITEM}\n1 x, y, z\n2 -x, -y, -z"),
    ],
)
def test_spellings_of_one_block(text: str) -> None:
    # both atoms stand on centres of symmetry: P 1 would read the same, so one is moved
    moved = text.replace("K1", "K9").replace(".5 .5 .5", ".4 .1 .7").replace(".5\t.5\t.5", ".4\t.1\t.7")
    assert content(moved) == {"K": 1, "Br": 2}


@pytest.mark.parametrize("minus", "\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d")
def test_every_dash_is_a_minus(minus: str) -> None:
    crystal = read(written(["K1 K 0 0 0", f"Br1 Br {minus}0.3 .1 .6"]))
    np.testing.assert_allclose(crystal.frac_coords[1], [0.7, 0.1, 0.6])


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("0.3", 0.3),
        (".3", 0.3),
        ("+0.3", 0.3),
        ("0.3(2)", 0.3),
        ("0.3000(12)", 0.3),
        ("3e-1", 0.3),
        ("'0.3'", 0.3),
        ("0.3(0.1)", 0.3),
    ],
)
def test_numbers(number: str, value: float) -> None:
    assert read(written([f"K1 K {number} 0 0"])).frac_coords[0, 0] == pytest.approx(value)


@pytest.mark.parametrize(
    "number", ["0,3", "?", ".", "1/3", "0.3.1", "--0.3", "1_0", "0x1", "abc", "0.3°", "'0.3 0.4'", ";"]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    assert content(written([f"K1 K {number} 0 0"])) is Reason.MALFORMED


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e999"])
def test_what_is_not_finite_is_refused(number: str) -> None:
    assert content(written([f"K1 K {number} 0 0"])) is Reason.NOT_FINITE
    assert content(written(ROWS, parameters=f"{number} 6 7 90 90 90")) is Reason.NOT_FINITE


@pytest.mark.parametrize(
    "item",
    [
        # text fields, of whatever content
        "_publ_section_comment\n;\ndata_other\nloop_\n_cell_length_a 9\n;",
        # loops without rows: at the end, before a loop, and before a single item, which the lines alone tell
        "loop_\n_geom_bond_distance\n_geom_bond_atom_site_label_1", "loop_\n_geom_bond_a\n_geom_bond_b\n_cell_volume 3",
        # an item without its quotes, or twice, or unknown, or beyond ASCII
        "_symmetry_space_group_name_H-M P 1", "_chemical_formula_sum K Br", "_chemical_name_common\nrock salt",
        "_publ_author_name Gómez", "_publ_author_name 'Gómez'", "_x [1,2]", "_x $a", "_cell_volume ?\n_cell_volume 3",
        "_publ_author_name O'Neill", "_x 'it''s'", "_x", "#END", "```",
    ],
)  # fmt: skip
def test_what_else_stands_in_a_block_does_not_matter(item: str) -> None:
    assert content(written(ROWS, item, operations())) == READ
    assert content(PLAIN + item + "\n") == READ


def test_an_empty_list_of_operations_is_none() -> None:
    empty = "loop_\n_symmetry_equiv_pos_as_xyz"
    assert content(
        written(["Na1 Na 0 0 0"], empty, "_symmetry_space_group_name_H-M 'F m -3 m'", parameters="5 5 5 90 90 90")
    ) == {"Na": 4}


@pytest.mark.parametrize(
    "before", ["{'source': 'made', 'who': ['n n']}\n", "Here is the CIF you asked for:\n\n", "```cif\n", "12\n"]
)
def test_text_before_the_first_block_is_left_out(before: str) -> None:
    assert content(before + PLAIN) == READ
    assert content(before + PLAIN + "```\n") == READ


def test_a_name_with_blanks_is_a_name() -> None:
    assert content(PLAIN.replace("data_made", "data_K Br")) == READ


class TestCutOff:
    """A file is said to be cut off only where its text ends early."""

    @pytest.mark.parametrize("text", [PLAIN.rstrip()[:-4], PLAIN + "_x\n;\nthis text has no end\n"])
    def test_it_is(self, text: str) -> None:
        assert refusal(text).reason is Reason.MALFORMED
        assert "cut off" in refusal(text).detail

    @pytest.mark.parametrize(
        "text",
        [
            written(["K1 K 0 0 0 1", "Br1 Br .5 .5 .5 1"]),
            PLAIN.replace("_cell_length_a 6", "_cell_length_a 'six"),
            written(ROWS, "loop_\n_geom_a\n_geom_b\n1 2 3"),
            PLAIN.replace("K1 K 0", "K1 K 0 0"),
            written(ROWS, "_chemical_formula_sum 'K Br2'"),
            cell(),
            "data_x\n" + sites(ROWS),
            "no CIF at all",
        ],
    )
    def test_it_is_not(self, text: str) -> None:
        assert "cut off" not in refusal(text).detail


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PLAIN + PLAIN.replace("data_made", "data_b"), Reason.MALFORMED),
        ("data_x\n_journal_year 2021\n", Reason.MALFORMED),
        ("", Reason.MALFORMED),
        (PLAIN.replace("_cell_angle_gamma 90\n", ""), Reason.MALFORMED),
        (written(ROWS, "_cell_length_a 5"), Reason.CONTRADICTION),
        (written(ROWS, parameters="6 7 8 90 90 200"), Reason.ZERO_VOLUME),
        (written(ROWS, parameters="6 7 0 90 90 90"), Reason.ZERO_VOLUME),
        (written(ROWS, parameters="5 5 5 20 20 120"), Reason.ZERO_VOLUME),
        (PLAIN + sites(["Cl1 Cl .1 .2 .3"]), Reason.MALFORMED),
        (written(ROWS, "_space_group_magn.number_BNS 1.1"), Reason.UNREADABLE_FORMAT),
        (written(ROWS, "_space_group_ssg_name 'P m'"), Reason.UNREADABLE_FORMAT),
    ],
)
def test_what_is_no_structure(text: str, reason: Reason) -> None:
    assert refusal(text).reason is reason


def test_metadata_beside_a_structure_is_no_second_one() -> None:
    assert content("data_global\n_journal_year 2021\n" + PLAIN) == READ
    assert content(PLAIN + "data_end\n_journal_year 2021\n") == READ


def test_an_angle_has_a_default_and_a_length_has_none() -> None:
    assert content(written(ROWS, parameters="6 7 8 . . .")) == READ
    assert content(written(ROWS, parameters="6 7 8 90 90 ?")) is Reason.MALFORMED
    assert content(written(ROWS, parameters=". 7 8 90 90 90")) is Reason.MALFORMED
    assert content(written(ROWS, "_cell_length_a 6.0")) == READ


class TestCartesian:
    """Cartesian coordinates, by the transformation given or the usual one: a along x, b in the xy plane."""

    COLUMNS = "label type_symbol Cartn_x Cartn_y Cartn_z"
    HEXAGONAL = "3.2 3.2 5.2 90 90 120"

    def test_without_a_transformation(self) -> None:
        rows = ["Zn1 Zn 0 0 0", f"O1 O 0 {3.2 / np.sqrt(3)} 2.6"]
        for text in (
            written(rows, parameters=self.HEXAGONAL, columns=self.COLUMNS),
            dotted(written(rows, parameters=self.HEXAGONAL, columns=self.COLUMNS)),
        ):
            np.testing.assert_allclose(read(text).frac_coords, [[0.0, 0.0, 0.0], [1 / 3, 2 / 3, 0.5]], atol=1e-9)

    def test_with_a_transformation(self) -> None:
        # c along x, a along y
        matrix = {
            "12": 0.0,
            "13": 5.2,
            "21": 3.2,
            "22": -1.6,
            "32": 3.2 * np.sqrt(0.75),
            "11": 0.0,
            "23": 0.0,
            "31": 0.0,
            "33": 0.0,
        }
        items = [f"_atom_sites_Cartn_tran_matrix_{at} {value}" for at, value in matrix.items()]
        rows = ["Zn1 Zn 0 0 0", f"O1 O 2.6 0 {3.2 / np.sqrt(3)}"]
        crystal = read(written(rows, *items, parameters=self.HEXAGONAL, columns=self.COLUMNS))
        np.testing.assert_allclose(crystal.frac_coords, [[0.0, 0.0, 0.0], [1 / 3, 2 / 3, 0.5]], atol=1e-9)

    def test_fractional_coordinates_count_more(self) -> None:
        columns = "label type_symbol fract_x fract_y fract_z Cartn_x Cartn_y Cartn_z"
        assert read(written(["Zn1 Zn .1 .2 .3 9 9 9"], columns=columns)).frac_coords.tolist() == [[0.1, 0.2, 0.3]]
        assert read(written(["Zn1 Zn ? ? ? 0.6 1.4 2.4"], columns=columns)).frac_coords == pytest.approx(
            np.array([[0.1, 0.2, 0.3]])
        )


def test_blocks_keep_what_is_said() -> None:
    block = blocks_of("data_x\n_a.B-c 'one two'\n_a_b_c ?\nloop_\n_d\n_e\n1 ';'\n2 .\n")[0]
    assert block.known(["_a_b_c"]) == ["one two"]
    assert block.items["_d"] == ["1", "2"]
    assert block.known(["_e"]) == [";"]
    assert not block.holds_structure
    with pytest.raises(RecordRefusedError):
        blocks_of("x")
