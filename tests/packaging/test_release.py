"""Which release says that it made the numbers: in checkouts of several states, and where no git can be asked."""

from __future__ import annotations

import platform
import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from leaderboard import release as module
from leaderboard.release import Release, package_versions, release
from metrics.code_version import PACKAGES

ROOT = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a file in one of the folders, in which the release is asked for."""
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "score.py").write_text("A = 1\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "7.1"\n')
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def release_here() -> Release:
    return release.__wrapped__()


def test_a_clean_checkout_names_its_version_and_commit(checkout: Path) -> None:
    assert release_here() == Release("7.1", git(checkout, "rev-parse", "HEAD"))


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("metrics/score.py", True),
        ("metrics/another.py", True),
        ("leaderboard/protocols/v9.toml", True),
        ("README.md", False),
        ("tests/test_a.py", False),
        ("runs/a/scores.json", False),
        ("reference_data/sets/mine/manifest.toml", False),
        ("submissions/cards/mine.toml", False),
    ],
)
def test_what_is_changed_in_the_code_is_marked_and_nothing_else(checkout: Path, path: str, *, marked: bool) -> None:
    (checkout / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout / path).write_text("changed")
    commit = git(checkout, "rev-parse", "HEAD")
    assert release_here().commit == (f"{commit}+dirty" if marked else commit)


def test_another_repository_that_a_git_hook_names_is_not_asked(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "--quiet")
    git(other, "commit", "--quiet", "--allow-empty", "--message", "Other")
    expected = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert release_here().commit == expected


def test_without_git_or_a_first_commit_the_commit_is_unknown(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    git(empty, "init", "--quiet")
    (empty / "pyproject.toml").write_text('[project]\nversion = "7.2"\n')
    monkeypatch.setenv("PATH", str(checkout))
    assert release_here() == Release("7.1", None)
    monkeypatch.undo()
    monkeypatch.setattr(module, "ROOT", empty)
    assert release_here() == Release("7.2", None)


def test_an_unpacked_source_archive_has_the_commit_written_down(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / ".git").rename(tmp_path / "elsewhere")
    written = tmp_path / "commit.txt"
    monkeypatch.setattr(module, "COMMIT_FILE", written)
    assert release_here() == Release("7.1", None)
    written.write_text("0123\n")
    assert release_here() == Release("7.1", "0123")


def test_versions_are_those_of_the_packages_that_are_installed() -> None:
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert {name: versions[name] for name in PACKAGES} == {name: version(name) for name in PACKAGES}


def test_a_package_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STABILITY_PACKAGES", ("no-such-potential",))
    assert "no-such-potential" not in package_versions.__wrapped__()


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[(.+?)\]", changelog, flags=re.MULTILINE)
    assert next(heading for heading in headings if heading != "Unreleased") == declared
    assert f"git tag is `v{declared}`" in changelog
    assert f'\nversion: "{declared}"\n' in (ROOT / "CITATION.cff").read_text()
