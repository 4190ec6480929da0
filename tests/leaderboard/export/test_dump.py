"""The dump of a board: from its files alone the board's numbers come again, and nothing that it must not hold."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from leaderboard.__main__ import main
from leaderboard.board.table import board
from leaderboard.errors import CommandError
from leaderboard.export.dump import FORMAT_VERSION, RUNS, SCORES, quoted_csv, write_dump
from leaderboard.protocol import load_protocol
from leaderboard.records import RunRecord, RunScores
from leaderboard.run.energies import ENERGIES_SCHEMA
from leaderboard.run.reading import STRUCTURES_SCHEMA
from leaderboard.store.actions import Action
from leaderboard.store.json_files import write_model
from leaderboard.store.local import Store
from metrics.table import frame, read_parquet, write_parquet
from submissions.card import Card
from tests.made_runs import COLUMNS, Made, caesium_chloride, energy, good, publish, refused

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL = load_protocol()
HOSTILE = "=HYPERLINK(1)"
TIME = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two ranked models, one of them with energies and two runs, and one that is not ranked."""
    made = Store(tmp_path_factory.mktemp("runs"))
    n = PROTOCOL.n_ranked
    for model, n_novel in (("alpha", 1_200), ("beta", 1_800), ("beta", 1_850)):
        records = [good(f"{model}-{i}", in_reference=i >= n_novel) for i in range(n)]
        energies = [energy(caesium_chloride(), 0.02)] if model == "beta" else []
        publish(made.root, Made(model, records, energies=energies, card={"version": "1", "hub_model": "o/n"}))
    publish(made.root, Made(HOSTILE, [good("a"), refused("b", "malformed", "no cell")]))
    return made


@pytest.fixture(scope="module")
def dump(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dump")
    write_dump(store, PROTOCOL, folder)
    return folder


def rebuilt(dump: Path, root: Path) -> Store:
    """A store of runs without tables of structures, made of the dump alone."""
    cards = {line["run"]: line["card"] for line in map(json.loads, (dump / "cards.jsonl").read_text().splitlines())}
    scores: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(dump / "scores.parquet").to_pylist():
        scores.setdefault(row.pop("run"), []).append(row)
    for row in pq.read_table(dump / "runs.parquet").to_pylist():
        shared = {name: row[name] for name in RunRecord.model_fields if name in row and name != "status"}
        as_json = {name: json.loads(row[name]) for name in ("checkpoints", "calibrations", "versions", "release")}
        potentials = tuple(row["potentials"].split())
        record = RunRecord(
            **{**shared, **as_json, "potentials": potentials, "model": Card(**cards[row["run"]]), "timings_s": {}}
        )
        folder = root / row["run"]
        folder.mkdir(parents=True)
        write_model(record, folder / "run.json")
        write_model(
            RunScores(**record.with_scores([]).model_dump(exclude={"scores"}), scores=scores[row["run"]]),
            folder / "scores.json",
        )
        # a run is not whole without tables of its structures, which the board does not read
        ids = [{"id": str(number)} for number in range(record.n_submitted)]
        write_parquet(frame(ids, STRUCTURES_SCHEMA), STRUCTURES_SCHEMA, folder / "structures.parquet")
        write_parquet(frame(ids, COLUMNS), COLUMNS, folder / "columns.parquet")
        if potentials:
            write_parquet(frame([], ENERGIES_SCHEMA), ENERGIES_SCHEMA, folder / "energies.parquet")
    return Store(root)


def test_the_numbers_of_the_board_come_from_the_dump_alone(store: Store, dump: Path, tmp_path: Path) -> None:
    of_dump, of_store = board(rebuilt(dump, tmp_path), PROTOCOL), board(store, PROTOCOL)
    assert len(of_store.wide) == 4
    assert_frame_equal(of_dump.wide, of_store.wide)
    assert_frame_equal(of_dump.scores, of_store.scores)


def test_ranks_stand_in_it(store: Store, dump: Path) -> None:
    runs = read_parquet(dump / "runs.parquet").set_index("run")
    of_board = board(store, PROTOCOL).runs.set_index("run")
    assert runs["on_board"].all()
    names = ["rank", "rank_low", "rank_high", "tied_low", "tied_high", "not_ranked", "n_runs", "ranked_by", "bundled"]
    assert_frame_equal(runs[names], of_board.loc[runs.index, names])
    assert sorted(runs["rank"].dropna()) == [1, 1, 2]  # two runs of one model share its rank


def test_csv_and_parquet_hold_the_same_and_every_cell_is_quoted(dump: Path) -> None:
    for name, columns in (("runs", RUNS), ("scores", SCORES)):
        text = (dump / f"{name}.csv").read_bytes().decode()
        rows = list(csv.DictReader(text.splitlines()))
        table = read_parquet(dump / f"{name}.parquet")
        assert list(table.columns) == list(columns) == list(rows[0])
        assert len(rows) == len(table)
        for line in text.splitlines():
            assert line.startswith('"')
            assert line.endswith('"')
            assert line.count('","') == len(columns) - 1
    values = pd.array([float(row["value"]) if row["value"] else None for row in rows], dtype="Float64")
    assert table["value"].array.equals(values)


def test_no_spreadsheet_finds_a_formula(dump: Path) -> None:
    with (dump / "runs.csv").open(newline="") as file:
        models = [row["model"] for row in csv.DictReader(file)]
    assert f"'{HOSTILE}" in models
    assert HOSTILE in read_parquet(dump / "runs.parquet")["model"].tolist()
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in models)
    assert quoted_csv(read_parquet(dump / "runs.parquet")[["model"]]).startswith('"model"\r\n')


