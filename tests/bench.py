"""``make bench``: how fast, as ratios of CPU time measured in one run or to a stated bound."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from metrics.measure.running.engine import THREADS


def main() -> None:
    """Run every ``bench_*.py`` beside this file."""
    os.environ.update(THREADS)  # as the commands do, before numpy is imported
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        import_module(f"tests.{path.stem}").main()


if __name__ == "__main__":
    main()
