"""What can be read of a file, structure by structure, without scoring it: by a process of its own, which then ends.

The answer is that of the command ``validate``, and beside it the formula and the size of each cell.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TypedDict

from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.engine import THREADS

ROOT = Path(__file__).resolve().parents[2]
MOST_S = 300.0
"""Wall time of a whole file; what a file of 2,500 structures takes is tens of seconds."""
NICENESS = 10
"""The pages are answered first."""


class CheckedStructure(TypedDict):
    """One structure of a file.

    ``reason`` and ``detail`` are None where it can be read, ``formula`` and ``n_sites`` (of the cell as given) where it
    cannot.
    """

    id: str
    readable: bool
    reason: str | None
    detail: str | None
    formula: str | None
    n_sites: int | None


class CheckedFile(TypedDict):
    """What a file holds; ``refusal`` says why none of it would be scored, None where it would."""

    refusal: str | None
    n_structures: int
    n_readable: int
    n_files: int
    ignored: list[str]
    structures: list[CheckedStructure]


class NotCheckedError(Exception):
    """The file was not read to its end; the message says why."""


def check(path: Path, most_s: float = MOST_S) -> CheckedFile:
    """Read a file in another process.

    Args:
        path: the file; its name gives a lone structure its id.
        most_s: wall time that reading may take.

    Raises:
        NotCheckedError: it took longer, or the process ended.

    """
    with subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", __name__, str(path.resolve())],
        cwd=ROOT,
        env={**os.environ, **THREADS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # with its workers, so that they end with it
    ) as process:
        try:
            written, _ = process.communicate(timeout=most_s)
        except subprocess.TimeoutExpired as error:
            msg = f"reading the file took more than {most_s:g} s; submit fewer structures"
            raise NotCheckedError(msg) from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        msg = "the process that reads files ended without an answer; the maintainers find why in the log"
        raise NotCheckedError(msg)
    checked: CheckedFile = json.loads(written)
    return checked


def _check(path: Path) -> CheckedFile:
    """In that process."""
    from leaderboard.processes import start_engine  # noqa: PLC0415
    from leaderboard.protocol import load_protocol  # noqa: PLC0415 - the app needs none of these
    from leaderboard.run.reading import cells, crystals_of, read_records, refuse_unreadable  # noqa: PLC0415
    from leaderboard.run.scoring import LIMITS  # noqa: PLC0415
    from metrics.measure.fingerprint.elements import reduced_formula  # noqa: PLC0415
    from metrics.measure.running.progress import silent  # noqa: PLC0415
    from submissions.box import split_in_box  # noqa: PLC0415
    from submissions.record import Contents  # noqa: PLC0415
    from submissions.refusal import FileRefusedError  # noqa: PLC0415

    contents, refusal = Contents(), None
    structures: list[CheckedStructure] = []
    try:
        records = split_in_box(path, LIMITS, contents)
        with closing(records), start_engine(EngineChoice(jobs=1), preload=("leaderboard.run.reading",)) as engine:
            limit_s = load_protocol().time_limits_s.parse
            table = read_records(records, LIMITS, engine, silent, time_limit_s=limit_s)
        crystals = crystals_of(table)
        for row, (name, reason, detail) in enumerate(cells(table, "id", "refusal", "detail")):
            crystal = crystals.get(row)
            structures.append(
                CheckedStructure(
                    id=name,
                    readable=crystal is not None,
                    reason=reason,
                    detail=detail,
                    formula=None if crystal is None else reduced_formula(crystal.atomic_numbers),
                    n_sites=None if crystal is None else crystal.n_sites,
                )
            )
        refuse_unreadable(table)
    except FileRefusedError as error:
        refusal = str(error)
    return CheckedFile(
        refusal=refusal,
        n_structures=len(structures),
        n_readable=sum(structure["readable"] for structure in structures),
        n_files=contents.n_files,
        ignored=[f"{ignored.name} ({ignored.what})" for ignored in contents.ignored],
        structures=structures,
    )


def main(arguments: list[str]) -> None:
    """Print the answer as JSON."""
    os.nice(NICENESS)
    sys.stdout.write(json.dumps(_check(Path(arguments[0]))))


if __name__ == "__main__":
    main(sys.argv[1:])
