"""Verifying a run: what nobody has touched is equal whatever the sample, and each way to change a run is found."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.__main__ import main
from leaderboard.errors import RunError
from leaderboard.processes import PRELOAD
from leaderboard.protocol import load_protocol
from leaderboard.release import release
from leaderboard.run.cached_energies import import_energies
from leaderboard.run.columns import columns_schema
from leaderboard.run.energies import ENERGIES_SCHEMA, rows_on_hull
from leaderboard.run.reading import STRUCTURES_SCHEMA, crystals_of
from leaderboard.run.scoring import Resources, Setting, score_file
from leaderboard.run.verification.difference import rows_of
from leaderboard.run.verification.energies import TOLERANCE, record_of
from leaderboard.run.verification.verify import verify
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from metrics.measure.running.engine import ProcessSettings
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.running.progress import silent
from metrics.table import frame, write_parquet
from submissions.card import Card
from submissions.examples.energies import FILE as ENERGIES
from submissions.examples.make import ARCHIVE as EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from leaderboard.run.verification.difference import Verification
    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine

PROTOCOL = load_protocol()
COLUMNS = columns_schema(PROTOCOL)
# of the example: classes of duplicates, known crystals, one of each kind of refusal
WANTED = (
    "NaZnF3",
    "ZnSe",
    "NaCl",
    "known_diamond",
    "TiO2",
    "invalid_charge_fluorite_KF2",
    "invalid_distance",
    "refused_empty",
    "refused_partial",
    "undecided",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1, ProcessSettings(preload=PRELOAD)) as started:
        yield started


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some structures of the example."""
    path = tmp_path_factory.mktemp("file") / "some.zip"
    with zipfile.ZipFile(EXAMPLE) as example, zipfile.ZipFile(path, "w") as archive:
        for name in example.namelist():
            if any(part in name for part in WANTED):
                archive.writestr(name, example.read(name))
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(tmp_path_factory.mktemp("runs"))
    with Cache(made.cache) as cache:
        import_energies(ENERGIES, cache)
    return made


@pytest.fixture(scope="module")
def structural(submission: Path, store: Store, engine: Engine) -> Run:
    setting = Setting.of(PROTOCOL, "starter", ())
    return store.publish(score_file(submission, Card(model="m"), setting, Resources(engine, store, silent)).path)


@pytest.fixture(scope="module")
def with_energies(submission: Path, store: Store, engine: Engine) -> Run:
    setting = Setting.of(PROTOCOL, "starter", ("chgnet",), relax=True)
    return store.publish(score_file(submission, Card(model="m"), setting, Resources(engine, store, silent)).path)


@pytest.fixture
def copy(structural: Run, tmp_path: Path) -> Run:
    return Run(Path(shutil.copytree(structural.path, tmp_path / "copy")))


def differing(verification: Verification) -> dict[str, set[tuple[str, str]]]:
    """Of each check that found something, the id and the column of what differs."""
    return {
        check.what: {(found.id, found.column) for found in check.differences}
        for check in verification.checks
        if check.differences
    }