def test_the_manifest_names_every_file_by_its_content(dump: Path, store: Store) -> None:
    manifest = json.loads((dump / "manifest.json").read_text())
    assert manifest["format_version"] == FORMAT_VERSION
    assert {path.name for path in dump.iterdir()} == {*manifest["files"], "manifest.json"}
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256((dump / name).read_bytes()).hexdigest() == sha256
    assert manifest["newest_run"] == max(run.record.created for run in store.runs()).isoformat()
    assert (manifest["protocol_hash"], manifest["licence"]) == (PROTOCOL.hash, "CC-BY-4.0")
    assert manifest["references"] == {"starter": ["0" * 64]}


def test_the_same_store_gives_the_same_bytes(store: Store, dump: Path, tmp_path: Path) -> None:
    write_dump(Store(store.root), PROTOCOL, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in dump.iterdir()
    }


def test_every_column_is_described(dump: Path) -> None:
    says = (dump / "README.md").read_text()
    assert all(f"- `{name}` ({column.kind}): {column.says}" in says for name, column in {**RUNS, **SCORES}.items())


def test_what_the_board_does_not_show_is_not_in_it_and_what_nobody_looked_at_is_marked(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    runs = {
        name: publish(store.root, Made(name, [good(name)])) for name in ("kept", "hidden", "seen", "withdrawn", "new")
    }

    def act(kind: str, name: str, **more: object) -> None:
        sha256 = runs[name].record.submission_sha256
        store.record(Action.model_validate({"time": TIME, "actor": "a", "kind": kind, "sha256": sha256, **more}))

    act("hidden", "hidden", reason="spam")
    act("withdrawn", "withdrawn")
    for name in ("new", "seen"):
        act("published", name, owner="someone", card=Card(model=f"{name} by its owner"))
        act("withdrawn", name)  # as nobody's, which it was before
    act("approved", "seen", owner="someone")
    write_dump(store, PROTOCOL, tmp_path / "dump")
    table = read_parquet(tmp_path / "dump" / "runs.parquet").set_index("model")
    assert table["status"].to_dict() == {
        "kept": "approved",
        "seen by its owner": "approved",
        "new by its owner": "unverified",
    }
    assert table["owner"].fillna("").to_dict() == {
        "kept": "",
        "seen by its owner": "someone",
        "new by its owner": "someone",
    }
    written = "".join(path.read_text() for path in (tmp_path / "dump").glob("*.[cj]s*"))
    assert "withdrawn" not in written
    assert "hidden" not in written


def test_an_empty_board_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="no published run"):
        write_dump(Store(tmp_path), PROTOCOL, tmp_path / "dump")
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path))
    assert main(["export", "dump", "--out", str(tmp_path / "dump")]) == 1
    publish(tmp_path, Made("m", [good("a")]))
    assert main(["export", "dump", "--out", str(tmp_path / "dump")]) == 0
    assert capsys.readouterr().out.startswith("1 runs, ")
