"""A run as one zip: all of it, the same bytes each time, and a run again where it is unpacked."""

from __future__ import annotations

import tomllib
import zipfile
from typing import TYPE_CHECKING

import pytest

from leaderboard.__main__ import main
from leaderboard.export.bundle import write_bundle
from leaderboard.store.check import check_published
from submissions.card import card_from_fields
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.run import Run

FORMULA = "=1+1"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    records = [good("a"), good("b", in_reference=True), refused("c", "malformed", "no cell")]
    card = {"authors": ("A. Author", "B. Author"), "open_weights": False}
    return publish(tmp_path, Made(FORMULA, records, card=card, energies=[energy(caesium_chloride(), 0.02)]))


def test_a_bundle_is_the_run_again(run: Run, tmp_path: Path) -> None:
    write_bundle(run, tmp_path / "run.zip")
    place = tmp_path / "unpacked" / run.path.parent.name / run.path.name
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        archive.extractall(place)
        assert archive.testzip() is None
    again = check_published(place)
    assert (again.record, again.scores) == (run.record, run.scores)
    for name in ("structures", "columns", "energies"):
        assert (place / f"{name}.parquet").read_bytes() == (run.path / f"{name}.parquet").read_bytes()
    assert card_from_fields(tomllib.loads((place / "card.toml").read_text())) == run.card
    says = (place / "README.md").read_text()
    for part in (run.id, "CC-BY-4.0", "python -m leaderboard verify", run.record.protocol_hash[:12]):
        assert part in says


def test_the_same_run_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    write_bundle(run, tmp_path / "first.zip")
    (run.path / "run.json").touch()
    write_bundle(run, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_a_run_without_energies_has_no_table_of_them(tmp_path: Path) -> None:
    write_bundle(publish(tmp_path, Made("m", [good("a")])), tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        assert sorted(archive.namelist()) == [
            "README.md",
            "card.toml",
            "columns.parquet",
            "run.json",
            "scores.json",
            "structures.parquet",
        ]


def test_the_command_takes_a_folder_or_the_name_of_a_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path))
    for number, name in enumerate((run.id, str(run.path))):
        assert main(["export", "bundle", name, "--out", str(tmp_path / f"{number}.zip")]) == 0
    assert (tmp_path / "0.zip").read_bytes() == (tmp_path / "1.zip").read_bytes()
    assert main(["export", "bundle", "nowhere", "--out", str(tmp_path / "2.zip")]) == 1
    assert "no run 'nowhere'" in capsys.readouterr().err
