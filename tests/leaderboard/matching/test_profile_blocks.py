"""Distances of whole blocks are those of two crystals alone, and no bound is above the distance that it stands for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.matching.profile_blocks import LATER, NOTHING, Block, block_distances, least_distance
from metrics.crystal import Crystal
from metrics.measure.matching.distance_profile import distance_profile, profile_distance
from metrics.measure.matching.verdict import Candidate, MatchSettings
from tests.metrics.measure.fingerprint_crystals import random_cell, transformed

PERFECT = Crystal.from_arrays(
    [[4.0, 0.1, 0.2], [0.9, 5.0, 0.3], [0.2, 1.1, 6.0]],
    [[0.0, 0.0, 0.0], [0.5, 0.4, 0.1], [0.1, 0.6, 0.5]],
    [38, 34, 34],
)
SETTINGS = MatchSettings()


def crystals_of_one_formula(seed: int, n: int, fewest_cells: int = 1) -> list[Candidate]:
    """Supercells, rattled a little or beyond recognition; those with fewer sites first."""
    generator = np.random.default_rng(seed)
    crystals = [
        transformed(
            PERFECT,
            supercell=random_cell(generator, int(generator.integers(fewest_cells, 4))),
            order=generator,
            noise=(float(generator.choice([0.02, 0.3, 1.0])), generator),
        )
        for _ in range(n)
    ]
    return [
        Candidate(crystal, "SrSe2", ("SrSe2:1:a",)) for crystal in sorted(crystals, key=lambda crystal: crystal.n_sites)
    ]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_bound_is_above_its_distance(seed: int) -> None:
    a, b = (distance_profile(candidate.crystal) for candidate in crystals_of_one_formula(seed, 2))
    distance = profile_distance(a, b)
    assert distance is not None
    assert 0.0 <= least_distance(a, b) <= distance
    assert least_distance(a, a) == 0.0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), is_within=st.booleans(), nearest=st.sampled_from([0.0, 0.1, np.inf]))
def test_blocks_hold_the_distances_of_pairs(seed: int, nearest: float, *, is_within: bool) -> None:
    first = crystals_of_one_formula(seed, 4)
    second = None if is_within else crystals_of_one_formula(seed + 1, 5, fewest_cells=3)
    n = 4 + len(second or ())
    outcome = block_distances(Block(first, second, np.full(n, nearest), np.arange(n), SETTINGS))
    pairs = (
        [(first[i], first[j]) for i in range(4) for j in range(i + 1, 4)]
        if second is None
        else [(one, other) for one in first for other in second]
    )
    assert len(pairs) == len(outcome.distance)
    needed_below = max(nearest, SETTINGS.different_from)
    for at, (one, other) in enumerate(pairs):
        distance = profile_distance(one.profile, other.profile)
        assert distance is not None
        assert outcome.bound[at] <= distance
        if np.isfinite(outcome.distance[at]):
            assert outcome.distance[at] == distance
        elif outcome.state[at] == NOTHING:
            # another pair of the block may have brought the smallest distance down, but not below the limit
            assert distance >= min(needed_below, SETTINGS.different_from)
        else:
            assert outcome.state[at] == LATER


def test_what_has_no_distance_is_left_to_the_pair_alone() -> None:
    """31 and 37 cells: the least common multiple of 1147 is past what is assigned."""
    small, large = (
        Candidate(transformed(PERFECT, supercell=np.diag([1, 1, n])), "SrSe2", ("SrSe2:1:a",)) for n in (31, 37)
    )
    outcome = block_distances(Block([small], [large], np.full(2, np.inf), np.arange(2), SETTINGS))
    assert outcome.state.tolist() == [LATER]
    assert outcome.bound.tolist() == [-1.0]
