"""Many structures, one potential: what the cache does not know goes to workers, one durable record per structure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from metrics.measure.energy.gpu_memory import GPU_SHARE
from metrics.measure.energy.relax_record import EnergyRecord, Settings, hash_of
from metrics.measure.energy.relax_structure import Answer, Task, blank_record, energies_of_several, energy_of
from metrics.measure.running.cache import Result
from metrics.measure.running.engine import ProcessSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from metrics.crystal import Crystal
    from metrics.measure.potentials import Potential
    from metrics.measure.running.cache import Cache
    from metrics.measure.running.engine import Engine

VERSION = 2
"""Raise it when a record could change."""
# beyond a worker's own look at the clock after each step: one that hangs within a step is ended
GRACE_S = 60.0


@dataclass(frozen=True)
class BatchBounds:
    """What a worker takes together.

    Attributes:
        seats: structures under way at a time.
        n_atoms: of all of them together; a structure larger than half of it has the worker to itself.
        rounds: structures of a batch for each seat: few would leave seats empty while the last ones end, many would
            lose more when a worker dies.

    """

    seats: int
    n_atoms: int
    rounds: int = 3


# one core gains nothing beyond: its time is arithmetic by then, not calls (docs/scale.md)
ON_CPU = BatchBounds(seats=8, n_atoms=64)
ON_GPU = BatchBounds(seats=64, n_atoms=2048)


def processes_of(potential: Potential) -> ProcessSettings:
    """Processes in the potential's own environment, one thread each; they load it with their first structure.

    Where there is a GPU they share its memory (:mod:`metrics.measure.energy.gpu_memory`).
    """
    return ProcessSettings(
        preload=("ase.optimize", energy_of.__module__),
        environment=potential.environment,
        uses_cuda="cuda" in potential.devices,
    )


def energies_of(
    crystals: Iterable[Crystal],
    potential: Potential,
    settings: Settings,
    *,
    engine: Engine,
    cache: Cache,
    on_known: Callable[[int], None],
    on_done: Callable[[], None],
) -> dict[str, EnergyRecord]:
    """Record by structure sha256; equal structures are computed once, none of them raises.

    Args:
        crystals: what to compute.
        potential: one of :func:`metrics.measure.potentials.registry`.
        settings: a single point or a relaxation.
        engine: its processes are those of :func:`processes_of` for this potential.
        cache: records that are already known; each new one is committed as it comes.
        on_known: called once with the number of structures that the cache knew.
        on_done: called after each structure computed.

    A potential that answers for many structures at once is asked by several together
    (:mod:`metrics.measure.energy.shared_potential`). Workers use CUDA where there is one. The rounding of either (below
    1e-4 eV/atom) is no part of a record's identity.
    A record that more time, memory or another installation would change (time_limit, a worker that died or crashed, a
    missing package or checkpoint) stands in this run's result but is not kept: the next run tries again.

    """
    by_sha256 = {crystal.sha256: crystal for crystal in crystals}
    key = cache_key(potential, settings)
    known = known_energies(by_sha256, potential, settings, cache)
    on_known(len(known))
    todo = [crystal for sha256, crystal in by_sha256.items() if sha256 not in known]
    share = GPU_SHARE / engine.jobs_per_gpu

    def task(crystal: Crystal) -> Task:
        return Task(crystal, potential.id, settings, gpu_share=share)

    def keep(sha256: str, answer: Answer) -> None:
        record, final = answer
        if final:
            cache.put(sha256, key, Result(asdict(record), None))
            cache.commit()
        known[sha256] = record
        on_done()

    alone = todo
    if potential.batches:
        alone = []
        batches = _batches(todo, engine.jobs, ON_GPU if engine.on_gpu else ON_CPU)
        work = (([task(crystal) for crystal in crystals], seats) for crystals, seats in batches)
        # of a whole batch, which is seldom near it; what is not done within it is tried alone
        for outcome in engine.map(_energies_of_batch, work, time_limit_s=2 * settings.time_limit_s + GRACE_S):
            crystals_of_batch, _ = batches[outcome.index]
            answers = outcome.value or [None] * len(crystals_of_batch)
            for crystal, answer in zip(crystals_of_batch, answers, strict=True):
                if answer is None:
                    alone.append(crystal)
                else:
                    keep(crystal.sha256, answer)
    for outcome in engine.map(energy_of, map(task, alone), time_limit_s=settings.time_limit_s + GRACE_S):
        crystal = alone[outcome.index]
        if outcome.failure is None:
            keep(crystal.sha256, outcome.value)
        else:
            status = "time_limit" if outcome.failure.startswith("time_limit") else "failed"
            blank = blank_record(crystal, potential, settings)
            keep(crystal.sha256, Answer(replace(blank, status=status, detail=outcome.failure), final=False))
    return {sha256: known[sha256] for sha256 in by_sha256}


def _batches(crystals: Sequence[Crystal], jobs: int, bounds: BatchBounds) -> list[tuple[list[Crystal], int]]:
    """Structures of like size that one worker takes together, the largest first, and how many are under way at a time.

    Batches become smaller to the end, so that all workers end at about the same time.
    """
    waiting = sorted(crystals, key=lambda crystal: crystal.n_sites, reverse=True)
    batches = []
    while waiting:
        seats = max(1, min(bounds.seats, bounds.n_atoms // waiting[0].n_sites))
        size = min(bounds.rounds * seats if seats > 1 else 1, ceil(len(waiting) / (2 * jobs)))
        batches.append((waiting[:size], min(seats, size)))
        waiting = waiting[size:]
    return batches


def _energies_of_batch(batch: tuple[Sequence[Task], int]) -> list[Answer | None]:
    tasks, seats = batch
    return energies_of_several(tasks, seats)


def known_energies(
    sha256s: Iterable[str], potential: Potential, settings: Settings, cache: Cache
) -> dict[str, EnergyRecord]:
    """Records that the cache holds of these structures; nothing is computed, no package of a potential is needed."""
    results = cache.get(sha256s, cache_key(potential, settings))
    return {sha256: EnergyRecord(**dict[str, Any](result.columns)) for sha256, result in results.items()}


def cache_key(potential: Potential, settings: Settings) -> str:
    """Everything but the structure that decides a record."""
    return f"energy:{VERSION}:{potential.id}:{potential.checkpoint_sha256}:{hash_of(settings)}"


def record_key(record: EnergyRecord) -> str:
    """The same, from a record that this version made."""
    return f"energy:{VERSION}:{record.potential}:{record.checkpoint_sha256}:{record.settings_hash}"
