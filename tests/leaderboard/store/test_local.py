"""The store: what is published is whole and stays as it is, whoever publishes it at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.store.local import Store
from leaderboard.store.run import FILES, Run
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
N_PROCESSES, N_THREADS, N_RUNS = 3, 8, 8
# publishes several runs, each from several threads at once, as soon as it is told to; prints where they lie
PUBLISHER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from leaderboard.store.local import Store

store, n_threads, folders = Store(Path(sys.argv[1])), int(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(n_threads) as pool:
    for folder in folders:
        print(*{run.path for run in pool.map(store.publish, [folder] * n_threads)}, sep="\\n")
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of finished runs that are not published yet."""
    root = tmp_path_factory.mktemp("made")
    energies = [energy(caesium_chloride(), 0.0)]
    return [
        publish(root, Made(f"m{number}", [good("a"), good("b")], energies=energies)).path for number in range(N_RUNS)
    ]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_is_published_once_by_many_processes_and_threads_at_a_time(finished: list[Path], tmp_path: Path) -> None:
    publishers = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(tmp_path / "runs"), str(N_THREADS), *map(str, finished)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(N_PROCESSES)
    ]
    for publisher in publishers:
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == "ready\n"
    for publisher in publishers:
        assert publisher.stdin is not None
        publisher.stdin.write("go\n")
        publisher.stdin.flush()
    ended = [publisher.communicate() for publisher in publishers]
    assert [publisher.returncode for publisher in publishers] == [0] * N_PROCESSES, ended
    store = Store(tmp_path / "runs")
    expected = [str(store.root / Run(folder).id) for folder in finished]
    assert [stdout.splitlines() for stdout, _ in ended] == [expected] * N_PROCESSES
    assert len(store.runs()) == N_RUNS
    for folder in finished:
        assert contents(store.root / Run(folder).id) == contents(folder)
    # nothing half made is left beside them
    assert {path.name for path in store.root.iterdir()} == {
        "index.sqlite",
        *(folder.parent.name for folder in finished),
    }


def test_a_published_run_is_never_edited(finished: list[Path], tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    first = store.publish(finished[0])
    before = contents(first.path)
    (finished[0] / "scores.json").touch()
    assert store.publish(finished[0]).path == first.path
    assert contents(first.path) == before
    assert set(before) == set(FILES)


def test_a_copy_that_fails_leaves_nothing(
    finished: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "runs")

    def full(_source: Path, target: Path) -> None:
        target.write_text("half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("leaderboard.store.local.shutil.copy2", full)
        with pytest.raises(OSError, match="No space left"):
            store.publish(finished[0])
    assert list(store.root.iterdir()) == []
    assert contents(store.publish(finished[0]).path) == contents(finished[0])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content | {"colour": "red"},
        lambda content: content | {"format_version": 99},
        lambda _content: [],
    ],
    ids=["unknown key", "later format", "no object"],
)
def test_a_run_that_cannot_be_read_is_left_out_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[dict[str, object]], object]
) -> None:
    kept, spoiled = (publish(tmp_path, Made(model, [good("a")])) for model in ("kept", "spoiled"))
    record = spoiled.path / "run.json"
    record.write_text(json.dumps(spoil(json.loads(record.read_text()))))
    assert [run.id for run in Store(tmp_path).runs()] == [kept.id]
    assert str(record) in caplog.text


@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_a_run_whose_scores_cannot_be_read_is_left_out(finished: list[Path], tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path / "runs")
    whole, damaged = (store.publish(folder) for folder in finished[:2])
    scores = damaged.path / "scores.json"
    if damage == "missing":
        scores.unlink()
    else:
        scores.write_text(scores.read_text()[:-20])
    assert [run.id for run in store.runs()] == [whole.id]


def test_runs_are_named_by_what_they_are_wherever_they_lie(finished: list[Path], tmp_path: Path) -> None:
    run = Run(finished[0])
    (tmp_path / "out").mkdir()
    for name, content in contents(run.path).items():
        (tmp_path / "out" / name).write_bytes(content)
    assert Run(tmp_path / "out").id == run.id == f"{run.record.submission_sha256[:12]}/{run.record.run_key[:12]}"
    assert run.model == "m0"
