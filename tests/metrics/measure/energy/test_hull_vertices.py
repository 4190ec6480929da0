"""What reaches the hull: of each composition the lowest entry, and memory that hardly grows with the others."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.formula import elements_of, smallest_whole
from metrics.measure.energy.hull import Hull
from metrics.measure.energy.hull_vertices import hull_vertices
from tests.metrics.hull_entries import COLUMNS, compositions, energies, entries, formula
from tests.peak_memory import peak_bytes

CONVENTION = "pbe_mp2020"


def lowest_of_each_composition(table: pd.DataFrame) -> pd.DataFrame:
    """One after the other, as a person would: the lowest in energy, of equal ones the smallest id."""
    chosen: dict[object, tuple[float, str, int]] = {}
    for number, (identifier, text, energy) in enumerate(table[list(COLUMNS)].itertuples(index=False)):
        ratios = smallest_whole(elements_of(text))
        chosen[ratios] = min(chosen.get(ratios, (np.inf, "", -1)), (energy, identifier, number))
    return table.iloc[sorted(number for _, _, number in chosen.values())]


@given(entries(), st.lists(st.tuples(compositions, energies), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_dropping_all_but_the_lowest_entry_of_each_composition_changes_no_distance(
    table: pd.DataFrame, candidates: list[tuple[dict[str, int], float]]
) -> None:
    lowest = lowest_of_each_composition(table)
    formulas, candidate_energies = [formula(amounts) for amounts, _ in candidates], [energy for _, energy in candidates]
    of_all, of_lowest = (
        Hull.from_entries(CONVENTION, some).distances(formulas, candidate_energies, convention=CONVENTION)
        for some in (table, lowest)
    )
    # to the last bit: not only the distance, the phases it is measured from too
    assert [(one.e_above_hull, one.decomposition) for one in of_all] == [
        (one.e_above_hull, one.decomposition) for one in of_lowest
    ]
    vertices, systems = hull_vertices(table)
    pd.testing.assert_frame_equal(vertices, hull_vertices(lowest)[0])
    assert systems["n_entries"].sum() == len(table)  # what is dropped still counts


def polymorphs(n_compositions: int, n_each: int) -> pd.DataFrame:
    """Two elements and so many compounds of them, each with so many entries, the first of which is the lowest."""
    number = np.repeat(np.arange(1, n_compositions + 1), n_each)
    energy = -0.1 + np.tile(np.arange(n_each), n_compositions) * 1e-3
    compounds = pd.DataFrame(
        {
            "id": [f"c{one}" for one in range(len(number))],
            "reduced_formula": [f"Fe{one}O" for one in number],
            "formation_energy_per_atom": energy,
        }
    )
    return pd.concat([pd.DataFrame([("fe", "Fe", 0.0), ("o", "O2", 0.0)], columns=COLUMNS), compounds])


def test_an_entry_that_is_not_the_lowest_costs_a_few_numbers() -> None:
    hull_vertices(polymorphs(10, 2))  # compiles
    few, many = polymorphs(20, 50), polymorphs(20, 1_000)
    more = (peak_bytes(partial(hull_vertices, many)) - peak_bytes(partial(hull_vertices, few))) / (len(many) - len(few))
    # by hand, 8 bytes each: formula, composition, energy, place in order, system of each entry and copies of two of
    # them while they are counted and sorted; a Python object for each entry would take hundreds
    assert more < 120
