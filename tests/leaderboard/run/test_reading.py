"""Records become rows one by one, within the bounds of one and of all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.processes import start_engine
from leaderboard.run.reading import at_most, cells, read_records
from leaderboard.run.scoring import LIMITS
from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.progress import Progress, silent
from submissions.box import split_in_box
from submissions.read import split
from submissions.record import Record
from submissions.refusal import FileRefusedError, Reason
from tests.submissions.packing import cif

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.measure.running.engine import Engine

EXAMPLE = Path(__file__).parents[3] / "submissions" / "examples" / "example.zip"
LIMIT_S = 20.0
GOOD = Record("a", "cif", cif().encode())


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_engine(EngineChoice(jobs=1), preload=("leaderboard.run.reading",)) as started:
        yield started


def test_records_stream_and_none_waits(engine: Engine) -> None:
    taken = 0

    def records() -> Iterator[Record]:
        nonlocal taken
        for number in range(50):
            taken += 1
            yield replace(GOOD, id=str(number))

    told: list[Progress] = []
    table = read_records(records(), LIMITS, engine, told.append, time_limit_s=LIMIT_S)
    assert table["id"].tolist() == [str(number) for number in range(50)]
    assert table["refusal"].isna().all()
    assert taken == 50
    # how many there are is known at the end, where all are done
    assert (told[-1].done, told[-1].total) == (50, 50)
    assert all(progress.done < progress.total for progress in told[:-1])


def test_a_box_and_the_reader_itself_give_one_table(engine: Engine) -> None:
    here = read_records(split(EXAMPLE, LIMITS), LIMITS, engine, silent, time_limit_s=LIMIT_S)
    there = read_records(split_in_box(EXAMPLE, LIMITS), LIMITS, engine, silent, time_limit_s=LIMIT_S)
    assert here.equals(there)


def test_more_structures_than_are_taken_refuse_the_file() -> None:
    assert len(list(at_most([GOOD] * 3, 3))) == 3
    assert len(list(at_most([GOOD] * 3, None))) == 3
    with pytest.raises(FileRefusedError, match="more than 2 structures") as caught:
        list(at_most(iter([GOOD] * 3), 2))
    assert caught.value.reason is Reason.TOO_MANY_MEMBERS


def test_past_the_time_for_reading_the_rest_is_refused_with_the_bound(engine: Engine) -> None:
    limits = replace(LIMITS, parse_seconds=0.0, parse_seconds_a_record=0.0)
    table = read_records([GOOD] * 5, limits, engine, silent, time_limit_s=LIMIT_S)
    assert (
        list(cells(table, "refusal", "detail"))
        == [(Reason.TIME_LIMIT, "time_limit: the submission has used its 0 s of reading")] * 5
    )


def test_memory_of_parsing_is_bounded(engine: Engine) -> None:
    # str() of Python's objects takes some 500 times the bytes of its text
    text = b"{'lattice': [" + b"[1]," * 100_000 + b"], 'sites': []}"
    limits = replace(LIMITS, parse_memory_bytes=20 * 2**20)
    table = read_records([Record("a", "json", text), GOOD], limits, engine, silent, time_limit_s=LIMIT_S)
    assert table["refusal"].tolist()[0] in (Reason.MEMORY_LIMIT, Reason.MALFORMED)
    assert table["refusal"].isna().tolist() == [False, True]