def edit_json(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def edit_rows(path: Path, schema: pa.Schema, change: Callable[[dict[str, Any]], object]) -> None:
    """Change rows of a table of a run in place; a change that says False leaves the row out."""
    run = Run(path.parent)
    table = {"structures": run.structures, "columns": run.columns, "energies": run.energies}[path.stem]()
    assert table is not None
    rows = [row for row in rows_of(table) if change(row) is not False]
    write_parquet(frame(rows, schema), schema, path)


def set_cell(record_id: str, column: str, value: object) -> Callable[[dict[str, Any]], object]:
    def change(row: dict[str, Any]) -> None:
        if row["id"] == record_id:
            assert row[column] != value
            row[column] = value

    return change


@pytest.mark.parametrize(("sample", "seed"), [(100, 0), (0, 0), *((3, seed) for seed in range(3))])
def test_a_run_that_nobody_touched_is_equal_whatever_is_drawn(
    structural: Run, engine: Engine, sample: int, seed: int
) -> None:
    """Facts within the submission come out of a part of it: its classes of duplicates are not cut."""
    verification = verify(structural, engine, silent, sample=sample, seed=seed)
    assert differing(verification) == {}
    assert verification.is_equal
    assert len(verification.sample) == min(sample, structural.record.n_submitted)
    facts = next(check for check in verification.checks if check.what.startswith("facts"))
    assert (facts.n_values > 0) == (sample > 0)
    assert facts.n_values % len(COLUMNS.names) == 0


def test_the_sample_is_drawn_anew_and_can_be_drawn_again(structural: Run, engine: Engine) -> None:
    first = verify(structural, engine, silent, sample=2)
    assert verify(structural, engine, silent, sample=2, seed=first.seed).sample == first.sample
    assert first.seed != verify(structural, engine, silent, sample=0).seed


def test_the_submitted_file_is_read_again(structural: Run, engine: Engine, submission: Path, tmp_path: Path) -> None:
    verification = verify(structural, engine, silent, sample=1, seed=0, file=submission)
    assert verification.is_equal
    assert not any("--file" in what for what in verification.not_compared)
    other = tmp_path / "other.zip"
    other.write_bytes(submission.read_bytes() + b"\0")
    swapped = verify(structural, engine, silent, sample=1, seed=0, file=other)
    assert differing(swapped) == {"submitted file, its hash": {("other.zip", "sha256")}}


@pytest.mark.parametrize("field", ["value", "n_counted"])
def test_a_changed_score_is_found(copy: Run, engine: Engine, field: str) -> None:
    def change(content: dict[str, Any]) -> None:
        (vun,) = [entry for entry in content["scores"] if entry["name"] == "vun"]
        vun[field] = vun[field] + 1 if isinstance(vun[field], int) else vun[field] + 1e-15

    edit_json(copy.path / "scores.json", change)
    verification = verify(Run(copy.path), engine, silent, sample=0)
    assert differing(verification) == {"scores from the tables": {("vun", field)}}
    assert not verification.is_equal


def test_a_score_that_was_left_out_is_found(copy: Run, engine: Engine) -> None:
    edit_json(copy.path / "scores.json", lambda content: content["scores"].pop(0))
    verification = verify(Run(copy.path), engine, silent, sample=0)
    assert differing(verification) == {"scores from the tables": {("readable", "row")}}


def test_a_score_that_is_there_twice_is_found(copy: Run, engine: Engine) -> None:
    edit_json(
        copy.path / "scores.json",
        lambda content: content["scores"].insert(0, {**content["scores"][0], "value": 0.5}),
    )
    verification = verify(Run(copy.path), engine, silent, sample=0)
    assert differing(verification) == {"scores from the tables": {("readable", "n_times")}}


@pytest.mark.parametrize(
    ("column", "value"),
    [("density", 1.0), ("in_reference", True), ("duplicate_of", None), ("amd", [0.0])],
)
def test_a_changed_fact_is_found_by_every_sample_that_holds_a_record_of_its_formula(
    copy: Run, engine: Engine, column: str, value: object
) -> None:
    record_id = "duplicate_of_ZnSe"
    edit_rows(copy.path / "columns.parquet", COLUMNS, set_cell(record_id, column, value))
    outcomes = set()
    for seed in range(4):
        verification = verify(Run(copy.path), engine, silent, sample=6, seed=seed)
        is_drawn = any("ZnSe" in name for name in verification.sample)
        facts = {what: found for what, found in differing(verification).items() if what.startswith("facts")}
        assert list(facts.values()) == ([{(record_id, column)}] if is_drawn else [])
        assert any("not drawn" in what for what in verification.not_compared)
        outcomes.add(is_drawn)
    assert outcomes == {True, False}


def test_a_changed_structure_is_found_whatever_is_drawn(copy: Run, engine: Engine) -> None:
    def stretch(row: dict[str, Any]) -> None:
        if row["id"] == "known_diamond":
            row["lattice"] = [1.01 * length for length in row["lattice"]]

    edit_rows(copy.path / "structures.parquet", STRUCTURES_SCHEMA, stretch)
    content = differing(verify(Run(copy.path), engine, silent, sample=0))["content of the structures"]
    assert content == {("known_diamond", "sha256"), ("known_diamond", "sha256 in structures")}


def test_a_record_that_was_taken_out_of_both_tables_is_found(copy: Run, engine: Engine) -> None:
    for name, schema in (("structures", STRUCTURES_SCHEMA), ("columns", COLUMNS)):
        edit_rows(copy.path / f"{name}.parquet", schema, lambda row: row["id"] != "refused_empty")
    found = differing(verify(Run(copy.path), engine, silent, sample=0))
    assert ("tables", "n_records") in found["numbers of records"]


def test_tables_and_scores_of_another_run_are_found(
    copy: Run, with_energies: Run, engine: Engine, tmp_path: Path
) -> None:
    shutil.copy(with_energies.path / "scores.json", copy.path / "scores.json")
    found = differing(verify(Run(copy.path), engine, silent, sample=0))
    assert ("scores.json", "run_key") in found["scores.json against run.json"]
    shutil.copytree(with_energies.path, tmp_path / "mixed")
    shutil.copy(copy.path / "run.json", tmp_path / "mixed" / "run.json")
    with pytest.raises(RunError, match=r"an energies.parquet and no potentials in run.json"):
        verify(Run(tmp_path / "mixed"), engine, silent, sample=0)


@pytest.mark.parametrize(
    ("key", "value"), [("run_key", "0" * 64), ("custom", True), ("submission_sha256", "1" * 64), ("n_submitted", 7)]
)
def test_a_changed_record_is_found(copy: Run, engine: Engine, key: str, value: object) -> None:
    for name in ("run.json", "scores.json"):
        edit_json(copy.path / name, lambda content: content.update({key: value} if key in content else {}))
    verification = verify(Run(copy.path), engine, silent, sample=0)
    column = {"submission_sha256": "run_key", "n_submitted": "n_records"}.get(key, key)
    assert any(
        (where, column) in found for found in differing(verification).values() for where in ("run.json", "tables")
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "protocol_hash",
            "0" * 64,
            rf"protocol v1 with hash 000000000000, this code has .*; verify it with {release().version}",
        ),
        ("reference_hash", "0" * 64, r"reference set starter with hash 000000000000, here is .* --reference"),
        ("protocol", "v0", r"no protocol 'v0'; available: v1"),
        ("reference", "nowhere", r"nowhere"),
    ],
)
def test_a_run_under_other_rules_is_told_why_it_cannot_be_compared(
    copy: Run, engine: Engine, key: str, value: str, said: str
) -> None:
    for name in ("run.json", "scores.json"):
        edit_json(copy.path / name, lambda content: content.update({key: value}))
    verification = verify(Run(copy.path), engine, silent)
    assert not verification.is_equal
    assert verification.incomparable
    (line,) = verification.as_text().splitlines()[-1:]
    assert "cannot be compared bit for bit" in line
    assert re.search(said, line), line


