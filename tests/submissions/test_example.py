"""The bundled example is what its script makes, and holds what its table promises."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from pymatgen.core.structure import Structure

from metrics.measure import UnmeasurableError, registry
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.fingerprint import METHODS
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from metrics.measure.structure.convert import from_structure
from submissions.examples.make import ARCHIVE, EXPECTED, archive_bytes, expected_csv
from submissions.examples.recipes import Example, examples
from submissions.read import parse, split
from submissions.refusal import RecordRefusedError

if TYPE_CHECKING:
    from metrics.crystal import Crystal

EXAMPLES = {example.name.removesuffix(".cif"): example for example in examples()}
READABLE = [name for name, example in EXAMPLES.items() if example.refusal is None]


@cache
def outcomes() -> dict[str, Crystal | str]:
    """Crystal, or reason of refusal, of every record of the bundled archive."""
    found: dict[str, Crystal | str] = {}
    for record in split(ARCHIVE):
        try:
            found[record.id] = parse(record)
        except RecordRefusedError as refused:
            found[record.id] = str(refused.reason)
    return found


def crystal_of(name: str) -> Crystal:
    crystal = outcomes()[name]
    assert not isinstance(crystal, str), crystal
    return crystal


def verdict(measure: str, column: str, crystal: Crystal) -> object:
    measured = registry()[measure]
    try:
        return measured.compute(crystal, measured.settings())[column]
    except UnmeasurableError as error:
        return error.known.get(column)


def test_the_script_makes_the_files_that_are_bundled() -> None:
    assert archive_bytes() == ARCHIVE.read_bytes()
    assert expected_csv() == EXPECTED.read_text(encoding="utf-8")
    assert ARCHIVE.stat().st_size < 100_000


def test_records_are_those_expected_and_refused_for_the_reason_expected() -> None:
    assert list(outcomes()) == list(EXAMPLES)
    refused = {name: outcome for name, outcome in outcomes().items() if isinstance(outcome, str)}
    assert refused == {name: example.refusal for name, example in EXAMPLES.items() if example.refusal is not None}


def test_most_records_are_valid_and_novel_and_every_failure_occurs() -> None:
    def is_good(example: Example) -> bool:
        valid = example.charge_valid and example.distance_valid and example.plausible
        return bool(valid and example.identified and not example.duplicate_of and not example.known_as)

    assert 50 <= len(EXAMPLES) <= 100
    assert 0.5 < sum(map(is_good, EXAMPLES.values())) / len(EXAMPLES) < 0.65
    for fact in ("charge_valid", "distance_valid", "plausible", "identified"):
        counts = Counter(getattr(EXAMPLES[name], fact) for name in READABLE)
        assert counts[False] >= 1, fact
    assert any(EXAMPLES[name].charge_valid is None for name in READABLE)
    assert any(example.known_as for example in EXAMPLES.values())
    assert any(example.duplicate_of for example in EXAMPLES.values())


@pytest.mark.parametrize("name", READABLE)
def test_a_record_has_the_validity_expected(name: str) -> None:
    crystal, example = crystal_of(name), EXAMPLES[name]
    assert verdict("charge", "charge_valid", crystal) is example.charge_valid
    assert verdict("distance", "distance_valid", crystal) is example.distance_valid
    assert verdict("plausible", "plausible", crystal) is example.plausible


@cache
def candidate(name: str) -> Candidate | None:
    """A record ready to compare; None where it has no keys."""
    return _candidate(crystal_of(name))


def _candidate(crystal: Crystal) -> Candidate | None:
    try:
        keys = METHODS["canonical-bawl"].compute(crystal).keys
    except UnmeasurableError:
        return None
    return Candidate(crystal, reduced_formula_of(crystal), keys)


@cache
def library() -> dict[str, list[tuple[str, Candidate]]]:
    """Formula -> labels and crystals of the AFLOW library, for the formulas that occur in the example."""
    packed = files("pymatgen.analysis").joinpath("prototypes/aflow_prototypes.json.gz").read_bytes()
    wanted = {reduced_formula_of(crystal_of(name)) for name in READABLE}
    found = defaultdict(list)
    for entry in json.loads(gzip.decompress(packed)):
        crystal = from_structure(Structure.from_dict(entry["snl"]))
        if reduced_formula_of(crystal) in wanted and (made := _candidate(crystal)):
            found[made.reduced_formula].append((entry["tags"]["aflow"], made))
    return found


@pytest.mark.parametrize("name", READABLE)
def test_a_record_has_the_identity_expected(name: str) -> None:
    mine, example = candidate(name), EXAMPLES[name]
    assert (mine is not None) is example.identified
    if mine is None:
        return
    limits = MatchSettings()
    before = READABLE[: READABLE.index(name)]
    others = [(other, candidate(other)) for other in before]
    same = [o for o, c in others if c and c.reduced_formula == mine.reduced_formula and compare(mine, c, limits).same]
    original = example.duplicate_of.removesuffix(".cif") if example.duplicate_of else None
    assert next(iter(same), None) == original
    known = {label for label, crystal in library()[mine.reduced_formula] if compare(mine, crystal, limits).same}
    assert known == ({example.known_as} if example.known_as else set())
