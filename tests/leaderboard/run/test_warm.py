"""A worker that is ready compiles nothing in a task: it would count against the time limit of a record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = """
import sys
from numba.core.dispatcher import Dispatcher
from leaderboard.run.warm import warm
from metrics.measure import UnmeasurableError, registry
from metrics.measure.fingerprint import METHODS
from submissions.examples.make import ARCHIVE
from submissions.read import parse, split
from submissions.refusal import RecordRefusedError

def ready():
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("metrics.measure")]
    return {f"{function.__module__}.{function.__name__}": len(function.signatures)
            for module in modules for function in vars(module).values() if isinstance(function, Dispatcher)}

warm()
before = ready()
for record in split(ARCHIVE):
    for measure in registry().values():
        try:
            measure.compute(parse(record), measure.settings())
        except (RecordRefusedError, UnmeasurableError):
            pass
assert len(before) > 20, before
print({name: n for name, n in ready().items() if before.get(name) != n})
"""


def test_what_measures_the_crystals_of_the_example_is_compiled_before_the_first_task() -> None:
    run = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "{}\n"
