"""Clearing up: what nobody needs goes after its time, everything else stays, and a dry run changes nothing."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest

from leaderboard.__main__ import main
from leaderboard.store.actions import Action
from leaderboard.store.clearing import collect
from leaderboard.store.local import Store
from leaderboard.store.retention import Retention
from metrics.measure.running.cache import Cache, Result
from submissions.card import Card
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86_400
HEX = "0123456789abcdef"
WAITING, DONE, PRIVATE, LISTED = "a" * 64, "b" * 64, "c" * 32, "d" * 32
RUN = "e" * 12


class Needed(NamedTuple):
    """What the queue says that it needs."""

    uploads: frozenset[str] = frozenset({WAITING})
    results: frozenset[str] = frozenset({PRIVATE})


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Of each kind something old: what goes, and what stays though it is old."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    store = Store(tmp_path / "runs")
    publish(store.root, Made("published", [good("a")]))
    for name in (*GOES, *STAYS):
        path = (tmp_path if name.startswith("tmp/") else store.root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    age(tmp_path, 60)
    return store


GOES = (
    f"{RUN}.0.part/run.json",
    "uploads/0.part",
    "actions/0.part",
    f"unpublished/{RUN}/{RUN}/run.json",
    f"private/{LISTED}/{RUN}/run.json",
    f"uploads/{DONE}",
    "tmp/leaderboard-downloads-x/run/structures.csv",
)
STAYS = (
    f"uploads/{WAITING}",
    f"private/{PRIVATE}/{RUN}/run.json",
    "benchmark/matching/result.json",
    "uploads/README",
    "tmp/others/file",
    "queue.sqlite",
)


def age(folder: Path, days: float) -> None:
    then = time.time() - days * DAY_S
    for path in sorted(folder.rglob("*"), reverse=True):
        os.utime(path, (then, then))


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_old_and_not_needed_goes_and_nothing_else(store: Store, tmp_path: Path) -> None:
    before = everything(tmp_path)
    said = collect(store, Needed, dry_run=True)
    assert everything(tmp_path) == before
    gone = collect(store, Needed)
    assert gone == said
    expected = {name if name.startswith("tmp/") else f"runs/{name}" for name in GOES}
    assert before - everything(tmp_path) == expected
    assert len(gone) == len(GOES)
    assert sum(entry.size_bytes for entry in gone) >= sum(len(name) for name in GOES)
    assert len(store.runs()) == 1
    assert collect(store, Needed) == []


@pytest.mark.parametrize("name", GOES)
def test_what_is_young_stays(store: Store, tmp_path: Path, name: str) -> None:
    path = (tmp_path if name.startswith("tmp/") else store.root) / name
    path.write_text("written a moment ago")
    assert len(collect(store, Needed)) == len(GOES) - 1
    assert path.exists()


def test_a_run_that_is_being_made_stays(store: Store) -> None:
    folder = store.root / "unpublished" / RUN / RUN
    with (folder / ".lock").open("w") as lock:
        age(folder.parent, 60)
        fcntl.flock(lock, fcntl.LOCK_EX)
        collect(store, Needed)
        assert (folder / "run.json").exists()
    assert [entry.path for entry in collect(store, Needed)] == [folder]


def test_an_upload_that_comes_again_while_the_folder_is_cleared_stays(store: Store) -> None:
    path = store.root / "uploads" / DONE

    def while_it_comes() -> Needed:
        needed = Needed()
        partial = path.with_suffix(".part")
        partial.write_bytes(path.read_bytes())
        # as `Uploads.keep` does, before its row is in the queue; the same bytes have the same size
        partial.rename(path)
        return needed

    collect(store, while_it_comes)
    assert path.exists()


def test_an_upload_that_is_being_accepted_stays_however_little_is_to_be_kept(store: Store) -> None:
    path = store.root / "uploads" / ("f" * 64)
    path.write_text("its row is written in a moment")
    collect(store, Needed, Retention(days=0, upload_days=-1))
    assert path.exists()


def test_what_is_scored_of_a_deleted_submission_stays_until_it_is(store: Store) -> None:
    sha256 = WAITING
    private = store.root / "private" / PRIVATE / RUN
    store.record(Action(actor="ada", kind="published", sha256=sha256, owner="ada", card=Card(model="m")))
    store.record(Action(actor="m", kind="deleted", sha256=sha256, owner="ada", reason="asked for"))
    collect(store, Needed)
    assert (store.root / "uploads" / sha256).exists()
    assert private.exists()
    collect(store, lambda: Needed(uploads=frozenset()))
    assert not (store.root / "uploads" / sha256).exists()


def test_of_published_runs_only_those_of_deleted_submissions_go(store: Store) -> None:
    made = publish(store.root.parent / "made", Made("m", [good("a")]))
    sha256 = made.record.submission_sha256
    (store.root / "uploads" / sha256).write_text("young")
    for owner in ("ada", "bob"):
        store.record(Action(actor=owner, kind="published", sha256=sha256, owner=owner, card=Card(model="m")))
    run = store.publish(made.path)
    store.record(Action(actor="m", kind="deleted", sha256=sha256, owner="ada", reason="copied"))
    collect(store, Needed)
    assert run.path.exists()
    store.record(Action(actor="m", kind="deleted", sha256=sha256, owner="bob", reason="copied"))
    said = {entry.path for entry in collect(store, Needed, dry_run=True)}
    assert said == {run.path, store.root / "uploads" / sha256}
    assert run.path.exists()
    assert {entry.path for entry in collect(store, Needed)} == said
    assert not any(path.exists() for path in said)


@pytest.mark.parametrize(
    ("retention", "kept"),
    [
        pytest.param(Retention(), {"old", "middle", "new"}, id="the usual"),
        pytest.param(Retention(cache_days=30), {"middle", "new"}, id="by age"),
        pytest.param(Retention(cache_bytes=2 * 73 + 10), {"middle", "new"}, id="by size, the oldest first"),
        pytest.param(Retention(cache_bytes=0), set(), id="no room at all"),
    ],
)
def test_the_oldest_measurements_go(tmp_path: Path, retention: Retention, kept: set[str]) -> None:
    store = Store(tmp_path)
    with Cache(store.cache) as cache:
        for key in ("old", "middle", "new"):
            # 64 digits, a key of at most 6 letters and {} as columns
            cache.put("f" * 64, key, Result({}, None))
    today = int(time.time() // DAY_S)
    with closing(sqlite3.connect(store.cache)) as database, database:
        for key, days in (("old", 40), ("middle", 20), ("new", 0)):
            database.execute("UPDATE results SET day = ? WHERE key = ?", (today - days, key))
    assert bool(collect(store, Needed, retention, dry_run=True)) == (len(kept) < 3)
    collect(store, Needed, retention)
    with Cache(store.cache) as cache:
        assert {key for key in ("old", "middle", "new") if cache.has_any(key)} == kept


def test_a_cache_of_before_says_from_now_on_when_its_results_were_made(tmp_path: Path) -> None:
    path = tmp_path / "measurements.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE results (sha256 TEXT, key TEXT, columns TEXT, reason TEXT, PRIMARY KEY (sha256, key)) "
            "WITHOUT ROWID"
        )
        database.execute("INSERT INTO results VALUES ('s', 'k', '{}', NULL)")
    for _ in range(2):
        with Cache(path) as cache:
            assert cache.get(["s"], "k") == {"s": Result({}, None)}
            cache.put("t", "k", Result({"a": 1}, None))
    with closing(sqlite3.connect(path)) as database:
        days = database.execute("SELECT DISTINCT day FROM results").fetchall()
    assert days == [(int(time.time() // DAY_S),)]


def test_the_command_prints_what_goes_and_changes_nothing_in_a_dry_run(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.root / "queue.sqlite").unlink()
    before = everything(store.root)
    assert main(["gc", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert everything(store.root) == before
    assert "would be freed" in said
    assert main(["gc", "--older-than", "90", "--uploads-older-than", "90"]) == 0
    # nothing waits in this store's queue: only age keeps these
    assert (store.root / "uploads" / DONE).exists()
    assert main(["gc"]) == 0
    assert f"{store.root / 'uploads' / DONE}  upload that is scored" in capsys.readouterr().out
    assert not (store.root / "uploads" / DONE).exists()
