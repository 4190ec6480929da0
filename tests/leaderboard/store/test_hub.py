"""The store in a repository: whatever the network and the Hub do, nothing is lost and nothing is there twice.

The Hub is a stand-in on this machine (``hub_stand_in.py``), the client is the real one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.store.actions import Action
from leaderboard.store.hub import exchange as hub_exchange
from leaderboard.store.hub import store as hub_module
from leaderboard.store.hub.exchange import Exchange
from leaderboard.store.hub.repository import HubError, Repository
from leaderboard.store.hub.store import HubStore
from leaderboard.store.open import open_store
from leaderboard.store.run import FILES, Run
from submissions.card import Card
from tests.leaderboard.store.hub_stand_in import CUT, REPOSITORY, TOKEN, Fault, StandIn
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
COMMIT, UPLOAD, TREE, HEAD, FILE = "/commit/", "/preupload/", "/tree/", "/revision/main", "/resolve/"
AT_ONCE = {"Retry-After": "0"}
# publishes one run and sends it; the test kills it at a moment of its choice
SENDER = """
import sys
from pathlib import Path
from leaderboard.store.open import open_store

store = open_store(Path(sys.argv[1]))
store.publish(Path(sys.argv[2]))
print("published", flush=True)
store.sync()
print("sent", flush=True)
"""


@pytest.fixture
def hub() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of finished runs that are not published yet."""
    root = tmp_path_factory.mktemp("made")
    energies = [energy(caesium_chloride(), 0.0)]
    return [publish(root, Made(f"m{number}", [good("a")], energies=energies)).path for number in range(4)]


def opened(hub: StandIn, root: Path) -> HubStore:
    return HubStore(root, Repository(REPOSITORY, TOKEN, hub.endpoint))


def paths(folder: Path) -> set[str]:
    return {f"{Run(folder).id}/{name}" for name in FILES}


def test_runs_and_actions_are_all_that_goes_up(hub: StandIn, finished: list[Path], tmp_path: Path) -> None:
    store = opened(hub, tmp_path)
    for name in ("queue.sqlite", "uploads/abc", "unpublished/0/1/run.json", "private/0/1/run.json", "hub.token"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("private")
    run = store.publish(finished[0])
    (run.path / "notes.txt").write_text("private")
    store.record(Action(actor="ada", kind="frozen", reason="maintenance"))
    store.sync()
    (action,) = (tmp_path / "actions").iterdir()
    assert hub.ours().keys() == {f"actions/{action.name}", *paths(finished[0])}
    for path, content in hub.ours().items():
        assert (tmp_path / path).read_bytes() == content


def test_what_is_written_together_is_one_commit_and_the_log_comes_before_the_runs(
    hub: StandIn, finished: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(hub, tmp_path)
    for folder in finished:
        store.publish(folder)
    store.record(Action(actor="ada", kind="frozen", reason="maintenance"))
    store.sync()
    assert len(hub.commits) == 2
    # many go up in several commits, each of whole runs
    monkeypatch.setattr(hub_exchange, "FILES_PER_COMMIT", len(FILES))
    second = StandIn()
    opened(second, tmp_path).sync()
    assert second.ours() == hub.ours()
    assert len(second.commits) == 1 + 1 + len(finished)
    trees = [second.trees[commit] for commit in second.commits]
    assert [path.split("/")[0] for path in trees[1] if path != ".gitattributes"] == ["actions"]
    assert [(len(tree) - 2) % len(FILES) for tree in trees[1:]] == [0] * (1 + len(finished))
    second.close()


def test_nothing_is_asked_twice_and_nothing_sent_again_where_nothing_changed(
    hub: StandIn, finished: list[Path], tmp_path: Path
) -> None:
    store = opened(hub, tmp_path)
    store.publish(finished[0])
    store.sync()
    hub.requests.clear()
    for _ in range(3):
        store.sync()
    assert list(hub.requests) == [f"GET /api/datasets/{REPOSITORY}/revision/main"]
    # only what is new comes down
    other = opened(hub, tmp_path / "other")
    other.sync()
    store.publish(finished[1])
    store.sync()
    hub.requests.clear()
    other.sync()
    assert {request.split("/resolve/")[1][41:] for request in hub.requests if "/resolve/" in request} == paths(
        finished[1]
    )


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(COMMIT, 409), id="conflict"),
        pytest.param(Fault(COMMIT, 412, times=3), id="others are faster three times"),
        pytest.param(Fault(COMMIT, 429, headers=AT_ONCE), id="too many commits"),
        pytest.param(Fault(COMMIT, 500), id="a commit that fails"),
        pytest.param(Fault(COMMIT, 500, afterwards=True), id="a commit that is made and said to have failed"),
        pytest.param(Fault(COMMIT, CUT), id="a commit that is cut off"),
        pytest.param(Fault(COMMIT, CUT, afterwards=True), id="a commit that is made and cut off"),
        pytest.param(Fault(UPLOAD, 503, headers=AT_ONCE), id="an upload that fails"),
        pytest.param(Fault(TREE, 429, headers=AT_ONCE), id="too many requests"),
        pytest.param(Fault(HEAD, 502), id="a gateway that fails"),
        pytest.param(Fault(HEAD, CUT), id="a connection that is cut off"),
    ],
)
def test_a_passing_fault_is_overcome(hub: StandIn, finished: list[Path], tmp_path: Path, fault: Fault) -> None:
    hub.faults.append(fault)
    store = opened(hub, tmp_path)
    store.publish(finished[0])
    store.sync()
    assert fault.times == 0
    assert hub.ours().keys() == paths(finished[0])
    assert set(hub.added.values()) == {1}


