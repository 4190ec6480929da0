"""The process that cuts files: it gives what cutting gives, ends at its bounds, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from submissions.box import Box, split_in_box
from submissions.limits import Limits
from submissions.read import split
from submissions.record import Contents
from submissions.refusal import FileRefusedError, Reason
from tests.submissions.hostile.binary import shared_pages
from tests.submissions.hostile.giants import packed
from tests.submissions.packing import cif, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "submissions" / "examples" / "example.zip"
LIMITS = Limits()


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as made:
        yield made


def children() -> set[int]:
    """Process ids of the boxes of this process."""
    pids = {
        int(pid) for task in Path(f"/proc/{os.getpid()}/task").glob("*/children") for pid in task.read_text().split()
    }
    return {pid for pid in pids if b"submissions.box" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def refusal(path: Path, limits: Limits) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        list(split_in_box(path, limits))
    return caught.value


def test_it_gives_what_cutting_gives(box: Box, tmp_path: Path) -> None:
    odd = tmp_path / "odd.zip"
    odd.write_bytes(
        zipped({"a\x1b\u202e.cif": cif(), "b\n.cif": "", "run.py": "x", "../c.cif": cif(), "\u00e9.json": "null"})
    )
    for path in (EXAMPLE, odd):
        here, there = Contents(), Contents()
        assert list(box.split(path, there)) == list(split(path, LIMITS, here))
        assert there == here


def test_records_that_are_only_counted_come_without_their_bytes(box: Box) -> None:
    records = list(box.split(EXAMPLE, payloads=False))
    assert [record.id for record in records] == [record.id for record in split(EXAMPLE)]
    assert not any(record.payload for record in records)


def test_one_process_serves_files_until_one_breaks_it(tmp_path: Path) -> None:
    before = children()
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    with Box() as box:
        list(box.split(EXAMPLE))
        (first,) = children() - before
        with pytest.raises(FileRefusedError):
            list(box.split(empty))
        list(box.split(EXAMPLE))
        assert children() - before == {first}
        os.kill(first, signal.SIGKILL)
        with pytest.raises(FileRefusedError, match="ended by SIGKILL") as caught:
            list(box.split(EXAMPLE))
        assert caught.value.reason is Reason.DAMAGED
        assert len(list(box.split(EXAMPLE))) == len(list(split(EXAMPLE)))
    assert children() == before


def test_a_caller_who_stops_listening_leaves_no_process() -> None:
    before = children()
    records = split_in_box(EXAMPLE)
    next(records)
    assert children() > before
    records.close()
    assert children() == before


def test_time_is_bounded_and_said(tmp_path: Path) -> None:
    path = tmp_path / "long.csv.gz"
    path.write_bytes(packed(b"id,cif\n", b'"",' * 300_000 + b"\n", 200, b""))
    refused = refusal(path, replace(LIMITS, split_seconds=0.5, split_seconds_a_record=0.0))
    assert refused.reason is Reason.TIME_LIMIT
    assert "more than 0 s of CPU time" in refused.detail or "more than 1 s" in refused.detail


def test_memory_is_bounded_and_said(tmp_path: Path) -> None:
    path = tmp_path / "large.json.gz"
    path.write_bytes(packed(b'["', b"x" * 1_000_000, 700, b'"]'))
    refused = refusal(path, replace(LIMITS, split_memory_bytes=600 * 2**20))
    assert refused.reason is Reason.MEMORY_LIMIT
    assert "0.6 GiB" in refused.detail


def test_bytes_are_counted_that_rows_share(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    path.write_bytes(shared_pages())
    assert path.stat().st_size < 5_000_000
    assert refusal(path, replace(LIMITS, unpacked_bytes=20_000_000)).reason is Reason.UNPACKED_TOO_LARGE


def test_the_process_is_bounded_by_the_system(box: Box) -> None:
    before = children()
    with Box() as other:
        list(other.split(EXAMPLE))
        (pid,) = children() - before
        assert resource.prlimit(pid, resource.RLIMIT_AS)[0] == LIMITS.split_memory_bytes
        assert resource.prlimit(pid, resource.RLIMIT_CPU)[0] < 1_000
        assert resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] <= 1_000_000
    assert list(box.split(EXAMPLE))


INTERRUPTED = """
import sys
from pathlib import Path
from submissions.box import split_in_box
records = split_in_box(Path(sys.argv[1]))
next(records)
print("cutting", flush=True)
for _ in records:
    input()
"""


def test_ctrl_c_ends_the_process_too() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(EXAMPLE)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "cutting\n"
        tasks = Path(f"/proc/{parent.pid}/task").glob("*/children")
        pids = [int(pid) for task in tasks for pid in task.read_text().split()]
        assert pids
        os.killpg(parent.pid, signal.SIGINT)  # as a terminal does, to parent and child alike
        parent.communicate()
    end = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_passes_is_no_pickle() -> None:
    source = (ROOT / "submissions" / "box.py").read_text()
    assert ".recv()" not in source
    assert json.loads(json.dumps("\udc80")) == "\udc80"  # names that are no UTF-8 pass too
