"""``python app.py`` as a process of its own, over a store, for tests and loads."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
START_S = 180.0


@dataclass(frozen=True)
class Served:
    """Where it answers, its process, and what it writes."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def cpu_s(self) -> float:
        """CPU seconds of the process so far, without those of its children."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self) -> int:
        """Memory that the process holds."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def served(root: Path, log: Path, **environment: str) -> Iterator[Served]:
    """Serve a store until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "LEADERBOARD_RUNS": str(root), **environment}
    with (
        log.open("w") as output,
        subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT) as app,
    ):
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + START_S
        try:
            while not answers(f"{url}/health"):
                assert app.poll() is None, log.read_text()
                assert time.monotonic() < end, f"no answer within {START_S} s: {log.read_text()}"
                time.sleep(0.1)
            yield Served(url, app, log)
        finally:
            app.terminate()


def answers(url: str) -> bool:
    """Whether something there answers with 200."""
    try:
        with urllib.request.urlopen(url) as response:  # noqa: S310 - our own server, always http
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False
