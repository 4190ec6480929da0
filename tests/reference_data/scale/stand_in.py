"""An engine that neither measures nor compares: its answers are made up of what a synthetic row is.

Both cost most of a build by far, in workers and the same for every row and pair, so their rates are measured on a few
thousand rows. What else a build of millions of rows does is run for real with this.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.crystal import Crystal
from metrics.measure import NoSettings
from metrics.measure.chemistry.composition import measure_composition
from metrics.measure.fingerprint.canonical import formula_units
from metrics.measure.matching.pairs import Block, answer_block
from metrics.measure.matching.verdict import Comparison
from metrics.measure.running.batch import measure_crystal
from metrics.measure.running.cache import Result
from metrics.measure.running.engine import CpuBudget, Engine, Outcome, ProcessSettings
from submissions.elements import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

N_PROTOTYPES = 50_000
ROOTS = np.sqrt(np.arange(1, 101))


class StandInEngine(Engine):
    """An engine whose tasks that measure or compare are answered by ``STAND_INS``.

    Args:
        workers: where they are answered; None for this process.

    """

    def __init__(self, workers: Engine | None = None) -> None:
        """Nothing is started."""
        self._workers = workers

    @property
    def jobs(self) -> int:
        """Those of the workers."""
        return self._workers.jobs if self._workers else 1

    @property
    def jobs_per_gpu(self) -> int:
        """Those of the workers."""
        return self._workers.jobs_per_gpu if self._workers else 1

    @property
    def on_gpu(self) -> bool:
        """Whether the workers have one."""
        return self._workers is not None and self._workers.on_gpu

    def sibling(self, processes: ProcessSettings | None = None, *, jobs: int | None = None) -> Engine:
        """Another one in the same place."""
        return StandInEngine(self._workers and self._workers.sibling(processes, jobs=jobs))

    def close(self) -> None:
        """Close the workers."""
        if self._workers:
            self._workers.close()

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        *,
        time_limit_s: float,
        budget: CpuBudget | None = None,
    ) -> Iterator[Outcome]:
        """Outcomes as they come; in this process, in the order of the items."""
        function = STAND_INS.get(function, function)
        if self._workers:
            yield from self._workers.map(function, items, time_limit_s=time_limit_s, budget=budget)
            return
        for index, item in enumerate(items):
            yield Outcome(index, function(item), None)


def measured(task: tuple[Crystal, dict[str, object]]) -> dict[str, Result]:
    """What :func:`metrics.measure.running.batch.measure_crystal` gives, made up."""
    crystal, settings = task
    known = facts(crystal)
    return {name: Result(known[name], None) for name in settings}


def compared(task: Block) -> list[Comparison]:
    """What :func:`metrics.measure.matching.pairs.answer_block` gives for verdicts: equal keys are one crystal."""
    _, candidates, pairs = task
    same = [candidates[first].keys == candidates[second].keys for first, second in pairs]
    return [Comparison(same=one, rule="keys_and_distance", distance=0.0 if one else 1.0) for one in same]


STAND_INS: dict[Callable[[Any], Any], Callable[[Any], Any]] = {measure_crystal: measured, answer_block: compared}


def facts(crystal: Crystal) -> dict[str, dict[str, object]]:
    """Columns by name of the measurement; equal for all rows of one synthetic crystal but for its size."""
    numbers = crystal.atomic_numbers.tolist()
    edge, height = float(crystal.lattice[0, 0]), float(crystal.lattice[2, 2]) / crystal.n_sites
    kind = hashlib.blake2b(bytes(numbers) + f"{height / edge:.2f}".encode(), digest_size=8)
    digest, number = kind.hexdigest(), int.from_bytes(kind.digest(), "big")
    formula, anonymous, system = names(tuple(sorted(numbers)))
    zp, counts = formula_units(crystal.atomic_numbers), Counter(numbers)
    mean = sum(numbers) / len(numbers)
    return {
        "composition": {
            "reduced_formula": formula,
            "anonymous_formula": anonymous,
            "chemical_system": system,
            "n_sites": crystal.n_sites,
            "density": 2.5 * mean / (edge * edge * height),
            "volume_per_atom": edge * edge * height,
        },
        "canonical_bawl": {
            "canonical_bawl": f"{formula}:{zp}:{digest}",
            "canonical_bawl_keys": [f"{formula}:{zp}:{digest}"],
            "zp": zp,
            "n_sites_primitive": crystal.n_sites,
        },
        "bawl": {"bawl": f"{digest}_{number % 230 + 1}_{formula}", "short_bawl": digest},
        "prototype": {"prototype": f"{anonymous}_{number % N_PROTOTYPES}"},
        "space_group": {"space_group": number % 230 + 1},
        "amd": {"amd": (edge * ROOTS).tolist()},
        "composition_features": {"composition_features": [mean, edge, mean / 2, height, mean / 3, edge / 2]},
        "coordination": {
            "site_elements": [SYMBOLS[one - 1] for one in counts],
            "coordination_numbers": [4 + one % 9 for one in counts],
        },
    }


@lru_cache(maxsize=64)
def names(numbers: tuple[int, ...]) -> tuple[str, str, str]:
    """Reduced and anonymous formula and chemical system; rows of one formula come together."""
    cell = Crystal.from_arrays(np.eye(3), np.zeros((len(numbers), 3)), numbers)
    known = measure_composition(cell, NoSettings())
    return str(known["reduced_formula"]), str(known["anonymous_formula"]), str(known["chemical_system"])
