"""Cells that make others wait: each gets an answer or a reason after a bounded amount of work."""

from __future__ import annotations

import re

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure import NoSettings, UnmeasurableError, registry
from metrics.measure.fingerprint import METHODS
from metrics.measure.fingerprint.symmetry_bound import MAX_SITE_PAIRS, check_symmetry_is_bounded
from metrics.measure.matching.structure_matcher.default_matcher import same_by_default_matcher
from metrics.measure.matching.superstructure import same_up_to_superstructure
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from metrics.measure.structure.symmetry import SymmetrySettings, measure_space_group
from tests.metrics.measure.fingerprint_crystals import prototypes, shared_cifs

COPPER = Crystal.from_arrays(3.0 * np.eye(3), [[0.0, 0.0, 0.0]], [29])
BOX = 20 * np.eye(3)
TOO_LONG = "the search for the space group would take too long"


def repeated(crystal: Crystal, counts: tuple[int, int, int], noise: float = 0.0) -> Crystal:
    """A supercell, rattled."""
    cells = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 1, 3)
    lattice = crystal.lattice * np.array(counts)[:, None]
    frac = ((crystal.frac_coords + cells) / counts).reshape(-1, 3)
    frac += np.random.default_rng(0).normal(scale=noise, size=frac.shape) @ np.linalg.inv(lattice)
    return Crystal.from_arrays(lattice, frac, np.tile(crystal.atomic_numbers, len(cells)))


def grid(n: int, *, noise: float = 0.0, odd: float = 0.0) -> Crystal:
    """n^3 copper atoms 3 angstrom apart, rattled, one of them moved."""
    perfect = repeated(COPPER, (n, n, n), noise)
    frac = perfect.frac_coords.copy()
    frac[len(frac) // 2, 0] += odd / (3.0 * n)
    return Crystal(perfect.lattice, frac, perfect.atomic_numbers)


def molecules(n: int, noise: float) -> Crystal:
    """2 n^3 atoms as pairs 0.74 angstrom apart, rattled: like sites that a search may take for one another."""
    pair = Crystal.from_arrays(3.0 * np.eye(3), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.74 / 3.0]], [1, 1])
    return repeated(pair, (n, n, n), noise)


def needle(noise: float) -> Crystal:
    """1,000 atoms in a row, the cell a thousand times as long as wide."""
    return repeated(COPPER, (1, 1, 1000), noise)


def ten_elements() -> Crystal:
    """1,000 sites of a lattice with elements at random."""
    crystal = grid(10)
    return Crystal(crystal.lattice, crystal.frac_coords, np.random.default_rng(0).integers(20, 30, 1000))


def rattled(crystal: Crystal, noise: float, seed: int) -> Crystal:
    """The same cell with other displacements."""
    off = np.random.default_rng(seed).normal(scale=noise, size=crystal.frac_coords.shape)
    return Crystal(crystal.lattice, crystal.frac_coords + off @ np.linalg.inv(crystal.lattice), crystal.atomic_numbers)


