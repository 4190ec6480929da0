"""Build a reference set: sources are read, measured, merged into crystals, and written with index and manifest.

Rows go to disk as they are read, are taken back by formula and become parts of some thousand rows, each a file of its
own; the parts are then joined. So of a crystal a few numbers are in memory, whatever the size of the set, a build that
was interrupted resumes with the parts and the measurements it has, and several machines can share the parts. The same
sources and the same code give the same bytes; only a finished build leaves a manifest.
"""

from __future__ import annotations

import fcntl
import shutil
from collections import Counter
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from metrics.measure.running.cache import Cache
from metrics.measure.running.engine import ProcessSettings
from metrics.measure.running.progress import LOG_EVERY_S
from metrics.measure.running.progress import Counter as TaskCounter
from reference_data.build.assemble import assemble
from reference_data.build.definition import load_definition
from reference_data.build.part import N_CHECKED_BAWLS, make_part, part_key, read_report
from reference_data.build.spill import Spill
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from metrics.measure.running.engine import Engine, StartEngine
    from reference_data.build.definition import SetDefinition
    from reference_data.build.settings import BuildSettings
    from reference_data.files.manifest import Manifest

PART_ROWS = 4_096
WHOLE = (1, 1)


def build_set(
    definition_path: Path, out: Path, *, start_engine: StartEngine, report: Callable[[str], None]
) -> Manifest:
    """Build the set that a TOML file defines into a folder.

    Args:
        definition_path: the TOML file; relative paths in it start from its folder.
        out: folder of the built set; files of an earlier build are replaced.
        start_engine: where the work runs; called once there is some.
        report: takes lines of progress.

    Raises:
        ReferenceSetError: the definition is wrong, a source cannot be read, nothing of it is usable, or another build
            is writing to the folder.

    """
    definition = load_definition(definition_path)
    scratch = scratch_folder(out)
    with _lock(scratch / "lock", out, shared=False), Spill(scratch / "rows.sqlite") as spill:
        for source in definition.hull:  # a table that cannot be read is refused before hours of measuring
            report(f"{source.name}: {len(source.entries(definition_path.parent))} entries of a hull")
        spill.fill(definition.sources, definition_path.parent, report)
        paths = _make_parts(spill, definition.settings, scratch, WHOLE, start_engine, report)
        _check_some_crystal(definition, spill, paths)
        manifest = assemble(definition, spill, paths, definition_path.parent, out, report)
        n_rows = f"{manifest.n_read} rows, {manifest.n_refused} refused"
        report(f"{n_rows}, {manifest.n_merged} merged, {manifest.n_crystals} crystals")
    shutil.rmtree(scratch)
    return manifest


def build_shard(
    definition_path: Path,
    out: Path,
    shard: tuple[int, int],
    *,
    start_engine: StartEngine,
    report: Callable[[str], None],
) -> tuple[int, Path]:
    """Make the i-th of n shares of the parts; the set itself is written by :func:`build_set` once it has all of them.

    Args:
        definition_path: as for :func:`build_set`.
        out: as for :func:`build_set`, on this machine.
        shard: i and n, i from 1.
        start_engine: where the work runs; called once there is some.
        report: takes lines of progress.

    Returns:
        The number of parts made, and their folder, to be copied to where the set is built.

    Raises:
        ReferenceSetError: as for :func:`build_set`.

    """
    definition = load_definition(definition_path)
    scratch = scratch_folder(out)
    with _lock(scratch / "lock", out, shared=True), Spill(scratch / "rows.sqlite") as spill:
        with _lock(scratch / "reading.lock", out, shared=False, wait=True):
            spill.fill(definition.sources, definition_path.parent, report)
        made = _make_parts(spill, definition.settings, scratch, shard, start_engine, report)
    return len(made), parts_folder(scratch)


def scratch_folder(out: Path) -> Path:
    """Where an unfinished build of a folder keeps what it has."""
    return out.parent / f".{out.name}.build"


def parts_folder(scratch: Path) -> Path:
    """Where the finished parts of a build lie."""
    return scratch / "parts"


def _make_parts(
    spill: Spill,
    settings: BuildSettings,
    scratch: Path,
    shard: tuple[int, int],
    start_engine: StartEngine,
    report: Callable[[str], None],
) -> list[Path]:
    """Make the parts of a shard that are not there yet; the files of all of them, by formula."""
    number, count = shard
    runs = spill.runs(PART_ROWS)
    share_of_runs = list(enumerate(runs))[number - 1 :: count]
    parts_folder(scratch).mkdir(exist_ok=True)
    paths = [parts_folder(scratch) / f"{at:06d}.parquet" for at, _ in share_of_runs]
    share = min(1.0, N_CHECKED_BAWLS / max(1, spill.n_published_bawls()))
    n_rows = sum(run.n_rows for _, run in share_of_runs)
    counter = TaskCounter("measure", n_rows, lambda progress: report(str(progress)), LOG_EVERY_S)
    finished = 0
    with ExitStack() as stack:
        engine: Engine | None = None
        for (_, run), path in zip(share_of_runs, paths, strict=True):
            rows = spill.rows(run)
            known = read_report(path)
            if known is None or known.key != part_key(rows, settings, share):
                engine = engine or stack.enter_context(start_engine(ProcessSettings()))
                kept = scratch / ("measurements.sqlite" if shard == WHOLE else f"measurements-{number}.sqlite")
                with Cache(kept) as cache:
                    make_part(rows, path, settings, checked_share=share, engine=engine, cache=cache, counter=counter)
                _remove_database(kept)
            finished += run.n_rows
            counter.reach(finished)
    return paths


def _check_some_crystal(definition: SetDefinition, spill: Spill, paths: Sequence[Path]) -> None:
    if not any(report.n_crystals for report in map(read_report, paths) if report):
        counts = Counter(refusal.reason for refusal in spill.refusals())
        for report in filter(None, map(read_report, paths)):
            counts.update(refusal.reason for refusal in report.refusals)
        tally = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items())) or "no rows"
        raise ReferenceSetError(
            what=f"none of the {spill.n_read().total()} rows of {definition.name} is a usable crystal ({tally})",
            expected="at least one",
            remedy="check the sources",
        )


def _remove_database(path: Path) -> None:
    """What a finished part was made of is needed no more."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


@contextmanager
def _lock(path: Path, out: Path, *, shared: bool, wait: bool = False) -> Iterator[None]:
    """Hold a lock in the scratch space, so that two builds never write the same files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise ReferenceSetError(
                what=f"another build is writing to {out}",
                expected="one at a time",
                remedy="wait for it, or choose another folder with --out",
            ) from error
        yield
