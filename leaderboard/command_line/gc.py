"""``python -m leaderboard gc``: clear up the folder of a store; the app does the same every hour."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING

from leaderboard.store.retention import Retention

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from leaderboard.queue.jobs import Jobs

EVERY_S = 3_600.0

_LOG = logging.getLogger(__name__)


def add_to(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """The command and its options."""
    text = "clear up the folder of runs: leftovers of killed processes, what is past its time, deleted submissions"
    added = subparsers.add_parser("gc", help=text, description=text[0].upper() + text[1:] + ".")
    added.set_defaults(run=(__name__, "gc"), interrupted="the same command does the rest")
    added.add_argument("--dry-run", action="store_true", help="change nothing, print what would go")
    usual = Retention()
    options = {
        "--older-than": (usual.days, "unpublished runs and private results, after they were last written to"),
        "--uploads-older-than": (usual.upload_days, "uploads that are scored"),
        "--cache-older-than": (usual.cache_days, "measurements, after they were made"),
    }
    for name, (days, what) in options.items():
        added.add_argument(
            name, type=float, default=days, metavar="DAYS", help=f"{what} go after so many days (default: {days:g})"
        )
    added.add_argument(
        "--cache-gb",
        type=float,
        default=usual.cache_bytes / 1e9,
        metavar="GB",
        help=f"measurements take so much at most, the oldest go first (default: {usual.cache_bytes / 1e9:g})",
    )


def gc(options: Namespace) -> None:
    """Print what went, one line each, and how much it was."""
    from leaderboard.queue.jobs import Jobs  # noqa: PLC0415 - imports pandas, which the help does not need
    from leaderboard.store.clearing import collect  # noqa: PLC0415 - with the above
    from leaderboard.store.local import Store  # noqa: PLC0415 - with the above

    retention = Retention(
        days=options.older_than,
        upload_days=options.uploads_older_than,
        cache_days=options.cache_older_than,
        cache_bytes=options.cache_gb * 1e9,
    )
    store = Store()
    gone = collect(store, Jobs(store).kept, retention, dry_run=options.dry_run)
    for entry in gone:
        sys.stdout.write(f"{entry.size_bytes:>14,}  {entry.path}  {entry.why}\n")
    said = "would be freed" if options.dry_run else "freed"
    sys.stdout.write(f"{sum(entry.size_bytes for entry in gone):>14,}  bytes {said}\n")


def keep_clearing(jobs: Jobs) -> None:
    """Clear up every hour for as long as the process lives."""
    from leaderboard.store.clearing import collect  # noqa: PLC0415 - see above

    def run() -> None:
        while True:
            try:
                collect(jobs.store, jobs.kept)
            except (OSError, sqlite3.Error) as error:
                _LOG.warning("%s was not cleared up: %s", jobs.store.root, error)
            pause.wait(EVERY_S)

    pause = threading.Event()
    threading.Thread(target=run, name="clearing up", daemon=True).start()
