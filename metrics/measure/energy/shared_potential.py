"""Several structures at once through one potential, which answers all that wait for it together.

Each structure runs as it would alone, in a thread of its own, and asks for energies and forces when its optimizer
does. When every running structure waits, the potential is asked once for all of them. So the steps of a relaxation are
those of a lone one; what a batch adds is rounding in single precision, about 1e-6 eV/atom.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ase.calculators.calculator import Calculator, all_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from metrics.measure.potentials import BatchCalculator


@dataclass(eq=False)
class _Question:
    """What one structure waits for."""

    graph: Any
    n_atoms: int
    forces: bool
    results: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    seconds: float = 0.0
    answered: threading.Event = field(default_factory=threading.Event)


class Seat(Calculator):
    """The calculator of one structure among several; its questions wait for those of the others."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - as ase declares it

    def __init__(self, potential: BatchCalculator, ask: Callable[[_Question], None]) -> None:
        """Nothing is asked yet."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._potential, self._ask = potential, ask
        self._waited = 0.0
        self._began = time.thread_time()

    def seconds(self) -> float:
        """What this structure has cost since it began: its thread's CPU time and its share of the answers."""
        return time.thread_time() - self._began + self._waited

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:  # noqa: ANN401 - as ase has it
        """Wait for the answer of all that ask; what the potential cannot describe is raised here, alone."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        graph = self._potential.graph_of(atoms)
        question = _Question(graph, len(atoms), forces=properties != ["energy"])
        self._ask(question)
        self._waited += question.seconds
        if question.error is not None:
            raise question.error
        self.results = question.results


def run_together(
    tasks: Iterable[Any],
    function: Callable[[Any, Seat], Any],
    potential: BatchCalculator,
    *,
    seats: int,
) -> list[Any]:
    """``function(task, seat)`` of every task, at most so many at a time; a place that becomes free is taken at once.

    Args:
        tasks: what to do.
        function: runs one task on the calculator that it is given.
        potential: answers for all.
        seats: tasks that run at a time, and so the most that are answered together.

    Returns:
        For each task what the function returned, or the exception that it raised.

    """
    return _Table(list(tasks), function, potential).run(seats)


class _Table:
    """Tasks, the threads that run them, and the questions that wait."""

    def __init__(self, tasks: Sequence[Any], function: Callable[[Any, Seat], Any], potential: BatchCalculator) -> None:
        self._function, self._potential = function, potential
        self._waiting = deque(enumerate(tasks))
        self._answers: list[Any] = [None] * len(tasks)
        self._questions: list[_Question] = []
        self._n_running = 0
        self._changed = threading.Condition()

    def run(self, seats: int) -> list[Any]:
        """Answer questions until every task has ended."""
        threads = [threading.Thread(target=self._sit, daemon=True) for _ in range(min(seats, len(self._waiting)))]
        self._n_running = len(threads)
        for thread in threads:
            thread.start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._questions) == self._n_running)
                questions, self._questions = self._questions, []
            if not questions:
                break
            self._answer(questions)
        for thread in threads:
            thread.join()
        return self._answers

    def _sit(self) -> None:
        """Run one task after the other; however it ends, nobody waits for this thread any more."""
        try:
            while (given := self._next()) is not None:
                index, task = given
                try:
                    self._answers[index] = self._function(task, Seat(self._potential, self._ask))
                except Exception as error:  # noqa: BLE001 - the boundary of one structure: the others go on
                    self._answers[index] = error
        finally:
            with self._changed:
                self._n_running -= 1
                self._changed.notify()

    def _next(self) -> tuple[int, Any] | None:
        with self._changed:
            return self._waiting.popleft() if self._waiting else None

    def _ask(self, question: _Question) -> None:
        with self._changed:
            self._questions.append(question)
            self._changed.notify()
        question.answered.wait()

    def _answer(self, questions: Sequence[_Question]) -> None:
        """Ask for all together; where that fails each alone, so that only the culprit has the error."""
        began = time.monotonic()
        if not self._ask_potential(questions):
            # what the failed batch has taken is free by now
            for question in questions:
                self._answer([question])
            return
        seconds = time.monotonic() - began
        n_atoms = sum(question.n_atoms for question in questions)
        for question in questions:
            question.seconds = seconds * question.n_atoms / n_atoms
            question.answered.set()

    def _ask_potential(self, questions: Sequence[_Question]) -> bool:
        """Whether these questions are answered, one alone also by an error."""
        graphs = [question.graph for question in questions]
        forces = any(question.forces for question in questions)
        try:
            results = self._potential.results_of(graphs, forces=forces)
        except Exception as error:  # noqa: BLE001 - raised again where the structure waits for its answer
            if len(questions) > 1:
                return False
            questions[0].error = error
            return True
        for question, of_question in zip(questions, results, strict=True):
            question.results = of_question
        return True
