"""A crystal as CIF: read back it is the same crystal, whatever its title."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages.structures.cif import cif_text
from metrics.crystal import Crystal
from submissions.limits import Limits
from submissions.read import Record, parse

PLACES = st.floats(-1, 2)


def lattice(lengths: tuple[float, float, float], angles: tuple[float, float, float]) -> np.ndarray:
    return np.array(gemmi.UnitCell(*lengths, *angles).orth.mat.tolist()).T


@given(
    st.tuples(*[st.floats(3, 60)] * 3),
    st.tuples(st.floats(80, 100), st.floats(80, 100), st.floats(80, 100)),
    st.lists(st.tuples(st.integers(1, 118), PLACES, PLACES, PLACES), min_size=1, max_size=6),
    st.text(max_size=90),
)
def test_read_back_it_is_the_same(
    lengths: tuple[float, float, float],
    angles: tuple[float, float, float],
    sites: list[tuple[int, float, float, float]],
    title: str,
) -> None:
    places = np.array([site[1:] for site in sites])
    crystal = Crystal.from_arrays(lattice(lengths, angles), places, [site[0] for site in sites])
    text = cif_text(crystal, title)
    (block,) = gemmi.cif.read_string(text)  # refuses what is no CIF, such as a space in the name of a block
    assert 0 < len(block.name) <= 75
    small = gemmi.make_small_structure_from_block(block)
    cell = small.cell
    # 8 decimals are written
    np.testing.assert_allclose((cell.a, cell.b, cell.c), lengths, atol=1e-7)
    np.testing.assert_allclose((cell.alpha, cell.beta, cell.gamma), angles, atol=1e-6)
    assert [site.element.atomic_number for site in small.sites] == [site[0] for site in sites]
    np.testing.assert_allclose([site.fract.tolist() for site in small.sites], crystal.frac_coords, atol=1e-9)


@pytest.mark.parametrize("title", ["mine", "1/2 a", "é", "", "x" * 200])
def test_it_is_read_as_a_submission_is(title: str) -> None:
    crystal = Crystal.from_arrays(np.diag([4.12, 4.2, 4.3]), np.array([[0, 0, 0], [0.5, 0.5, 1 / 3]]), [55, 17])
    read = parse(Record("a", "cif", cif_text(crystal, title).encode()), Limits())
    assert read.sha256 == crystal.sha256
