"""Identity of records: every wider sense of known, what is unknown and why, and no dependence on the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from leaderboard.matching.stage import identify_records
from leaderboard.processes import PRELOAD
from leaderboard.protocol import load_protocol
from leaderboard.run.columns import columns_schema
from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError, registry
from metrics.measure.running.engine import ProcessSettings
from metrics.measure.running.local_engine import LocalEngine
from metrics.table import check, frame
from reference_data.reference import Reference, open_reference
from tests.metrics.measure.fingerprint_crystals import anything_else, transformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leaderboard.protocol import Protocol
    from metrics.measure.running.engine import Engine

V1 = load_protocol()
NEEDED = ("composition", "family", "canonical_bawl", "bawl", "prototype")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1, ProcessSettings(preload=PRELOAD)) as started:
        yield started


@pytest.fixture(scope="module")
def starter() -> Reference:
    return open_reference("starter")


def facts(crystal: Crystal) -> dict[str, object]:
    measured: dict[str, object] = {}
    for name in NEEDED:
        try:
            measured |= registry()[name].compute(crystal, registry()[name].settings())
        except UnmeasurableError as error:
            measured |= error.known
    return measured


def identified(
    crystals: Mapping[str, Crystal], reference: Reference, engine: Engine, protocol: Protocol = V1
) -> pd.DataFrame:
    """Facts by record id."""
    rows = [
        {"id": name, "sha256": crystal.sha256, "valid": True, **facts(crystal)} for name, crystal in crystals.items()
    ]
    columns = frame(rows, columns_schema(V1))
    by_row = dict(enumerate(crystals.values()))
    table = identify_records(columns, by_row, reference, protocol, engine=engine, report=lambda _progress: None)
    return check(table, columns_schema(V1)).set_index("id")


def moved(crystal: Crystal, step: float) -> Crystal:
    """The first atom moved by `step` angstrom along x."""
    frac = crystal.frac_coords.copy()
    frac[0] += np.array([step, 0, 0]) @ np.linalg.inv(crystal.lattice)
    return Crystal(crystal.lattice, frac, crystal.atomic_numbers)


def without_first(crystal: Crystal) -> Crystal:
    return Crystal(crystal.lattice, crystal.frac_coords[1:], crystal.atomic_numbers[1:])


def records_of(facts_by_id: pd.DataFrame, columns: list[str]) -> dict[str, dict[str, object]]:
    """Facts by record id and column, unknown as None."""
    plain = facts_by_id[columns].astype(object).where(facts_by_id[columns].notna(), None)
    return {str(name): {column: row[column] for column in columns} for name, row in plain.to_dict("index").items()}


def of_formula(starter: Reference, formula: str, space_group: int) -> Crystal:
    (known,) = [row for row in starter.rows_of_formulas([formula]) if row.space_group == space_group]
    return known.crystal


@pytest.fixture(scope="module")
def records(starter: Reference) -> dict[str, Crystal]:
    generator = np.random.default_rng(5)
    salt = of_formula(starter, "NaCl", 225)
    alloy = of_formula(starter, "CuAu", 123)  # L1_0: layers of copper and gold
    supercell = transformed(salt, supercell=np.diag([2, 1, 1]))
    mixed = transformed(alloy, supercell=np.diag([2, 1, 1]))
    numbers = mixed.atomic_numbers.copy()
    unlike = int(np.flatnonzero(numbers != numbers[0])[0])
    numbers[[0, unlike]] = numbers[[unlike, 0]]
    sixteen = transformed(salt, supercell=np.diag([2, 2, 2]))
    vacancy = without_first(sixteen)
    # lithium and tellurium as rock salt, which nobody has seen
    unknown = Crystal(salt.lattice * 1.1, salt.frac_coords, np.where(salt.atomic_numbers == 11, 3, 52))
    return {
        "salt": salt,
        "salt again": salt,
        "salt elsewhere": anything_else(salt, generator),
        "one atom moved": moved(supercell, 0.4),
        "one atom moved elsewhere": anything_else(moved(supercell, 0.4), generator),
        "atoms swapped": Crystal(mixed.lattice, mixed.frac_coords, numbers),
        "other elements": unknown,
        "vacancy": vacancy,
        "vacancy elsewhere": anything_else(vacancy, generator),
        "two vacancies": without_first(vacancy),
        "new": Crystal.from_arrays(
            [[4.0, 0.1, 0.2], [0.9, 5.0, 0.3], [0.2, 1.1, 6.0]],
            [[0.0, 0.0, 0.0], [0.5, 0.4, 0.1], [0.1, 0.6, 0.5], [0.6, 0.1, 0.6], [0.3, 0.8, 0.9]],
            [38, 38, 34, 34, 34],
        ),
        "no keys": Crystal.from_arrays(30 * np.eye(3), [[0.0, 0.0, 0.0]], [54]),
    }


@pytest.fixture(scope="module")
def table(records: dict[str, Crystal], starter: Reference, engine: Engine) -> pd.DataFrame:
    return identified(records, starter, engine)


SENSES = [
    "in_reference",
    "formula_in_reference",
    "near_reference",
    "known_up_to_superstructure",
    "known_up_to_disorder",
    "known_up_to_defect",
    "prototype_in_reference",
    "family_in_reference",
    "in_reference_matcher",
    "in_reference_bawl",
    "duplicate_bawl",
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # near where a distance is below 0.10: one atom of a doubled rock salt cell moved by 0.4 angstrom
        ("salt", [True, True, False, True, True, True, True, True, True, True, False]),
        ("salt again", [True, True, False, True, True, True, True, True, True, True, True]),
        # BAWL does not see that it is the same crystal
        ("salt elsewhere", [True, True, False, True, True, True, True, True, True, False, False]),
        ("one atom moved", [False, True, True, True, False, False, False, True, False, False, False]),
        ("one atom moved elsewhere", [False, True, True, True, False, False, False, True, False, False, False]),
        # what the swap leaves has a prototype of the set, as other binary compounds have it
        ("atoms swapped", [False, True, False, False, True, False, True, True, False, False, False]),
        ("other elements", [False, False, False, False, False, False, True, True, False, False, False]),
        # sodium is 7 of 15 and 6 of 14 atoms: another family than half of them, of which the set has no member
        ("vacancy", [False, False, False, False, False, True, False, False, False, False, False]),
        ("vacancy elsewhere", [False, False, False, False, False, True, False, False, False, False, False]),
        ("two vacancies", [False, False, False, False, False, False, False, False, False, False, False]),
        ("new", [False, False, False, False, False, False, False, False, False, False, False]),
        # a lone atom has a symmetry, that of polonium
        ("no keys", [None, None, None, None, None, None, True, True, None, None, None]),
    ],
)
def test_each_sense_of_known(table: pd.DataFrame, name: str, expected: list[bool | None]) -> None:
    assert records_of(table, SENSES)[name] == dict(zip(SENSES, expected, strict=True))


def test_nearest_records(table: pd.DataFrame) -> None:
    distance, others = table["nearest_record_distance"], table["n_others_of_formula"]
    # the same content twice; three records of salt and two of the distorted one
    assert distance["salt"] == distance["salt again"] == 0
    assert distance["salt elsewhere"] == pytest.approx(0, abs=1e-6)
    assert distance["one atom moved"] == pytest.approx(distance["one atom moved elsewhere"])
    assert others[["salt", "one atom moved", "atoms swapped", "new"]].tolist() == [4, 4, 0, 0]
    assert distance[["atoms swapped", "other elements", "new"]].isna().all()
    assert pd.isna(others["no keys"])


def test_what_is_unknown_has_its_reason(table: pd.DataFrame) -> None:
    # its fingerprint says it in a run; here only the stage's own reasons are there
    assert table["unknown_reasons"].isna().all()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_of_the_records_changes_no_count(
    records: dict[str, Crystal], table: pd.DataFrame, starter: Reference, engine: Engine, seed: int
) -> None:
    names = np.random.default_rng(seed).permutation(list(records)).tolist()
    other = identified({name: records[name] for name in names}, starter, engine)
    same = [column for column in SENSES if column != "duplicate_bawl"] + ["matched_id", "identity_rule"]
    assert other.loc[list(records), same].equals(table[same])
    for column in ("unique", "duplicate_bawl"):
        assert other[column].value_counts(dropna=False).to_dict() == table[column].value_counts(dropna=False).to_dict()
    for column in ("nearest_record_distance", "nearest_reference_distance"):
        pd.testing.assert_series_equal(other.loc[list(records), column], table[column], atol=1e-9)


def test_comparisons_that_fail_leave_facts_unknown_with_their_reason(
    records: dict[str, Crystal], starter: Reference, engine: Engine
) -> None:
    # the facts of one crystal with the geometry of another, too flat to be searched
    salt = records["salt"]
    names = ["salt", "flat", "new"]
    crystals = [records["salt"], records["one atom moved"], records["new"]]
    rows = [
        {"id": name, "sha256": one.sha256, "valid": name != "flat", **facts(one)}
        for name, one in zip(names, crystals, strict=True)
    ]
    crystals[1] = Crystal(salt.lattice * 1e-3, salt.frac_coords, salt.atomic_numbers)
    lost = identify_records(
        frame(rows, columns_schema(V1)),
        dict(enumerate(crystals)),
        starter,
        V1,
        engine=engine,
        report=lambda _progress: None,
    ).set_index("id")
    unknown = ["in_reference", "near_reference", *SENSES[3:6], "nearest_record_distance", "unique"]
    said = records_of(lost, [*unknown, "unknown_reasons"])
    for column in unknown:
        assert said["flat"][column] is None
        assert f"{column}: " in str(said["flat"]["unknown_reasons"])
    assert "the cell is flat" in str(said["flat"]["unknown_reasons"])
    # the other is certainly unique, and certainly known; how near its nearest record is nobody can say
    assert (said["salt"]["unique"], said["salt"]["in_reference"]) == (True, True)
    assert said["salt"]["nearest_record_distance"] is None
    assert "nearest_record_distance: comparison with flat: " in str(said["salt"]["unknown_reasons"])
    assert said["new"]["unknown_reasons"] is None
