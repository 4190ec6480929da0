"""The protocol as data: closed, complete, identified by its content, and deaf to what it does not name."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pydantic import ValidationError

from leaderboard.protocol import CURRENT, PROTOCOLS, Protocol, ProtocolError, load_protocol
from leaderboard.run.columns import check_complete, columns_schema
from leaderboard.run.scoring import Setting
from metrics.measure import measure, settings_hash
from metrics.measure import registry as measures
from metrics.measure.energy.relax_record import conventions_of
from metrics.measure.matching.verdict import MatchSettings
from metrics.measure.potentials import find
from metrics.score import Against, Value, score, share
from metrics.score import registry as scores
from reference_data.build.definition import SetDefinition, load_definition
from reference_data.files.manifest import read_manifest
from reference_data.reference import SETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from metrics.crystal import Crystal

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in PROTOCOLS.glob("*.toml"))
FINAL = {"v1": "2e926df1d9ed5c9aca2e0e1a52a4bf28c99983fe940f2921252511c3da2858cf"}
"""sha256 of each final protocol, as it stood on the day it became final."""
FINAL_NAMES = sorted(FINAL)
SOURCES = [ROOT / "app.py", *(ROOT / "leaderboard").rglob("*.py")]


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_names_what_exists_and_leaves_no_threshold_to_the_code(name: str) -> None:
    protocol = load_protocol(name)
    assert protocol.name == name
    check_complete(protocol)
    assert set(protocol.headline) <= set(protocol.scores)
    assert {protocol.ranking, protocol.ranking_with_energies} <= set(protocol.scores)
    assert scores()[protocol.ranking].better != "neither"
    for measure_name, given in protocol.measures.items():
        settings = measures()[measure_name].settings
        assert set(given) == {field.name for field in fields(settings)}, measure_name
        assert settings(**given)
    assert set(protocol.matching) == {field.name for field in fields(MatchSettings)}


@pytest.mark.parametrize("name", NAMES)
def test_the_hash_follows_the_content_but_not_what_decides_no_number(name: str) -> None:
    protocol = load_protocol(name)
    other = protocol.model_copy(update={"n_ranked": protocol.n_ranked + 1})
    finished = protocol.model_copy(update={"status": "final", "headline": ()})
    assert finished.hash == protocol.hash != other.hash
    assert protocol.hash == load_protocol(name).hash


def test_a_final_protocol_never_changes() -> None:
    """Numbers that were published under it are of these settings; another setting is another protocol."""
    assert {name: load_protocol(name).hash for name in NAMES if load_protocol(name).status == "final"} == FINAL
    assert all(hash_ in (ROOT / "docs" / f"protocol-{name}.md").read_text() for name, hash_ in FINAL.items())


@pytest.mark.parametrize("name", FINAL_NAMES)
def test_the_methods_page_gives_the_settings_of_the_protocol(name: str) -> None:
    page = (ROOT / "docs" / f"protocol-{name}.md").read_text()
    rows = re.findall(r"^\| `([a-z_.0-9]+)` \| (\S+) \|", page, flags=re.MULTILINE)
    assert len(rows) > 20  # else the pattern has missed the table
    content = load_protocol(name).model_dump()
    for key, stated in rows:
        value = content
        for part in key.split("."):
            value = value[part]
        texts = [str(one).lower() for one in (value if isinstance(value, tuple | list) else [value])]
        assert [stated] == texts or float(stated) == float(texts[0]), key


@pytest.mark.parametrize("name", NAMES)
def test_the_sets_of_a_protocol_carry_the_hashes_of_its_settings(name: str) -> None:
    """The starter set in its manifest, those that are built elsewhere in what their definition asks for."""
    protocol = load_protocol(name)
    matching = settings_hash(MatchSettings(**protocol.matching))
    starter = read_manifest(SETS / "starter")
    asked = {reference: load_definition(SETS / f"{reference}.toml").settings for reference in protocol.references}
    carried = {
        reference: (settings.measure_records(), settings.matching_record()) for reference, settings in asked.items()
    }
    for measures_of_set, matching_of_set in [*carried.values(), (starter.measures, starter.matching)]:
        assert matching_of_set.settings_hash == matching
        assert len(measures_of_set) > 5  # several measurements fill the table of crystals
        for measure_name, record in measures_of_set.items():
            settings = measures()[measure_name].settings(**protocol.measures[measure_name])
            assert record.settings_hash == settings_hash(settings), measure_name


@pytest.mark.parametrize("name", NAMES)
def test_every_set_of_a_protocol_can_serve_its_ranking(name: str) -> None:
    """A set offers a hull onto which the first potential's energies go, or its board ranks without energies."""
    protocol = load_protocol(name)
    usable = set(conventions_of(find(protocol.potentials[0])))
    offered = {reference: load_definition(SETS / f"{reference}.toml") for reference in protocol.references}
    assert not {
        reference: definition.hull_conventions
        for reference, definition in offered.items()
        if not definition.indicative and not usable & set(definition.hull_conventions)
    }
    assert not all(definition.indicative for definition in offered.values())
    # without the conversion the energies of LeMat-Bulk make one hull, and chgnet's go onto another
    content = {**offered["lemat-bulk"].model_dump(), "convert_energies_to": None}
    unconverted = SetDefinition.model_validate(content)
    assert unconverted.hull_conventions == ("pbe_uncorrected",)
    assert "pbe_uncorrected" not in usable


