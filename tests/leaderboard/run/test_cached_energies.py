"""Importing energies into the cache: all or nothing, once, and no record that a potential cannot have given."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.__main__ import main
from leaderboard.run.cached_energies import EnergyFileError, Imported, import_energies, read_energies
from leaderboard.store.local import Store
from metrics.measure.energy.relax_record import SinglePoint
from metrics.measure.energy.relaxation import known_energies
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from submissions.examples.energies import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = gzip.decompress(FILE.read_bytes()).decode().splitlines()
FIRST: dict[str, Any] = json.loads(LINES[0])
RELAXED: dict[str, Any] = next(entry for line in LINES if (entry := json.loads(line))["record"]["cell"])


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "cache.sqlite") as opened:
        yield opened


def packed(path: Path, *entries: dict[str, Any]) -> Path:
    path.write_bytes(gzip.compress("".join(json.dumps(entry) + "\n" for entry in entries).encode()))
    return path


def changed(entry: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {**entry, "record": {**entry["record"], **changes}}


def test_what_is_imported_is_known_and_is_imported_once(cache: Cache) -> None:
    records = list(read_energies(FILE))
    assert import_energies(FILE, cache) == Imported(len(records), 0)
    assert import_energies(FILE, cache) == Imported(0, len(records))
    single_points = {record.sha256: record for record in records if not record.relaxed}
    assert known_energies(single_points, find("chgnet"), SinglePoint(), cache) == single_points
    assert known_energies(["0" * 64], find("chgnet"), SinglePoint(), cache) == {}


def test_what_is_known_already_stays_as_it_is(cache: Cache, tmp_path: Path) -> None:
    import_energies(packed(tmp_path / "a.gz", FIRST), cache)
    other = changed(FIRST, energy=0.0, energy_per_atom=0.0)
    assert import_energies(packed(tmp_path / "b.gz", other), cache) == Imported(0, 1)
    sha256 = FIRST["record"]["sha256"]
    known = known_energies([sha256], find("chgnet"), SinglePoint(), cache)
    assert known[sha256].energy == FIRST["record"]["energy"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"key": FIRST["key"]}, "record: Field required"),
        ({**FIRST, "colour": "red"}, "colour: Extra inputs are not permitted"),
        (changed(FIRST, colour="red"), "colour: Unexpected keyword argument"),
        (changed(FIRST, energy="-6.0"), "energy: Input should be a valid number"),
        (changed(FIRST, sha256="f47e"), "sha256 'f47e' is not 64 hexadecimal digits"),
        (changed(FIRST, status="fine"), "status 'fine' is none of ok, converged"),
        (changed(FIRST, status="time_limit"), "status 'time_limit' is not kept: more time may give an energy"),
        (changed(FIRST, energy=None), "status 'ok' and energy None eV, .* contradict"),
        (changed(FIRST, status="failed"), "status 'failed' and energy .* contradict"),
        (changed(FIRST, potential="magic"), "no potential 'magic'; there are: chgnet"),
        (changed(FIRST, checkpoint_sha256="0" * 64), "chgnet with checkpoint 000000000000; this code has d14ab7c0f093"),
        (
            changed(FIRST, settings_hash="0" * 12),
            "the key is 'energy:.*:728966d18653', that of its record 'energy:.*:000000000000'",
        ),
        ({**FIRST, "key": "energy:0:chgnet"}, "the key is 'energy:0:chgnet', that of its record '" + FIRST["key"]),
        (changed(RELAXED, cell="{}"), "cell is not a crystal"),
        (changed(RELAXED, cell="not JSON"), "cell is not a crystal"),
    ],
)
def test_one_bad_record_refuses_the_file_and_names_its_line(
    cache: Cache, tmp_path: Path, entry: dict[str, Any], message: str
) -> None:
    path = packed(tmp_path / "bad.gz", FIRST, entry)
    with pytest.raises(EnergyFileError, match=f"bad.gz, line 2: {message}"):
        import_energies(path, cache)
    assert cache.get([FIRST["record"]["sha256"]], FIRST["key"]) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"id,energy\na,1\n", "is not a file of energies"),
        (gzip.compress(b"\xff\xfe\n"), "is not a file of energies"),
        (FILE.read_bytes()[:-9], "is not a file of energies"),
        (gzip.compress(b"id,energy\n"), "line 1: the line: Invalid JSON"),
    ],
    ids=["nothing", "packed nothing", "CSV", "no text", "cut short", "packed CSV"],
)
def test_a_file_that_is_not_one_of_energies_is_refused(
    cache: Cache, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with pytest.raises(EnergyFileError, match=message):
        import_energies(path, cache)


def test_the_command_says_how_many_were_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    assert main(["cache", "import", str(FILE)]) == 0
    assert capsys.readouterr().out == f"{len(LINES)} new, 0 known already\n"
    assert main(["cache", "import", str(FILE)]) == 0
    assert capsys.readouterr().out == f"0 new, {len(LINES)} known already\n"
    assert Store().cache.is_file()
    assert main(["cache", "import", str(tmp_path / "nowhere.gz")]) == 1
    assert "nowhere.gz does not exist" in capsys.readouterr().err
