"""Synthetic rows are sound crystals, shares of the work give the same bytes, and memory hardly grows with the rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from metrics.measure.running.local_engine import LocalEngine
from metrics.reference_statistics import StatisticsBuilder
from reference_data.build import build_set as build
from reference_data.build.hull.crystal_entries import CRYSTAL_COLUMNS, CrystalEntries
from reference_data.build.verify import differences
from reference_data.files.index import IndexBuilder
from reference_data.files.manifest import MANIFEST_FILE, set_files
from tests.peak_memory import peak_bytes
from tests.reference_data.scale.__main__ import definition
from tests.reference_data.scale.alone import crystals, facts
from tests.reference_data.scale.stand_in import StandInEngine
from tests.reference_data.scale.synthetic import write_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metrics.measure.running.engine import Engine, ProcessSettings


def defined(folder: Path, n_rows: int, *, convert: bool = False) -> Path:
    write_source(folder / "source", n_rows)
    path = folder / "scale.toml"
    path.write_text(definition(convert=convert), encoding="utf-8")
    return path


def one_process(processes: ProcessSettings) -> Engine:
    return LocalEngine(1, processes)


def test_synthetic_rows_build_a_set_that_verifies(tmp_path: Path) -> None:
    path = defined(tmp_path, 150, convert=True)
    manifest = build.build_set(path, tmp_path / "set", start_engine=one_process, report=print)
    # the first rows are elements, often in several databases and orderings that are one crystal
    assert manifest.hulls[0].n_elemental_references > 50
    assert (manifest.n_read, manifest.n_refused) == (150, 0)
    assert manifest.n_merged > 20
    assert differences(tmp_path / "set", sample=10) == []


def stand_in(_: ProcessSettings) -> StandInEngine:
    return StandInEngine()


def test_two_shares_and_one_build_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "PART_ROWS", 50)
    path = defined(tmp_path, 400)
    whole = build.build_set(path, tmp_path / "whole", start_engine=stand_in, report=print)
    for number in (1, 2):
        n_parts, _ = build.build_shard(path, tmp_path / "shared", (number, 2), start_engine=stand_in, report=print)
        assert n_parts > 1
    build.build_set(path, tmp_path / "shared", start_engine=stand_in, report=print)
    for name in (*set_files(with_hulls=bool(whole.hulls)), MANIFEST_FILE):
        assert (tmp_path / "shared" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def fill_entries(n_tables: int) -> None:
    entries = CrystalEntries({})
    for at in range(n_tables):
        entries.add(CRYSTALS.set_column(0, "id", pa.array([f"agm{at}{one}" for one in range(len(CRYSTALS))])))
    assert len(entries.entries("pbe_mp2020")) == n_tables * len(CRYSTALS)


def fill_index(n_tables: int) -> None:
    builder = IndexBuilder()
    for at in range(n_tables):
        texts = [f"NaCl{at}:1:{one}" for one in range(N_ROWS)]
        builder.add([[text] for text in texts], [[text] for text in texts], texts, [f"NaCl{at}"] * N_ROWS)
    assert len(builder.result().keys.rows) == n_tables * N_ROWS


def fill_statistics(n_tables: int) -> None:
    builder = StatisticsBuilder()
    for _ in range(n_tables):
        builder.add(FACTS)
    assert builder.result()["n_crystals"] == n_tables * N_ROWS


N_ROWS = 500
CRYSTALS = next(crystals(N_ROWS)).select(CRYSTAL_COLUMNS)
FACTS = facts(N_ROWS)


@pytest.mark.parametrize(
    ("fill", "most"),
    [
        # id, formula and energy in Arrow, 14 + 12 + 3 * 8 bytes with offsets, and once more as one table
        (fill_entries, 120),
        # three digests of 8 bytes and two second ones, five rows of 4, and while they are sorted places of 8 bytes and
        # copies: as much again, twice
        (fill_index, 240),
        # 5 quantities and 16 descriptors of 8 bytes, and while descriptors are sorted a copy of them with its places
        (fill_statistics, 2 * 168 + 50),
    ],
)
def test_what_assembling_keeps_of_a_crystal_is_a_few_numbers(fill: Callable[[int], None], most: int) -> None:
    fill(2)  # what is made once
    assert (peak_bytes(partial(fill, 42)) - peak_bytes(partial(fill, 2))) / (40 * N_ROWS) < most
