"""Names of space groups in every spelling that is met."""

from __future__ import annotations

import pytest
import spglib

from submissions.formats.cif.symmetry.operations import Operations, from_hall
from submissions.formats.cif.symmetry.space_groups import settings_named, settings_numbered


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")  # of spglib 2.8 at every call
@pytest.mark.parametrize("hall_number", range(1, 531))
def test_names_of_spglib_mean_its_settings(hall_number: int) -> None:
    # an independent table, with international_full such as 'P 2_1/n 2_1/m 2_1/a' and 'C 2/m 2/c 2_1/e'
    kind = spglib.get_spacegroup_type(hall_number)
    symmetry = spglib.get_symmetry_from_database(hall_number)
    assert kind is not None
    assert symmetry is not None
    group = Operations(symmetry["rotations"].astype(float), symmetry["translations"])
    for name in (kind.international_short, kind.international_full, kind.international_full.replace(" ", "")):
        settings = settings_named(name)
        assert kind.number in {setting.number for setting in settings}, name
        if kind.choice in ("", "1", "2", "H", "R") and " e" not in name:
            assert any(from_hall(setting.hall).is_same_group(group) for setting in settings), name
    if kind.choice in ("1", "2", "H", "R"):
        marks = [f":{kind.choice}", f" :{kind.choice.lower()}", f"({kind.choice})"]
        marks += (
            [f" {'SZ'[int(kind.choice) - 1]}", f" O{kind.choice}", f" (origin choice {kind.choice})"]
            if kind.choice.isdigit()
            else [kind.choice]
        )
        for mark in marks:
            settings = settings_named(kind.international_short + mark)
            assert len(settings) == 1, mark
            assert from_hall(settings[0].hall).is_same_group(group), mark


@pytest.mark.parametrize(
    ("names", "hall"),
    [
        # short, full, underscored, bracketed, typeset, in capitals
        (["P 21/c", "P21/c", "P2_1/c", "P 1 21/c 1", "P121/c1", "P2(1)/c", "P 2_{1}/c", "P 21/C", "P2₁/c"], "-P 2ybc"),
        (["P 21/n", "P2_1/n", "P 1 21/n 1", "P2(1)/n"], "-P 2yn"),
        (["P2(1)2(1)2(1)", "P 21 21 21", "P2_12_12_1"], "P 2ac 2ab"),
        (["F m -3 m", "Fm-3m", "F m 3 m", "FM3M", "Fm3-m", "F 4/m -3 2/m", r"Fm\bar{3}m", "Fm-3m (225)"], "-F 4 2 3"),
        (["C m c e", "Cmce", "Cmca", "C m c a", "C 2/m 2/c 21/e"], "-C 2ac 2"),
        (["A e m 2", "Abm2"], "A 2 -2b"),
        (["Ia3d", "I a -3 d", "I 41/a -3 2/d"], "-I 4bd 2c 3"),
        (["Pa3", "P a -3", "P 21/a -3"], "-P 2ac 2ab 3"),
        (["P6(3)/mmc", "P 63/m m c", "P63/m2/m2/c", "P 63/m m c (No. 194)", "P 63/m m c [194]"], "-P 6c 2c"),
        (["R -3 m :H", "R-3mH", "R3-mH", "H -3 m", "R -3 2/m H"], '-R 3 2"'),
        (["R -3 m :R", "R-3mR"], "-P 3* 2"),
        (["F d -3 m :2", "F d -3 m Z", "FD3-MZ", "Fd3m:2", "F d -3 m O2"], "-F 4vw 2vw 3"),
        (["F d -3 m S", "Fd-3m:1", "F d -3 m (origin choice 1)"], "F 4d 2 3 -1d"),
        (["P b n m", "Pbnm"], "-P 2c 2ab"),
        (["I 2/a", "I 1 2/a 1"], "-I 2ya"),
        (["C2:b1", "C 1 2 1", "C 2"], "C 2y"),
        (["P -1", "P-1", "P1-"], "-P 1"),
        (["225"], "-F 4 2 3"),
    ],
)
def test_spellings_of_one_setting(names: list[str], hall: str) -> None:
    # Hall symbols: International Tables for Crystallography B, 1.4, doi:10.1107/97809553602060000753
    for name in names:
        settings = settings_named(name if name.isascii() else name.replace("₁", "1"))
        assert settings, name
        assert from_hall(settings[0].hall).is_same_group(from_hall(hall)), name


def test_a_short_monoclinic_name_leaves_the_axis_to_the_cell() -> None:
    assert [setting.hm for setting in settings_named("P 21/a")] == ["P 1 21/a 1", "P 1 1 21/a"]
    assert [setting.hm for setting in settings_named("B 2/b")] == ["B 1 1 2/b", "B 2/b 1 1"]


@pytest.mark.parametrize(
    "name", ["P 5 q", "P", "", "X", "R", "cubic", "unknown", "F m -4 m", "P 21/c :2", "Fm-3m (221)", "999", "0", ":1"]
)
def test_what_is_no_name_means_nothing(name: str) -> None:
    assert settings_named(name) == []


def test_a_number_alone_leaves_origin_and_axes_open() -> None:
    assert [setting.xhm() for setting in settings_numbered(227)] == ["F d -3 m:1", "F d -3 m:2"]
    assert [setting.xhm() for setting in settings_numbered(166)] == ["R -3 m:H", "R -3 m:R"]
    assert [setting.xhm() for setting in settings_numbered(62)] == ["P n m a"]
    assert settings_numbered(231) == []