def test_other_versions_are_named(copy: Run, engine: Engine) -> None:
    edit_json(copy.path / "run.json", lambda content: content["versions"].update(spglib="1.0"))
    verification = verify(Run(copy.path), engine, silent, sample=0)
    assert verification.is_equal
    assert verification.versions["spglib"][0] == "1.0"
    assert "version  spglib: 1.0 then, " in verification.as_text()


def test_the_potentials_of_a_machine_do_not_matter_to_a_run_without_energies(structural: Run, engine: Engine) -> None:
    assert "torch" not in verify(structural, engine, silent, sample=0).versions


def test_energies_are_compared(with_energies: Run, engine: Engine) -> None:
    verification = verify(with_energies, engine, silent, sample=8, seed=1)
    assert differing(verification) == {}
    if not find("chgnet").missing():
        (energies,) = [check for check in verification.checks if check.what.endswith("by chgnet")]
        assert energies.n_values > 5  # an energy of each as submitted and relaxed, and displacements
    hulls = next(check for check in verification.checks if check.what.startswith("distances"))
    table = with_energies.energies()
    assert table is not None
    assert hulls.n_values == len(table) * len(ENERGIES_SCHEMA.names) + 1


@pytest.mark.parametrize("column", ["e_above_hull", "formation_energy_per_atom", "energy_per_atom"])
def test_a_changed_distance_or_energy_is_found(with_energies: Run, engine: Engine, tmp_path: Path, column: str) -> None:
    copied = shutil.copytree(with_energies.path, tmp_path / "copy")
    changed: list[str] = []

    def lower(row: dict[str, Any]) -> None:
        if row[column] is not None and not changed:
            changed.append(row["sha256"])
            row[column] -= 1e-12

    edit_rows(copied / "energies.parquet", ENERGIES_SCHEMA, lower)
    found = differing(verify(Run(copied), engine, silent, sample=0))["distances from the hull, from the energies"]
    assert {name.split()[0] for name, _ in found} == set(changed)
    assert {"e_above_hull", "formation_energy_per_atom"} & {of for _, of in found}


