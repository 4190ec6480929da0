"""Pairs of crystals of one reduced formula: asked about in worker processes, joined to classes.

Novelty, uniqueness and the merging of sources into a reference set all come down to this: which crystals share a
formula, what a question about two of them answers, and which classes the matches make.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from metrics.measure.matching.verdict import Candidate
    from metrics.measure.running.engine import CpuBudget, Engine

T = TypeVar("T")
Pair: TypeAlias = tuple[int, int]
Block: TypeAlias = "tuple[Callable[[Candidate, Candidate], Any], list[Candidate], list[Pair]]"

BLOCK_SIDE = 16
"""Pairs travel in blocks of at most 16 by 16 crystals: a crystal's profile serves up to 16 of its pairs."""
SLOW_BLOCK_SIDE = 4
"""Of questions that take a hundred times as long as a distance: 16 pairs stay well within the time of one."""


def pairs_of_one_formula(candidates: Sequence[Candidate], others: Sequence[Candidate] = ()) -> Iterator[Pair]:
    """Every two candidates of one reduced formula, and every candidate with every one of the `others` of its formula.

    Yields:
        Positions in ``[*candidates, *others]``, the smaller one first; those of one formula come together, formulas
        in the order of their first candidate, and within one those of a block. None is held longer than it takes.

    """
    by_formula: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number, candidate in enumerate(candidates):
        by_formula[candidate.reduced_formula][0].append(number)
    for number, other in enumerate(others, start=len(candidates)):
        if other.reduced_formula in by_formula:
            by_formula[other.reduced_formula][1].append(number)
    for ours, theirs in by_formula.values():
        every = ours + theirs
        for start in range(0, len(ours), BLOCK_SIDE):
            side = ours[start : start + BLOCK_SIDE]
            yield from combinations(side, 2)
            for after in range(start + len(side), len(every), BLOCK_SIDE):
                yield from product(side, every[after : after + BLOCK_SIDE])


def ask(
    question: Callable[[Candidate, Candidate], T],
    candidates: Sequence[Candidate],
    pairs: Iterable[Pair],
    *,
    engine: Engine,
    time_limit_s: float,
    side: int = BLOCK_SIDE,
    budget: CpuBudget | None = None,
) -> Iterator[tuple[Pair, T | str]]:
    """Ask a question about each pair, in worker processes; answers come as they are known.

    Args:
        question: function of two candidates, importable by name (or a ``partial`` of one); its answer is no text.
        candidates: what the pairs index.
        pairs: as :func:`pairs_of_one_formula` gives them, or any selection of them in that order.
        engine: where the work runs.
        time_limit_s: wall time of a block of pairs, and of each pair that is asked about alone.
        side: most crystals on either side of a block.
        budget: of all pairs together; None for none.

    Yields:
        Each pair with its answer, or with the reason why there is none. A block that fails is taken apart, so that
        only the pair at fault is lost.

    """
    alone: list[list[Pair]] = []
    blocks = _blocks(candidates, pairs, side)
    for block, answers, failure in _asked(question, candidates, blocks, engine, time_limit_s, budget):
        if failure is None:
            yield from zip(block, answers, strict=True)
        elif len(block) == 1:
            yield block[0], failure
        else:
            alone += [[pair] for pair in block]
    for (pair,), answers, failure in _asked(question, candidates, alone, engine, time_limit_s, budget):
        yield pair, answers[0] if failure is None else failure


def answer_block(task: Block) -> list[Any]:
    """Answer of every pair of a block, or the reason why it cannot be decided; runs in a worker process."""
    question, candidates, pairs = task
    answers: list[Any] = []
    for first, second in pairs:
        try:
            answers.append(question(candidates[first], candidates[second]))
        except UnmeasurableError as error:
            answers.append(error.reason)
    return answers


def components(n: int, edges: Sequence[Pair] | NDArray[np.int32]) -> list[int]:
    """Label of the connected component of each of n nodes.

    Matching is not transitive: of three crystals a-b-c where a and c do not match each other, all are one component.
    """
    if not n:
        return []
    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    labels: list[int] = connected_components(graph, directed=False)[1].tolist()
    return labels


def _blocks(candidates: Sequence[Candidate], pairs: Iterable[Pair], side: int) -> Iterator[list[Pair]]:
    """Cut where the formula changes or a side gets too long."""
    block: list[Pair] = []
    sides: tuple[set[int], set[int]] = (set(), set())
    for pair in pairs:
        longest = max(len(members | {number}) for members, number in zip(sides, pair, strict=True))
        if block and (longest > side or candidates[pair[0]].reduced_formula != candidates[block[0][0]].reduced_formula):
            yield block
            block, sides = [], (set(), set())
        block.append(pair)
        for members, number in zip(sides, pair, strict=True):
            members.add(number)
    if block:
        yield block


def _asked(
    question: Callable[[Candidate, Candidate], Any],
    candidates: Sequence[Candidate],
    blocks: Iterable[list[Pair]],
    engine: Engine,
    time_limit_s: float,
    budget: CpuBudget | None,
) -> Iterator[tuple[list[Pair], list[Any], str | None]]:
    """Each block with its answers, or with the reason why there are none."""
    under_way: dict[int, list[Pair]] = {}

    def tasks() -> Iterator[Block]:
        for number, block in enumerate(blocks):
            under_way[number] = block
            place = {member: at for at, member in enumerate(dict.fromkeys(member for pair in block for member in pair))}
            yield question, [candidates[member] for member in place], [(place[a], place[b]) for a, b in block]

    for outcome in engine.map(answer_block, tasks(), time_limit_s=time_limit_s, budget=budget):
        yield under_way.pop(outcome.index), outcome.value, outcome.failure
