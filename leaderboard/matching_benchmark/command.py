"""``python -m leaderboard benchmark matching``: measure every method, print the tables, keep the result."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from leaderboard.commands import existing
from leaderboard.errors import CommandError
from leaderboard.matching_benchmark.data import from_files, starter
from leaderboard.matching_benchmark.report import as_text
from leaderboard.matching_benchmark.result import RESULT_FILE, default_folder
from leaderboard.matching_benchmark.run import run_benchmark
from leaderboard.matching_benchmark.tables import write_answers
from leaderboard.processes import start_engine
from leaderboard.store.json_files import write_json
from leaderboard.store.local import Store
from metrics.measure.running.progress import ToTerminal
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from argparse import Namespace

# what each worker does before its first task, so that no time of a method holds an import
PRELOAD = (
    "leaderboard.run.reading",
    "leaderboard.matching_benchmark.changes",
    "leaderboard.matching_benchmark.answers:warm",
)


def matching(options: Namespace) -> None:
    """Run the benchmark.

    Raises:
        CommandError: a file of crystals is refused.

    """
    folder = options.out or default_folder(Store())
    with start_engine(options.where, preload=PRELOAD) as engine:
        try:
            entries, origins = (
                from_files([existing(path) for path in options.data], engine, ToTerminal())
                if options.data
                else starter()
            )
        except FileRefusedError as error:
            raise CommandError(str(error)) from error
        run = run_benchmark(entries, origins, n=options.n, seed=options.seed, engine=engine, report=ToTerminal())
    folder.mkdir(parents=True, exist_ok=True)
    write_json(run.result, folder / RESULT_FILE)
    write_answers(run, folder)
    sys.stdout.write(as_text(run.result))
    sys.stderr.write(f"files: {folder}\n")
