"""``python -m tests.golden``: write the golden numbers again, unless a value has moved without a version of its own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.golden.numbers import Numbers, moves
from tests.golden.submissions import FOLDER, SUBMISSIONS, score


def main() -> int:
    """Score every submission and compare; the exit status is 1 where nothing was written."""
    made = {}
    silent = []
    for name, golden in SUBMISSIONS.items():
        with tempfile.TemporaryDirectory() as folder:
            made[name] = Numbers.of(score(golden, Path(folder)))
        moved = list(moves(Numbers.read(FOLDER / name), made[name]))
        sys.stdout.writelines(f"{name}: {move}\n" for move in moved)
        silent += [move for move in moved if not move.reasons]
    if silent:
        sys.stderr.write(f"{len(silent)} values moved without a new version of what decides them: nothing is written\n")
        return 1
    for name, numbers in made.items():
        numbers.write(FOLDER / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
