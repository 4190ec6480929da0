"""The five stages: each needs what the one before it made, which the types prove, and crystals are made once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard.protocol import load_protocol
from leaderboard.run import reading, stages
from leaderboard.run.energies import Tier
from leaderboard.run.stages import Context, identify, measure, read, relax, score
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine
from reference_data.reference import open_reference
from submissions.limits import Limits
from submissions.record import Record
from submissions.refusal import FileRefusedError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from metrics.crystal import Crystal

PROTOCOL = load_protocol()
# caesium chloride, a = 4.123 angstrom (Wyckoff, Crystal Structures 1, 1963, p. 104)
CESIUM_CHLORIDE = {
    "@class": "Structure",
    "lattice": {"matrix": (4.123 * np.eye(3)).tolist()},
    "sites": [
        {"species": [{"element": "Cs", "occu": 1}], "abc": [0.0, 0.0, 0.0]},
        {"species": [{"element": "Cl", "occu": 1}], "abc": [0.5, 0.5, 0.5]},
    ],
}
RECORDS = (
    Record("good", "json", json.dumps(CESIUM_CHLORIDE).encode()),
    Record("refused", "json", b"", Reason.EMPTY, "it is empty"),
    Record("copy", "json", json.dumps(CESIUM_CHLORIDE).encode()),
)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The structural tier against the bundled set."""
    folder = tmp_path_factory.mktemp("stages")
    with LocalEngine(1) as engine, Cache(folder / "cache.sqlite") as cache:
        yield Context(PROTOCOL, open_reference("starter"), Tier(), Limits(), engine, cache, lambda _progress: None)


def test_from_records_to_scores_with_every_record_in_every_table(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(structures: pd.DataFrame) -> Mapping[int, Crystal]:
        made.append(len(structures))
        return reading.crystals_of(structures)

    monkeypatch.setattr(stages, "crystals_of", counted)
    done = read(RECORDS, context)
    assert done.structures["id"].tolist() == ["good", "refused", "copy"]
    assert list(done.crystals) == [0, 2]
    measured = measure(done, context)
    assert measured.columns["valid"].to_list()[::2] == [True, True]
    assert measured.columns["unique"].isna().all()
    identified = identify(measured, context)
    assert identified.columns["duplicate_of"].fillna("").tolist() == ["", "", "good"]
    assert identified.columns["in_reference"].to_list()[::2] == [True, True]
    scored = score(relax(identified, context), context)
    assert scored.energies is None
    values = {entry.name: entry.value for entry in scored.scores}
    # of three records two are read, one is unique, and none is new: the bundled set has caesium chloride
    assert (values["readable"], values["unique"], values["novel"]) == (2 / 3, 1 / 3, 0.0)
    assert {entry.name for entry in scored.scores} < set(PROTOCOL.scores)
    assert made == [len(RECORDS)]


def test_a_file_of_which_nothing_can_be_read_goes_no_further(context: Context) -> None:
    with pytest.raises(FileRefusedError, match="1 records, none readable; the first, 'refused'"):
        read(RECORDS[1:2], context)


def test_no_stage_takes_what_an_earlier_one_gives(context: Context) -> None:
    """Each of the three lines is an error to mypy, which would also complain if one were not."""
    done = read(RECORDS[:1], context)
    measured = measure(done, context)
    for too_early in (
        lambda: identify(done, context),  # type: ignore[arg-type]
        lambda: score(measured, context),  # type: ignore[arg-type]
        lambda: measure(RECORDS, context),  # type: ignore[arg-type]
    ):
        with pytest.raises(AttributeError):
            too_early()
