"""Many structures, one potential: what the cache does not know goes to workers, one durable record per structure."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics.measure.energy.gpu_memory import GPU_SHARE
from metrics.measure.energy.relax_record import EnergyRecord, Settings, hash_of
from metrics.measure.energy.relax_structure import Task, blank_record, energy_of
from metrics.measure.running.cache import Result
from metrics.measure.running.engine import MEMORY_LIMIT_BYTES, Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from metrics.crystal import Crystal
    from metrics.measure.potentials import Potential
    from metrics.measure.running.cache import Cache

VERSION = 2
"""Raise it when a record could change."""
# beyond a worker's own look at the clock after each step: one that hangs within a step is ended
GRACE_S = 60.0
NVIDIA = Path("/dev/nvidiactl")


def start_engine(potential: Potential, jobs: int) -> Engine:
    """Workers in the potential's own environment, one thread each; they load it with their first structure.

    Where there is a GPU the address space is not limited, CUDA reserves more than any limit: the workers share the
    GPU's memory instead (:mod:`metrics.measure.energy.gpu_memory`).
    """
    limit = None if NVIDIA.exists() and "cuda" in potential.devices else MEMORY_LIMIT_BYTES
    return Engine(jobs, preload=[energy_of.__module__], memory_limit_bytes=limit, python=potential.python)


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
        engine: of :func:`start_engine` for this potential.
        cache: records that are already known; each new one is committed before the next is awaited.
        on_known: called once with the number of structures that the cache knew.
        on_done: called after each structure computed.

    Workers use CUDA where there is one; its rounding (below 1e-4 eV/atom) is no part of a record's identity.
    A record that more time, memory or another installation would change (time_limit, a worker that died or crashed, a
    missing package or checkpoint) stands in this run's result but is not kept: the next run tries again.

    """
    by_sha256 = {crystal.sha256: crystal for crystal in crystals}
    key = cache_key(potential, settings)
    known = known_energies(by_sha256, potential, settings, cache)
    on_known(len(known))
    todo = [sha256 for sha256 in by_sha256 if sha256 not in known]
    share = GPU_SHARE / engine.jobs
    tasks = (Task(by_sha256[sha256], potential.id, settings, gpu_share=share) for sha256 in todo)
    for outcome in engine.map(energy_of, tasks, time_limit_s=settings.time_limit_s + GRACE_S):
        sha256 = todo[outcome.index]
        if outcome.failure is None:
            record, final = outcome.value
            if final:
                cache.put(sha256, key, Result(asdict(record), None))
                cache.commit()
        else:
            status = "time_limit" if outcome.failure.startswith("time_limit") else "failed"
            blank = blank_record(by_sha256[sha256], potential, settings)
            record = replace(blank, status=status, detail=outcome.failure)
        known[sha256] = record
        on_done()
    return {sha256: known[sha256] for sha256 in by_sha256}


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
