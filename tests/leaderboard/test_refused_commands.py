"""What the command line refuses: one line of error that names the remedy, and the exit status of the contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import EXAMPLE, ROOT, STRUCTURAL, leaderboard


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("empty.zip", b"", "empty"), ("noise.bin", bytes(range(256)) * 4, ""), ("none.json", b"[]", "empty")],
)
def test_a_refused_file_exits_1_with_one_line(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    validated = leaderboard("validate", path, "--json", runs=tmp_path)
    result = json.loads(validated.stdout)
    assert validated.returncode == 1
    assert result["n_readable"] == 0
    assert reason in result["file_refusal"]["reason"]
    for command_name in ("validate", "score"):
        run = leaderboard(command_name, path, runs=tmp_path)
        assert run.returncode == 1
        assert "Traceback" not in run.stderr
        errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("score", "nothing.zip"), "nothing.zip does not exist"),
        (("score", "submissions"), "is a folder"),
        (("score", EXAMPLE, "--card", "pyproject.toml"), "card_invalid"),
        (("score", EXAMPLE, *STRUCTURAL, "--out", "README.md"), "README.md: a file stands where a folder is needed"),
        (("score", EXAMPLE, *STRUCTURAL, "--out", "README.md/out"), "a file stands where a folder is needed"),
    ],
    ids=lambda value: str(value[-1]) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_exits_1_and_names_the_alternatives(
    tmp_path: Path, arguments: tuple[object, ...], text: str
) -> None:
    run = leaderboard(*arguments, runs=tmp_path / "runs")
    assert run.returncode == 1
    assert text in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    "arguments", [(), ("sing",), ("score",), ("score", EXAMPLE, "--jobs", "0"), ("table", "--format", "pdf")]
)
def test_wrong_usage_exits_2(tmp_path: Path, arguments: tuple[object, ...]) -> None:
    run = leaderboard(*arguments, runs=tmp_path)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--protocol", "v0"), "no protocol 'v0'; available: v1"),
        (("--reference", "nowhere"), "no reference set 'nowhere'"),
        (("--potentials", "chgnet,magic"), "no potential 'magic'; there are: chgnet"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_name_of_nothing_exits_2_before_anything_is_read(
    tmp_path: Path, arguments: tuple[str, ...], text: str
) -> None:
    # a file that is not there would exit 1
    run = leaderboard("score", tmp_path / "nothing.zip", *arguments, runs=tmp_path / "runs")
    assert run.returncode == 2
    assert text in run.stderr
    method = leaderboard("fingerprint", tmp_path / "nothing.zip", "--method", "md5", runs=tmp_path / "runs")
    assert method.returncode == 2
    assert method.stderr == "error: no fingerprint method 'md5'; available: bawl, short-bawl, canonical-bawl\n"
    assert not (tmp_path / "runs").exists()


def test_a_folder_of_runs_that_is_a_file_is_said_in_one_line(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.write_text("")
    for arguments in (("score", EXAMPLE, *STRUCTURAL), ("table",), ("worker", "--once")):
        run = leaderboard(*arguments, runs=runs)
        assert run.returncode == 1
        assert run.stderr.startswith(f"error: {runs}: a file stands where a folder is needed")
        assert run.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_said_in_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "leaderboard", "table"],
            cwd=ROOT,
            env={**os.environ, "LEADERBOARD_RUNS": str(tmp_path)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert run.returncode == 1
    assert run.stderr.startswith("error: writing: No space left on device")
    assert "Traceback" not in run.stderr
