"""The project as it is installed: a built wheel, in an environment and a folder without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from leaderboard.import_names import DISTRIBUTION, NAMES
from leaderboard.records import Release
from leaderboard.release import release
from tests.golden.numbers import Numbers, moves
from tests.golden.submissions import FOLDER, STRUCTURAL, SUBMISSIONS, score

ROOT = Path(__file__).parents[2]
SITE = Path(sysconfig.get_path("purelib"))
UNTRACKED = "reference_data/sets/built_here/crystals.parquet"
"""A reference set that somebody has built in the checkout."""

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git says which files belong to the project")


def run(*command: object, folder: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Start a program in a folder, with no other place that it could import from."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "LEADERBOARD_RUNS"}}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or not check, done.stderr
    return done


def build(source: Path, out: Path) -> Path:
    """Build a wheel with pip; without hatchling here, pip asks the network for it."""
    isolation = [] if find_spec("hatchling") is None else ["--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", out, *isolation, source]
    done = run(*command, folder=source, check=False)
    if done.returncode and not isolation and "hatchling" in done.stderr:
        pytest.skip("hatchling is not installed and there is no network to get it from")
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


def environment(folder: Path) -> Path:
    """A new environment that sees the packages of this one; its interpreter."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, folder=folder.parent)
    python = folder / "bin" / "python"
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).stdout.strip()
    (Path(site) / "packages.pth").write_text(f"{SITE}\n")
    return python


def pip(python: Path, *arguments: object) -> None:
    run(sys.executable, "-m", "pip", "--quiet", "--python", python, *arguments, folder=python.parent)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files as they are now, in a repository of one commit, and a reference set that is not tracked."""
    folder = tmp_path_factory.mktemp("source")
    for name in run("git", "ls-files", "-z", folder=ROOT).stdout.split("\0"):
        if name and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    run("git", "init", "--quiet", folder=folder)
    run("git", "add", ".", folder=folder)
    run("git", *identity, "commit", "--quiet", "--message", "All", folder=folder)
    (folder / UNTRACKED).parent.mkdir(parents=True)
    (folder / UNTRACKED).write_text("large")
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interpreter of an environment that the wheel is installed in."""
    python = environment(tmp_path_factory.mktemp("environment"))
    pip(python, "install", "--no-deps", "--no-index", wheel)
    return python


def test_a_wheel_holds_the_tracked_files_of_the_four_folders_and_its_commit(source: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        commit = archive.read("leaderboard/commit.txt").decode().strip()
    tracked = set(run("git", "ls-files", *NAMES, folder=source).stdout.split())
    assert packed == tracked | {"leaderboard/commit.txt"}
    assert commit == run("git", "rev-parse", "HEAD", folder=source).stdout.strip()
    assert wheel.name.startswith(f"crystal_leaderboard-{release().version}-py3-none-any")


def test_installed_it_scores_as_the_checkout_does_and_leaves_nothing_behind(
    source: Path, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(installed.parents[1])}))
    shutil.copy2(SUBMISSIONS["example"].file, tmp_path)
    # files of the user that are called like ours are not imported
    (tmp_path / "metrics.py").write_text("raise SystemExit('the wrong metrics')\n")
    (tmp_path / "submissions").mkdir()
    program = installed.parent / DISTRIBUTION
    scored = score(SUBMISSIONS["example"]._replace(options=STRUCTURAL, energies=None), tmp_path, (str(program),))
    golden = Numbers.read(FOLDER / "example")
    structural = {row: values for row, values in golden.scores.items() if "/" not in row}
    assert list(moves(replace(golden, scores=structural, energies={}), Numbers.of(scored))) == []
    commit = run("git", "rev-parse", "HEAD", folder=source).stdout.strip()
    assert scored.record.release == Release(version=release().version, commit=commit)
    assert any((tmp_path / "cache").rglob("*.nbi"))  # what numba compiled
    pip(installed, "uninstall", "--yes", DISTRIBUTION)
    assert not {path.name for path in site.iterdir()} & set(NAMES)
    assert not program.exists()


def test_the_command_explains_itself_and_brings_the_sets_and_the_python_call(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "environment")
    pip(python, "install", "--no-deps", "--no-index", wheel)
    program = python.parent / DISTRIBUTION
    assert run(program, "--help", folder=tmp_path).stdout.startswith(f"usage: {DISTRIBUTION} ")
    assert run(program, "--version", folder=tmp_path).stdout.startswith(f"{DISTRIBUTION} {release().version} ")
    assert "usage: crystal-leaderboard reference " in run(program, "reference", "--help", folder=tmp_path).stdout
    assert "\nstarter " in run(program, "reference", "list", folder=tmp_path).stdout
    where = run(python, "-P", "-c", "from leaderboard import score_structures as s; print(s)", folder=tmp_path).stdout
    assert where.startswith("<function score_structures")
    refused = run(program, "docs", folder=tmp_path, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: metrics.md is part of a checkout")


@pytest.mark.parametrize("theirs_last", [True, False])
def test_another_distribution_of_one_of_the_names_is_refused_in_one_line(
    wheel: Path, tmp_path: Path, *, theirs_last: bool
) -> None:
    other = tmp_path / "other"
    (other / "metrics").mkdir(parents=True)
    (other / "metrics" / "__init__.py").write_text("# somebody else's\n")
    (other / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "metrics"\nversion = "1.0"\n'
    )
    theirs = build(other, tmp_path / "wheels")
    python = environment(tmp_path / "environment")
    for each in (wheel, theirs) if theirs_last else (theirs, wheel):
        pip(python, "install", "--no-deps", "--no-index", each)
    refused = run(python.parent / DISTRIBUTION, "table", folder=tmp_path, check=False)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    site = sysconfig.get_path("purelib", vars={"base": str(python.parents[1])})
    assert line.startswith(f"error: import name metrics also belongs to the distribution metrics, in {site}/metrics; ")
    called = run(python, "-P", "-c", "from leaderboard import score_structures", folder=tmp_path, check=False)
    assert called.stderr.splitlines()[-1] == f"ImportError: {line.removeprefix('error: ')}"


def test_code_that_hides_one_of_the_names_is_refused(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "environment")
    pip(python, "install", "--no-deps", "--no-index", wheel)
    (tmp_path / "submissions.py").write_text("")
    code = "from leaderboard import score_structures"
    called = run(python, "-c", code, folder=tmp_path, check=False)  # looks in the working directory first
    assert called.stderr.splitlines()[-1] == (
        f"ImportError: import name submissions leads to {tmp_path}/submissions.py, not to {DISTRIBUTION}"
    )
