"""The table of structures: filters, reasons, pages, hostile ids, and the files to download."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import numpy as np
import pytest

from leaderboard.pages.parts import runs
from leaderboard.pages.parts.paging import n_pages
from leaderboard.pages.structures import downloads, panel, structures
from leaderboard.pages.structures.choices import PAGE_SIZE, Choice, choice_of, reason_counts, select
from leaderboard.pages.structures.reasons import reasons
from leaderboard.pages.structures.structures import Ids
from leaderboard.run.reading import STRUCTURES_SCHEMA
from leaderboard.store.local import Store
from metrics.crystal import Crystal
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
    good("thin", plausible=False, valid=False, density=0.002),
    good("copy", unique=False, duplicate_of="fine"),
    good(
        "old",
        in_reference=True,
        matched_id="mp-22865",
        identity_rule="matcher",
        nearest_reference_distance=0.0123,
    ),
    good("older", in_reference=True, matched_id="mp-1", nearest_reference_distance=-1e-9),
    good("unsure", charge_valid=None, valid=None, charge_rule="undetermined", unknown_reasons="charge: time limit"),
    good(HOSTILE),
    good("=cmd()"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    crowded = Crystal.from_arrays(2 * np.eye(3), [[0.0] * 3, [0.5] * 3], [55, 17])
    return publish(tmp_path_factory.mktemp("runs"), Made("made", RECORDS, crystals={"close": crowded}))


@pytest.fixture(scope="module")
def rows(run: Run) -> pd.DataFrame:
    return runs.columns(run.path)


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        (Choice(), [record["id"] for record in RECORDS]),
        (Choice("valid, unique and novel"), ["fine", HOSTILE, "=cmd()"]),
        (Choice("refused"), ["refused"]),
        (Choice("invalid"), ["charged", "close", "thin"]),
        (Choice("duplicate"), ["copy"]),
        (Choice("known"), ["old", "older"]),
        (Choice("undecided"), ["unsure"]),
        (Choice(reason="charge"), ["charged"]),
        (Choice(reason="minimum distance"), ["close"]),
        (Choice(reason="plausibility"), ["thin"]),
        (Choice(reason="duplicate"), ["copy"]),
        (Choice(reason="known"), ["old", "older"]),
        (Choice(reason="undecided"), ["unsure"]),
        (Choice(reason="refused: partial occupancy"), ["refused"]),
        (Choice("known", "charge"), []),
        (Choice("known", order="distance from the reference"), ["older", "old"]),
        (Choice("known", order="E above hull"), ["old", "older"]),  # the run has no energies
        (Choice(search="FINE"), ["fine", "copy"]),
        (Choice(search="na3v2"), ["fine"]),
        (Choice(search="mp-22865"), ["old"]),
        (Choice(search="("), ["fine", HOSTILE, "=cmd()"]),
    ],
    ids=lambda value: value.link("run") if isinstance(value, Choice) else "",
)
def test_a_view_keeps_what_it_names_in_its_order(rows: pd.DataFrame, choice: Choice, ids: list[str]) -> None:
    assert select(rows, choice)["id"].tolist() == ids


def test_the_reasons_of_a_run_are_counted(rows: pd.DataFrame) -> None:
    assert reason_counts(rows) == {
        "charge": 1,
        "minimum distance": 1,
        "plausibility": 1,
        "duplicate": 1,
        "known": 2,
        "undecided": 1,
        "refused: partial occupancy": 1,
    }


@pytest.mark.parametrize(
    "choice",
    [
        Choice(),
        Choice("known", "charge", "distance from the reference", "a&b=c #", 1, HOSTILE),
        Choice(reason="refused: partial occupancy", chosen="refused"),
    ],
)
def test_a_link_restores_what_was_seen(rows: pd.DataFrame, choice: Choice) -> None:
    parameters = dict(parse_qsl(choice.link("sub/run@owner").removeprefix("?")))
    assert parameters.pop("model") == "sub/run@owner"
    assert choice_of(rows, parameters) == choice


def test_a_link_opens_the_page_of_the_table_that_the_structure_stands_on() -> None:
    rows = frame([good(f"r{number}") for number in range(2 * PAGE_SIZE + 1)], COLUMNS)
    assert choice_of(rows, {"structure": f"r{PAGE_SIZE}"}).page == 2
    assert choice_of(rows, {"structure": "r0", "find": "r1"}).page == 1  # it is not among these


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"structure": "gone"}, "no structure 'gone'"),
        ({"show": "nicest"}, "the choices are: all, valid, unique and novel"),
        ({"reason": "refused: malformed"}, "the choices are: any, charge, minimum distance"),
        ({"sort": "price"}, "the choices are: order of the file, distance from the reference"),
    ],
)
def test_a_link_that_names_what_there_is_not_says_what_there_is(
    rows: pd.DataFrame, parameters: dict[str, str], said: str
) -> None:
    with pytest.raises(LookupError, match=said):
        choice_of(rows, parameters)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("refused", "Refused: partial occupancy (site 1 holds Fe 0.5 and Co 0.5)"),
        ("charged", "Charge: anions lack electrons, and no bonds between them make up for it"),
        # caesium chloride of 2 angstrom: caesium and its image are further below their limit, (0.7 + 2.6 + 2.6) / 2,
        # than the neighbours at half the diagonal
        ("close", "Minimum distance: Cs and Cs 2.00 \u00c5 apart, at least 2.95 \u00c5 needed"),
        ("thin", "Not plausible: density 0.002 g/cm\u00b3, at least 0.01 needed"),
        ("copy", "Duplicate of fine"),
        ("old", "Same as mp-22865, distance 0.012"),
        ("older", "Same as mp-1, distance 0.000"),
        ("unsure", "Undecided whether valid: time limit (charge neutrality)"),
    ],
)
def test_every_verdict_has_its_reason(run: Run, rows: pd.DataFrame, record: str, reason: str) -> None:
    row = structures.record_of(rows, record)
    assert row is not None
    assert reasons(row, structures.contact_of(run, row)) == [reason]
    assert escape(reason) in structures.table_html(run, Choice())


def test_what_is_fine_has_no_reason(rows: pd.DataFrame) -> None:
    row = structures.record_of(rows, "fine")
    assert row is not None
    assert reasons(row) == []


def test_an_id_is_never_markup(run: Run) -> None:
    page = structures.table_html(run, Choice(chosen=HOSTILE))
    assert "<script" not in page
    assert f'data-id="{escape(HOSTILE)}"' in page


def test_an_id_is_a_link_to_its_structure(run: Run) -> None:
    page = structures.table_html(run, Choice())
    links = {unescape(link) for link in re.findall(r'href="([^"]*)"', page)}
    assert links == {Choice(chosen=record["id"]).link(run.id) for record in RECORDS}


@pytest.mark.parametrize(
    ("ids", "short"),
    [
        (["mattergen_sample-batch0-0001", "mattergen_sample-batch0-0002"], ["\u20260001", "\u20260002"]),
        (["a1", "a2"], ["a1", "a2"]),  # no separator: a number is not cut
        (["only-one"], ["only-one"]),
        (["run-", "run-b"], ["\u2026", "\u2026b"]),
        (["00000-known-thorium-chromium-silicide-La(SiRh)2", "1"], ["00000-k\u2026licide-La(SiRh)2", "1"]),
    ],
)
def test_the_end_of_an_id_stays_and_what_all_share_goes(ids: list[str], short: list[str]) -> None:
    shown = Ids.of(ids)
    assert [shown.short(identifier) for identifier in ids] == short


def test_ids_that_differ_only_in_their_starts_and_ends_stay_apart() -> None:
    ids = [f"{number:05d}-known-thorium-chromium-silicide-La(SiRh)2" for number in range(30)]
    shown = Ids.of(ids)
    assert len({shown.short(identifier) for identifier in ids}) == len(ids)
    assert all(shown.short(identifier).endswith("La(SiRh)2") for identifier in ids)


def test_a_long_table_is_cut_into_pages() -> None:
    n = 2 * PAGE_SIZE + 1
    rows = frame([good(f"r{number}") for number in range(n)], COLUMNS)
    assert n_pages(len(rows), PAGE_SIZE) == 3
    assert structures.page_html(rows, Choice(page=2)).count("data-id") == PAGE_SIZE
    last = structures.page_html(rows, Choice(page=3))
    assert last.count("data-id") == 1
    assert f"{n} to {n} of {n}" in last
    assert 'data-page="4" disabled' in last


def test_no_row_is_a_sentence(rows: pd.DataFrame) -> None:
    assert "No structure matches" in structures.page_html(rows.head(0), Choice())


def test_a_run_that_does_not_exist_shows_nothing(run: Run) -> None:
    store = Store(run.path.parents[1])
    assert runs.find(store, "../../etc/passwd") is None
    assert runs.find(store, None) is None
    assert panel.fill(None, Choice())[-2:] == ("", "")


def test_a_run_is_found_by_its_id_alone(run: Run) -> None:
    store = Store(run.path.parents[1])
    named = runs.find(store, run.id)
    assert named is not None
    assert named.path == run.path
    for name in (run.path.parent.name, run.record.submission_sha256, "made"):
        assert runs.find(store, name) is None


def test_downloads_hold_every_record(run: Run) -> None:
    as_csv, as_parquet, as_json = (
        Path(written(run)) for written in (downloads.as_csv, downloads.as_parquet, downloads.as_json)
    )
    ids = [record["id"] for record in RECORDS]
    with as_csv.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["id"] for line in lines] == [*ids[:-1], "'=cmd()"]  # no spreadsheet runs it
    assert lines[0]["canonical_bawl_keys"] == "CsCl:1:fine"
    assert (lines[0]["reasons"], lines[5]["reasons"]) == ("", "Duplicate of fine")
    assert read_parquet(as_parquet)["id"].tolist() == ids
    content = json.loads(as_json.read_text())
    assert [record["id"] for record in content["structures"]] == ids
    assert content["structures"][0]["canonical_bawl_keys"] == ["CsCl:1:fine"]
    assert content["scores"] == run.scores.model_dump(mode="json")


def test_downloads_under_way_stay_whole_and_are_made_again_once_they_were_cleared_away(run: Run) -> None:
    as_csv = Path(downloads.as_csv(run))
    content = as_csv.read_bytes()
    with as_csv.open("rb") as under_way:
        as_csv.unlink()
        downloads.as_csv(run)
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
