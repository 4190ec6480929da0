"""How the server fares, for whoever keeps it running: JSON for a monitor, a page for a person. No secrets, no names."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from leaderboard.pages.parts.markup import text
from leaderboard.queue.energies.leases import seen
from leaderboard.release import package_versions, release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from leaderboard.queue.jobs import Jobs
    from leaderboard.run.service import ScoringProcess
    from leaderboard.store.local import Store

LEAST_DISK_BYTES = 2_000_000_000
LONGEST_WAIT_S = 3_600.0
REMEMBERED_S = 5.0
"""A monitor that asks more often gets the answer before."""
_SERVER_PACKAGES = ("gradio", "pyarrow", "pydantic", "starlette", "uvicorn")


class QueueState(NamedTuple):
    """What waits for the scoring process and for the worker.

    Attributes:
        waiting: submissions.
        running: submissions.
        oldest_waiting_s: how long the one that waits longest has; None where none waits.
        worker_seen_s: how long ago a worker of energies said that it is there; None where none ever did.
        scoring_pid: process that scores; None where it is not running.

    """

    waiting: int = 0
    running: int = 0
    oldest_waiting_s: float | None = None
    worker_seen_s: float | None = None
    scoring_pid: int | None = None


class QueueHealth(Protocol):
    """A queue that says how it fares."""

    def health(self) -> QueueState:
        """As it stands."""


class QueueOf:
    """A queue and the process that scores for it.

    Args:
        jobs: the queue.
        process: that scores.
        now: a clock, in seconds since 1970, as the queue's.

    """

    def __init__(self, jobs: Jobs, process: ScoringProcess, now: Callable[[], float] = time.time) -> None:
        """Nothing is asked yet."""
        self._jobs, self._process, self._now = jobs, process, now

    def health(self) -> QueueState:
        """As it stands; one look at the table."""
        waiting, running, oldest = 0, 0, None
        if self._jobs.database.exists:
            rows = (
                self._jobs.database.read()
                .execute(
                    "SELECT state, COUNT(*), MIN(queued) FROM submissions WHERE state IN ('queued', 'running') "
                    "GROUP BY state"
                )
                .fetchall()
            )
            counts = {state: (count, since) for state, count, since in rows}
            waiting, oldest = counts.get("queued", (0, None))
            running, _ = counts.get("running", (0, None))
        age = None if oldest is None else round(max(self._now() - oldest, 0.0), 1)
        worker = seen(self._jobs.store.root)
        worker_age = None if worker is None else round(max(self._now() - worker, 0.0), 1)
        return QueueState(waiting, running, age, worker_age, self._process.pid)


class Report(NamedTuple):
    """One look at the server.

    Attributes:
        troubles: what somebody should look after, in words; none in good health.
        facts: name and value, sizes in bytes, times in seconds.

    """

    troubles: tuple[str, ...]
    facts: Mapping[str, object]

    @property
    def status(self) -> str:
        """One word."""
        return "degraded" if self.troubles else "ok"


class Health:
    """Looks at the server when asked.

    Args:
        store: of runs.
        queue: of submissions; None where there is none.
        now: a clock, in seconds.

    """

    def __init__(self, store: Store, queue: QueueHealth | None, now: Callable[[], float] = time.monotonic) -> None:
        """The server has just started."""
        self._store, self._queue, self._now = store, queue, now
        self._started = now()
        self._lock = threading.Lock()
        self._last: tuple[float, Report] | None = None

    def report(self) -> Report:
        """What is known, at most five seconds old."""
        with self._lock:
            if self._last is None or self._now() - self._last[0] >= REMEMBERED_S:
                self._last = self._now(), self._look()
            return self._last[1]

    async def answer(self, request: Request) -> Response:
        """The report: as a page for a browser, else as JSON; the status is 200 either way, for the server is up."""
        report = await run_in_threadpool(self.report)
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(page(report))
        return JSONResponse({"status": report.status, "troubles": report.troubles, **report.facts})

    def _look(self) -> Report:
        queue, troubles = QueueState(), []
        try:
            queue = self._queue.health() if self._queue else queue
        except (OSError, sqlite3.Error) as error:
            troubles.append(f"the queue cannot be read: {error}")
        folder = next(path for path in (self._store.root, *self._store.root.absolute().parents) if path.exists())
        disk = shutil.disk_usage(folder)
        damaged = self._store.damaged()
        if disk.free < LEAST_DISK_BYTES:
            troubles.append(f"{disk.free:,} bytes free where the runs are; fewer than {LEAST_DISK_BYTES:,}")
        if damaged:
            troubles.append(f"{len(damaged)} runs or actions cannot be read, the log says why")
        if queue.oldest_waiting_s is not None and queue.oldest_waiting_s > LONGEST_WAIT_S:
            troubles.append(f"a submission has waited {queue.oldest_waiting_s:,.0f} s")
        if self._queue and queue.scoring_pid is None and queue.waiting + queue.running:
            troubles.append("submissions wait and the scoring process does not run")
        number, commit = release()
        facts: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "uptime_s": round(self._now() - self._started),
            "runs": len(self._store.runs()),
            "damaged": [f"{entry.path.parent.name}/{entry.path.name}" for entry in damaged],
            "queue_waiting": queue.waiting,
            "queue_running": queue.running,
            "queue_oldest_s": queue.oldest_waiting_s,
            "worker_seen_s": queue.worker_seen_s,
            "disk_free_bytes": disk.free,
            "disk_total_bytes": disk.total,
            "memory_bytes": resident_bytes(os.getpid()),
            "scoring_memory_bytes": None if queue.scoring_pid is None else resident_bytes(queue.scoring_pid),
            "version": number,
            "commit": commit,
            "packages": {**_server_packages(), **package_versions()},
        }
        return Report(tuple(troubles), facts)


def page(report: Report) -> str:
    """The report as a page that needs no script."""
    troubles = "".join(f"<li>{text(trouble)}</li>" for trouble in report.troubles)
    rows = "".join(
        f"<tr><th scope=row>{text(name)}</th><td>{text(_words(value))}</td></tr>"
        for name, value in report.facts.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Health</title><style>'
        "body{font-family:system-ui,sans-serif;margin:2em}th{text-align:left;padding-right:2em;vertical-align:top}"
        f"</style></head><body><h1>{report.status}</h1><ul>{troubles}</ul><table>{rows}</table></body></html>"
    )


def resident_bytes(pid: int) -> int | None:
    """Memory that a process holds; None where this system does not tell, or the process is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int | float) else "unknown" if value is None else str(value)


def _server_packages() -> dict[str, str]:
    versions = {}
    for name in _SERVER_PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # pragma: no cover - the app needs each
            continue
    return versions
