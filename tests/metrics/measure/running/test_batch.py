"""Many crystals through all measurements: cached by content, one bad one sinks nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure import registry, settings_hash
from metrics.measure.running.batch import measure_crystals
from metrics.measure.running.cache import Cache, Result
from metrics.measure.running.engine import ProcessSettings
from metrics.measure.running.local_engine import LocalEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics.measure.running.engine import Engine

ROCKSALT = Crystal.from_arrays(
    [[0.0, 2.82, 2.82], [2.82, 0.0, 2.82], [2.82, 2.82, 0.0]], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [11, 17]
)
COINCIDENT = Crystal.from_arrays(np.eye(3) * 4, [[0, 0, 0], [0, 0, 0]], [11, 17])
SETTINGS = {name: measure.settings() for name, measure in registry().items()}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(2, ProcessSettings(preload=("metrics.measure.running.batch",))) as engine:
        yield engine


class Counts:
    """How many structures were known and how many were measured."""

    def __init__(self) -> None:
        self.known = self.measured = 0

    def on_known(self, count: int) -> None:
        self.known += count

    def on_done(self) -> None:
        self.measured += 1


def measured(
    engine: Engine, path: Path, crystals: list[Crystal], time_limit_s: float = 60
) -> tuple[dict[str, dict[str, Result]], Counts]:
    counts = Counts()
    with Cache(path) as cache:
        results = measure_crystals(
            crystals,
            SETTINGS,
            engine=engine,
            cache=cache,
            time_limit_s=time_limit_s,
            on_known=counts.on_known,
            on_done=counts.on_done,
        )
    return results, counts


def test_measured_once_then_known_and_equal(engine: Engine, tmp_path: Path) -> None:
    first, counts = measured(engine, tmp_path / "cache.sqlite", [ROCKSALT, COINCIDENT, ROCKSALT])
    assert (counts.known, counts.measured) == (0, 2)
    again, counts = measured(engine, tmp_path / "cache.sqlite", [COINCIDENT, ROCKSALT])
    assert (counts.known, counts.measured) == (2, 0)
    assert again == first


def test_every_column_a_measurement_fills_is_declared_and_every_null_has_a_reason(
    engine: Engine, tmp_path: Path
) -> None:
    results, _ = measured(engine, tmp_path / "cache.sqlite", [ROCKSALT, COINCIDENT])
    for by_name in results.values():
        for name, result in by_name.items():
            declared = set(registry()[name].columns)
            known = {column for column, value in result.columns.items() if value is not None}
            assert set(result.columns) <= declared
            assert known == declared or result.reason, name


def test_what_exceeds_a_limit_is_a_reason_and_is_tried_again_next_time(engine: Engine, tmp_path: Path) -> None:
    results, _ = measured(engine, tmp_path / "cache.sqlite", [ROCKSALT], time_limit_s=1e-4)
    reasons = {result.reason for result in results[ROCKSALT.sha256].values()}
    # the quickest measurement may be done before anybody looks at the clock
    assert "time_limit: took longer than 0.0001 s" in reasons
    assert reasons <= {None, "time_limit: took longer than 0.0001 s"}
    results, counts = measured(engine, tmp_path / "cache.sqlite", [ROCKSALT])
    assert counts.measured == 1
    assert all(result.reason is None for result in results[ROCKSALT.sha256].values())


def test_a_raised_version_or_another_setting_is_another_key() -> None:
    keys = {measure.cache_key(measure.settings()) for measure in registry().values()}
    assert len(keys) == len(registry())
    distance = registry()["distance"]
    default = distance.settings()
    assert distance.cache_key(default) == f"distance:{distance.version}:{settings_hash(default)}"
    assert distance.cache_key(default) != distance.cache_key(replace(default, self_images=False))
    assert distance.cache_key(default) != replace(distance, version=distance.version + 1).cache_key(default)


def test_results_survive_a_kill_up_to_the_last_commit_and_floats_exactly(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with Cache(path) as cache:
        cache.put("a", "k", Result({"density": 0.1 + 0.2, "keys": ["x"], "valid": None}, "why"))
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT COUNT(*) FROM results").fetchone() == (1,)
    with Cache(path) as cache:
        assert cache.get(["a", "b"], "k") == {"a": Result({"density": 0.1 + 0.2, "keys": ["x"], "valid": None}, "why")}
        assert cache.get(["a"], "other") == {}
