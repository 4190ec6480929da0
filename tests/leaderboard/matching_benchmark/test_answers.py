"""Methods in worker processes: an unknown is recorded with its reason and costs no other pair its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.matching_benchmark.answers import Group, answer, ask
from leaderboard.matching_benchmark.cases import CASES
from leaderboard.matching_benchmark.methods import METHODS
from metrics.crystal import Crystal
from metrics.measure.matching.distance_profile import MAX_ROWS
from metrics.measure.running.engine import ProcessSettings
from metrics.measure.running.local_engine import LocalEngine
from submissions.examples.prototypes import library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.measure.running.engine import Engine

ROCKSALT, ZINCBLENDE = library()["AB_cF8_225_a_b"], library()["AB_cF8_216_c_a"]
LONELY = Crystal.from_arrays([[30.0, 0, 0], [0, 30.0, 0], [0, 0, 30.0]], [[0.0, 0, 0]], [11])
NO_ELEMENT = Crystal(ROCKSALT.lattice, ROCKSALT.frac_coords, ROCKSALT.atomic_numbers + 110)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1, ProcessSettings(preload=("leaderboard.matching_benchmark.answers",))) as started:
        yield started


def test_the_methods_are_those_of_the_benchmark() -> None:
    assert list(METHODS) == [
        "bawl",
        "canonical-bawl-keys",
        "canonical-bawl-primary",
        "distance",
        "short-bawl",
        "structure-matcher",
        "structure-matcher-loose",
        "verdict",
    ]
    assert len({method.label for method in METHODS.values()}) == len(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_knows_a_crystal_again_and_costs_time(method: str) -> None:
    answers = answer((method, Group((ROCKSALT, ROCKSALT), ((0, 1), (1, 0)))))
    assert [pair.same for pair in answers.pairs] == [True, True]
    assert all(seconds is not None and seconds >= 0 for seconds in answers.described_s)


@pytest.mark.parametrize("method", ["bawl", "short-bawl", "canonical-bawl-keys", "canonical-bawl-primary", "verdict"])
def test_what_cannot_be_described_is_unknown(method: str) -> None:
    answers = answer((method, Group((LONELY, ROCKSALT, ROCKSALT), ((0, 1), (0, 0), (1, 2)))))
    assert [pair.same for pair in answers.pairs] == [None, None, True]
    assert all("neighbour" in (pair.reason or "") for pair in answers.pairs[:2])
    assert answers.described_s[0] is None


def test_a_distance_that_is_not_determined_is_unknown() -> None:
    silicon = library()["A_cF8_227_a"]
    cells = [
        Crystal.from_arrays(
            silicon.lattice * [[n], [1], [1]],
            [[(site[0] + cell) / n, site[1], site[2]] for cell in range(n) for site in silicon.frac_coords.tolist()],
            [14] * (silicon.n_sites * n),
        )
        for n in (25, 29)
    ]
    # of n sites in the cell: the least common multiple of 25 n and 29 n is 725 n
    assert 725 * silicon.n_sites > MAX_ROWS
    pair = answer(("distance", Group((cells[0], cells[1]), ((0, 1),)))).pairs[0]
    assert pair.same is None
    assert f"exceeds {MAX_ROWS}" in (pair.reason or "")


def test_a_crash_costs_only_its_own_pairs(engine: Engine) -> None:
    groups = [
        Group((ROCKSALT, ROCKSALT, NO_ELEMENT), ((0, 1), (0, 2))),
        Group((ROCKSALT, ZINCBLENDE), ((0, 1),)),
    ]
    advanced: list[int] = []
    answers = ask("structure-matcher", groups, engine, advanced.append)
    assert [pair.same for group in answers for pair in group.pairs] == [True, None, False]
    assert (answers[0].pairs[1].reason or "").startswith("crashed: ValueError")
    assert sum(advanced) == 3


def test_workers_answer_as_this_process_does(engine: Engine) -> None:
    groups = [Group((case.a(), case.b()), ((0, 1),)) for case in CASES]
    answers = ask("canonical-bawl-keys", groups, engine, lambda _: None)
    expected = [answer(("canonical-bawl-keys", group)) for group in groups]
    assert [group.pairs[0].same for group in answers] == [group.pairs[0].same for group in expected]