def of_two_elements(crystal: Crystal, seed: int = 0) -> Crystal:
    """Half of the sites nickel, half copper, at random."""
    numbers = np.random.default_rng(seed).permutation(np.repeat([28, 29], crystal.n_sites // 2))
    return Crystal(crystal.lattice, crystal.frac_coords, numbers)


# expected: the Zp of the keys or the reason of canonical-bawl, the number or the reason of the space group
CASES = {
    "1,000 sites": (grid(10), 1, 221),
    "1,000 sites rattled by a quarter of the tolerance": (grid(10, noise=0.0025), 1, TOO_LONG),
    "1,000 sites rattled by 0.03 angstrom": (grid(10, noise=0.03), 1, TOO_LONG),
    # under each of 1,000 translations some of 1,000 sites are off by more than the tolerance of 0.25 angstrom
    "1,000 sites rattled by 0.05 angstrom": (grid(10, noise=0.05), 1000, TOO_LONG),
    "1,000 sites rattled by 0.1 angstrom": (grid(10, noise=0.1), 1000, TOO_LONG),
    "1,000 sites, one moved": (grid(10, odd=0.4), 1000, TOO_LONG),
    "1,000 sites, one moved by the tolerance": (grid(10, odd=0.012), 1, TOO_LONG),
    "1,000 sites of ten elements at random": (ten_elements(), 1, 1),
    "eight cells of 125 sites, one moved": (
        repeated(grid(5, odd=0.4), (2, 2, 2)),
        125,
        99,  # P4mm: what moving one atom along x leaves of the cube
    ),
    "1,024 atoms of molecules": (molecules(8, 0.0), 2, 123),
    "1,024 atoms of rattled molecules": (molecules(8, 0.05), "took more than 1e+08 steps", TOO_LONG),
    "needle": (needle(0.0), 1, 221),
    "rattled needle": (needle(0.03), 1, TOO_LONG),
    "skewed": (Crystal.from_arrays([[3, 0, 0], [900, 3, 0], [2700, 900, 3]], [[0.1, 0.2, 0.3]], [29]), 1, 221),
    "isolated": (Crystal.from_arrays(BOX, [[0.0, 0.0, 0.0]], [29]), "no neighbour within 10 angstrom", 221),
    "coincident": (Crystal.from_arrays(BOX, np.zeros((100, 3)), [29] * 100), "0 angstrom apart", "no space group"),
    "1,000 coincident": (Crystal.from_arrays(BOX, np.zeros((1000, 3)), [29] * 1000), "0 angstrom apart", "1e+08 steps"),
}


@pytest.mark.parametrize("name", CASES)
def test_keys_or_a_reason(name: str) -> None:
    crystal, expected, _ = CASES[name]
    if isinstance(expected, str):
        with pytest.raises(UnmeasurableError, match=re.escape(expected)):
            METHODS["canonical-bawl"].compute(crystal)
    else:
        assert METHODS["canonical-bawl"].compute(crystal).fingerprint.split(":")[1] == str(expected)


@pytest.mark.parametrize("name", CASES)
def test_space_group_or_a_reason(name: str) -> None:
    crystal, _, expected = CASES[name]
    if isinstance(expected, str):
        with pytest.raises(UnmeasurableError, match=re.escape(expected)):
            measure_space_group(crystal, SymmetrySettings())
    else:
        assert measure_space_group(crystal, SymmetrySettings()) == {"space_group": expected}


# expected: whether the verdict is "same", or its reason; the reason of StructureMatcher at its defaults
NEEDLE_OF_TWO = of_two_elements(repeated(COPPER, (1, 1, 1000)))
TOO_MANY_POINTS = "4.2e+06 points of the lattice to look at, 3e+05 is the bound"
TOO_MANY_STEPS = "3e+08 pairs of sites to look at, 3e+08 is the bound"
PAIRS = {
    "1,000 sites, rattled": (grid(10, noise=0.1), rattled(grid(10, noise=0.1), 0.1, 1), True, "primitive cell"),
    "1,000 sites, one moved": (grid(10, odd=0.4), grid(10, odd=0.5), True, "primitive cell"),
    "1,000 and 125 sites": (grid(10, odd=0.4), repeated(grid(5, odd=0.4), (2, 2, 2)), False, "primitive cell"),
    "ten elements": (ten_elements(), rattled(ten_elements(), 0.1, 1), True, "primitive cell"),
    "other orderings": (of_two_elements(grid(10)), of_two_elements(grid(10), 1), False, "primitive cell"),
    "1,000 sites of two elements": (
        of_two_elements(grid(10)),
        rattled(of_two_elements(grid(10)), 0.1, 1),
        TOO_MANY_STEPS,
        "primitive cell",
    ),
    "needle": (needle(0.03), needle(0.0), True, TOO_MANY_POINTS),
    "needle of two elements": (NEEDLE_OF_TWO, rattled(NEEDLE_OF_TWO, 0.05, 1), TOO_MANY_POINTS, TOO_MANY_POINTS),
    "other orderings of a needle": (
        NEEDLE_OF_TWO,
        of_two_elements(repeated(COPPER, (1, 1, 1000)), 1),
        False,
        TOO_MANY_POINTS,
    ),
    "900 and 1,000 sites": (
        rattled(repeated(COPPER, (9, 10, 10)), 0.1, 1),
        grid(10, noise=0.1),
        False,
        "primitive cell",
    ),
}


def candidate(crystal: Crystal) -> Candidate:
    return Candidate(crystal, "of one formula", METHODS["canonical-bawl"].compute(crystal).keys)


@pytest.mark.parametrize("name", PAIRS)
def test_a_verdict_or_a_reason(name: str) -> None:
    one, other, expected, default = PAIRS[name]
    a, b = candidate(one), candidate(other)
    for pair in ((a, b), (b, a)):
        if isinstance(expected, str):
            with pytest.raises(UnmeasurableError, match=re.escape(expected)):
                compare(*pair, MatchSettings())
        else:
            assert compare(*pair, MatchSettings()).same is expected
    with pytest.raises(UnmeasurableError, match=re.escape(default)):
        same_by_default_matcher(a, b)


def test_a_superstructure_or_a_reason() -> None:
    small, large = candidate(of_two_elements(repeated(COPPER, (1, 1, 500)))), candidate(NEEDLE_OF_TWO)
    with pytest.raises(UnmeasurableError, match="StructureMatcher would take too long"):
        same_up_to_superstructure(small, large, MatchSettings())
    moved = candidate(grid(4, odd=0.4))
    assert same_up_to_superstructure(candidate(COPPER), moved, MatchSettings())


def test_short_bawl_is_known_without_the_space_group() -> None:
    crystal = grid(10, noise=0.0025)
    with pytest.raises(UnmeasurableError, match=TOO_LONG) as caught:
        registry()["bawl"].compute(crystal, NoSettings())
    assert caught.value.known == {"short_bawl": METHODS["short-bawl"].compute(crystal).fingerprint}
    with pytest.raises(UnmeasurableError, match=TOO_LONG):
        METHODS["bawl"].compute(crystal)


def test_no_known_crystal_is_refused() -> None:
    for crystal in prototypes().values():
        check_symmetry_is_bounded(crystal, 0.01)
    pairs = []
    for cif in shared_cifs().values():
        stated = re.search(r"_chemical_formula_sum\s+'?([^'\n]+)", cif)
        assert stated is not None
        counts = [int(n or 1) for n in re.findall(r"[A-Z][a-z]?(\d*)", stated[1])]
        pairs.append(sum(counts) * min(counts))
    assert len(pairs) > 35_000
    # the largest was counted from the parsed structures: 168 sites, 56 of the rarest element
    assert max(pairs) == 9_408 < MAX_SITE_PAIRS
