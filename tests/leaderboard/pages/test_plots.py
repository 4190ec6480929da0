"""Figures count structures, and what is unknown is not left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.pages.parts import plots
from metrics.table import frame
from tests.made_runs import COLUMNS, Made, good, publish, refused

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [
    good("fine"),
    good("known", in_reference=True, space_group=225),
    good("copy", unique=False),
    good("charged", charge_valid=False, valid=False, space_group=2),
    good("unsure", charge_valid=None, valid=None, space_group=None),
    refused("refused", "malformed", "no cell"),
]


def test_the_funnel_counts_what_is_left_after_each_condition() -> None:
    bar = plots.funnel(frame(RECORDS, COLUMNS)).data[0]
    left = dict(zip(bar.y, bar.x, strict=True))
    assert left == {
        "submitted": 6,
        "readable": 5,
        "charge-neutral": 3,
        "minimum distance": 3,
        "plausible": 3,
        "unique": 2,
        "novel": 1,
    }


def test_elements_are_shares_of_readable_records(tmp_path: Path) -> None:
    run = publish(tmp_path, Made("m", RECORDS))
    bar = plots.elements(run.structures()).data[0]
    assert dict(zip(bar.x, bar.y, strict=True)) == {"Cl": 100.0, "Cs": 100.0}


def test_space_groups_are_counted_and_summed_by_crystal_system() -> None:
    figure = plots.space_groups(frame(RECORDS, COLUMNS))
    bar = figure.data[0]
    assert dict(zip(bar.x, bar.y, strict=True)) == {2: 1, 221: 2, 225: 1}
    labels = {note.text for note in figure.layout.annotations}
    assert {"triclinic 1", "cubic 3", "monoclinic 0"} <= labels


@pytest.mark.parametrize("records", [[], [refused("refused", "malformed", "no cell")]])
def test_figures_of_nothing_are_empty(tmp_path: Path, records: list[dict[str, object]]) -> None:
    run = publish(tmp_path, Made("m", records))
    assert len(plots.elements(run.structures()).data[0].x) == 0
    assert len(plots.space_groups(run.columns()).data[0].x) == 0
    assert plots.funnel(run.columns()).data[0].x[-1] == 0
