"""Fingerprints of many crystals, each in a worker process."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint import METHODS
from metrics.measure.running.progress import Counter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Report


class Fingerprint(NamedTuple):
    """Fingerprint of one record as text, its keys separated by blanks; or the reason why it has none."""

    fingerprint: str
    keys: str
    reason: str


def fingerprints(
    method: str, crystals: Mapping[int, Crystal], engine: Engine, report: Report, *, time_limit_s: float
) -> dict[int, Fingerprint]:
    """Fingerprint of each crystal, by its number.

    Args:
        method: one of :data:`metrics.measure.fingerprint.METHODS`.
        crystals: by number.
        engine: where the work runs.
        report: told how far it is.
        time_limit_s: wall time allowed for one crystal.

    """
    counter = Counter("fingerprint", len(crystals), report)
    numbers = list(crystals)
    answers = {}
    tasks = ((method, crystal) for crystal in crystals.values())
    for outcome in engine.map(fingerprint_task, tasks, time_limit_s=time_limit_s):
        answer = outcome.value if outcome.failure is None else Fingerprint("", "", outcome.failure)
        answers[numbers[outcome.index]] = answer
        counter.add()
    return answers


def fingerprint_task(task: tuple[str, Crystal]) -> Fingerprint:
    """The fingerprint of one crystal; runs in a worker process."""
    method, crystal = task
    try:
        computed = METHODS[method].compute(crystal)
    except UnmeasurableError as error:
        return Fingerprint("", "", error.reason)
    return Fingerprint(computed.fingerprint, " ".join(computed.keys), "")
