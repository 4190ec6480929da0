"""Many crystals, many measurements: what the cache does not know goes to the engine, in the order of the crystals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure import Measure, UnmeasurableError, registry
from metrics.measure.running.cache import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from metrics.crystal import Crystal
    from metrics.measure.running.cache import Cache
    from metrics.measure.running.engine import CpuBudget, Engine

Task = tuple["Crystal", dict[str, object]]  # a crystal and, by name, the settings of the measurements it still needs


def measure_crystal(task: Task) -> dict[str, Result]:
    """Take every measurement the task names; runs in a worker process."""
    crystal, settings = task
    measures = registry()
    return {name: _take(measures[name], crystal, of_measure) for name, of_measure in settings.items()}


class _Ledger:
    """What is known of each structure, and what is still missing."""

    def __init__(self, sha256s: Iterable[str], settings: Mapping[str, object], cache: Cache) -> None:
        self._settings, self._cache = settings, cache
        self._keys = {name: registry()[name].cache_key(of_measure) for name, of_measure in settings.items()}
        self.results: dict[str, dict[str, Result]] = {sha256: {} for sha256 in sha256s}
        for name, key in self._keys.items():
            for sha256, result in cache.get(self.results, key).items():
                self.results[sha256][name] = result

    def missing(self, sha256: str) -> dict[str, object]:
        """Settings of the measurements that have no result yet, by name."""
        return {name: of_measure for name, of_measure in self._settings.items() if name not in self.results[sha256]}

    def keep(self, sha256: str, results: Mapping[str, Result]) -> None:
        self.results[sha256].update(results)
        for name, result in results.items():
            self._cache.put(sha256, self._keys[name], result)


def measure_crystals(  # noqa: PLR0913 - limits, and who is told, by name
    crystals: Sequence[Crystal],
    settings: Mapping[str, object],
    *,
    engine: Engine,
    cache: Cache,
    time_limit_s: float,
    on_known: Callable[[int], None],
    on_done: Callable[[], None],
    budget: CpuBudget | None = None,
) -> dict[str, dict[str, Result]]:
    """Results by structure sha256 and measurement name; equal structures are measured once.

    Args:
        crystals: what to measure.
        settings: settings by name of the measurement; only the named ones are taken.
        engine: where the work runs.
        cache: what is already known; new results are added as they come.
        time_limit_s: wall time allowed for one structure, and for each measurement of it when it is tried alone.
        on_known: called once with the number of structures that the cache knew whole.
        on_done: called after each structure measured.
        budget: of all structures together; None for none.

    A structure whose measurements exceed a limit or crash together is measured once more, one by one, so that only
    the culprit is lost. Such a failure has its reason in the result and is not cached: another machine may do better.

    """
    by_sha256 = {crystal.sha256: crystal for crystal in crystals}
    ledger = _Ledger(by_sha256, settings, cache)
    todo = [sha256 for sha256 in by_sha256 if ledger.missing(sha256)]
    on_known(len(by_sha256) - len(todo))
    failed = []
    tasks = ((by_sha256[sha256], ledger.missing(sha256)) for sha256 in todo)
    for outcome in engine.map(measure_crystal, tasks, time_limit_s=time_limit_s, budget=budget):
        if outcome.failure is None:
            ledger.keep(todo[outcome.index], outcome.value)
            on_done()
        else:
            failed.append(todo[outcome.index])

    alone = [(sha256, name) for sha256 in failed for name in ledger.missing(sha256)]
    tasks = ((by_sha256[sha256], {name: settings[name]}) for sha256, name in alone)
    for outcome in engine.map(measure_crystal, tasks, time_limit_s=time_limit_s, budget=budget):
        sha256, name = alone[outcome.index]
        if outcome.failure is None:
            ledger.keep(sha256, outcome.value)
        else:
            ledger.results[sha256][name] = Result({}, outcome.failure)
        if not ledger.missing(sha256):
            on_done()
    return ledger.results


def _take(measure: Measure, crystal: Crystal, settings: object) -> Result:
    try:
        return Result(measure.compute(crystal, settings), None)
    except UnmeasurableError as error:
        return Result(error.known, error.reason)
