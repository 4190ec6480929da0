"""Files made to hide, to hang or to fill the memory go through the real box: each ends, with its reason and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.processes import start_engine
from leaderboard.run.scoring import LIMITS
from metrics.measure.running.choice import EngineChoice
from submissions.box import Box
from tests.submissions.hostile import archives, binary, matrix, texts
from tests.submissions.hostile.outcome import outcome, peak_address_space

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics.measure.running.engine import Engine
    from tests.submissions.hostile.file import Hostile

FILES = [file for family in (matrix, archives, texts, binary) for file in family.files()]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_engine(EngineChoice(jobs=1), preload=("leaderboard.run.reading",)) as started:
        yield started


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box(LIMITS) as made:
        yield made


def test_there_are_enough_of_them_and_each_has_its_name() -> None:
    names = [file.name for file in FILES]
    assert len(names) >= 300
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_ends_with_its_reason_and_counts(file: Hostile, box: Box, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "upload.bin"
    path.write_bytes(file.make())
    refused, readable, refusals = outcome(path, box, engine)
    if file.reasons:
        assert refused in file.reasons or (refused is None and readable == 0 and refusals.keys() <= {*file.reasons})
    else:
        assert (refused, readable, refusals) == (None, file.readable, file.refusals)
    assert peak_address_space() <= LIMITS.split_memory_bytes
