"""``python -m leaderboard moderate``: whoever can write the store moderates it, and the log says so."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING

import pytest

from leaderboard.__main__ import main
from leaderboard.moderation import verbs
from leaderboard.moderation.rights import Visitor
from leaderboard.store.local import Store
from tests.made_runs import Made, good, publish
from tests.small_cif import CIF

if TYPE_CHECKING:
    from pathlib import Path

ADA = Visitor("ada", "ada", can_sign_in=True)
ACTOR = f"{getpass.getuser()} on the command line"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """With one submission of ada's, and one that was published on the command line before there was a log."""
    store = Store(tmp_path / "runs")
    monkeypatch.setenv("LEADERBOARD_RUNS", str(store.root))
    publish(store.root, Made("ours", [good("b")]))
    verbs.publish(store, ADA, publish(tmp_path / "elsewhere", Made("m", [good("a")])).path, licence="CC-BY-4.0")
    return store


def submission(store: Store, owner: str | None) -> str:
    return next(run.id for run in store.runs() if run.owner == owner)


def test_a_submission_is_approved_hidden_shown_and_deleted(store: Store) -> None:
    run = submission(store, "ada")
    assert main(["moderate", "approve", run]) == 0
    assert main(["moderate", "hide", run, "--reason", "under discussion"]) == 0
    assert [shown.owner for shown in store.runs()] == [None]
    assert main(["moderate", "show", run]) == 0
    assert submission(store, "ada") == run
    assert main(["moderate", "delete", run, "--reason", "asked for by its owner"]) == 0
    said = [(action.actor, action.kind, action.reason) for action in store.actions()]
    assert said == [
        ("ada", "published", None),
        (ACTOR, "approved", None),
        (ACTOR, "hidden", "under discussion"),
        (ACTOR, "shown", None),
        (ACTOR, "deleted", "asked for by its owner"),
    ]
    assert not store.path(*run.partition("@")[0].split("/")).exists()


def test_what_was_published_without_a_word_can_be_hidden_too(store: Store) -> None:
    assert main(["moderate", "hide", submission(store, None), "--reason", "a test"]) == 0
    assert [shown.owner for shown in store.runs()] == ["ada"]


def test_a_mistyped_id_stops_the_command_before_anything_is_done(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["moderate", "approve", submission(store, "ada"), "0" * 12]) == 1
    assert "names 0 submissions (none); expected one" in capsys.readouterr().err
    assert len(store.actions()) == 1


def test_users_are_banned_and_submissions_frozen(store: Store) -> None:
    for arguments in (["ban", "eve", "--reason", "spam"], ["freeze", "--reason", "maintenance"]):
        assert main(["moderate", *arguments]) == 0
    assert (store.register().banned, store.register().frozen) == ({"eve": "spam"}, "maintenance")
    for arguments in (["unban", "eve"], ["thaw"]):
        assert main(["moderate", *arguments]) == 0
    assert (store.register().banned, store.register().frozen) == ({}, None)


@pytest.mark.parametrize("arguments", [["reject", "a" * 12], ["ban", "eve"], ["freeze"], ["hide"], ["frobnicate"]])
def test_wrong_usage_ends_with_two(store: Store, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["moderate", *arguments])
    assert stop.value.code == 2
    assert len(store.actions()) == 1


def test_the_log_says_who_what_when_of_which_file_and_why(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run = submission(store, "ada")
    main(["moderate", "reject", run, "--reason", "not generated: copied from the reference set"])
    capsys.readouterr()
    assert main(["moderate", "log"]) == 0
    lines = capsys.readouterr().out.splitlines()
    action = store.actions()[-1]
    assert lines[-1] == (
        f"{action.time:%Y-%m-%dT%H:%M:%SZ}  {ACTOR}  rejected  {action.sha256}@ada  "
        "(not generated: copied from the reference set)"
    )
    assert main(["moderate", "log", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [(entry["actor"], entry["kind"]) for entry in entries] == [("ada", "published"), (ACTOR, "rejected")]
    assert entries[-1]["sha256"] == action.sha256


def test_the_list_says_what_waits(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run = submission(store, "ada")
    assert main(["moderate", "list", "--waiting"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{run.partition('/')[0]}@ada")
    assert line.endswith("  m  unverified")
    main(["moderate", "approve", run])
    capsys.readouterr()
    main(["moderate", "list", "--json"])
    assert {entry["owner"]: entry["status"] for entry in json.loads(capsys.readouterr().out)} == {
        None: "approved",
        "ada": "approved",
    }


def test_a_run_is_verified_by_scoring_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "runs")
    monkeypatch.setenv("LEADERBOARD_RUNS", str(store.root))
    file = tmp_path / "mine.cif"
    file.write_text("".join(CIF.format(name=f"c{number}", a=4.0 + number / 10) for number in range(3)))
    for _ in range(2):  # published twice, it is said once
        assert main(["score", str(file), "--potentials", "none", "--jobs", "1", "--quiet", "--publish"]) == 0
    assert [(action.actor, action.kind, action.owner) for action in store.actions()] == [(ACTOR, "published", None)]
    (run,) = store.runs()
    assert main(["moderate", "verify", run.id, "--file", str(file), "--jobs", "1"]) == 0
    assert f"verify {run.id}: done" in capsys.readouterr().out
    assert store.runs()[0].is_verified
    wrong = run.path / "scores.json"
    wrong.write_text(wrong.read_text().replace('"value": 1.0', '"value": 0.5', 1))
    assert main(["moderate", "verify", run.id, "--jobs", "1"]) == 1
    assert "differs in " in capsys.readouterr().err
    assert len(store.actions()) == 2
