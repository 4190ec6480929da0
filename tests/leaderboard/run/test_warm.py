"""A worker that is ready compiles nothing in a task: it would count against the time limit of a record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = """
import sys
from itertools import combinations
from leaderboard.protocol import load_protocol
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.matching.structure_matcher.default_matcher import same_by_default_matcher
from metrics.measure.matching.verdict import Candidate, MatchSettings, same_by_loose_matcher
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
candidates = []
for record in split(ARCHIVE):
    for measure in registry().values():
        try:
            measure.compute(parse(record), measure.settings())
        except (RecordRefusedError, UnmeasurableError):
            pass
    try:
        crystal = parse(record)
        keys = METHODS["canonical-bawl"].compute(crystal).keys
        candidates.append(Candidate(crystal, reduced_formula(crystal.atomic_numbers), keys))
    except (RecordRefusedError, UnmeasurableError):
        pass
pairs = [(a, b) for a, b in combinations(candidates, 2) if a.reduced_formula == b.reduced_formula]
assert pairs
for a, b in pairs:
    same_by_loose_matcher(a, b, MatchSettings(**load_protocol().matching))
    same_by_default_matcher(a, b)
assert len(before) > 20, before
print({name: n for name, n in ready().items() if before.get(name) != n})
"""


def test_what_measures_the_crystals_of_the_example_is_compiled_before_the_first_task() -> None:
    run = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "{}\n"
