"""Pairs of one formula: which they are, what is answered, what a failing pair costs, which classes they make."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.matching.pairs import BLOCK_SIDE, ask, components, pairs_of_one_formula
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from metrics.measure.running.local_engine import LocalEngine
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.measure.running.engine import Engine

FORMULAS = st.lists(st.sampled_from("ABC"), max_size=8)
ATOM = Crystal.from_arrays(3 * np.eye(3), [[0.0, 0.0, 0.0]], [29])


def named(formula: str, volume: float = 27.0) -> Candidate:
    return Candidate(
        Crystal(ATOM.lattice * (volume / 27.0) ** (1 / 3), ATOM.frac_coords, ATOM.atomic_numbers), formula, ()
    )


@given(ours=FORMULAS, theirs=FORMULAS)
def test_pairs_are_all_those_of_one_formula_once_and_formulas_come_together(ours: list[str], theirs: list[str]) -> None:
    every = ours + theirs
    pairs = list(pairs_of_one_formula([named(formula) for formula in ours], [named(formula) for formula in theirs]))
    assert sorted(pairs) == [(i, j) for i in range(len(ours)) for j in range(i + 1, len(every)) if every[i] == every[j]]
    formulas = [every[i] for i, _ in pairs]
    assert sum(one != other for one, other in pairwise(formulas)) == max(len(set(formulas)) - 1, 0)


def test_a_block_of_pairs_needs_few_crystals() -> None:
    # so that few profiles are computed: 16 + 16 for the 256 pairs of a block
    pairs = list(pairs_of_one_formula([named("A")] * 100, [named("A")] * 60))
    whole = [pairs[at : at + BLOCK_SIDE**2] for at in range(BLOCK_SIDE * (BLOCK_SIDE - 1) // 2, 2000, BLOCK_SIDE**2)]
    assert all(len({number for pair in block for number in pair}) == 2 * BLOCK_SIDE for block in whole[:4])


@given(n=st.integers(1, 9), data=st.data())
def test_components_are_those_of_networkx(n: int, data: st.DataObject) -> None:
    node = st.integers(0, n - 1)
    drawn = data.draw(st.lists(st.tuples(node, node), max_size=12))
    graph = nx.Graph(drawn)
    graph.add_nodes_from(range(n))
    labels = components(n, drawn)
    classes = {frozenset(i for i in range(n) if labels[i] == label) for label in labels}
    assert classes == {frozenset(part) for part in nx.connected_components(graph)}


def test_no_crystals_no_classes() -> None:
    assert components(0, []) == []


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1) as started:
        yield started


def test_answers_are_those_of_asking_directly(engine: Engine) -> None:
    # 8 polymorphs of silica and others: more than one block
    candidates = [crystal.candidate() for crystal in open_reference("starter").rows_of_formulas(["SiO2", "C", "FeS2"])]
    candidates += candidates[:4]
    question = partial(compare, settings=MatchSettings())
    pairs = list(pairs_of_one_formula(candidates))
    answers = dict(ask(question, candidates, pairs, engine=engine, time_limit_s=60))
    assert answers == {(i, j): compare(candidates[i], candidates[j], MatchSettings()) for i, j in pairs}


def larger(one: Candidate, other: Candidate) -> bool:
    """Whether the first has the larger volume; about a volume of 1 there is no answer."""
    if 1.0 in (round(one.crystal.volume, 6), round(other.crystal.volume, 6)):
        msg = "no answer"
        raise ValueError(msg)
    return one.crystal.volume > other.crystal.volume


def test_only_the_pairs_at_fault_are_lost(engine: Engine) -> None:
    candidates = [named("A", volume) for volume in (5.0, 1.0, 3.0)]
    answers = dict(ask(larger, candidates, pairs_of_one_formula(candidates), engine=engine, time_limit_s=60))
    assert answers.pop((0, 2)) is True
    assert sorted(answers) == [(0, 1), (1, 2)]
    assert all(str(answer).startswith("crashed: ValueError: no answer") for answer in answers.values())


def test_a_question_that_refuses_a_pair_gives_its_reason_and_no_crash(engine: Engine) -> None:
    crushed = Crystal(ATOM.lattice * 1e-3, ATOM.frac_coords, ATOM.atomic_numbers)
    candidates = [named("A"), named("A", 27.1), Candidate(crushed, "A", ())]
    question = partial(compare, settings=MatchSettings())
    answers = dict(ask(question, candidates, pairs_of_one_formula(candidates), engine=engine, time_limit_s=60))
    assert not isinstance(answers[0, 1], str)
    with pytest.raises(UnmeasurableError) as refused:
        compare(candidates[0], candidates[2], MatchSettings())
    assert answers[0, 2] == refused.value.reason
