"""The catalogue agrees with a plain reading of every row, however the table is cut into batches and row groups."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.formula import elements_of, smallest_whole
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.queries import catalogue
from reference_data.queries.catalogue import Catalogue, read_catalogue
from reference_data.queries.query import Query, containing, parse
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from pathlib import Path

# two spellings of one composition, and elements whose symbols are parts of others
FORMULAS = ["C", "CO", "CO2", "Co", "CoO", "Cs", "OC", "O2Ti", "OsTi", "Sc", "ScCO3", "TiO2", "Ti2O3", "TiCoO3"]


def system(formula: str) -> str:
    return "-".join(elements_of(formula))


def written(formulas: list[str], path: Path) -> Catalogue:
    table = pa.table({"reduced_formula": formulas, "chemical_system": [system(formula) for formula in formulas]})
    pq.write_table(table, path, row_group_size=3)
    return read_catalogue(path)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(FORMULAS), min_size=1, max_size=40).map(sorted), st.integers(1, 7))
def test_a_catalogue_says_what_the_rows_say(
    tmp_path_factory: pytest.TempPathFactory, formulas: list[str], batch: int
) -> None:
    path = tmp_path_factory.mktemp("catalogue") / "c.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "BATCH_ROWS", batch)
        made = written(formulas, path)
    assert made.n_crystals == len(formulas)
    assert made.formulas.to_pylist() == sorted(set(formulas))
    for formula in FORMULAS:
        amounts = smallest_whole(elements_of(formula))
        same = [row for row, spelled in enumerate(formulas) if smallest_whole(elements_of(spelled)) == amounts]
        assert made.rows(parse(formula)).tolist() == same
        elements = set(elements_of(formula))
        exact = [row for row, spelled in enumerate(formulas) if set(elements_of(spelled)) == elements]
        assert made.rows(containing(elements, open_system=False)).tolist() == exact
        more = [row for row, spelled in enumerate(formulas) if set(elements_of(spelled)) >= elements]
        assert made.rows(containing(elements)).tolist() == more
        held = Counter(symbol for row in more for symbol in elements_of(formulas[row]))
        assert made.crystals_with(tuple(elements)) == held
    assert made.rows(Query()).tolist() == list(range(len(formulas)))
    sizes = Counter(len(elements_of(formula)) for formula in formulas)
    assert {size: n for size, (_, n) in made.by_number_of_elements().items()} == sizes


def test_the_largest_systems_come_first(tmp_path: Path) -> None:
    made = written(["CO", "CO", "CO2", "CoO", "CoO", "TiO2"], tmp_path / "c.parquet")
    assert made.largest_systems(2, 2) == [("C-O", 2, 3), ("Co-O", 1, 2)]
    assert made.largest_systems(2, 3) == []


def test_elements_are_counted_as_the_statistics_of_the_set_count_them() -> None:
    reference = open_reference("starter")
    made = read_catalogue(reference.folder / CRYSTALS_FILE)
    assert made.n_crystals == reference.n_crystals
    assert made.crystals_with(()) == dict(reference.statistics["elements"])
