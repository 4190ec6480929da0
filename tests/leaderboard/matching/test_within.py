"""What is said of the records of a submission is what comparing every two of them says, in any order of the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.matching import within
from leaderboard.matching.pool import Pool
from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.matching.pairs import components
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from metrics.measure.running.local_engine import LocalEngine
from tests.metrics.measure.fingerprint_crystals import random_cell, transformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Progress

SETTINGS = MatchSettings()
NOISE_ANGSTROM = (0.0, 0.03, 0.1, 0.2, 0.3)
STRUCTURES = (
    # rutile and a distorted fluorite of the same formula
    Crystal.from_arrays(
        np.diag([4.6, 4.6, 2.96]),
        [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.3, 0.3, 0.0], [0.7, 0.7, 0.0], [0.2, 0.8, 0.5], [0.8, 0.2, 0.5]],
        [22, 22, 8, 8, 8, 8],
    ),
    Crystal.from_arrays(
        [[0.0, 2.4, 2.5], [2.4, 0.0, 2.5], [2.4, 2.4, 0.0]],
        [[0.0, 0.0, 0.0], [0.25, 0.25, 0.25], [0.75, 0.75, 0.75]],
        [22, 8, 8],
    ),
)
FLAT = Crystal(np.diag([4.6, 4.6, 1e-6]), STRUCTURES[0].frac_coords, STRUCTURES[0].atomic_numbers)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1) as started:
        yield started


def submission(seed: int) -> list[Candidate]:
    """Copies of two structures, rattled by more and less, one crystal that cannot be measured, one without keys."""
    generator = np.random.default_rng(seed)
    crystals = [
        transformed(
            STRUCTURES[int(generator.integers(2))],
            supercell=random_cell(generator, int(generator.integers(1, 3))),
            order=generator,
            noise=(float(generator.choice(NOISE_ANGSTROM)), generator),
        )
        for _ in range(int(generator.integers(4, 10)))
    ]
    candidates = [Candidate(crystal, "TiO2", canonical_bawl(crystal).keys) for crystal in crystals]
    candidates.append(Candidate(crystals[0], "TiO2", ()))
    candidates += [Candidate(FLAT, "TiO2", ())] * int(generator.integers(2))
    order = generator.permutation(len(candidates))
    return [candidates[at] for at in order]


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), side=st.sampled_from([3, 64]))
def test_outcome_is_that_of_comparing_all(engine: Engine, seed: int, side: int) -> None:
    crystals = submission(seed)
    n = len(crystals)
    last: dict[str, Progress] = {}

    def report(progress: Progress) -> None:
        last[progress.stage] = progress

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(within, "SIDE", side)  # several blocks of a few crystals
        inside, _ = Pool(crystals, [str(at) for at in range(n)], engine, 60.0, report).verdicts(n, SETTINGS)
    nearest = np.full(n, np.inf)
    matches, failures = [], {}
    for i in range(n):
        for j in range(i + 1, n):
            try:
                match = compare(crystals[i], crystals[j], SETTINGS)
            except UnmeasurableError as error:
                failures[i, j] = error.reason
                continue
            assert match.distance is not None
            nearest[[i, j]] = np.minimum(nearest[[i, j]], match.distance)
            matches += [(i, j)] * match.same
    assert components(n, inside.pairs[inside.same]) == components(n, matches)
    assert inside.nearest(n).tolist() == nearest.tolist()
    assert {tuple(inside.pairs[at].tolist()): reason for at, reason in inside.failures.items()} == failures
    assert {stage: progress.done for stage, progress in last.items()} == {
        stage: progress.total for stage, progress in last.items()
    }
