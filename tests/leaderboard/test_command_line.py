"""The command line as people start it: results on stdout, one line of error, exit codes, resuming after a kill."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from leaderboard.commands import INCOMPLETE_HULL, scores_as_text
from leaderboard.score_key import CALIBRATED
from reference_data.reference import open_reference
from tests.command_line import CARD, EXAMPLE, ROOT, STRUCTURAL, leaderboard
from tests.made_runs import Made, caesium_chloride, energy, good, publish
from tests.submissions.packing import cif

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", ROOT / ".." / "shared" / "data"))

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the shared data: {DATA} is not there")


def scores_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "scores.json").read_text())
    return content


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The example, scored once: its folder and what was printed."""
    folder = tmp_path_factory.mktemp("scored")
    run = leaderboard("score", EXAMPLE, *STRUCTURAL, "--card", CARD, "--out", folder / "out", runs=folder / "runs")
    assert run.returncode == 0, run.stderr
    return folder / "out", run.stdout


def test_started_from_the_shell_it_explains_itself() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "leaderboard", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for word in ("validate", "score", "fingerprint", "table", "Exit status", "Examples"):
        assert word in run.stdout


def test_threads_are_limited_before_numpy_is_imported() -> None:
    # the last digits of a sum depend on the number of threads that made it, and so would the scores
    code = "import sys; import leaderboard.__main__; print(sorted({'numpy', 'pandas', 'scipy'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_board_is_printed_without_what_measures(tmp_path: Path) -> None:
    publish(tmp_path, Made("m", [good("a")]))
    code = (
        "import sys; from leaderboard.__main__ import main; assert main(['table']) == 0;"
        "print(sorted({'torch', 'pymatgen', 'spglib', 'numba', 'smact'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "LEADERBOARD_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    *_, row, _, ranked_by, loaded = run.stdout.splitlines()
    assert "| m | 1 |" in row
    assert ranked_by == "Ranked by VUN."
    assert loaded == "[]"


def test_stability_on_an_indicative_set_never_stands_alone(tmp_path: Path) -> None:
    """Beside it stands what an incomplete hull does, or what a calibration makes of it."""
    scores = publish(tmp_path, Made("m", [good("a")], energies=[energy(caesium_chloride(), -0.1)])).scores
    (stable,) = [entry for entry in scores.scores if entry.name == "stable"]
    calibrated = stable.model_copy(update={"variant": f"{stable.variant}{CALIBRATED}"})
    with_calibrated = scores.model_copy(update={"scores": (*scores.scores, calibrated)})
    alone = scores_as_text(scores, indicative=True)
    assert f"CHGNet, as submitted:\n{INCOMPLETE_HULL}\n" in alone
    assert alone.count(INCOMPLETE_HULL) == 1
    assert INCOMPLETE_HULL not in scores_as_text(with_calibrated, indicative=True)
    assert INCOMPLETE_HULL not in scores_as_text(scores, indicative=False)


def test_scores_without_energies_need_no_word_about_a_hull(scored: tuple[Path, str]) -> None:
    assert INCOMPLETE_HULL not in scored[1]


def test_every_record_has_a_row_and_every_score_its_interval_and_counts(scored: tuple[Path, str]) -> None:
    folder, printed = scored
    with zipfile.ZipFile(EXAMPLE) as archive:
        n_files = sum(not name.endswith("/") for name in archive.namelist())
    columns, structures = (pd.read_parquet(folder / f"{name}.parquet") for name in ("columns", "structures"))
    assert len(columns) == len(structures) == n_files
    assert columns["id"].is_unique
    result = scores_of(folder)
    assert result["n_submitted"] == n_files
    for score in result["scores"]:
        assert score["n_counted"] + score["n_unknown"] == n_files
        if score["value"] is None:
            # the card names no training set, so no structure was compared with one
            assert score["name"] in {"memorized", "rediscovered", "new_to_both"}
            continue
        assert score["low"] <= score["value"] <= score["high"]
        shown = f"{score['value'] * 100:.2f}" if score["unit"] == "share" else f"{score['value']:.3f}"
        assert shown in printed


def test_the_example_gets_the_verdicts_it_was_made_for(scored: tuple[Path, str]) -> None:
    """`expected.csv` is written by the script that makes the example, from what each structure was made to be."""
    expected = pd.read_csv(EXAMPLE.with_name("expected.csv"), dtype="string")
    columns = pd.read_parquet(scored[0] / "columns.parquet")
    assert columns["id"].tolist() == expected["id"].tolist()
    text = {True: "true", False: "false"}
    assert columns["refusal"].fillna("").tolist() == expected["refusal"].fillna("").tolist()
    # which of equal crystals stands for the others is decided by content, not by who was the model for whom
    assert _classes(columns) == _classes(expected)
    for name in ("charge_valid", "distance_valid", "plausible"):
        assert columns[name].map(text).fillna("").tolist() == expected[name].fillna("").tolist()
    assert columns["in_reference"].notna().map(text).tolist() == expected["identified"].fillna("false").tolist()
    known = expected["known_as"].notna()
    assert columns["in_reference"].fillna(value=False).tolist() == known.tolist()
    crystals = open_reference("starter").rows_of_formulas(columns["reduced_formula"][known])
    source_ids = {crystal.id: crystal.source_ids for crystal in crystals}
    for matched, label in zip(columns["matched_id"][known], expected["known_as"][known], strict=True):
        assert any(source.startswith(f"aflow-{label}-") for source in source_ids[matched])


def _classes(table: pd.DataFrame) -> set[frozenset[str]]:
    """Ids of equal crystals, together."""
    return {frozenset(ids) for ids in table.groupby(table["duplicate_of"].fillna(table["id"]))["id"].agg(list)}


def test_scores_follow_from_the_table_of_facts(scored: tuple[Path, str]) -> None:
    columns = pd.read_parquet(scored[0] / "columns.parquet")
    values = {score["name"]: score["value"] for score in scores_of(scored[0])["scores"]}
    valid = columns["valid"].fillna(value=False).astype(bool)
    unique = columns["unique"].fillna(value=False).astype(bool)
    novel = ~columns["in_reference"].fillna(value=True).astype(bool)
    n = len(columns)
    assert values["readable"] == columns["refusal"].isna().sum() / n
    assert values["valid"] == valid.sum() / n
    assert values["unique"] == unique.sum() / n
    assert values["novel"] == novel.sum() / n
    assert values["vun"] == (valid & unique & novel).sum() / n


def test_a_null_among_the_facts_has_its_reason(scored: tuple[Path, str]) -> None:
    columns = pd.read_parquet(scored[0] / "columns.parquet")
    decided = ["charge_valid", "distance_valid", "plausible", "space_group", "bawl", "unique", "in_reference"]
    unknown = columns[decided].isna().any(axis=1)
    assert (columns["refusal"].notna() | columns["unknown_reasons"].notna())[unknown].all()


def test_the_same_command_again_finds_the_run_done(scored: tuple[Path, str]) -> None:
    folder, printed = scored
    before = (folder / "run.json").read_text()
    run = leaderboard("score", EXAMPLE, *STRUCTURAL, "--card", CARD, "--out", folder, runs=folder.parent / "runs")
    assert (run.returncode, run.stdout) == (0, printed)
    assert (folder / "run.json").read_text() == before


def test_another_submission_does_not_overwrite_a_run(scored: tuple[Path, str], tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(EXAMPLE) as archive, zipfile.ZipFile(other, "w") as smaller:
        for name in archive.namelist()[:3]:
            smaller.writestr(name, archive.read(name))
    run = leaderboard("score", other, *STRUCTURAL, "--out", scored[0], runs=tmp_path / "runs")
    assert run.returncode == 1
    assert "choose another folder with --out" in run.stderr


def n_measured(runs: Path) -> int:
    """Measurements that would survive a kill."""
    path = runs / "measurements.sqlite"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=60)) as database:
        if not database.execute("SELECT name FROM sqlite_master WHERE name = 'results'").fetchone():
            return 0
        return int(database.execute("SELECT count(*) FROM results").fetchone()[0])