@pytest.mark.parametrize("status", [500, 404, CUT])
def test_a_file_that_does_not_come_down_comes_later_and_no_half_run_is_seen(
    hub: StandIn, finished: list[Path], tmp_path: Path, status: int
) -> None:
    writer = opened(hub, tmp_path / "writer")
    writer.publish(finished[0])
    writer.sync()
    hub.faults.append(Fault(f"{FILE}{hub.commits[-1]}/{Run(finished[0]).id}/scores.json", status, times=20))
    reader = Exchange(opened(hub, tmp_path / "reader"), Repository(REPOSITORY, TOKEN, hub.endpoint))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
        with pytest.raises(HubError):
            reader.once()
    assert opened(hub, tmp_path / "reader").damaged() == []
    assert not list((tmp_path / "reader").glob("*.part"))
    hub.faults.clear()
    reader.once()
    assert len(opened(hub, tmp_path / "reader").runs()) == 1


def test_a_lasting_fault_is_one_line_and_what_was_written_is_sent_by_the_next_who_opens_it(
    hub: StandIn,
    finished: list[Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "CLOSE_S", 0.0)
    hub.faults.append(Fault(COMMIT, 429, times=1_000, headers={"Retry-After": "2580"}))
    store = opened(hub, tmp_path)
    store.publish(finished[0])
    store.close()
    (line,) = [record.message for record in caplog.records]
    assert line.startswith(f"RESULTS_REPO {REPOSITORY}: ")
    assert "429" in line
    assert "\n" not in line
    assert hub.ours() == {}
    hub.faults.clear()
    opened(hub, tmp_path).sync()
    assert hub.ours().keys() == paths(finished[0])


def test_the_wait_is_what_the_hub_asks_for(hub: StandIn, tmp_path: Path) -> None:
    hub.faults.append(Fault(COMMIT, 429, headers={"Retry-After": "2580"}))
    store = opened(hub, tmp_path)
    store.record(Action(actor="ada", kind="frozen", reason="maintenance"))
    with pytest.raises(HubError) as error:
        Exchange(store, Repository(REPOSITORY, TOKEN, hub.endpoint)).once()
    assert [error.value.wait_s(failures) for failures in (1, 5)] == [2580.0, 2580.0]


@pytest.mark.parametrize(("token", "expected"), [(None, "no dataset repository"), ("wrong", "no dataset repository")])
def test_a_token_that_does_not_do_is_said_at_once(
    hub: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture, token: str | None, expected: str
) -> None:
    store = HubStore(tmp_path, Repository(REPOSITORY, token, hub.endpoint))
    store.sync()
    (line,) = [record.message for record in caplog.records]
    assert expected in line
    assert "HF_TOKEN" in line


@pytest.mark.parametrize("name", ["results", "a/b/c", "https://huggingface.co/datasets/a/b", "../x", ""])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        Repository(name, TOKEN)


def test_of_one_run_scored_on_two_machines_the_first_commit_stays(
    hub: StandIn, finished: list[Path], tmp_path: Path
) -> None:
    first, second = opened(hub, tmp_path / "a"), opened(hub, tmp_path / "b")
    first.publish(finished[0])
    late = second.publish(finished[0])
    record = json.loads((late.path / "run.json").read_text())
    # as another machine would have written it: in another time
    (late.path / "run.json").write_text(json.dumps({**record, "timings_s": {"read": 2.5}}))
    first.sync()
    second.sync()
    assert set(hub.added.values()) == {1}
    for store in (first, second):
        assert {path: (store.root / path).read_bytes() for path in hub.ours()} == hub.ours()


def test_what_was_damaged_here_or_vanished_there_is_made_whole(
    hub: StandIn, finished: list[Path], tmp_path: Path
) -> None:
    store = opened(hub, tmp_path)
    run = store.publish(finished[0])
    store.sync()
    before = hub.ours()
    (run.path / "structures.parquet").write_bytes(b"cut")
    (run.path / "scores.json").write_text("{}")
    again = opened(hub, tmp_path)
    again.sync()
    assert len(again.runs()) == 1
    hub.write(dict.fromkeys(before))
    assert hub.ours() == {}
    again.sync()
    assert hub.ours() == before


def test_files_of_a_deleted_submission_go_there_and_here_and_the_log_stays(
    hub: StandIn, finished: list[Path], tmp_path: Path
) -> None:
    store, other = opened(hub, tmp_path / "a"), opened(hub, tmp_path / "b")
    sha256 = Run(finished[0]).record.submission_sha256
    for owner in ("ada", "bob"):
        store.record(Action(actor=owner, kind="published", sha256=sha256, owner=owner, card=Card(model="m")))
    runs = [store.publish(folder) for folder in finished[:2]]
    store.sync()
    other.sync()
    store.record(Action(actor="m", kind="deleted", sha256=sha256, owner="ada", reason="copied"))
    store.sync()
    # bob submitted the same file
    assert paths(finished[0]) <= hub.ours().keys()
    store.record(Action(actor="m", kind="deleted", sha256=sha256, owner="bob", reason="copied"))
    store.sync()
    other.sync()
    assert {path for path in hub.ours() if not path.startswith("actions/")} == paths(finished[1])
    assert sum(path.startswith("actions/") for path in hub.ours()) == 4
    for machine in (store, other):
        assert [run.path.parent.name for run in machine.runs()] == [runs[1].path.parent.name]
        assert not (machine.root / Run(finished[0]).id).exists()


def test_files_of_others_in_the_repository_are_left_alone(hub: StandIn, finished: list[Path], tmp_path: Path) -> None:
    hub.write({"README.md": b"# Results", "abc/run.json": b"{}", "actions/../x.json": b"{}", "queue.sqlite": b""})
    store = opened(hub, tmp_path)
    store.publish(finished[0])
    store.sync()
    assert hub.ours().keys() >= {"README.md", "abc/run.json", "queue.sqlite"}
    assert not (tmp_path / "README.md").exists()
    assert not (tmp_path / "queue.sqlite").exists()


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of the client's own call
def test_large_files_go_through_the_large_file_storage(
    finished: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the client prefers Xet, which has a protocol of its own
    monkeypatch.setattr("huggingface_hub._commit_api.is_xet_available", lambda: False)
    hub = StandIn(large=".parquet")
    store, other = opened(hub, tmp_path / "a"), opened(hub, tmp_path / "b")
    store.publish(finished[0])
    store.sync()
    assert len(hub.objects) == 3
    other.sync()
    assert {path: (other.root / path).read_bytes() for path in hub.ours()} == hub.ours()
    hub.close()


@pytest.mark.parametrize("moment", ["before anything is sent", "before the commit is made", "after it was made"])
def test_kill_9_loses_nothing_and_sends_nothing_twice(
    hub: StandIn, finished: list[Path], tmp_path: Path, moment: str
) -> None:
    environment = {**os.environ, "RESULTS_REPO": REPOSITORY, "HF_TOKEN": TOKEN, "HF_ENDPOINT": hub.endpoint}
    sender: list[subprocess.Popen[str]] = []

    def kill() -> None:
        sender[0].send_signal(signal.SIGKILL)
        sender[0].wait()

    part = HEAD if moment == "before anything is sent" else COMMIT
    if part == COMMIT:
        hub.faults.append(Fault(COMMIT, CUT, afterwards=moment == "after it was made", call=kill))
    command = [sys.executable, "-c", SENDER, str(tmp_path), str(finished[0])]
    sender.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True))
    assert sender[0].stdout is not None
    if part == HEAD:
        assert sender[0].stdout.readline() == "published\n"
        kill()
    assert sender[0].wait() == -signal.SIGKILL
    sender[0].stdout.close()
    store = opened(hub, tmp_path)
    assert len(store.runs()) == 1
    store.sync()
    assert hub.ours().keys() == paths(finished[0])
    assert set(hub.added.values()) == {1}
    assert len(hub.commits) == 2


