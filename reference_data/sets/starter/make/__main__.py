"""``python -m reference_data.sets.starter.make``: relax what is not in the table yet, and write the tables.

Takes hours on two cores for all of some thousand crystals. An interrupted or killed run resumes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from reference_data.sets.starter.make.relaxation import relax_all, starts
from reference_data.sets.starter.make.tables import FOLDER, RELAXED_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

CACHE_FILE = FOLDER / ".relaxation.sqlite"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m reference_data.sets.starter.make", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="worker processes")
    parser.add_argument(
        "--records", type=Path, nargs="*", default=[], metavar="FILE.jsonl", help="results of other machines to take in"
    )
    options = parser.parse_args(arguments)
    try:
        rows = relax_all(starts(), CACHE_FILE, options.records, jobs=options.jobs, report=_report)
    except KeyboardInterrupt:
        _report("interrupted; the same command resumes")
        return 1
    except (OSError, ValueError) as error:
        _report(f"error: {error}")
        return 1
    counts = Counter(row.reason or "as meant" for row in rows)
    tally = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    sys.stdout.write(f"{len(rows)} crystals in {RELAXED_FILE.name}: {tally}\n")
    return 0


def _report(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - the command line's progress and complaints


if __name__ == "__main__":
    sys.exit(main())