def test_killed_at_any_moment_it_resumes_to_the_same_result(scored: tuple[Path, str], tmp_path: Path) -> None:
    arguments = ("score", EXAMPLE, *STRUCTURAL, "--card", CARD, "--out", tmp_path / "out", "--jobs", 1)
    environment = {**os.environ, "LEADERBOARD_RUNS": str(tmp_path / "runs")}
    for _ in range(2):
        before = n_measured(tmp_path / "runs")
        with subprocess.Popen(
            [sys.executable, "-m", "leaderboard", *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.DEVNULL,
        ) as process:
            while n_measured(tmp_path / "runs") == before:
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
        assert not (tmp_path / "out" / "scores.json").exists()
    run = leaderboard(*arguments, runs=tmp_path / "runs")
    assert run.returncode == 0, run.stderr
    for name in ("scores.json", "columns.parquet", "structures.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (scored[0] / name).read_bytes(), name


def test_published_it_is_on_the_board_once(tmp_path: Path) -> None:
    small = tmp_path / "=cmd.zip"
    with zipfile.ZipFile(EXAMPLE) as archive, zipfile.ZipFile(small, "w") as smaller:
        for name in archive.namelist()[:4]:
            smaller.writestr(name, archive.read(name))
    for _ in range(2):
        run = leaderboard("score", small, *STRUCTURAL, "--publish", runs=tmp_path / "runs")
        assert run.returncode == 0, run.stderr
    as_json = json.loads(leaderboard("table", "--format", "json", runs=tmp_path / "runs").stdout)
    assert [row["model"] for row in as_json] == ["=cmd"]
    assert as_json[0]["rank"] is None
    assert "2,500" in as_json[0]["not_ranked"]
    as_csv = leaderboard("table", "--format", "csv", runs=tmp_path / "runs").stdout
    assert next(csv.DictReader(io.StringIO(as_csv)))["model"] == "'=cmd"
    assert "=cmd" in leaderboard("table", runs=tmp_path / "runs").stdout


def test_validate_gives_what_the_contract_says(tmp_path: Path) -> None:
    run = leaderboard("validate", EXAMPLE, "--card", CARD, "--json", runs=tmp_path)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert set(result) == {"n_submitted", "n_readable", "file_refusal", "refusals", "n_files", "ignored"}
    assert (result["n_files"], result["ignored"]) == (result["n_submitted"], [])
    assert result["file_refusal"] is None
    assert result["n_submitted"] - result["n_readable"] == len(result["refusals"]) > 0
    assert all(set(entry) == {"id", "reason", "detail"} for entry in result["refusals"])


def test_validate_says_what_is_not_counted(tmp_path: Path) -> None:
    with zipfile.ZipFile(EXAMPLE) as archive, zipfile.ZipFile(tmp_path / "a.zip", "w") as smaller:
        name = archive.namelist()[0]
        smaller.writestr(name, archive.read(name))
        smaller.writestr("run.log", "step 1")
    result = json.loads(leaderboard("validate", tmp_path / "a.zip", "--json", runs=tmp_path).stdout)
    assert result["ignored"] == [{"name": "run.log", "what": "log"}]
    text = leaderboard("validate", tmp_path / "a.zip", runs=tmp_path).stdout
    assert text.startswith("1 structure found in 1 file, 1 file ignored: run.log (log)\n")


def test_json_is_the_file_and_quiet_says_nothing(scored: tuple[Path, str], tmp_path: Path) -> None:
    arguments = ("score", EXAMPLE, *STRUCTURAL, "--card", CARD, "--out", scored[0], "--json", "--quiet")
    run = leaderboard(*arguments, runs=tmp_path / "runs")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == (scored[0] / "scores.json").read_text()


def test_a_short_run_leaves_no_progress_in_a_log(scored: tuple[Path, str], tmp_path: Path) -> None:
    again = leaderboard("score", EXAMPLE, *STRUCTURAL, "--out", tmp_path / "out", runs=scored[0].parent / "runs")
    assert again.stderr == f"files: {tmp_path / 'out'}\n"


NAMES = ["a\x1b[2J", "b\nrefused  c", "=1+1", "x;=1", "\u202ed", "-e", "\x9bf"]
"""Ids that would command a terminal or a spreadsheet, or look like another line."""


def test_ids_command_neither_terminal_nor_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text(json.dumps([{"id": name, "cif": "data_x" if name == "-e" else cif()} for name in NAMES]))
    checked = leaderboard("validate", path, runs=tmp_path)
    assert checked.stdout.splitlines()[1] == "6 of 7 structures readable"
    assert [line.split(":")[0] for line in checked.stdout.splitlines()[2:]] == ["refused  -e"]
    exact = leaderboard("validate", path, "--json", runs=tmp_path)
    assert [entry["id"] for entry in json.loads(exact.stdout)["refusals"]] == ["-e"]
    printed = leaderboard("fingerprint", path, "--method", "bawl", runs=tmp_path)
    for text in (checked.stdout, exact.stdout, printed.stdout):
        assert all(line.isprintable() for line in text.split("\n"))
    assert all(line.startswith('"') and line.endswith('"') for line in printed.stdout.splitlines())
    ids = [row[0] for row in csv.reader(io.StringIO(printed.stdout))][1:]
    assert ids == ["a\\x1b[2J", "b\\nrefused  c", "'=1+1", "x;'=1", "\\u202ed", "'-e", "\\x9bf"]


@needs_data
@pytest.mark.parametrize("method", ["bawl", "short-bawl"])
def test_fingerprints_equal_those_of_the_original_code(tmp_path: Path, method: str) -> None:
    oracle = pd.read_csv(DATA / "oracles" / "bawl.csv", dtype="string")
    sources = [pd.read_parquet(path) for path in sorted((DATA / "reference").glob("lemat_source_*.parquet"))]
    crystals = pd.concat(sources).drop_duplicates("file")
    submitted = crystals[crystals["file"].isin(oracle["file"])][["file", "cif"]]
    submitted.to_parquet(tmp_path / "submitted.parquet", index=False)
    run = leaderboard("fingerprint", tmp_path / "submitted.parquet", "--method", method, runs=tmp_path)
    assert run.returncode == 0, run.stderr
    printed = pd.read_csv(io.StringIO(run.stdout), dtype="string").set_index("id")
    expected = oracle.set_index("file")[method.replace("-", "_")]
    assert len(printed) == len(expected) == 500
    assert (printed["fingerprint"].reindex(expected.index) == expected).all()


@needs_data
def test_five_hundred_files_give_five_hundred_rows_with_their_ids(tmp_path: Path) -> None:
    submission = DATA / "submissions" / "mattergen.zip"
    run = leaderboard("score", submission, "--potentials", "none", "--out", tmp_path / "out", runs=tmp_path / "runs")
    assert run.returncode == 0, run.stderr
    with zipfile.ZipFile(submission) as archive:
        names = [name.removesuffix(".cif") for name in archive.namelist() if name.endswith(".cif")]
    columns = pd.read_parquet(tmp_path / "out" / "columns.parquet")
    assert columns["id"].tolist() == names
    assert len(set(names)) == 500
