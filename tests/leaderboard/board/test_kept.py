"""The board is made once for a state, in one thread, while readers go on with the one before."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from leaderboard.board import kept
from leaderboard.board.kept import KeptBoard
from leaderboard.board.table import board
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol

PROTOCOL = load_protocol()


class Slow:
    """Makes boards when it is let to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.n_made = 0
        self.fails = False

    def __call__(self, store: Store, protocol: Protocol) -> Board:
        assert self.go.wait(60)
        self.n_made += 1
        if self.fails:
            msg = "no disk"
            raise OSError(msg)
        return board(store, protocol)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr(kept, "board", made)
    return made


def test_readers_who_come_together_get_one_board(tmp_path: Path, slow: Slow) -> None:
    publish(tmp_path, Made("a", [good("a")]))
    boards = KeptBoard(Store(tmp_path), PROTOCOL)
    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(boards.board) for _ in range(8)]
        slow.go.set()
        tables = {id(reader.result()) for reader in readers}
    assert len(tables) == slow.n_made == 1


def test_readers_have_the_board_before_until_the_next_is_there(tmp_path: Path, slow: Slow) -> None:
    publish(tmp_path, Made("a", [good("a")]))
    boards = KeptBoard(Store(tmp_path), PROTOCOL, patience_s=0.01)
    slow.go.set()
    first = boards.board()
    slow.go.clear()
    publish(tmp_path, Made("b", [good("a")]))
    assert boards.board() is first
    slow.go.set()
    patient = KeptBoard(Store(tmp_path), PROTOCOL)
    assert sorted(patient.board().runs["model"]) == ["a", "b"]


def test_a_board_is_that_of_the_state_when_it_is_made_in_time(tmp_path: Path) -> None:
    boards = KeptBoard(Store(tmp_path), PROTOCOL, patience_s=60)
    assert boards.board().runs.empty
    publish(tmp_path, Made("a", [good("a")]))
    again = boards.board()
    assert again.runs["model"].tolist() == ["a"]
    assert boards.board() is again


def test_a_board_that_cannot_be_made_anew_stays(tmp_path: Path, slow: Slow, caplog: pytest.LogCaptureFixture) -> None:
    boards = KeptBoard(Store(tmp_path), PROTOCOL, patience_s=60)
    slow.go.set()
    first = boards.board()
    publish(tmp_path, Made("a", [good("a")]))
    slow.fails = True
    assert boards.board() is first
    assert "no disk" in caplog.text
    slow.fails = False
    assert boards.board() is not first


def test_a_first_board_that_cannot_be_made_is_an_error(tmp_path: Path, slow: Slow) -> None:
    slow.fails = True
    slow.go.set()
    with pytest.raises(OSError, match="no disk"):
        KeptBoard(Store(tmp_path), PROTOCOL).board()
