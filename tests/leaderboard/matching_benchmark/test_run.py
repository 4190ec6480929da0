"""A small run of the benchmark from end to end: what it writes, what it shows, and that a seed repeats it."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from leaderboard.__main__ import main
from leaderboard.matching_benchmark.cases import CASES
from leaderboard.matching_benchmark.changes import CHANGES, everything
from leaderboard.matching_benchmark.data import Entry, from_files
from leaderboard.matching_benchmark.methods import METHODS
from leaderboard.matching_benchmark.report import as_text
from leaderboard.matching_benchmark.result import SCHEMA, STARTER_RESULT, newest_result
from leaderboard.matching_benchmark.run import JUDGES, BenchmarkRun, run_benchmark
from leaderboard.matching_benchmark.tables import write_answers
from leaderboard.pages.texts import structure_matching
from leaderboard.store.json_files import read_json
from leaderboard.store.local import Store
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.running.engine import ProcessSettings
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.structure.convert import to_structure
from submissions.examples.prototypes import library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))


def crystals() -> dict[str, Crystal]:
    """Three crystals of titania, two of them the same, and one of another formula."""
    rutile, anatase, salt = (library()[label] for label in ("A2B_tP6_136_f_a", "A2B_tI12_141_e_a", "AB_cF8_225_a_b"))
    return {
        "rutile": rutile,
        "rutile in another cell": everything(rutile, np.random.default_rng(0)),
        "anatase": anatase,
        "salt": salt,
    }


ENTRIES = [Entry(name, reduced_formula_of(crystal), crystal) for name, crystal in crystals().items()]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1, ProcessSettings(preload=("leaderboard.matching_benchmark.answers",))) as started:
        yield started


def small_run(entries: list[Entry], engine: Engine) -> BenchmarkRun:
    return run_benchmark(entries, [], n=2, seed=0, engine=engine, report=lambda _: None)


@pytest.fixture(scope="module")
def run(engine: Engine) -> BenchmarkRun:
    return small_run(ENTRIES, engine)


def check_form(result: dict[str, Any]) -> None:
    """Names, counts and bounds of a result, whatever was measured."""
    names = list(METHODS)
    assert result["schema"] == SCHEMA
    assert [method["name"] for method in result["methods"]] == names
    assert [change["name"] for change in result["changes"]] == list(CHANGES)
    assert [case["name"] for case in result["cases"]] == [case.name for case in CASES]
    assert list(result["costs"]) == list(result["unknown"]) == names
    for change in result["changes"]:
        assert list(change["methods"]) == names
        for kept in change["methods"].values():
            assert kept["n_kept"] + kept["n_unknown"] <= change["n"]
            assert kept["share"] == kept["n_kept"] / change["n"]
            assert kept["low"] <= kept["share"] <= kept["high"]
    assert [judge["judge"] for judge in result["agreement"]["judges"]] == list(JUDGES)
    for judge in result["agreement"]["judges"]:
        assert judge["n_same"] <= judge["n_judged"] <= result["agreement"]["n_pairs"]
        assert list(judge["methods"]) == [name for name in names if name != judge["judge"]]
        for agreement in judge["methods"].values():
            assert agreement["n_both"] + agreement["n_missed"] == judge["n_same"]
    assert as_text(result).count("\n") > len(CHANGES) + len(CASES)


def test_result_of_a_small_run(run: BenchmarkRun) -> None:
    result = run.result
    check_form(result)
    assert (result["n_crystals"], result["n_sampled"]) == (4, 2)
    by_name = {change["name"]: change["methods"] for change in result["changes"]}
    for name, change in CHANGES.items():
        if change.kind == "setting":
            for method in ("canonical-bawl-keys", "canonical-bawl-primary", "distance", "verdict"):
                assert by_name[name][method]["share"] == 1.0, (name, method)
    # the published fingerprint counts the formula of the cell as given
    assert by_name["supercell 2x1x1"]["bawl"]["share"] == 0.0
    # three pairs of TiO2, one of them the same crystal: both StructureMatchers say so, and a judge is not its own
    assert result["agreement"]["n_pairs"] == 3
    for judge in result["agreement"]["judges"]:
        assert (judge["n_judged"], judge["n_same"]) == (3, 1)
        assert judge["methods"]["verdict"]["recall"]["value"] == judge["methods"]["verdict"]["precision"]["value"] == 1
        assert judge["methods"]["bawl"]["recall"]["value"] == 0
        assert judge["methods"]["bawl"]["precision"]["value"] is None
    assert result["costs"]["verdict"]["pair_ms"]["n"] == 3
    assert result["costs"]["verdict"]["structure_ms"]["n"] == 3 + 2


def test_a_seed_repeats_all_but_the_costs_whatever_the_order(run: BenchmarkRun, engine: Engine) -> None:
    again = small_run(ENTRIES[::-1], engine)
    assert {**again.result, "costs": None} == {**run.result, "costs": None}
    assert again.questions == run.questions


def test_every_answer_is_in_the_tables(run: BenchmarkRun, tmp_path: Path) -> None:
    write_answers(run, tmp_path)
    tables = {path.stem: list(csv.DictReader(path.read_text().splitlines())) for path in tmp_path.glob("*.csv")}
    assert {name: list(rows[0])[: -len(METHODS)] for name, rows in tables.items()} == {
        "changes": ["id", "change"],
        "pairs": ["reduced_formula", "id", "other_id"],
        "cases": ["name"],
    }
    assert sum(map(len, tables.values())) == len(run.questions)
    rows = [row for row in tables["pairs"] if {row["id"], row["other_id"]} == {"rutile", "rutile in another cell"}]
    assert [(row["verdict"], row["bawl"]) for row in rows] == [("same", "different")]
    for change in run.result["changes"]:
        kept = [row for row in tables["changes"] if row["change"] == change["name"] and row["verdict"] == "same"]
        assert len(kept) == change["methods"]["verdict"]["n_kept"]


def test_the_page_shows_every_number_as_text(run: BenchmarkRun) -> None:
    result = json.loads(json.dumps(run.result))
    result["data"] = [{"name": "<script>x</script>", "sha256": None, "n_read": 1, "n_refused": 0, "n_repeated": 0}]
    html = structure_matching.page(result)
    assert "<script>" not in html
    assert "&lt;script&gt;x" in html
    for method in result["methods"]:
        assert method["label"].replace("<", "&lt;") in html
    for row in (*result["changes"], *result["cases"]):
        assert row["name"] in html
    # wrong answers stand out: as many as there are
    wrong = sum(answer != case["same"] for case in result["cases"] for answer in case["answers"].values())
    assert html.count('<span class="no">') == wrong > 0


def test_the_page_says_so_where_there_is_no_result() -> None:
    assert "No result yet" in structure_matching.page(None)
    assert "benchmark matching" in structure_matching.page(None)


def test_the_result_that_ships_is_of_these_methods_and_is_shown(tmp_path: Path) -> None:
    result = newest_result(Store(tmp_path))
    assert result is not None
    assert result == read_json(STARTER_RESULT)
    check_form(result)
    assert "starter" in structure_matching.page(result)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    table = tmp_path / "few.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("material_id", "cif"))
        writer.writerows((name, to_structure(crystal).to(fmt="cif")) for name, crystal in crystals().items())
        writer.writerow(("broken", "data_x"))
    assert main(["benchmark", "matching", "--data", str(table), "--n", "1", "--jobs", "1"]) == 0
    printed = capsys.readouterr()
    assert "few.csv: 5 rows, 1 refused, 0 repeated" in printed.out
    written = newest_result(Store(tmp_path / "runs"))
    assert written is not None
    check_form(written)
    assert as_text(written) == printed.out
    folder = tmp_path / "runs" / "benchmark" / "matching"
    assert {path.name for path in folder.iterdir()} == {"matching.json", "changes.csv", "pairs.csv", "cases.csv"}


def test_command_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = tmp_path / "nothing.parquet"
    assert main(["benchmark", "matching", "--data", str(nothing)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {nothing} does not exist")
    with pytest.raises(SystemExit) as stopped:
        main(["benchmark", "matching", "--n", "0"])
    assert stopped.value.code == 2
    assert "'0' must be a whole number from 1" in capsys.readouterr().err


def test_a_real_table_of_cifs_is_read(tmp_path: Path, engine: Engine) -> None:
    path = DATA / "reference" / "mp_20_biternary_test.csv.gz"
    if not path.exists():
        pytest.skip(f"needs {path}; set LEADERBOARD_TEST_DATA to the folder of real data")
    with gzip.open(path, "rt", newline="") as file:
        rows = [row for row, _ in zip(csv.reader(file), range(6), strict=False)]
    few = tmp_path / "few.csv"
    with few.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    entries, origins = from_files([few, few], engine, lambda _: None)
    assert [(origin.n_read, origin.n_refused, origin.n_repeated) for origin in origins] == [(5, 0, 0), (5, 0, 5)]
    assert [entry.id for entry in entries] == [row[rows[0].index("material_id")] for row in rows[1:]]
    # the first row of the file, as its own column of formulas says
    assert (entries[0].id, entries[0].formula) == ("mp-10009", "GaTe")
