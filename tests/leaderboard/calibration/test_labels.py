"""Tables of DFT labels: which columns are read, and what is refused with line and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.calibration.labels import read_labels
from leaderboard.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("header", ["id,e_above_hull_dft", "file,e_decomp_dft", "material_id,n_sites,e_above_hull"])
def test_ids_and_distances_are_found_by_the_names_of_their_columns(tmp_path: Path, header: str) -> None:
    between = ",".join("7" for _ in range(header.count(",") - 1))
    row = f"{between}," if between else ""
    path = tmp_path / "labels.csv"
    path.write_text(f"{header}\na,{row}0.1\nb,{row}-0.02\nc,{row}\n", encoding="utf-8")
    assert read_labels(path) == {"a": 0.1, "b": -0.02}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns none; needed are an id"),
        ("id,energy\na,1\n", "has the columns id, energy; needed are"),
        ("id,e_above_hull\na,0.1\nb,low\n", "line 3: e_above_hull is 'low', a number in eV/atom is needed"),
        ("id,e_above_hull\na,inf\n", "line 2: e_above_hull is 'inf'"),
        ("id,e_above_hull\na,130\n", "line 2: e_above_hull is 130, farther than 20 eV/atom; is it in meV/atom"),
        ("id,e_above_hull\na,0.1\na,0.2\n", "line 3: id 'a' stands there twice"),
    ],
    ids=["empty", "no label", "text", "infinite", "meV", "twice"],
)
def test_what_is_no_table_of_labels_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=message):
        read_labels(path)
