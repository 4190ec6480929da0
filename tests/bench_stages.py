"""CPU seconds of each stage of the structural tier, one structure after the other in one process, and the floor.

Run as ``OMP_NUM_THREADS=1 python -m tests.bench_stages``, or by ``make bench``. The floor is what cannot be saved:
parsing each record and one search for its space group. What several measurements share counts for the first that asks.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from leaderboard.protocol import load_protocol
from leaderboard.run.columns import columns_schema
from leaderboard.run.energies import Tier
from leaderboard.run.stages import Context, identify, measure, read, relax, score
from leaderboard.run.warm import warm
from metrics.measure import UnmeasurableError, registry
from metrics.measure.running.cache import Cache
from metrics.measure.running.engine import Outcome
from metrics.measure.running.progress import silent
from metrics.measure.structure.symmetry import SymmetrySettings, symmetry_dataset
from metrics.table import write_parquet
from reference_data.reference import open_reference
from submissions.limits import Limits
from submissions.read import parse, split
from submissions.refusal import RecordRefusedError
from tests.bench_structural import ROOT, write_submission
from tests.metrics.measure.fingerprint_crystals import DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from leaderboard.protocol import Protocol
    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from submissions.record import Record

WORKER = "from leaderboard.run import reading; from leaderboard.run.warm import warm; warm()"


class _Here:
    """In place of worker processes: every task runs in this one, so that its CPU time is that of its stage."""

    jobs = 1

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], **_limits: object) -> Iterator[Outcome]:
        """As :meth:`metrics.measure.running.engine.Engine.map`."""
        for index, item in enumerate(items):
            yield Outcome(index, function(item), None)


class _Clock:
    """CPU seconds of this process, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Count what is done inside."""
        start = time.process_time()
        yield
        self.seconds[name] += time.process_time() - start


def main() -> None:
    """Print the CPU seconds of each stage and of each measurement, and how far they are from the floor."""
    if not (DATA / "submissions").exists():
        print(f"stages of the structural tier: not measured, needs {DATA}")
        return
    worker = _cpu_of([sys.executable, "-c", WORKER])
    shell = _cpu_of([sys.executable, "-m", "leaderboard", "score", "--help"])
    warm()
    protocol, clock = load_protocol(), _Clock()
    with tempfile.TemporaryDirectory() as folder:
        records, crystals = _stages(Path(folder), protocol, clock)
    stages = clock.seconds
    floor = _floor(records, crystals)
    print(f"{len(crystals):,} real crystals in one process, CPU seconds (ms a structure)")
    for name, seconds in stages.items():
        print(f"  {name:24}{seconds:8.2f}{1e3 * seconds / len(crystals):8.2f}")
    whole, least = sum(stages.values()), sum(floor.values())
    print(f"  {'in all':24}{whole:8.2f}{1e3 * whole / len(crystals):8.2f}   {whole / least:.1f} times the floor")
    print(f"  {'floor':24}{least:8.2f}   " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in floor.items()))
    print(f"beside it: starting a worker {worker:.2f}, the command's help {shell:.2f}")
    print("measuring, by measurement")
    for name, seconds in sorted(_measurements(crystals, protocol).items(), key=lambda item: -item[1]):
        print(f"  {name:24}{seconds:8.2f}{1e3 * seconds / len(crystals):8.2f}")


def _stages(folder: Path, protocol: Protocol, clock: _Clock) -> tuple[Sequence[Record], Sequence[Crystal]]:
    """Take a full submission through all stages; its records and crystals."""
    submission = folder / "full.zip"
    write_submission(submission)
    with clock.of("split"):
        records = list(split(submission))
    with Cache(folder / "cache.sqlite") as cache:
        engine = cast("Engine", _Here())
        context = Context(protocol, open_reference("starter"), Tier(), Limits(), engine, cache, silent)
        with clock.of("read"):
            done = read(records, context)
        with clock.of("measure"):
            measured = measure(done, context)
        with clock.of("identify"):
            identified = identify(measured, context)
        with clock.of("score"):
            scored = score(relax(identified, context), context)
    with clock.of("write"):
        write_parquet(scored.columns, columns_schema(protocol), folder / "columns.parquet")
        (folder / "scores.json").write_text(json.dumps([entry.model_dump() for entry in scored.scores]))
    return records, list(done.crystals.values())


def _measurements(crystals: Sequence[Crystal], protocol: Protocol) -> dict[str, float]:
    clock = _Clock()
    settings = {name: registry()[name].settings(**given) for name, given in protocol.measures.items()}
    for crystal in crystals:
        for name, of_measure in settings.items():
            with clock.of(name), suppress(UnmeasurableError):
                registry()[name].compute(crystal, of_measure)
    return clock.seconds


def _floor(records: Sequence[Record], crystals: Sequence[Crystal]) -> dict[str, float]:
    clock, settings = _Clock(), SymmetrySettings()
    for record in records:
        with clock.of("parsing"), suppress(RecordRefusedError):
            parse(record)
    for crystal in crystals:
        with clock.of("one search for symmetry"), suppress(UnmeasurableError):
            symmetry_dataset(crystal, settings.symprec, settings.angle_tolerance)
    return clock.seconds


def _cpu_of(command: list[str]) -> float:
    """CPU seconds of a process from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
