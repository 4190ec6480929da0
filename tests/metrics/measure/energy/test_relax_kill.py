"""kill -9 at any moment: nothing is relaxed twice, and the end is the same."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from metrics.measure.running.cache import Cache

ROOT = Path(__file__).parents[4]
N_STRUCTURES = 40
# distorted AuCu3 cells, each some tenths of a second of EMT
SCRIPT = f"""
import json, sys
from dataclasses import asdict
from pathlib import Path
import numpy as np
from metrics.crystal import Crystal
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.potentials import find
from metrics.measure.energy.relaxation import energies_of, processes_of
from metrics.measure.energy.relax_record import Relaxation

corners = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2
noises = np.random.default_rng(1).normal(0, 0.02, ({N_STRUCTURES}, 7, 3))
crystals = [
    Crystal.from_arrays(3.7 * (np.eye(3) + noise[:3]), corners + noise[3:], [79, 29, 29, 29]) for noise in noises
]
path = Path(sys.argv[1])
with LocalEngine(2, processes_of(find("emt"))) as engine, Cache(path) as cache:
    records = energies_of(
        crystals, find("emt"), Relaxation(max_steps=15), engine=engine, cache=cache,
        on_known=lambda n: print("known", n, flush=True), on_done=lambda: None,
    )
Path(sys.argv[2]).write_text(json.dumps([{{**asdict(record), "seconds": None}} for record in records.values()]))
"""


def start(cache: Path, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, cache, out], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def n_written(cache: Path) -> int:
    with closing(sqlite3.connect(cache)) as database:
        return int(database.execute("SELECT COUNT(*) FROM writes").fetchone()[0])


def test_three_kills_change_nothing_and_nothing_is_written_twice(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.json", tmp_path / "killed.json"
    assert start(tmp_path / "whole.sqlite", whole).communicate()[0] == "known 0\n"
    cache = tmp_path / "cache.sqlite"
    with Cache(cache):
        pass
    with closing(sqlite3.connect(cache)) as database:  # every write of a record, not only the last
        database.execute("CREATE TABLE writes (sha256 TEXT)")
        database.execute("CREATE TRIGGER log AFTER INSERT ON results BEGIN INSERT INTO writes VALUES (NEW.sha256); END")
        database.commit()
    before = []
    for at_least in (3, 9, 18):
        process = start(cache, killed)
        for _ in range(3000):
            if n_written(cache) >= at_least:
                break
            time.sleep(0.02)
        else:
            pytest.fail(f"fewer than {at_least} records after a minute")
        process.kill()
        printed, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL
        before.append(int(printed.split()[1]))
    last = n_written(cache)
    assert start(cache, killed).communicate()[0] == f"known {last}\n"
    assert 0 == before[0] < before[1] < before[2] < last < N_STRUCTURES
    assert json.loads(killed.read_text()) == json.loads(whole.read_text())
    with closing(sqlite3.connect(cache)) as database:
        written = [row[0] for row in database.execute("SELECT sha256 FROM writes")]
    assert len(written) == len(set(written)) == N_STRUCTURES
