"""Cache of results: kept exactly, and shared by processes."""

from __future__ import annotations

import math
import sqlite3
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from metrics.measure.running.cache import COMMIT_EVERY, Cache, Result

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RESULT = Result({"value": 0.1 + 0.2, "unknown": None}, "why it is unknown")


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_exactly(tmp_path_factory: pytest.TempPathFactory, value: float) -> None:
    path = tmp_path_factory.mktemp("cache") / "results.sqlite"
    with Cache(path) as cache:
        cache.put("a", "key", Result({"value": value}, None))
    with Cache(path) as again:
        read = again.get(["a"], "key")["a"].columns["value"]
    assert isinstance(read, float)
    assert (read, math.copysign(1, read)) == (value, math.copysign(1, value))


def test_what_was_put_is_known_at_once_and_the_last_one_counts(tmp_path: Path) -> None:
    with Cache(tmp_path / "results.sqlite") as cache:
        assert not cache.has_any("key")
        cache.put("a", "key", Result({}, "first"))
        cache.put("a", "key", RESULT)
        assert cache.has_any("key")
        assert cache.get(["a", "b"], "key") == {"a": RESULT}


def test_a_process_that_computes_keeps_no_other_waiting(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    with Cache(path) as computing:
        for number in range(COMMIT_EVERY + 1):
            computing.put(str(number), "key", RESULT)
        # no waiting at all: the file is locked by nobody, although one result is not written yet
        other = sqlite3.connect(path, timeout=0)
        assert other.execute("SELECT COUNT(*) FROM results").fetchone() == (COMMIT_EVERY,)
        other.execute("INSERT INTO results (sha256, key, columns, reason) VALUES ('b', 'key', '{}', NULL)")
        other.commit()
        other.close()
    with Cache(path) as again:
        assert len(again.get([*map(str, range(COMMIT_EVERY + 1)), "b"], "key")) == COMMIT_EVERY + 2