def test_rows_that_were_added_or_taken_away_are_found(with_energies: Run, engine: Engine, tmp_path: Path) -> None:
    what = "distances from the hull, from the energies"
    copied = shutil.copytree(with_energies.path, tmp_path / "copy")
    table = with_energies.energies()
    assert table is not None
    first = rows_of(table)[0]["sha256"]
    edit_rows(copied / "energies.parquet", ENERGIES_SCHEMA, lambda row: row["sha256"] != first)
    found = differing(verify(Run(copied), engine, silent, sample=0))[what]
    assert {name.split()[0] for name, column in found if column == "row"} == {first}
    rows = rows_of(table)
    write_parquet(frame([*rows, rows[0]], ENERGIES_SCHEMA), ENERGIES_SCHEMA, copied / "energies.parquet")
    assert ("all", "n_rows") in differing(verify(Run(copied), engine, silent, sample=0))[what]


@pytest.mark.skipif(find("chgnet").missing() is not None, reason="needs chgnet: an energy is computed again")
def test_energies_that_no_potential_gave_are_found(with_energies: Run, engine: Engine, tmp_path: Path) -> None:
    """All that follows from them fits: only computing them again shows it."""
    copied = shutil.copytree(with_energies.path, tmp_path / "copy")
    run, setting = Run(copied), Setting.of(PROTOCOL, "starter", ("chgnet",), relax=True)
    crystals = crystals_by_sha256(run)
    table = run.energies()
    assert table is not None
    rows = []
    for row in rows_of(table):
        if row["energy"] is not None:
            n_sites = crystals[row["sha256"]].n_sites
            row |= {"energy_per_atom": row["energy_per_atom"] - 2 * TOLERANCE}
            row |= {"energy": row["energy_per_atom"] * n_sites}
        (made,) = rows_on_hull(
            [record_of(row)],
            crystals,
            setting.tier.potentials[0],
            setting.reference,
            row["energy_convention"],
            PROTOCOL.max_elemental_difference,
        )
        rows.append(made)
    write_parquet(frame(rows, ENERGIES_SCHEMA), ENERGIES_SCHEMA, copied / "energies.parquet")
    found = differing(verify(Run(copied), engine, silent, sample=5, seed=0))
    assert "distances from the hull, from the energies" not in found
    (of_potential,) = [names for what, names in found.items() if what.endswith("by chgnet")]
    assert {column for _, column in of_potential} == {"energy_per_atom"}


def crystals_by_sha256(run: Run) -> dict[str, Crystal]:
    return {crystal.sha256: crystal for crystal in crystals_of(run.structures()).values()}


def test_a_table_that_is_none_is_one_line(copy: Run, engine: Engine) -> None:
    (copy.path / "columns.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match="a table cannot be read"):
        verify(Run(copy.path), engine, silent)


def test_the_command_prints_what_was_compared_and_its_status_says_whether_it_is_equal(
    structural: Run,
    copy: Run,
    submission: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(store.root))
    some = ["--jobs", "1", "--sample", "2", "--seed", "5"]
    assert main(["verify", structural.id, *some, "--file", str(submission)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "seed 5, 2 records drawn"
    edit_json(copy.path / "scores.json", lambda content: content["scores"][0].update(value=0.5))
    assert main(["verify", str(copy.path), *some, "--json"]) == 1
    written = capsys.readouterr()
    content = json.loads(written.out)
    (difference,) = [found for check in content["checks"] for found in check["differences"]]
    assert (difference["id"], difference["column"], difference["stored"]) == ("readable", "value", "0.5")
    assert (content["is_equal"], content["n_different"]) == (False, 1)
    assert "differs in 1 of" in written.err
    assert main(["verify", "nowhere", *some]) == 1
    assert "no run 'nowhere'" in capsys.readouterr().err
