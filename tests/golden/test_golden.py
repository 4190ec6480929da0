"""No value moves in silence: every score, count and verdict of two submissions is the golden one.

The golden numbers are what this code gave when they were written (``python -m tests.golden``): they say that nothing
has moved since, not that it is right, which the other tests are for.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from leaderboard.protocol import load_protocol
from metrics.score import registry as scores
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS
from tests.golden.mixed import ARCHIVE, members
from tests.golden.numbers import ABSOLUTE, REFERENCE, RELATIVE, Move, Numbers, moves
from tests.golden.submissions import FOLDER, SUBMISSIONS, score

if TYPE_CHECKING:
    from pathlib import Path

REWRITE = "say so in CHANGELOG.md and write them again with `python -m tests.golden`"


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_every_number_is_the_golden_one(name: str, tmp_path: Path) -> None:
    now = Numbers.of(score(SUBMISSIONS[name], tmp_path))
    moved = list(moves(Numbers.read(FOLDER / name), now))
    silent = [str(move) for move in moved if not move.reasons]
    assert not silent, "moved, but neither its score nor its measure has another version:\n" + "\n".join(silent)
    assert not moved, f"these moved for a reason; {REWRITE}:\n" + "\n".join(map(str, moved))


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_golden_numbers_hold_every_score_of_the_protocol_and_every_record(name: str) -> None:
    golden = Numbers.read(FOLDER / name)
    protocol = load_protocol()
    # no calibration fits the starter set's hull
    of_views = set(CALIBRATED_COLUMNS) if golden.energies else {*VIEW_COLUMNS, *CALIBRATED_COLUMNS}
    expected = {score for score in protocol.scores if not set(scores()[score].needs) & of_views}
    assert {row.split()[0] for row in golden.scores} == expected
    n_submitted = len(golden.records)
    for row, values in golden.scores.items():
        assert int(values["n_counted"]) + int(values["n_unknown"]) == n_submitted, row


def test_the_mixed_submission_is_made_as_its_script_says() -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == members()


def test_the_submissions_hold_every_verdict() -> None:
    """A verdict that never occurs, or always, would not be watched."""
    rows = [row for name in SUBMISSIONS for row in Numbers.read(FOLDER / name).records.values()]
    for column in rows[0]:
        values = {row[column] for row in rows}
        if values & {"True", "False"}:
            assert {"True", "False"} <= values, column


GOLDEN = Numbers(
    causes={"score valid": "1", "score novel": "1", "measure charge": "1, a", REFERENCE: "starter a"},
    scores={"valid": {"value": "0.5"}, "novel": {"value": "0.25"}},
    records={"a": {"sha256": "1", "refusal": "", "charge_valid": "True", "density": "2.5", "in_reference": "True"}},
    energies={},
)
"""Two scores of one record, small enough to change by hand."""


def moved_with(now: Numbers) -> dict[str, bool]:
    """Place of each value that moved, and whether there is a reason."""
    return {move.place: bool(move.reasons) for move in moves(GOLDEN, now)}


def changed(**tables: dict[str, dict[str, str]]) -> Numbers:
    """The golden numbers with some values changed."""
    merged = {
        kind: {row: {**values, **tables.get(kind, {}).get(row, {})} for row, values in table.items()}
        for kind, table in GOLDEN.tables().items()
    }
    return Numbers(GOLDEN.causes, **merged)


def test_a_value_that_moves_without_a_version_has_no_reason_and_is_named() -> None:
    assert list(moves(GOLDEN, GOLDEN)) == []
    now = changed(scores={"valid": {"value": "0.6"}}, records={"a": {"density": "2.6"}})
    assert moved_with(now) == {"scores valid, value": False, "records a, density": False}
    assert str(next(moves(GOLDEN, now))) == "scores valid, value: 0.5 -> 0.6 (no reason)"


def test_a_new_version_of_a_score_is_a_reason_for_it_alone() -> None:
    now = changed(scores={"valid": {"value": "0.6"}, "novel": {"value": "0.3"}})
    now = replace(now, causes={**GOLDEN.causes, "score valid": "2"})
    assert moved_with(now) == {"scores valid, value": True, "scores novel, value": False}


def test_a_new_version_of_a_measure_is_a_reason_for_its_columns_and_the_scores_that_need_them() -> None:
    now = changed(
        scores={"valid": {"value": "0.6"}, "novel": {"value": "0.3"}},
        records={"a": {"charge_valid": "False", "density": "2.6"}},
    )
    now = replace(now, causes={**GOLDEN.causes, "measure charge": "2, a"})
    assert moved_with(now) == {
        "scores valid, value": True,
        "scores novel, value": False,
        "records a, charge_valid": True,
        "records a, density": False,
    }


def test_another_reference_set_is_a_reason_for_what_is_known_and_not_for_what_a_crystal_is() -> None:
    now = changed(
        scores={"valid": {"value": "0.6"}, "novel": {"value": "0.3"}},
        records={"a": {"in_reference": "False", "density": "2.6"}},
    )
    now = replace(now, causes={**GOLDEN.causes, REFERENCE: "starter b"})
    assert moved_with(now) == {
        "scores valid, value": False,
        "scores novel, value": True,
        "records a, in_reference": True,
        "records a, density": False,
    }


def test_a_record_that_is_read_differently_is_a_reason_for_its_facts_and_the_scores() -> None:
    now = changed(scores={"valid": {"value": "0.6"}}, records={"a": {"sha256": "2", "density": "2.6"}})
    assert moved_with(now) == dict.fromkeys(("scores valid, value", "records a, sha256", "records a, density"), True)


def test_what_is_new_or_gone_is_not_in_silence() -> None:
    now = replace(GOLDEN, scores={"valid": GOLDEN.scores["valid"], "stable": {"value": "0"}})
    assert moved_with(now) == {"scores novel, value": True, "scores stable, value": True}


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("2.5", f"{2.5 * (1 + 0.5 * RELATIVE):.15g}", True),
        ("2.5", f"{2.5 * (1 + 100 * ABSOLUTE):.15g}", False),
        ("0", f"{0.5 * ABSOLUTE:.15g}", True),
        ("2.5", "", False),
        ("", "", True),
    ],
)
def test_numbers_are_compared_to_the_tolerance(old: str, new: str, *, same: bool) -> None:
    golden = replace(GOLDEN, records={"a": {"density": old}})
    moved: list[Move] = list(moves(golden, replace(golden, records={"a": {"density": new}})))
    assert (moved == []) is same
