"""Figures that plotly draws: space groups by crystal system, with labels that lie straight."""

from __future__ import annotations

from leaderboard.pages.parts import plots


def test_space_groups_are_counted_and_summed_by_crystal_system() -> None:
    figure = plots.space_group_counts({2: 1, 221: 2, 225: 1}, "structures")
    bar = figure.data[0]
    assert dict(zip(bar.x, bar.y, strict=True)) == {2: 1, 221: 2, 225: 1}
    notes = figure.layout.annotations
    assert {"triclinic 1", "cubic 3", "monoclinic 0"} <= {note.text for note in notes}
    assert not any(note.textangle for note in notes)


def test_a_figure_of_nothing_is_empty() -> None:
    assert len(plots.space_group_counts({}, "structures").data[0].x) == 0
