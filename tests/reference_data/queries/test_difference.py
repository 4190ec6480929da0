"""Describing a set, and telling two sets apart crystal by crystal."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from metrics.measure.running.local_engine import LocalEngine
from reference_data.__main__ import main
from reference_data.build.build_set import build_set
from reference_data.files.manifest import read_manifest, write_manifest
from reference_data.queries.describe import describe
from reference_data.queries.difference import difference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics.measure.running.engine import Engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1) as started:
        yield started


@pytest.fixture(scope="module")
def first_table_only(small_definition: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small set without its second table: one of the rock salts, and silicon."""
    folder = tmp_path_factory.mktemp("first-only")
    text = small_definition.read_text(encoding="utf-8").split("\n[[sources]]")
    only = f"{text[0]}\n[[sources]]{text[1]}".replace("first.csv.gz", f"{small_definition.parent}/first.csv.gz")
    (folder / "first.toml").write_text(only, encoding="utf-8")
    build_set(folder / "first.toml", folder / "first", start_engine=partial(LocalEngine, 1), report=print)
    return folder / "first"


@pytest.mark.parametrize("by", ["keys", "verdict"])
def test_crystals_of_only_one_set_are_named(small_set: Path, first_table_only: Path, engine: Engine, by: str) -> None:
    used = engine if by == "verdict" else None
    sets = difference(small_set, first_table_only, used)
    # by hand: copper and the CsCl-type salt come from the second table; the rock salts differ only in their cell
    assert (sets.only_in_a, sets.only_in_b, sets.undecided) == (("c-copper", "c-salt-cscl"), (), ())
    back = difference(first_table_only, small_set, used)
    assert (back.only_in_a, back.only_in_b) == (sets.only_in_b, sets.only_in_a)
    assert sets.changed["n_crystals"] == (4, 2)
    assert sets.changed["sources.second"][1] is None
    assert "fingerprints.bawl" not in sets.changed


def test_a_set_does_not_differ_from_itself(small_set: Path, engine: Engine) -> None:
    for used in (None, engine):
        sets = difference(small_set, small_set, used)
        assert (sets.only_in_a, sets.only_in_b, sets.undecided, sets.changed) == ((), (), (), {})


def test_diff_prints_one_line_each_and_says_by_its_exit_code_whether_there_is_any(
    small_set: Path, small_copy: Path, first_table_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(small_set), str(small_set)]) == 0
    assert capsys.readouterr().out == ""
    manifest = read_manifest(small_copy)
    other = manifest.measures["amd"].model_copy(update={"version": 99})
    write_manifest(manifest.model_copy(update={"measures": {**manifest.measures, "amd": other}}), small_copy)
    assert main(["diff", str(small_set), str(small_copy)]) == 1
    assert capsys.readouterr().out.splitlines() == ["~ measures.amd.version: 1 -> 99"]
    assert main(["diff", str(small_set), str(first_table_only), "--by", "verdict", "--jobs", "1"]) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines()[:2] == ["- c-copper", "- c-salt-cscl"]
    assert captured.err.startswith("2 crystals only in ")


def test_describe_says_what_is_in_a_set(small_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = describe(small_set)
    # by hand: the second table gives copper, both kinds of salt; the first gives rock salt too, and silicon
    assert {source["name"]: source["n_crystals"] for source in facts["sources"]} == {"first": 2, "second": 3}
    assert facts["elements"] == {"Cl": 2, "Cu": 1, "Na": 2, "Si": 1}
    assert facts["energy_conventions"] == {}
    assert main(["describe", str(small_set), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == facts
    assert main(["describe", str(small_set)]) == 0
    text = capsys.readouterr().out
    for part in (
        "Anything but tests.",
        "CC0-1.0",
        "4 of 10 rows (5 refused, 1 merged)",
        "doi 10.1000/second",
        "1 repeated_id",
        "same_below 0.03, different_from 0.15",
        "computed again on a sample: 0 of 2 are the same",
    ):
        assert part in text, part
