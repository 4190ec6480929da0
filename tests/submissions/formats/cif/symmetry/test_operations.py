"""Symmetry operations are understood, or refused; never left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions.formats.cif.symmetry.operations import IDENTITY, from_hall, listed
from submissions.refusal import Reason, RecordRefusedError
from tests.submissions.formats.cif.texts import content, operations, read, refusal, written


@pytest.mark.parametrize(
    "text",
    [
        "-x,-y,-z", "-X, -Y, -Z", "- x , - y , - z", "-1*x,-1*y,-1*z", "-1x, -1y, -1z", "1-x,1-y,1-z", "0-x,-y,-z",
        "-x;-y;-z", "(-x,-y,-z)", "-x/1,-y,-z", "-x+0.0,-y+2/2,-z",
    ],
)  # fmt: skip
def test_spellings_of_the_inversion(text: str) -> None:
    group = listed(("x,y,z", text))
    assert group.is_same_group(from_hall("-P 1"))


@pytest.mark.parametrize(
    ("written_as", "exact"),
    [("1/3", 1 / 3), ("0.33333", 1 / 3), (".33", 1 / 3), ("0.67", 2 / 3), ("0.66", 2 / 3), ("0.1667", 1 / 6),
     ("0.125", 1 / 8), ("0.2", 0.2), ("3/10", 0.3), ("0.1234", 0.1234), ("305/442", 305 / 442), ("-0.25", -0.25)],
)  # fmt: skip
def test_translations_are_what_rounding_left_of_them(written_as: str, exact: float) -> None:
    sign = "" if written_as.startswith("-") else "+"
    assert listed(("x,y,z", f"-x{sign}{written_as},-y,-z")).translations[1, 0] == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    ["x,y", "x,y,z,+1", "x,y,q", "2*x,y,z", "1/2x,y,z", "x+1/0,y,z", "x*-1,y,z", "x y z", ",,", "x,x,z", "h,k,l"],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(RecordRefusedError) as refused:
        listed(("x,y,z", text))
    assert refused.value.reason is Reason.UNKNOWN_SYMMETRY
    assert refusal(written(["Na1 Na .1 .2 .3"], operations(["x,y,z", f"'{text}'"]))).reason in (
        Reason.UNKNOWN_SYMMETRY,
        Reason.MALFORMED,
    )


def test_the_identity_is_never_missing_and_nothing_counts_twice() -> None:
    assert len(listed(("-x,-y,-z",))) == 2
    assert len(listed(("x,y,z", "-x,-y,-z", "-x+1,-y,-z", "x,y,z"))) == 2
    assert listed(("x,y,z",)).is_same_group(IDENTITY)


def test_operations_that_are_no_group_are_refused() -> None:
    text = written(["Na1 Na .1 .2 .3"], operations(["'x,y,z'", "'y,z,x'"]), parameters="6 6 6 90 90 90")
    assert refusal(text).reason is Reason.UNKNOWN_SYMMETRY
    # generators, where the group they belong to is named: -P 2ybc of four operations, by two
    named = "_symmetry_space_group_name_H-M 'P 21/c'"
    assert content(written(["Na1 Na .1 .2 .3"], named, operations(["'x,y,z'", "'-x,y+1/2,-z+1/2'", "'-x,-y,-z'"]))) == {
        "Na": 4
    }


def test_operations_with_origins_anywhere_are_a_group() -> None:
    # what pymatgen writes of a cell with a shifted origin: fractions of small numbers for any translation
    texts = ["'x, y, z'", "'-x+305/442, -y+745/849, -z+226/829'"]
    crystal = read(written(["Na1 Na .1 .2 .3"], operations(texts)))
    np.testing.assert_allclose(crystal.frac_coords[1], [305 / 442 - 0.1, 745 / 849 - 0.2, (226 / 829 - 0.3) % 1])


term = st.sampled_from(["x", "y", "z", "-x", "-y", "-z", "x-y", "y-x"])
shift = st.sampled_from(["", "+1/2", "-1/4", "+2/3", "+0.5", "+.25"])


@given(st.lists(st.builds("{}{}".format, term, shift), min_size=3, max_size=3))
def test_operations_are_linear(rows: list[str]) -> None:
    # an independent evaluation: the text itself, as Python
    try:
        group = listed(("x,y,z", ",".join(rows)))
    except RecordRefusedError:
        return
    place = {"x": 0.13, "y": 0.29, "z": 0.71}
    expected = np.array([eval(row, {}, place) for row in rows])  # noqa: S307 - texts of this test
    moved = group.rotations[-1] @ np.array(list(place.values())) + group.translations[-1]
    np.testing.assert_allclose((moved - expected + 0.5) % 1, 0.5, atol=1e-12)
