"""What is sent to be drawn: images of atoms on faces, bonds, the cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages.parts.viewer import LIBRARY, STATIC, legend_html, scene
from metrics.crystal import Crystal
from tests.made_runs import caesium_chloride


def rocksalt() -> Crystal:
    """Conventional cell of NaCl, a = 5.64 angstrom (Wyckoff, Crystal Structures 1, 1963, p. 86)."""
    sodium = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    return Crystal.from_arrays(5.64 * np.eye(3), np.vstack([sodium, (sodium + 0.5) % 1]), [11] * 4 + [17] * 4)


def test_atoms_on_corners_are_drawn_at_every_corner() -> None:
    drawn = scene(caesium_chloride(), "CsCl")
    counts = {symbol: drawn["kinds"].count(kind) for kind, symbol in enumerate(drawn["elements"])}
    assert counts == {"Cl": 1, "Cs": 8}


def test_rocksalt_shows_its_27_sites() -> None:
    # 8 corners and 6 face centres of one element, 12 edge centres and the body centre of the other
    drawn = scene(rocksalt(), "NaCl")
    counts = {symbol: drawn["kinds"].count(kind) for kind, symbol in enumerate(drawn["elements"])}
    assert counts == {"Na": 14, "Cl": 13}


def test_bonds_join_anion_and_cation_only() -> None:
    drawn = scene(caesium_chloride(), "CsCl")
    joined = {tuple(sorted(drawn["elements"][drawn["kinds"][end]] for end in bond)) for bond in drawn["bonds"]}
    assert joined == {("Cl", "Cs")}
    assert len(drawn["bonds"]) == 8  # chlorine in the middle of eight corners


def test_the_body_centre_of_rocksalt_has_six_bonds() -> None:
    drawn = scene(rocksalt(), "NaCl")
    middle = drawn["positions"].index([2.82, 2.82, 2.82])
    assert sum(middle in bond for bond in drawn["bonds"]) == 6


@given(st.floats(0, 1, exclude_max=True), st.integers(-3, 3))
def test_an_atom_is_drawn_in_or_on_the_cell_wherever_it_was_given(at: float, cells: int) -> None:
    crystal = Crystal.from_arrays(4.0 * np.eye(3), np.array([[at + cells, 0.5, 0.5]]), [26])
    drawn = np.array(scene(crystal, "Fe")["positions"])
    assert len(drawn) in (1, 2)
    assert (drawn > -0.26).all()
    assert (drawn < 4.26).all()


def test_the_cell_has_twelve_edges_of_its_lengths() -> None:
    crystal = Crystal.from_arrays(np.diag([3.0, 4.0, 5.0]), np.array([[0.5, 0.5, 0.5]]), [26])
    ends = np.array(scene(crystal, "Fe")["edges"])
    lengths = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).tolist()
    assert sorted(lengths) == pytest.approx([3.0] * 4 + [4.0] * 4 + [5.0] * 4)


def test_the_legend_escapes_the_title() -> None:
    legend = legend_html(scene(caesium_chloride(), "<img src=x>"))
    assert "<img" not in legend
    assert "Cs" in legend
    assert legend_html(None) == ""


def test_the_library_and_its_licence_are_part_of_the_repository() -> None:
    assert LIBRARY.stat().st_size > 500_000
    assert "BSD-3-Clause" in (STATIC / "3Dmol-LICENSE.txt").read_text()
    assert "3Dmol-min.js" in LIBRARY.read_text(encoding="utf-8")[:100]
