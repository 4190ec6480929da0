"""``crystal-leaderboard baseline``: what it writes is read back as made, and what is interrupted leaves nothing."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.__main__ import main
from leaderboard.baselines import submission
from leaderboard.baselines.baseline import Made, find, registry
from leaderboard.baselines.submission import card_path, write_submission
from metrics.measure.running.progress import silent
from reference_data.reference import open_reference
from submissions.card import load_card
from submissions.read import parse, split
from tests.leaderboard.baselines.made import made

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "reference_replay"


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout, stderr of a command."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        try:
            status = main(["baseline", *map(str, arguments)])
        except SystemExit as stop:  # argparse's way to refuse
            status = int(stop.code or 0)
    return status, stdout.getvalue(), stderr.getvalue()


def test_it_writes_a_submission_and_a_card_and_prints_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    status, stdout, stderr = run(NAME, "--n", 5, "--seed", 3)
    path = Path(stdout.strip())
    assert (status, path) == (0, tmp_path / "runs" / "baselines" / f"{NAME}-5-3.jsonl")
    assert f"score {path} --card {card_path(path)}" in stderr
    records = list(split(path))
    expected = made(NAME, 5, 3)
    assert [record.id for record in records] == [f"{at:05d}-{one.origin}" for at, one in enumerate(expected)]
    assert [parse(record).sha256 for record in records] == [one.crystal.sha256 for one in expected]
    card = load_card(card_path(path))
    assert card.model == "Reference replay (control)"
    assert card.training_sets == ("starter",)
    assert card.sampling_settings == f"crystal-leaderboard baseline {NAME} --n 5 --seed 3"


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.jsonl", "other.jsonl")]
    for path in files:
        write_submission(find("random_atoms"), 4, 0, open_reference("starter"), path, silent)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert card_path(files[0]).read_bytes() == card_path(files[1]).read_bytes()


def test_what_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Iterator[Made]:
        yield made(NAME, 1)[0]
        raise KeyboardInterrupt

    monkeypatch.setattr(submission, "structures", interrupted)
    status, stdout, stderr = run(NAME, "--n", 5, "--out", tmp_path / "out" / "file.jsonl")
    assert (status, stdout, stderr) == (130, "", "interrupted; nothing was written\n")
    assert not list((tmp_path / "out").iterdir())


def test_the_list_names_all_and_says_what_each_shows() -> None:
    status, stdout, _ = run("--list")
    assert status == 0
    for one in registry().values():
        assert f"{one.name} ({one.kind})\n" in stdout
        assert all(f"    {line}\n" in stdout for line in one.shows.splitlines())
        assert all(str(bound) in stdout for bound in one.caught_by)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ion",), "error: no baseline or control 'ion'; there are: ion_exchange, "),
        ((), "error: name a baseline or a control; there are: ion_exchange, "),
        ((NAME, "--out", "card.toml"), "error: --out card.toml: the card takes that name; "),
    ],
)
def test_wrong_usage_is_answered_in_one_line_with_the_alternatives(arguments: tuple[str, ...], message: str) -> None:
    status, stdout, stderr = run(*arguments)
    assert (status, stdout) == (2, "")
    assert stderr.startswith(message)
    assert stderr.count("\n") == 1


@pytest.mark.parametrize("option", [("--n", "0"), ("--seed", "-1"), ("--reference", "nowhere")])
def test_options_outside_their_range_are_refused(option: tuple[str, str]) -> None:
    status, stdout, stderr = run(NAME, *option)
    assert (status, stdout) == (2, "")
    assert option[1] in stderr