def test_an_unknown_protocol_names_those_that_exist() -> None:
    with pytest.raises(ProtocolError, match=f"no protocol 'v0'; available: {', '.join(NAMES)}"):
        load_protocol("v0")


def test_a_key_that_nobody_reads_is_refused() -> None:
    content = load_protocol().model_dump()
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Protocol.model_validate({**content, "colour": "red"})


def test_the_current_version_is_named_in_one_place() -> None:
    version = re.compile(rf"\b({'|'.join(NAMES)})\b")
    naming = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and version.search(node.value)
    }
    assert naming == {"leaderboard/protocol.py"}
    assert CURRENT in NAMES


@pytest.fixture
def more_code(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A score and a measurement that the code has and no protocol names."""
    for registry, kind in ((scores, "metrics.score"), (measures, "metrics.measure")):
        monkeypatch.setattr(f"{kind}._REGISTERED", dict(registry()))
        registry.cache_clear()  # what the registry holds is read again, the dummies among it

    @measure(name="dummy", version=7, columns={"dummy_fact": pa.float64()})
    def dummy(_crystal: Crystal, _settings: object) -> Mapping[str, object]:
        return {"dummy_fact": 1.0}

    @score(label="Dummy", unit="share", better="higher", missing="counts against", needs=("dummy_fact",))
    def dummy_score(rows: pd.DataFrame, _against: Against) -> Value:
        """Nothing."""
        return share(rows["dummy_fact"] > 0)

    yield
    scores.cache_clear()
    measures.cache_clear()


def test_what_a_protocol_does_not_name_moves_neither_its_hash_nor_a_run_key(request: pytest.FixtureRequest) -> None:
    protocols = [load_protocol(name) for name in NAMES]
    setting = Setting.of(load_protocol(), "starter", ())
    before = [protocol.hash for protocol in protocols], setting.run_key("0" * 64), columns_schema(setting.protocol)
    request.getfixturevalue("more_code")
    assert "dummy" in measures()
    assert "dummy_score" in scores()
    again = Setting.of(load_protocol(), "starter", ())
    assert before == (
        [protocol.hash for protocol in protocols],
        again.run_key("0" * 64),
        columns_schema(again.protocol),
    )


@pytest.mark.usefixtures("more_code")
def test_what_a_protocol_names_moves_the_run_key_and_the_columns() -> None:
    protocol = load_protocol()
    key = Setting.of(protocol, "starter", ()).run_key("0" * 64)
    wider = protocol.model_copy(
        update={"measures": {**protocol.measures, "dummy": {}}, "scores": (*protocol.scores, "dummy_score")}
    )
    assert Setting.of(wider, "starter", ()).run_key("0" * 64) != key
    assert set(columns_schema(wider).names) == {*columns_schema(protocol).names, "dummy_fact"}


@pytest.mark.usefixtures("more_code")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"scores": ("readable", "dummy_score")},
            r"the score 'dummy_score' needs 'dummy_fact', which no measurement of it fills; add \[measures.dummy\]",
        ),
        ({"scores": ("readable", "no_such")}, "no score 'no_such'; there are: .*readable"),
        ({"measures": {"no_such": {}}}, "no measurement 'no_such'; there are: .*charge"),
        ({"measures": {}, "scores": ()}, "the column 'valid' needs 'charge_valid'"),
    ],
)
def test_a_protocol_that_asks_for_what_is_not_there_is_refused(changes: dict[str, object], message: str) -> None:
    protocol = load_protocol().model_copy(update=changes)
    with pytest.raises(ProtocolError, match=message):
        Setting.of(protocol, "starter", ())
