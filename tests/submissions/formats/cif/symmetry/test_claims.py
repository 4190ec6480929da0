"""Which symmetry is meant: operations, names, numbers, the cell, and what the content says where they leave it open."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

from submissions.limits import Limits
from submissions.refusal import Reason
from tests.submissions.formats.cif.texts import content, operations, read, refusal, written

CUBIC = "5 5 5 90 90 90"
SPINEL = "8.08 8.08 8.08 90 90 90"
MONOCLINIC = "5.1 6.2 7.3 90 101 90"
RHOMBOHEDRAL = "4.7 4.7 4.7 57.3 57.3 57.3"
HEXAGONAL = "4.3 4.3 11.3 90 90 120"


def name(text: str) -> str:
    return f"_symmetry_space_group_name_H-M '{text}'"


def number(value: object) -> str:
    return f"_symmetry_Int_Tables_number {value}"


def formula(text: str, units: float | None = None) -> str:
    return f"_chemical_formula_sum '{text}'" + ("" if units is None else f"\n_cell_formula_units_Z {units}")


def test_nothing_said_is_as_listed() -> None:
    assert content(written(["Na1 Na .1 .2 .3"])) == {"Na": 1}
    assert content(written(["Na1 Na .1 .2 .3"], "_symmetry_cell_setting triclinic")) == {"Na": 1}


@pytest.mark.parametrize(
    "item",
    [name("?"), name("."), number("?"), "_symmetry_cell_setting cubic", "_space_group_name_Schoenflies 'D6h^4'",
     "loop_\n_space_group_symop_operation_xyz\n?", f"{name('?')}\n{number('?')}"],
)  # fmt: skip
def test_a_symmetry_that_is_there_and_unknown_needs_a_content_to_support_the_list(item: str) -> None:
    site = ["Na1 Na .1 .2 .3"]
    assert content(written(site, item, parameters=CUBIC)) is Reason.UNKNOWN_SYMMETRY
    assert content(written(site, item, formula("Na", 1), parameters=CUBIC)) == {"Na": 1}


@pytest.mark.parametrize("item", [name("P 1"), name("P1"), number(1), "_space_group_name_Hall 'P 1'", operations()])
def test_p1_is_as_listed(item: str) -> None:
    assert content(written(["Na1 Na .1 .2 .3"], item)) == {"Na": 1}


@pytest.mark.parametrize("item", [name("P 5 q"), name("nonsense"), "_space_group_name_Hall 'P 5 q'", number(300)])
def test_a_name_that_is_none_is_refused_and_is_not_needed_beside_operations(item: str) -> None:
    site = ["Na1 Na .1 .2 .3"]
    assert content(written(site, item)) is Reason.UNKNOWN_SYMMETRY
    assert content(written(site, item, operations(["x,y,z", "-x,-y,-z"]))) == {"Na": 2}


def test_a_name_that_is_none_is_not_replaced_by_the_setting_of_its_number() -> None:
    # a setting of number 123 that no table lists
    items = (name("C 4/m m m"), number(123))
    assert content(written(["Na1 Na .1 .2 .3"], *items, parameters=CUBIC)) is Reason.UNKNOWN_SYMMETRY


def test_an_unusual_setting_counts_more_than_its_number() -> None:
    crystal = read(written(["Zr1 Zr .11 .22 .33"], name("P 21/n"), number(14), parameters=MONOCLINIC))
    # -x+1/2, y+1/2, -z+1/2 of -P 2yn
    assert np.abs(crystal.frac_coords - [0.39, 0.72, 0.17]).max(axis=1).min() < 1e-12


@pytest.mark.parametrize(
    ("item", "parameters", "place"),
    [
        (name("P 21/b"), "5 6 7 90 90 101", (0.89, 0.28, 0.83)),  # -x, -y+1/2, z+1/2 of -P 2bc
        (name("P 21/a"), "5 6 7 90 90 101", (0.39, 0.78, 0.83)),  # -x+1/2, -y, z+1/2 of -P 2ac
        (name("P 21/a"), MONOCLINIC, (0.39, 0.72, 0.67)),  # -x+1/2, y+1/2, -z of -P 2yab
        (number(14), MONOCLINIC, (0.89, 0.72, 0.17)),  # -x, y+1/2, -z+1/2 of -P 2ybc, the standard
    ],
)
def test_the_cell_decides_the_unique_axis(item: str, parameters: str, place: tuple[float, ...]) -> None:
    crystal = read(written(["Zr1 Zr .11 .22 .33"], item, parameters=parameters))
    assert np.abs(crystal.frac_coords - place).max(axis=1).min() < 1e-12


def test_a_number_does_not_tell_the_cell_choice_of_an_unusual_axis() -> None:
    site = ["Zr1 Zr .11 .22 .33"]
    assert content(written(site, number(14), parameters="5 6 7 90 90 101")) is Reason.UNKNOWN_SYMMETRY


@pytest.mark.parametrize("item", [name("R -3 m"), name("R-3m"), number(166), f"{name('R -3 m')}\n{number(166)}"])
def test_the_cell_decides_the_axes_of_a_rhombohedral_group(item: str) -> None:
    assert content(written(["Sb1 Sb .23 .23 .23"], item, parameters=RHOMBOHEDRAL)) == {"Sb": 2}
    assert content(written(["Sb1 Sb 0 0 .23"], item, parameters=HEXAGONAL)) == {"Sb": 6}
    assert content(written(["Sb1 Sb 0 0 .23"], item, parameters="4 5 6 90 90 90")) is Reason.CONTRADICTION


@pytest.mark.parametrize(
    ("items", "parameters"),
    [
        ([name("F m -3 m")], "5 6 7 90 90 90"),
        ([name("P 63/m m c")], "5 5 7 90 90 90"),
        ([name("R -3 m :H")], RHOMBOHEDRAL),
        ([operations(["x,y,z", "-y,x-y,z", "-x+y,-x,z"])], CUBIC),
        ([name("P 21/c")], "5.1 6.2 7.3 80 101 90"),
    ],
)
def test_a_symmetry_that_the_cell_does_not_have_is_refused(items: list[str], parameters: str) -> None:
    assert content(written(["Zr1 Zr .11 .22 .33"], *items, parameters=parameters)) is Reason.CONTRADICTION


def test_a_cell_may_have_its_symmetry_within_a_tolerance() -> None:
    assert content(written(["Na1 Na 0 0 0"], name("F m -3 m"), parameters="5.00 5.01 4.99 90.2 90 89.9")) == {"Na": 4}


class TestOrigins:
    """Groups with two origins, where the file does not say which."""

    def test_formula_and_z_decide(self) -> None:
        for place in ("0 0 0", ".125 .125 .125"):  # 8a by the first origin, and by the second
            text = written([f"Si1 Si {place}"], number(227), formula("Si", 8), parameters="5.43 5.43 5.43 90 90 90")
            assert content(text) == {"Si": 8}

    def test_multiplicities_decide(self) -> None:
        columns = "label type_symbol symmetry_multiplicity fract_x fract_y fract_z"
        text = written(["Si1 Si 8 0 0 0"], name("F d -3 m"), parameters="5.43 5.43 5.43 90 90 90", columns=columns)
        assert content(text) == {"Si": 8}

    def test_distances_decide(self) -> None:
        # spinel by the second origin; by the first, oxygen would be 0.3 angstrom from magnesium
        rows = ["Mg1 Mg .125 .125 .125", "Al1 Al .5 .5 .5", "O1 O .2625 .2625 .2625"]
        assert content(written(rows, number(227), parameters=SPINEL)) == {"Mg": 8, "Al": 16, "O": 32}
        # by the first origin
        rows = ["Mg1 Mg 0 0 0", "Al1 Al .625 .625 .625", "O1 O .3875 .3875 .3875"]
        assert content(written(rows, name("Fd-3m"), parameters=SPINEL)) == {"Mg": 8, "Al": 16, "O": 32}

    def test_what_nothing_decides_is_refused(self) -> None:
        text = written(["Si1 Si 0 0 0"], number(227), parameters="5.43 5.43 5.43 90 90 90")
        assert "origin" in refusal(text).detail
        assert refusal(text).reason is Reason.UNKNOWN_SYMMETRY


class TestContradictions:
    """Two statements of the symmetry that cannot both be true."""

    ROWS = ("Li1 Li 0 0 0", "F1 F .5 .5 .5")

    def test_a_name_and_the_identity_alone(self) -> None:
        # as a language model writes, before its operations are put in
        items = (operations(), name("F m -3 m"))
        assert content(written(self.ROWS, *items, parameters=CUBIC)) is Reason.CONTRADICTION
        whole = written(self.ROWS, *items, formula("Li4 F4", 4), parameters=CUBIC)
        assert content(whole) == {"Li": 4, "F": 4}
        assert content(written(self.ROWS, *items, formula("Li F", 1), parameters=CUBIC)) == {"Li": 1, "F": 1}
        columns = "label type_symbol symmetry_multiplicity fract_x fract_y fract_z"
        rows = ["Li1 Li 4 0 0 0", "F1 F 4 .5 .5 .5"]
        assert content(written(rows, *items, parameters=CUBIC, columns=columns)) == {"Li": 4, "F": 4}

    def test_a_name_and_the_whole_cell_listed(self) -> None:
        rows = [f"Li{at} Li {place}" for at, place in enumerate(("0 0 0", "0 .5 .5", ".5 0 .5", ".5 .5 0"))]
        for items in ([operations(), name("F m -3 m")], [name("F m -3 m")], [name("F m -3 m"), formula("Li", 4)]):
            assert content(written(rows, *items, parameters=CUBIC)) == {"Li": 4}

    @pytest.mark.parametrize("symbol", ["C -1", "I -1", "F m -3 m", "P 21/c"])
    def test_a_name_and_other_operations(self, symbol: str) -> None:
        items = (operations(["x,y,z", "-x,-y,-z"]), name(symbol))
        for parameters in ("5 5 5 90 90 90", "30 30 30 90 90 90"):
            text = written(["Na1 Na .11 .23 .37"], *items, parameters=parameters)
            assert content(text) is Reason.CONTRADICTION

    def test_a_name_that_the_cell_speaks_against_needs_more_than_that(self) -> None:
        items = (operations(), name("F m -3 m"))
        assert content(written(self.ROWS, *items, parameters="5 6 7 90 90 90")) is Reason.CONTRADICTION

    def test_a_name_and_a_number(self) -> None:
        items = (name("F m -3 m"), number(221))
        assert content(written(self.ROWS, *items, parameters=CUBIC)) is Reason.CONTRADICTION
        assert content(written(self.ROWS, *items, formula("Li F", 4), parameters=CUBIC)) == {"Li": 4, "F": 4}

    def test_a_name_and_a_hall_symbol(self) -> None:
        items = (name("F d -3 m"), "_space_group_name_Hall 'F 4d 2 3 -1d'")
        assert content(written(["Si1 Si 0 0 0"], *items, parameters=CUBIC)) == {"Si": 8}
        items = (name("P 21/n"), "_space_group_name_Hall '-P 2ybc'")
        assert content(written(["Si1 Si .1 .2 .3"], *items, parameters=MONOCLINIC)) is Reason.CONTRADICTION

    def test_operations_in_another_basis_than_the_name(self) -> None:
        # the primitive cell of rock salt with the name of its group, as pymatgen's CifWriter can write it
        fcc = "4 4 4 60 60 60"
        cyclic = ["x,y,z", "z,x,y", "y,z,x", "-x,-y,-z", "-z,-x,-y", "-y,-z,-x"]
        assert content(written(self.ROWS, operations(cyclic), name("R -3"), parameters=fcc)) == {"Li": 1, "F": 1}
        assert content(written(self.ROWS, operations(cyclic), name("F m -3 m"), parameters=fcc)) is Reason.CONTRADICTION


def test_what_is_one_crystal_by_both_of_two_statements_is_read() -> None:
    # pymatgen names the group that it found, F m m m, and lists the operations of a larger one that the atoms have too
    rows = ["Pm1 Pm 0 0 .5", "Er1 Er 0 0 0", "In1 In .25 .25 .25"]
    larger = operations(f"'{operation.triplet()}'" for operation in gemmi.SpaceGroup("F 4/m m m").operations())
    text = written(rows, larger, name("F m m m"), parameters="7.5 7.5 7.6 90 90 90")
    assert content(text) == {"Pm": 4, "Er": 4, "In": 8}
    rows = ["Pm1 Pm 0 0 .5", "Er1 Er 0 0 0", "In1 In .1 .2 .25"]
    assert content(written(rows, larger, name("F m m m"), parameters="7.5 7.5 7.6 90 90 90")) is Reason.CONTRADICTION


@pytest.mark.parametrize("count", [192, 193])
def test_no_more_operations_than_any_group_has(count: int) -> None:
    translations = [f"'x+{at}/{count},y,z'" for at in range(count)]
    refused = (
        refusal(written(["Na1 Na 0 0 0"], operations(translations), parameters="900 6 7 90 90 90"))
        if count > 192
        else None
    )
    assert refused is None or refused.reason is Reason.RECORD_TOO_LARGE


def test_the_number_of_atoms_is_bounded_after_symmetry() -> None:
    text = written(
        [f"Na{at} Na .0571 .1327 .{at}" for at in (2119, 2303, 2613, 2871, 3012, 3277)],
        name("F m -3 m"),
        parameters=CUBIC,
    )
    assert content(text) is Reason.TOO_MANY_SITES
    assert read(text, Limits(sites=6 * 192)).n_sites == 6 * 192
