"""Everything structural for a full submission: 2,500 real crystals from the file to scores.json, on two workers.

Run as ``python -m tests.bench_structural``. Reads, measures, identifies against the starter set and scores, as
``python -m leaderboard score --potentials none --jobs 2`` does, with an empty cache of measurements.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from tests.metrics.measure.fingerprint_crystals import DATA, lemat_cifs

ROOT = Path(__file__).parents[1]
N_RECORDS = 2_500
SAMPLE_S = 0.25
"""Time between two looks at the memory of the processes."""
WALL_S, CPU_S, MEMORY_BYTES = 20.0, 30.0, 3e9
"""What a full submission may take on two quiet cores."""


def main() -> None:
    """Print wall and CPU seconds, their bounds, the peak memory of all processes and the time of each stage."""
    if not (DATA / "submissions").exists():
        print(f"structural stages: not measured, needs {DATA}")
        return
    with tempfile.TemporaryDirectory() as folder:
        submission = Path(folder) / "full.zip"
        write_submission(submission)
        out = Path(folder) / "out"
        command = [sys.executable, "-m", "leaderboard", "score", str(submission), "--potentials", "none"]
        before = _cpu_of_children()
        start = time.monotonic()
        with subprocess.Popen(
            [*command, "--reference", "starter", "--jobs", "2", "--out", str(out)],
            cwd=ROOT,
            env={**os.environ, "LEADERBOARD_RUNS": str(Path(folder) / "runs")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            peak = 0
            while process.poll() is None:
                peak = max(peak, memory_of(process.pid))
                time.sleep(SAMPLE_S)
        wall, cpu = time.monotonic() - start, _cpu_of_children() - before
        if process.returncode:
            msg = f"scoring ended with status {process.returncode}"
            raise RuntimeError(msg)
        record = json.loads((out / "run.json").read_text())
    print(f"{record['n_submitted']:,} real crystals, file to scores.json, two workers, starter reference")
    print(f"{'':24}{'measured':>10}{'bound':>8}{'ratio':>8}")
    for name, measured, bound in (
        ("wall seconds", wall, WALL_S),
        ("CPU seconds", cpu, CPU_S),
        ("peak memory, GB", peak / 1e9, MEMORY_BYTES / 1e9),
    ):
        print(f"{name:24}{measured:10.1f}{bound:8.0f}{measured / bound:8.2f}")
    print(
        "wall seconds by stage: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in record["timings_s"].items())
    )


def write_submission(path: Path) -> None:
    """The four published submissions (1,963 records), filled up to 2,500 with crystals of the Materials Project."""
    with zipfile.ZipFile(path, "w") as full:
        n_written = 0
        for source in sorted((DATA / "submissions").glob("*.zip")):
            with zipfile.ZipFile(source) as archive:
                for name in archive.namelist():
                    if name.endswith(".cif"):
                        full.writestr(f"{source.stem}/{name}", archive.read(name))
                        n_written += 1
        for file, cif in list(lemat_cifs("mp").items())[: N_RECORDS - n_written]:
            full.writestr(f"mp/{Path(file).stem}.cif", cif)


def memory_of(pid: int) -> int:
    """Bytes of a process and all that it started, pages that several share counted once (proportional set size)."""
    total = 0
    waiting = [pid]
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        try:
            rollup = (process / "smaps_rollup").read_text()
            tasks = [task.read_text() for task in process.glob("task/*/children")]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended a moment ago
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
        waiting.extend(int(child) for task in tasks for child in task.split())
    return total


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
