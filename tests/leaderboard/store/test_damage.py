"""A store with one damaged run works as the one without it, and says which run it is and what is wrong with it."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leaderboard.board.table import board
from leaderboard.board.written import render
from leaderboard.pages.parts import runs as pages
from leaderboard.pages.structures.downloads import FORMS
from leaderboard.protocol import load_protocol
from leaderboard.queue.energies.worker import waiting
from leaderboard.run.columns import columns_schema
from leaderboard.run.energies import ENERGIES_SCHEMA
from leaderboard.run.reading import STRUCTURES_SCHEMA
from leaderboard.store.check import JSON_BYTES
from leaderboard.store.json_files import read_json
from leaderboard.store.local import Store
from leaderboard.store.tables import COLUMNS, ENERGIES, NEEDED, STRUCTURES
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.store.run import Run

PROTOCOL = load_protocol()


def written(name: str, content: bytes) -> Callable[[Path], None]:
    def write(run: Path) -> None:
        (run / name).write_bytes(content)

    return write


def cut(name: str) -> Callable[[Path], None]:
    return lambda run: os.truncate(run / name, (run / name).stat().st_size // 2)


def without(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).unlink()


def changed(name: str, **changes: object) -> Callable[[Path], None]:
    """Other values, or none where ``...`` is given."""

    def damage(run: Path) -> None:
        content = {**read_json(run / name), **changes}
        kept = {key: value for key, value in content.items() if value is not ...}
        (run / name).write_text(json.dumps(kept))

    return damage


def score(**changes: object) -> Callable[[Path], None]:
    """The first score with other values."""

    def damage(run: Path) -> None:
        scores = read_json(run / "scores.json")["scores"]
        changed("scores.json", scores=[{**scores[0], **changes}, *scores[1:]])(run)

    return damage


def twice(run: Path) -> None:
    scores = read_json(run / "scores.json")["scores"]
    changed("scores.json", scores=[*scores, scores[0]])(run)


def table(name: str, change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    return lambda run: pq.write_table(change(pq.read_table(run / name)), run / name)


def replaced(column: str, values: list[object]) -> Callable[[pa.Table], pa.Table]:
    def change(before: pa.Table) -> pa.Table:
        place = before.schema.get_field_index(column)
        return before.set_column(place, column, pa.array(values, type=before.schema.field(column).type))

    return change


def retyped(column: str, kind: pa.DataType) -> Callable[[pa.Table], pa.Table]:
    def change(before: pa.Table) -> pa.Table:
        place = before.schema.get_field_index(column)
        return before.set_column(place, column, before[column].cast(kind))

    return change


def a_folder(name: str) -> Callable[[Path], None]:
    def damage(run: Path) -> None:
        (run / name).unlink()
        (run / name).mkdir()

    return damage


def a_pipe(name: str) -> Callable[[Path], None]:
    def damage(run: Path) -> None:
        (run / name).unlink()
        os.mkfifo(run / name)

    return damage


def a_link(name: str, target: str) -> Callable[[Path], None]:
    def damage(run: Path) -> None:
        (run / name).unlink()
        (run / name).symlink_to(target)

    return damage


def a_link_to_itself(run: Path) -> None:
    shutil.rmtree(run)
    run.symlink_to(run)


def a_file_for_the_run(run: Path) -> None:
    shutil.rmtree(run)
    run.write_text("a run")


def a_file_for_the_submission(run: Path) -> None:
    shutil.rmtree(run.parent)
    run.parent.write_text("a submission")


def a_link_out_of_the_store(run: Path) -> None:
    elsewhere = run.parents[2] / "elsewhere"
    run.parent.rename(elsewhere)
    run.parent.symlink_to(elsewhere)


def a_foreign_folder(run: Path) -> None:
    shutil.rmtree(run)
    (run.parent / "my notes").mkdir()


def an_empty_folder(run: Path) -> None:
    shutil.rmtree(run)
    run.mkdir()


def of_another_run(run: Path) -> None:
    run.rename(run.with_name("0" * 12))


def large(name: str) -> Callable[[Path], None]:
    """A gigabyte that takes no room on the disk."""
    return lambda run: os.truncate(run / name, 10**9)


FUTURE = (datetime.now(UTC) + timedelta(days=400)).isoformat(timespec="seconds")
DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "run.json cut": (cut("run.json"), r"run\.json: content: Invalid JSON"),
    "run.json empty": (written("run.json", b""), r"run\.json: content: Invalid JSON"),
    "run.json binary": (written("run.json", bytes(range(256))), r"run\.json: content: Invalid JSON"),
    "run.json a list": (written("run.json", b"[]"), r"run\.json: content: .*object"),
    "run.json nested deeply": (written("run.json", b"[" * 100_000), r"run\.json: content: Invalid JSON"),
    "run.json of a gigabyte": (large("run.json"), rf"run\.json: 1,000,000,000 bytes, at most {JSON_BYTES:,}"),
    "run.json missing": (without("run.json"), r"run\.json: there is no such file"),
    "run.json a folder": (a_folder("run.json"), r"run\.json: a folder stands where a file is needed"),
    "run.json a pipe": (a_pipe("run.json"), r"run\.json: a pipe stands where a file is needed"),
    "run.json a link": (a_link("run.json", "/etc/hostname"), r"run\.json: a link stands where a file is needed"),
    "run.json a loop": (a_link("run.json", "run.json"), r"run\.json: a link stands where a file is needed"),
    "run.json not finished": (changed("run.json", status="running"), r"run\.json: status: "),
    "a key too few": (changed("run.json", protocol=...), r"run\.json: protocol: Field required"),
    "a key too many": (changed("run.json", colour="red"), r"run\.json: colour: Extra inputs"),
    "a later format": (changed("run.json", format_version=99), r"run\.json: format_version: "),
    "a wrong type": (changed("run.json", n_submitted="many"), r"run\.json: n_submitted: .*integer"),
    "no structures": (changed("run.json", n_submitted=0), r"n_submitted: 0 structures"),
    "no card": (changed("run.json", model={}), r"run\.json: model\.model: Field required"),
    "a card that breaks lines": (changed("run.json", model={"model": "a\nb"}), r"run\.json: model\.model: .*line"),
    "created in the future": (changed("run.json", created=FUTURE), r"created: .* is in the future"),
    "created at no time": (changed("run.json", created="2026-11-20"), r"run\.json: created: "),
    "a time that is not one": (changed("run.json", timings_s={"read": -1.0}), r"timings_s\.read: -1\.0 is not a time"),
    "a hash that is not one": (changed("run.json", reference_hash="../.."), r"reference_hash: .* hexadecimal digits"),
    "another protocol": (changed("run.json", protocol="v9"), r"protocol is 'v9' in run\.json, 'v1' in scores\.json"),
    "the run of another folder": (of_another_run, r"holds the run .*, not the one it is named after"),
    "scores.json cut": (cut("scores.json"), r"scores\.json: content: Invalid JSON"),
    "scores.json missing": (without("scores.json"), r"scores\.json: there is no such file"),
    "a score that is NaN": (score(value=float("nan")), r"scores\.json: scores\.0\.value: .*finite"),
    "a score without bounds": (score(high=float("inf")), r"scores\.json: scores\.0\.high: .*finite"),
    "a share of three": (score(unit="share", value=3.0), r"3\.0 is not a share"),
    "a negative count": (score(n_counted=-1), r"n_counted is -1, of 2 structures"),
    "more counted than submitted": (score(n_unknown=3), r"n_unknown is 3, of 2 structures"),
    "an interval the wrong way round": (score(low=0.9, high=0.1), r"from 0\.9 to 0\.1, the wrong way round"),
    "half an interval": (score(low=0.1, high=None), r"an interval from 0\.1 to None"),
    "a direction that is none": (score(better="sideways"), r"scores\.0\.better: "),
    "a score twice": (twice, r"scores\.json: \w+ is there 2 times"),
    "scores of other structures": (changed("scores.json", n_submitted=9), r"n_submitted is 2 in run\.json, 9 in "),
    "structures cut": (cut(STRUCTURES), r"structures\.parquet: not a readable parquet file"),
    "structures empty": (written(STRUCTURES, b""), r"structures\.parquet: not a readable parquet file"),
    "structures missing": (without(STRUCTURES), r"structures\.parquet: there is no such file"),
    "structures of a gigabyte": (large(STRUCTURES), r"structures\.parquet: not a readable parquet file"),
    "columns a pipe": (a_pipe(COLUMNS), r"columns\.parquet: a pipe stands where a file is needed"),
    "columns as CSV": (written(COLUMNS, b"id,valid\na,true\n"), r"columns\.parquet: not a readable parquet file"),
    "a column too few": (table(COLUMNS, lambda rows: rows.drop(["valid"])), r"columns\.parquet: no column valid"),
    "a column of another type": (table(COLUMNS, retyped("valid", pa.string())), r"column valid is string, not bool"),
    "a row too few": (table(COLUMNS, lambda rows: rows.slice(1)), r"columns\.parquet: 1 rows, .* n_submitted is 2"),
    "a row too many": (
        table(STRUCTURES, lambda rows: pa.concat_tables([rows, rows.slice(1)])),
        r"structures\.parquet: 3 rows, .* n_submitted is 2",
    ),
    "ids of another run": (table(COLUMNS, replaced("id", ["a", "z"])), r"id: not those of structures\.parquet"),
    "an id twice": (table(COLUMNS, replaced("id", ["a", "a"])), r"id: not a different one in each row"),
    "a row without an id": (table(COLUMNS, replaced("id", ["a", None])), r"id: not a different one in each row"),
    "energies missing": (without(ENERGIES), r"energies\.parquet: there is no such file, and run\.json names"),
    "energies cut": (cut(ENERGIES), r"energies\.parquet: not a readable parquet file"),
    "energies without a status": (table(ENERGIES, lambda rows: rows.drop(["status"])), r"no column status"),
    "energies of another run": (
        table(ENERGIES, replaced("sha256", ["f" * 64])),
        r"energies\.parquet: sha256: 1 of no structure of the run",
    ),
    "a file for the run": (a_file_for_the_run, r"a file stands where the folder of a run is needed"),
    "a file for the submission": (a_file_for_the_submission, r"a file stands where the folder of a run is needed"),
    "a link to itself": (a_link_to_itself, r"a link stands where the folder of a run is needed"),
    "a link out of the store": (a_link_out_of_the_store, r"a link stands where the folder of a run is needed"),
    "a foreign folder": (a_foreign_folder, r"not named as the folder of a run"),
    "an empty folder": (an_empty_folder, r"run\.json: there is no such file"),
}
"""What is done to a run, and what is said of it."""


def made(model: str, **record: object) -> Made:
    return Made(model, [good("a"), good("b")], energies=[energy(caesium_chloride(), 0.0)], record=record)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Run, Run]:
    """A store of two runs: one to keep, one to damage."""
    root = tmp_path / "runs"
    return root, publish(root, made("kept")), publish(root, made("damaged"))


@pytest.mark.parametrize("name", DAMAGES)
def test_the_rest_is_shown_and_the_damaged_one_is_named_with_the_reason(
    two: tuple[Path, Run, Run], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    root, kept, damaged = two
    damage, expected = DAMAGES[name]
    damage(damaged.path)
    # the second store reads what the first one indexed
    for store in (Store(root), Store(root)):
        assert [run.id for run in store.runs()] == [kept.id]
        (entry,) = store.damaged()
        assert damaged.path.parent.name in str(entry.path)
        assert entry.why.startswith(str(root))
        assert re.search(expected, entry.why), entry.why
        assert entry.why in caplog.text
    assert "\n" not in entry.why


@pytest.mark.parametrize("name", ["run.json cut", "scores.json missing", "columns as CSV", "a file for the submission"])
def test_a_run_that_is_damaged_after_it_was_indexed_is_left_out_at_the_next_start(
    two: tuple[Path, Run, Run], name: str
) -> None:
    root, kept, damaged = two
    assert len(Store(root).runs()) == 2
    DAMAGES[name][0](damaged.path)
    assert [run.id for run in Store(root).runs()] == [kept.id]


@pytest.mark.parametrize("name", ["run.json a pipe", "scores.json cut", "structures of a gigabyte", "energies missing"])
def test_board_pages_worker_and_files_work_with_the_rest(two: tuple[Path, Run, Run], name: str) -> None:
    root, kept, damaged = two
    link = damaged.id
    DAMAGES[name][0](damaged.path)
    store = Store(root)
    table_of_runs = board(store, PROTOCOL)
    assert list(table_of_runs.runs["run"]) == [kept.id]
    for form in ("md", "csv", "json"):
        assert "kept" in render(table_of_runs, form, PROTOCOL)
        assert "damaged" not in render(table_of_runs, form, PROTOCOL)
    assert [identifier for _, identifier in pages.choices(store)] == [kept.id]
    assert pages.find(store, link) is None
    assert all(Path(written(store.runs()[0])).stat().st_size for written in FORMS.values())
    assert {run.id for run, _ in waiting(store, PROTOCOL, relax=True)} <= {kept.id}


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param(score(name="of_the_future", variant="a/b"), id="a score that this code does not know"),
        pytest.param(score(value=None, low=None, high=None), id="a score that is not defined"),
        pytest.param(lambda run: (run / "notes.txt").write_text("mine"), id="a file more"),
        pytest.param(table(COLUMNS, lambda rows: rows.append_column("more", rows["id"])), id="a column more"),
        pytest.param(lambda run: (run.parent / ".DS_Store").write_text(""), id="a hidden file beside it"),
        pytest.param(lambda run: (run.parents[1] / "lost+found").mkdir(), id="a folder of the file system"),
    ],
)
def test_what_harms_nobody_is_no_damage(two: tuple[Path, Run, Run], harmless: Callable[[Path], Any]) -> None:
    root, kept, other = two
    harmless(other.path)
    store = Store(root)
    assert {run.id for run in store.runs()} == {kept.id, other.id}
    assert store.damaged() == []
    assert len(board(store, PROTOCOL).runs) == 2


def test_a_table_that_breaks_off_inside_is_named_when_it_is_read_and_never_published(
    two: tuple[Path, Run, Run], tmp_path: Path
) -> None:
    _, _, damaged = two
    path = damaged.path / STRUCTURES
    content = bytearray(path.read_bytes())
    # the pages of data begin behind the four bytes that name the format; the last columns are read by nobody at first
    start = pq.read_metadata(path).row_group(0).column(2).data_page_offset
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"structures\.parquet: not a readable parquet file"):
        damaged.structures()
    with pytest.raises(ValueError, match=r"structures\.parquet: not a readable parquet file"):
        Store(tmp_path / "other").publish(damaged.path)
    assert Store(tmp_path / "other").runs() == []


def test_publishing_again_puts_a_whole_run_in_the_place_of_a_damaged_one(two: tuple[Path, Run, Run]) -> None:
    root, _, damaged = two
    whole = root.parent / "finished"
    shutil.copytree(damaged.path, whole)
    cut("run.json")(damaged.path)
    store = Store(root)
    assert len(store.runs()) == 1
    published = store.publish(whole)
    assert published.path == damaged.path
    assert len(store.runs()) == 2
    # what was there is kept for whoever wants to know, and named
    (aside,) = store.damaged()
    assert aside.path.name.startswith(f"{damaged.path.name}.damaged-")


def test_readers_need_of_tables_what_scoring_writes() -> None:
    written_by_scoring = {
        STRUCTURES: STRUCTURES_SCHEMA,
        COLUMNS: columns_schema(PROTOCOL),
        ENERGIES: ENERGIES_SCHEMA,
    }
    for name, needed in NEEDED.items():
        assert {column: written_by_scoring[name].field(column).type for column in needed} == dict(needed)
