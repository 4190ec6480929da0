"""The app under trouble: one line says what is wrong, without a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def start(runs: Path, port: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GRADIO_SERVER_PORT": port, "LEADERBOARD_RUNS": str(runs)}
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("port", ["", "web", "-1", "0", "70000"])
def test_a_bad_port_is_named_with_its_bounds(tmp_path: Path, port: str) -> None:
    ended = start(tmp_path, port)
    assert ended.returncode == 1
    assert ended.stderr == f"error: GRADIO_SERVER_PORT is {port!r}; expected a whole number from 1 to 65535\n"


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = start(tmp_path, str(port))
    assert ended.returncode == 1
    assert ended.stderr == f"error: port {port} is in use; set GRADIO_SERVER_PORT to another one\n"


def test_a_folder_of_runs_that_is_a_file_is_said_in_one_line(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.write_text("")
    ended = start(runs, "7999")
    assert ended.returncode == 1
    assert ended.stderr == f"error: [Errno 20] Not a directory: {str(runs)!r}\n"
