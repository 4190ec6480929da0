"""Structures that ask one potential together end as each would alone, and none disturbs the others."""

from __future__ import annotations

import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from ase.optimize import FIRE

from metrics.measure.energy.shared_potential import Seat, run_together
from metrics.measure.potentials import NotDescribedError

if TYPE_CHECKING:
    from collections.abc import Sequence

SEATS = 3


class BatchEMT:
    """EMT, which answers one structure after the other; notes how many ask at a time, and fails on what it is told."""

    def __init__(self, largest: int = 100) -> None:
        self.sizes: list[int] = []
        self._largest = largest

    def graph_of(self, atoms: Atoms) -> Any:  # noqa: ANN401 - as the protocol has it
        if atoms.symbols[0] == "Fe":
            msg = "no iron"
            raise NotDescribedError(msg)
        return atoms.copy()

    def results_of(self, graphs: Sequence[Atoms], *, forces: bool) -> list[dict[str, Any]]:
        assert forces
        self.sizes.append(len(graphs))
        if sum(map(len, graphs)) > self._largest:
            msg = f"more than {self._largest} atoms"
            raise MemoryError(msg)
        results = []
        for atoms in graphs:
            calculator = EMT()
            calculator.calculate(atoms, ["energy", "forces"])
            results.append(calculator.results)
        return results


def cluster(n_atoms: int, seed: int, element: str = "Cu") -> Atoms:
    places = np.arange(n_atoms)[:, None] * [2.3, 0.2, 0]
    noise = np.random.default_rng(seed).normal(0, 0.1, (n_atoms, 3))
    return Atoms(f"{element}{n_atoms}", places + noise)


def relaxed(atoms: Atoms, seat: Any) -> tuple[float, int]:  # noqa: ANN401 - any calculator
    atoms.calc = seat
    optimizer = FIRE(atoms, logfile=None)
    optimizer.run(fmax=0.05, steps=60)
    return float(atoms.get_potential_energy()), optimizer.nsteps


def clusters() -> list[Atoms]:
    return [cluster(2 + seed % 4, seed) for seed in range(8)]


def test_results_and_steps_are_those_of_each_alone() -> None:
    expected = [relaxed(atoms, EMT()) for atoms in clusters()]
    shared = BatchEMT()
    assert run_together(clusters(), relaxed, shared, seats=SEATS) == expected
    assert len({steps for _, steps in expected}) > 1  # else no seat was taken over while others were under way
    counts = Counter(shared.sizes)
    assert max(counts) == SEATS
    assert counts[SEATS] > 2 * sum(count for size, count in counts.items() if size < SEATS)


def test_what_the_potential_cannot_describe_is_the_error_of_one() -> None:
    answers = run_together([*clusters()[:2], cluster(3, 1, "Fe"), *clusters()[2:4]], relaxed, BatchEMT(), seats=SEATS)
    assert isinstance(answers.pop(2), NotDescribedError)
    assert answers == [relaxed(atoms, EMT()) for atoms in clusters()[:4]]


def test_where_a_batch_fails_each_is_asked_alone_and_only_the_culprit_fails() -> None:
    shared = BatchEMT(largest=8)
    answers = run_together([*clusters()[:3], cluster(9, 1), *clusters()[3:]], relaxed, shared, seats=SEATS)
    culprit = answers.pop(3)
    assert isinstance(culprit, MemoryError)
    assert str(culprit) == "more than 8 atoms"
    assert answers == [relaxed(atoms, EMT()) for atoms in clusters()]


class Crowded(BatchEMT):
    """Fails where a batch of several is still held by the error that it ended with."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[weakref.ref[Batch]] = []

    def results_of(self, graphs: Sequence[Atoms], *, forces: bool) -> list[dict[str, Any]]:
        batch = Batch(graphs)
        if len(batch) > 1 or any(earlier() is not None for earlier in self.held):
            self.held.append(weakref.ref(batch))
            raise MemoryError
        return super().results_of(batch, forces=forces)


class Batch(list[Atoms]):
    """A list that can be watched."""


def test_what_a_failed_batch_has_taken_is_free_when_each_is_asked_alone() -> None:
    assert run_together(clusters(), relaxed, Crowded(), seats=SEATS) == [relaxed(atoms, EMT()) for atoms in clusters()]


@pytest.mark.parametrize("seats", [1, 20])
def test_one_seat_and_more_seats_than_tasks(seats: int) -> None:
    assert run_together(clusters(), relaxed, BatchEMT(), seats=seats) == [relaxed(atoms, EMT()) for atoms in clusters()]


def test_no_task_is_no_answer() -> None:
    assert run_together([], relaxed, BatchEMT(), seats=SEATS) == []


def test_a_seat_counts_what_its_structure_costs() -> None:
    def timed(atoms: Atoms, seat: Seat) -> tuple[float, float]:
        before = seat.seconds()
        relaxed(atoms, seat)
        return before, seat.seconds()

    for before, after in run_together(clusters(), timed, BatchEMT(), seats=2):
        assert 0 <= before < after
