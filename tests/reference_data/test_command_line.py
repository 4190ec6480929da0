"""``python -m reference_data``: results on stdout, complaints on stderr, exit codes 0, 1, 2, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reference_data.__main__ import main
from reference_data.files.manifest import MANIFEST_FILE, SET_FILES
from reference_data.reference import SETS, set_names

ROOT = Path(__file__).resolve().parents[2]


def test_list_names_every_set_with_what_matters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "crystals", "elements", "built", "ranking", "licence", "title"]
    assert [line.split()[0] for line in lines] == set_names()
    (starter,) = [line for line in lines if line.startswith("starter")]
    assert "indicative" in starter
    assert "MIT AND LGPL-2.1-or-later" in starter


def test_verify_says_what_is_in_order_and_what_is_not(small_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(small_copy)]) == 0
    assert "in order, 4 crystals, manifest sha256 " in capsys.readouterr().out
    path = small_copy / "refusals.jsonl"
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    assert main(["verify", str(small_copy)]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{small_copy}: refusals.jsonl: sha256 ")
    assert captured.err == ""


def test_a_second_build_gives_the_same_bytes_and_leaves_nothing_behind(
    small_definition: Path, small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    out.mkdir()
    (out / SET_FILES[0]).write_text("left by an earlier build")
    # the first build of this set ran in one process
    assert main(["build", str(small_definition), "--out", str(out), "--jobs", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"small: 4 crystals in {out}\n"
    assert "10 rows, 5 refused, 1 merged, 4 crystals" in captured.err
    for name in (*SET_FILES, MANIFEST_FILE):
        assert (out / name).read_bytes() == (small_set / name).read_bytes(), name
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["verify", "no-such-set"], 1, "no reference set 'no-such-set'; expected one of"),
        (["build", "no-such.toml"], 1, "no-such.toml cannot be read"),
        (["build", str(SETS / "starter.toml"), "--out", "/dev/null/x"], 1, "/dev/null"),
        (["build"], 2, "required: SET.toml"),
        (["build", "x.toml", "--jobs", "0"], 2, "must be at least 1, got 0"),
        (["build", "x.toml", "--shard", "3/2"], 2, "must be i/n with i from 1 to n, such as 2/8, got 3/2"),
        (["build", "x.toml", "--shard", "half"], 2, "must be i/n with i from 1 to n, such as 2/8, got half"),
        (["frobnicate"], 2, "invalid choice: 'frobnicate'"),
        ([], 2, "required: COMMAND"),
    ],
)
def test_bad_input_is_one_clear_line_and_the_right_exit_code(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        exit_code: object = main(arguments)
    except SystemExit as stop:  # how argparse ends on wrong usage
        exit_code = stop.code
    captured = capsys.readouterr()
    assert exit_code == code
    assert message in captured.err.splitlines()[-1]
    assert captured.out == ""


def test_the_module_runs_as_a_command_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reference_data", "verify", "no-such-set"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command", [[], ["list"], ["describe"], ["diff"], ["verify"], ["build"], ["evaluate-potential"]]
)
def test_help_says_what_the_exit_codes_mean(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--help"])
    assert "Exit codes: 0 done" in " ".join(capsys.readouterr().out.split())


def test_the_starter_set_is_defined_and_built() -> None:
    assert (SETS / "starter.toml").is_file()
    assert (SETS / "starter" / "manifest.toml").is_file()
