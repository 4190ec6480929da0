"""The tables of the starter set: what relaxed to the crystal that was meant is a row, of all else it is known why."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from metrics.crystal import Crystal
from metrics.measure.energy.relax_record import Relaxation
from metrics.measure.energy.relax_structure import blank_record
from metrics.measure.energy.relaxation import cache_key
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from reference_data.build.definition import load_definition
from reference_data.reference import SETS
from reference_data.sets.starter.make.compounds import Start, compounds
from reference_data.sets.starter.make.judge import bond_ratios, why_not
from reference_data.sets.starter.make.relaxation import MAX_SITES, import_records, starts
from reference_data.sets.starter.make.tables import (
    CHGNET,
    ENERGIES_FILE,
    KNOWN_COMPOUNDS_FILE,
    NO_DEVICE,
    RELAXED_FILE,
    SEVENNET,
    Relaxed,
    read_relaxed,
    write_known_compounds,
    write_relaxed,
)
from reference_data.sources.base import SourceRow

if TYPE_CHECKING:
    from pathlib import Path

ENERGIES = {CHGNET: -7.0, SEVENNET: -7.1}


def rocksalt(edge: float, numbers: tuple[int, int] = (11, 17)) -> Crystal:
    half = edge / 2
    return Crystal.from_arrays(half * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), [[0.0] * 3, [0.5] * 3], numbers)


@pytest.fixture(scope="module")
def rows() -> list[SourceRow]:
    """The compounds as the set reads them."""
    definition = load_definition(SETS / "starter.toml")
    (source,) = [source for source in definition.sources if source.name == "known-compounds"]
    return [row for row in source.rows(SETS) if isinstance(row, SourceRow)]


def test_nearly_all_compounds_are_rows_and_of_the_others_the_relaxed_table_says_why(rows: list[SourceRow]) -> None:
    assert len(rows) == pq.read_metadata(KNOWN_COMPOUNDS_FILE).num_rows
    relaxed = read_relaxed()
    left_out = {compound.id: compound for compound in compounds()}
    for row in rows:
        del left_out[row.id]
    assert len(left_out) < 0.01 * len(rows)
    for identifier, compound in left_out.items():
        # bixbyites are left out for their 40 sites
        assert compound.crystal.n_sites > MAX_SITES or relaxed[identifier].reason in {"space_group", "bond"}


def test_a_measured_cell_is_given_as_published_and_any_other_with_the_energy_of_its_relaxed_form(
    rows: list[SourceRow],
) -> None:
    by_id = {row.id: row for row in rows}
    salt, magnesia = by_id["known-rocksalt-NaCl"], by_id["known-rocksalt-MgO"]
    assert salt.crystal.volume == pytest.approx(5.640**3 / 4)
    assert salt.energy_per_atom is None
    assert salt.energy_convention is None
    # PBE gives MgO a lattice parameter of 4.25 A (Haas et al. 2009, doi 10.1103/PhysRevB.79.085104); Materials Project
    # puts mp-1265 at -12.0 eV per formula unit with its corrections; CHGNet learned both
    assert (4 * magnesia.crystal.volume) ** (1 / 3) == pytest.approx(4.25, abs=0.03)
    assert magnesia.energy_per_atom == pytest.approx(-6.3, abs=0.4)
    assert magnesia.energy_convention == "own:chgnet"


def test_every_crystal_of_the_set_s_sources_was_relaxed_as_it_now_is() -> None:
    table = read_relaxed()
    stale = [start.id for start in starts() if table[start.id].start_sha256 not in start.sha256s]
    assert stale == []


def test_the_tracked_table_is_what_writing_it_gives(tmp_path: Path) -> None:
    write_relaxed(read_relaxed().values(), tmp_path / "relaxed.parquet", tmp_path / "energies.csv.gz")
    assert read_relaxed(tmp_path / "relaxed.parquet").keys() == read_relaxed().keys()
    assert (tmp_path / "relaxed.parquet").stat().st_size == RELAXED_FILE.stat().st_size
    assert (tmp_path / "energies.csv.gz").read_bytes()[10:] == ENERGIES_FILE.read_bytes()[10:]  # behind the time stamp


def test_the_tracked_compounds_are_what_writing_them_gives(tmp_path: Path) -> None:
    write_known_compounds(compounds(), read_relaxed(), tmp_path / "known.parquet")
    written, tracked = (pq.read_table(path).to_pydict() for path in (tmp_path / "known.parquet", KNOWN_COMPOUNDS_FILE))
    for name in ("lattice", "frac_coords"):  # the last digits of measured cells may depend on the processor
        pairs = zip(written.pop(name), tracked.pop(name), strict=True)
        assert all(np.allclose(ours, theirs, rtol=0, atol=2e-6) for ours, theirs in pairs)
    assert written == tracked


def test_compounds_that_did_not_become_what_was_meant_are_left_out(tmp_path: Path) -> None:
    start = Start("known-rocksalt-NaCl", rocksalt(5.64), is_measured=False, sha256s=frozenset({"0"}))
    meant = Relaxed(start.id, "0", "converged", 9, rocksalt(5.7), ENERGIES, None, None)
    path = tmp_path / "known.parquet"
    for outcome, energies in (
        (meant, [-7.0]),
        (replace(meant, reason="bond", detail="of another length"), []),
        (replace(meant, reason="volume", detail="too large", expected_volume=50.0), [None]),
        (replace(meant, start_sha256="1"), []),  # it was another crystal that relaxed
        (replace(meant, status="exploded", reason="not_relaxed", crystal=None, energies={}), []),
    ):
        write_known_compounds([start], {start.id: outcome}, path)
        assert pq.read_table(path)["energy"].to_pylist() == energies
    write_known_compounds([start], {}, path)
    assert len(pq.read_table(path)) == 0


def test_a_table_survives_writing_and_reading(tmp_path: Path) -> None:
    whole = Relaxed("b", "0" * 64, "converged", 12, rocksalt(5.7), ENERGIES, None, None, 44.851, "measured", "cuda")
    failed = Relaxed("a", "1" * 64, "exploded", None, None, {}, "not_relaxed", "exploded: too large")
    write_relaxed([whole, failed], tmp_path / "r.parquet", tmp_path / "e.csv.gz")
    back = read_relaxed(tmp_path / "r.parquet")
    assert list(back) == ["a", "b"]
    assert [row.device for row in back.values()] == [NO_DEVICE, "cuda"]
    assert back["a"] == failed
    assert back["b"].crystal is not None
    assert back["b"].crystal.sha256 == rocksalt(5.7).sha256
    assert replace(back["b"], crystal=None) == replace(whole, crystal=None)
    assert back["b"].energy_per_atom(SEVENNET) == pytest.approx(-3.55)


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    assert read_relaxed(tmp_path / "none.parquet") == {}


@pytest.mark.parametrize(
    ("end", "status", "energies", "measured", "reason"),
    [
        (rocksalt(5.70), "converged", ENERGIES, True, None),
        (rocksalt(6.40), "converged", ENERGIES, False, None),  # bonds of 3.2 A, 1.14 times Slater's 2.8
        (rocksalt(8.00), "converged", ENERGIES, False, "bond"),  # 4 A, 1.43 times
        (rocksalt(5.70), "step_limit", ENERGIES, True, "not_relaxed"),
        (None, "exploded", {}, True, "not_relaxed"),
        (rocksalt(5.70), "converged", {CHGNET: -7.0}, True, "no_energy"),
    ],
)
def test_what_can_stand_for_a_crystal(
    end: Crystal | None, status: str, energies: dict[str, float], *, measured: bool, reason: str | None
) -> None:
    answer = why_not(rocksalt(5.64), status, None, end, energies, measured=measured)
    assert (answer and answer[0]) == reason


def test_another_space_group_is_another_crystal_but_an_element_may_change() -> None:
    start = rocksalt(5.64)
    sheared = Crystal.from_arrays(start.lattice * [1.0, 1.0, 1.05], start.frac_coords, start.atomic_numbers)
    answer = why_not(start, "converged", None, sheared, ENERGIES, measured=True)
    assert answer is not None
    assert answer[0] == "space_group"
    argon = rocksalt(5.64, (18, 18))
    assert why_not(argon, "converged", None, rocksalt(9.0, (18, 18)), ENERGIES, measured=True) is None


def test_bonds_are_measured_against_the_sum_of_radii() -> None:
    # Slater's radii of sodium and chlorine, 1.80 and 1.00 A
    assert bond_ratios(rocksalt(5.64)) == pytest.approx([2.82 / 2.80] * 2)
    assert bond_ratios(rocksalt(20.0)) == [float("inf")] * 2


def test_results_of_other_machines_are_taken_in_unless_they_were_got_otherwise(tmp_path: Path) -> None:
    potential, start = find(CHGNET), rocksalt(5.64)
    record = replace(blank_record(start, potential, Relaxation()), status="exploded", detail="as a test")
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps({"id": "x", CHGNET: asdict(record)}) + "\n")
    with Cache(tmp_path / "cache.sqlite") as cache:
        assert import_records(path, cache) == 1
        (kept,) = cache.get([start.sha256], cache_key(potential, Relaxation())).values()
        assert kept.columns == asdict(record)
        path.write_text(json.dumps({"id": "x", CHGNET: asdict(replace(record, settings_hash="other"))}) + "\n")
        with pytest.raises(ValueError, match="line 1: not of the checkpoint and the settings"):
            import_records(path, cache)


def test_the_library_does_not_know_how_the_tables_were_made() -> None:
    library = SETS.parent
    paths = [path for path in library.rglob("*.py") if not path.is_relative_to(SETS)]
    assert paths
    assert [path.name for path in paths if "reference_data.sets" in path.read_text(encoding="utf-8")] == []
