"""StructureMatcher is asked about few pairs, and all that is said of records is as if it had been asked about all."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard.matching.classes import standing
from leaderboard.matching.pool import Pool
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.matching.pairs import components
from metrics.measure.matching.verdict import Candidate, Comparison, MatchSettings, compare
from metrics.measure.running.local_engine import LocalEngine
from reference_data.reference import open_reference
from tests.metrics.measure.fingerprint_crystals import random_cell, transformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Progress

SETTINGS = MatchSettings()
NEAR = 0.1
MAX_SITES = 14
N_FORMULAS = 4
NOISE_ANGSTROM = (0.0, 0.02, 0.08, 0.15)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1) as started:
        yield started


def candidate(crystal: Crystal) -> Candidate:
    return Candidate(crystal, reduced_formula(crystal.atomic_numbers), canonical_bawl(crystal).keys)


def with_polymorphs() -> list[Crystal]:
    """Small crystals of the formulas that have the most of them in the starter set."""
    reference = open_reference("starter")
    every = [known for known in reference.crystals(range(reference.n_crystals)) if known.crystal.n_sites <= MAX_SITES]
    counts = Counter(known.reduced_formula for known in every)
    most = sorted(counts, key=lambda formula: (-counts[formula], formula))[:N_FORMULAS]
    return [known.crystal for formula in most for known in every if known.reduced_formula == formula][:16]


@pytest.mark.parametrize("seed", [0, 1])
def test_facts_are_those_of_asking_about_all(engine: Engine, seed: int) -> None:
    generator = np.random.default_rng(seed)
    known = with_polymorphs()
    copies = [
        transformed(
            crystal,
            supercell=random_cell(generator, int(generator.integers(1, 3))),
            order=generator,
            noise=(sigma, generator),
        )
        for crystal in known
        for sigma in generator.choice(NOISE_ANGSTROM, 3)
    ]
    crystals = [candidate(crystal) for crystal in [*copies, *known]]
    names = [f"{number:03d}" for number in range(len(crystals))]
    told: dict[str, list[Progress]] = defaultdict(list)

    def report(progress: Progress) -> None:
        told[progress.stage].append(progress)

    n = len(copies)
    inside, outside = Pool(crystals, names, engine, 60.0, report).verdicts(n, SETTINGS)
    for of_stage in told.values():  # one line for each stage, whose total stands from the start
        assert len({progress.total for progress in of_stage}) == 1
        done = [progress.done for progress in of_stage]
        assert done == sorted(done)
        assert done[-1] == of_stage[-1].total
    assert not inside.failures
    assert not outside.failures

    every = {
        (i, j): compare(crystals[i], crystals[j], SETTINGS)
        for i in range(n)
        for j in range(i + 1, len(crystals))
        if crystals[i].reduced_formula == crystals[j].reduced_formula
    }
    assert {pair for pair, _ in inside} <= {pair for pair in every if pair[1] < n}
    assert [pair for pair, _ in outside] == sorted(pair for pair in every if pair[1] >= n)
    nearest = np.full(n, np.inf)
    for (i, j), match in every.items():
        if j < n:
            assert match.distance is not None
            nearest[[i, j]] = np.minimum(nearest[[i, j]], match.distance)
    assert inside.nearest(n).tolist() == nearest.tolist()
    # connected components are labelled by their first crystal, so equal partitions have equal labels
    labels = components(n, [pair for pair, match in every.items() if match.same and pair[1] < n])
    assert components(n, inside.pairs[inside.same]) == labels
    for number in range(n):
        all_matches = [(names[j], match) for (i, j), match in every.items() if i == number and j >= n]
        ours = [(names[j], match) for (i, j), match in outside if i == number]
        assert standing(ours, NEAR) == standing(all_matches, NEAR)
    for pair, match in [*inside, *outside]:
        assert match.distance == every[pair].distance
    by_matcher = sum(match.rule == "matcher" for match in every.values())
    verdicts = [match for _, match in [*inside, *outside] if isinstance(match, Comparison)]
    assert 0 < sum(match.rule == "matcher" for match in verdicts) < by_matcher
    assert told["match"]
    assert len(set(labels)) < n
