"""The protocol as data: closed, complete, identified by its content."""

from __future__ import annotations

from dataclasses import fields

import pytest
from pydantic import ValidationError

from leaderboard.protocol import PROTOCOLS, Protocol, ProtocolError, load_protocol
from metrics.measure import registry as measures
from metrics.measure.matching.verdict import MatchSettings
from metrics.score import registry as scores

NAMES = sorted(path.stem for path in PROTOCOLS.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_names_what_exists_and_leaves_no_threshold_to_the_code(name: str) -> None:
    protocol = load_protocol(name)
    assert protocol.name == name
    assert set(protocol.scores) == set(scores())
    assert set(protocol.headline) <= set(protocol.scores)
    assert scores()[protocol.ranking].better != "neither"
    assert set(protocol.measures) == set(measures())
    for measure, own in protocol.measures.items():
        settings = measures()[measure].settings
        assert set(own) == {field.name for field in fields(settings)}, measure
        assert settings(**own)
    assert set(protocol.matching) == {field.name for field in fields(MatchSettings)}


@pytest.mark.parametrize("name", NAMES)
def test_the_hash_follows_the_content_but_not_what_decides_no_number(name: str) -> None:
    protocol = load_protocol(name)
    other = protocol.model_copy(update={"n_ranked": protocol.n_ranked + 1})
    finished = protocol.model_copy(update={"status": "final", "headline": ()})
    assert finished.hash == protocol.hash != other.hash
    assert protocol.hash == load_protocol(name).hash


def test_an_unknown_protocol_names_those_that_exist() -> None:
    with pytest.raises(ProtocolError, match="no protocol 'v0'; available: v1"):
        load_protocol("v0")


def test_a_key_that_nobody_reads_is_refused() -> None:
    content = load_protocol("v1").model_dump()
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Protocol.model_validate({**content, "colour": "red"})
