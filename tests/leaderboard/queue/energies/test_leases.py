"""One worker a run: in this process, in others, and after a holder that is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from leaderboard.queue.energies import leases
from leaderboard.queue.energies.leases import LASTS_S, leased

ROOT = Path(__file__).parents[4]

HOLD = """
import sys
from pathlib import Path
from leaderboard.queue.energies.leases import leased
with leased(Path(sys.argv[1]), "run") as is_held:
    print(is_held, flush=True)
    sys.stdin.readline()
"""


def files(root: Path) -> list[str]:
    return sorted(path.name for path in (root / leases.FOLDER).iterdir())


def test_a_lease_is_held_by_one_and_free_when_it_ends(tmp_path: Path) -> None:
    with leased(tmp_path, "run") as first, leased(tmp_path, "run") as second, leased(tmp_path, "other") as other:
        assert (first, second, other) == (True, False, True)
        assert files(tmp_path) == ["other", "run"]
    assert files(tmp_path) == []
    with leased(tmp_path, "run") as again:
        assert again


def test_a_worker_says_that_it_is_there(tmp_path: Path) -> None:
    assert leases.seen(tmp_path) is None
    before = time.time()
    leases.say_seen(tmp_path)
    seen = leases.seen(tmp_path)
    # the clock of the file system ticks more coarsely
    assert seen == pytest.approx(before, abs=30)


def test_of_many_at_once_one_holds_it(tmp_path: Path) -> None:
    held, together = [], threading.Barrier(8)

    def take() -> None:
        together.wait()
        with leased(tmp_path, "run") as is_held:
            held.append(is_held)
            together.wait()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(held) == [False] * 7 + [True]


def test_a_killed_holder_s_lease_runs_out_and_is_taken_by_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with leased(tmp_path, "run") as is_held:
            assert not is_held
        holder.kill()
        holder.wait()
    with leased(tmp_path, "run") as is_held:
        assert not is_held  # nobody can tell yet
    old = time.time() - LASTS_S - 1
    os.utime(tmp_path / leases.FOLDER / "run", (old, old))
    with leased(tmp_path, "run") as first, leased(tmp_path, "run") as second:
        assert (first, second) == (True, False)
    assert files(tmp_path) == []


def test_a_holder_that_hung_takes_nothing_from_the_next_one(tmp_path: Path) -> None:
    old = time.time() - LASTS_S - 1
    with leased(tmp_path, "run"):
        os.utime(tmp_path / leases.FOLDER / "run", (old, old))
        next_one = leased(tmp_path, "run")
        assert next_one.__enter__()
    # the first has ended, the next one's lease is there
    with leased(tmp_path, "run") as is_held:
        assert not is_held
    next_one.__exit__(None, None, None)
    assert files(tmp_path) == []
