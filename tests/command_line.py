"""The command line, started in this process."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaderboard.__main__ import main

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "submissions" / "examples" / "example.zip"
CARD = ROOT / "submissions" / "cards" / "example.toml"
STRUCTURAL = ("--potentials", "none")


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def leaderboard(*arguments: object, runs: Path) -> Ended:
    """Run a command in this process: only what needs to be killed gets one of its own."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(stdout), redirect_stderr(stderr):
        patch.setenv("LEADERBOARD_RUNS", str(runs))
        patch.chdir(ROOT)
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse's way to refuse
            code = int(stop.code or 0)
    return Ended(code, stdout.getvalue(), stderr.getvalue())