def test_the_app_exchanges_in_the_background(
    hub: StandIn, finished: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "GATHER_S", 0.05)
    monkeypatch.setattr(hub_module, "LOOK_EVERY_S", 0.1)
    app, elsewhere = opened(hub, tmp_path / "app"), opened(hub, tmp_path / "elsewhere")
    app.start()
    app.publish(finished[0])
    elsewhere.publish(finished[1])
    elsewhere.sync()
    until(lambda: len(app.runs()) == 2 and len(hub.ours()) == 2 * len(FILES))
    # a process beside the app writes into the same folder and knows nothing of the Hub
    HubStore.__mro__[1](tmp_path / "app").publish(finished[2])
    until(lambda: len(hub.ours()) == 3 * len(FILES))
    app.close()


def test_the_environment_says_which_store_it_is(
    hub: StandIn, finished: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RESULTS_REPO", raising=False)
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    assert not isinstance(open_store(), HubStore)
    writer = opened(hub, tmp_path / "writer")
    writer.publish(finished[0])
    writer.sync()
    for name, value in (("RESULTS_REPO", REPOSITORY), ("HF_TOKEN", TOKEN), ("HF_ENDPOINT", hub.endpoint)):
        monkeypatch.setenv(name, value)
    store = open_store()
    assert isinstance(store, HubStore)
    assert [run.id for run in store.runs()] == [Run(finished[0]).id]
    store.close()


def until(condition: object, limit_s: float = 30.0) -> None:
    """Wait for what happens in the background; the limit is for a machine that is busy with other things."""
    end = time.monotonic() + limit_s
    assert callable(condition)
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
