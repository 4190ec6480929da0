"""The registry holds every measurement that is written, and loads nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import metrics.measure
from metrics.measure import registry

FOLDER = Path(metrics.measure.__file__ or "").parent
ROOT = FOLDER.parents[1]


def test_every_measurement_that_is_written_is_registered() -> None:
    written = {
        name
        for path in FOLDER.rglob("*.py")
        for name in re.findall(r'^@measure\(\s*name="(\w+)"', path.read_text(), flags=re.MULTILINE)
    }
    assert len(written) > 10
    assert set(registry()) == written


def test_measuring_loads_no_engine_and_no_potential() -> None:
    code = (
        "import sys; from metrics.measure import registry; registry(); "
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'distributed', 'torch', 'ase', 'gradio'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "\n"
