"""The table of structures: filters, reasons, pages, hostile ids, and the files to download."""

from __future__ import annotations

import csv
import json
import os
import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.pages.parts import runs
from leaderboard.pages.parts.paging import n_pages
from leaderboard.pages.structures import downloads, panel, structures
from leaderboard.run.reading import STRUCTURES_SCHEMA
from leaderboard.store.local import Store
from metrics.table import frame, read_parquet
from tests.made_runs import COLUMNS, Made, good, publish, refused

if TYPE_CHECKING:
    import pandas as pd

    from leaderboard.store.run import Run

HOSTILE = "<script>alert(1)</script>"
RECORDS = [
    good("fine", reduced_formula="Na3V2(PO4)3"),
    refused("refused", "partial_occupancy", "site 1 holds Fe 0.5 and Co 0.5"),
    good("charged", charge_valid=False, charge_rule="too_few_electrons", valid=False),
    good("close", distance_valid=False, valid=False),
    good("thin", plausible=False, valid=False),
    good("copy", unique=False, duplicate_of="fine"),
    good(
        "old",
        in_reference=True,
        matched_id="mp-22865",
        identity_rule="matcher",
        nearest_reference_distance=0.0123,
    ),
    good("unsure", charge_valid=None, valid=None, charge_rule="undetermined", unknown_reasons="charge: time limit"),
    good(HOSTILE),
    good("=cmd()"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return publish(tmp_path_factory.mktemp("runs"), Made("made", RECORDS))


@pytest.fixture(scope="module")
def rows(run: Run) -> pd.DataFrame:
    return runs.columns(run.path)


@pytest.mark.parametrize(
    ("shown", "ids"),
    [
        ("all", [record["id"] for record in RECORDS]),
        ("valid, unique and novel", ["fine", HOSTILE, "=cmd()"]),
        ("refused", ["refused"]),
        ("invalid", ["charged", "close", "thin"]),
        ("duplicate", ["copy"]),
        ("known", ["old"]),
        ("undecided", ["unsure"]),
    ],
)
def test_the_filter_keeps_what_it_names(rows: pd.DataFrame, shown: str, ids: list[str]) -> None:
    assert structures.select(rows, shown, "")["id"].tolist() == ids


@pytest.mark.parametrize(
    ("search", "ids"),
    [("FINE", ["fine", "copy"]), ("na3v2", ["fine"]), ("mp-22865", ["old"]), ("(", ["fine", HOSTILE, "=cmd()"])],
)
def test_search_finds_ids_formulas_and_matches(rows: pd.DataFrame, search: str, ids: list[str]) -> None:
    assert structures.select(rows, "all", search)["id"].tolist() == ids


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("refused", "Refused: partial occupancy (site 1 holds Fe 0.5 and Co 0.5)"),
        ("charged", "Not charge-neutral: the anions lack electrons, and no bonds between them make up for it"),
        ("close", "Minimum distance: two atoms are closer than 0.5 (0.7 + r1 + r2) \u00c5"),
        ("thin", "Not plausible: density, volume, cell or space group out of bounds"),
        ("copy", "Duplicate of fine"),
        ("old", "Same as mp-22865, distance 0.012"),
        ("unsure", "Undecided: charge: time limit"),
    ],
)
def test_every_verdict_has_its_reason(rows: pd.DataFrame, record: str, reason: str) -> None:
    row = structures.record_of(rows, record)
    assert row is not None
    assert structures.reasons(row) == [reason]
    assert escape(reason) in structures.page_html(rows, 1, None)


def test_what_is_fine_has_no_reason(rows: pd.DataFrame) -> None:
    row = structures.record_of(rows, "fine")
    assert row is not None
    assert structures.reasons(row) == []


def test_an_id_is_never_markup(rows: pd.DataFrame) -> None:
    page = structures.page_html(rows, 1, HOSTILE)
    assert "<script" not in page
    assert f'data-id="{escape(HOSTILE)}"' in page


def test_a_long_table_is_cut_into_pages() -> None:
    n = 2 * structures.PAGE_SIZE + 1
    rows = frame([good(f"r{number}") for number in range(n)], COLUMNS)
    assert n_pages(len(rows), structures.PAGE_SIZE) == 3
    assert structures.page_html(rows, 2, None).count("data-id") == structures.PAGE_SIZE
    last = structures.page_html(rows, 3, None)
    assert last.count("data-id") == 1
    assert f"{n} to {n} of {n}" in last
    assert 'data-page="4" disabled' in last


def test_no_row_is_a_sentence(rows: pd.DataFrame) -> None:
    assert "No structure matches" in structures.page_html(rows.head(0), 1, None)


def test_a_run_that_does_not_exist_shows_nothing(run: Run) -> None:
    store = Store(run.path.parents[1])
    assert runs.find(store, "../../etc/passwd") is None
    assert runs.find(store, None) is None
    assert [(button.value, button.interactive) for button in panel.links(None)] == [(None, False)] * 3
    assert panel.fill(None, None)[-1] == ""


def test_a_run_is_found_by_its_id_alone(run: Run) -> None:
    store = Store(run.path.parents[1])
    named = runs.find(store, run.id)
    assert named is not None
    assert named.path == run.path
    for name in (run.path.parent.name, run.record.submission_sha256, "made"):
        assert runs.find(store, name) is None


def test_downloads_hold_every_record(run: Run) -> None:
    as_csv, as_parquet, as_json = map(Path, downloads.files(run))
    ids = [record["id"] for record in RECORDS]
    with as_csv.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["id"] for line in lines] == [*ids[:-1], "'=cmd()"]  # no spreadsheet runs it
    assert lines[0]["canonical_bawl_keys"] == "CsCl:1:fine"
    assert read_parquet(as_parquet)["id"].tolist() == ids
    content = json.loads(as_json.read_text())
    assert [record["id"] for record in content["structures"]] == ids
    assert content["structures"][0]["canonical_bawl_keys"] == ["CsCl:1:fine"]
    assert content["scores"] == run.scores.model_dump(mode="json")


def test_downloads_under_way_stay_whole_and_are_made_again_once_they_were_cleared_away(run: Run) -> None:
    as_csv, _, as_json = map(Path, downloads.files(run))
    content = as_csv.read_bytes()
    with as_csv.open("rb") as under_way:
        as_json.unlink()
        downloads.files(run)
        assert under_way.read() == content
        assert os.fstat(under_way.fileno()).st_ino != as_csv.stat().st_ino
    shutil.rmtree(as_csv.parents[1])
    assert Path(downloads.bundle(run)).is_file()


def test_structures_have_the_schema_of_the_store(run: Run) -> None:
    assert list(runs.structures(run.path).columns) == STRUCTURES_SCHEMA.names
    assert runs.crystal(run.path, "refused") is None
    crystal = runs.crystal(run.path, "fine")
    assert crystal is not None
    assert crystal.volume == pytest.approx(4.123**3)


@pytest.mark.parametrize(
    ("in_reference", "expected"),
    [(False, ["near_reference", "known_up_to_defect"]), (True, []), (None, [])],
    ids=["novel", "known", "unsure"],
)
def test_only_a_novel_structure_says_what_it_is_close_to(*, in_reference: bool | None, expected: list[str]) -> None:
    row = {
        "in_reference": in_reference,
        "near_reference": True,
        "known_up_to_disorder": None,
        "known_up_to_defect": True,
    }
    assert structures.cautions(row) == [structures.CAUTIONS[name] for name in expected]
