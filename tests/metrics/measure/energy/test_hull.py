"""The hull: pymatgen's phase diagram as the oracle, laws on drawn entries, and every way to have no answer."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core.composition import Composition

from metrics.measure.energy.hull import Hull, HullConventionError, formation_energy_per_atom
from metrics.measure.energy.hull_vertices import HullError, hull_vertices
from metrics.scores.stability import is_stable
from tests.metrics.hull_entries import COLUMNS, ELEMENTS, compositions, energies, entries, formula, mp_entries

drawn = settings(max_examples=40, deadline=None)
CONVENTION = "pbe_mp2020"


def above(hull: Hull, composition: str | dict[str, float], energy: float = 0.0) -> float:
    (answer,) = hull.distances([composition], [energy], convention=hull.convention)
    assert answer.reason is None
    assert answer.e_above_hull is not None
    return answer.e_above_hull


def unpruned(table: pd.DataFrame) -> Hull:
    """A hull whose vertices are all entries; only the elements are reduced to the lowest one."""
    systems = table["reduced_formula"].map(lambda text: Composition(text).chemical_system)
    ordered = table.assign(chemical_system=systems).sort_values(["chemical_system", "formation_energy_per_atom"])
    elemental = ~ordered["chemical_system"].str.contains("-")
    kept = ordered[~(elemental & ordered["chemical_system"].duplicated())].reset_index(drop=True)
    return Hull(CONVENTION, kept, Counter(kept["chemical_system"]))


def oracle(table: pd.DataFrame, text: str) -> float:
    """Energy of pymatgen's hull, eV/atom, from the entries of the chemical system alone."""
    wanted = set(Composition(text).chemical_system.split("-"))
    phases = [
        PDEntry(composition, energy * composition.num_atoms)
        for composition, energy in zip(
            map(Composition, table["reduced_formula"]), table["formation_energy_per_atom"], strict=True
        )
        if wanted.issuperset(composition.chemical_system.split("-"))
    ]
    return float(PhaseDiagram(phases).get_hull_energy_per_atom(Composition(text)))


@given(entries(), compositions, energies)
@drawn
def test_the_distance_is_that_of_pymatgen(table: pd.DataFrame, amounts: dict[str, int], energy: float) -> None:
    text = formula(amounts)
    assert above(Hull.from_entries(CONVENTION, table), text, energy) == pytest.approx(
        energy - oracle(table, text), abs=1e-8
    )


@given(entries(), compositions)
@drawn
def test_leaving_out_what_is_no_vertex_changes_nothing(table: pd.DataFrame, amounts: dict[str, int]) -> None:
    text = formula(amounts)
    assert above(Hull.from_entries(CONVENTION, table), text) == pytest.approx(above(unpruned(table), text), abs=1e-10)


@given(entries(), st.randoms(use_true_random=False))
@drawn
def test_the_order_of_the_entries_does_not_matter(table: pd.DataFrame, random: object) -> None:
    shuffled = table.sample(frac=1, random_state=random.getrandbits(32))  # type: ignore[attr-defined]  # random.Random
    for ours, theirs in zip(hull_vertices(table), hull_vertices(shuffled), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


@given(entries(), compositions, st.integers(0, 8), compositions)
@drawn
def test_an_entry_on_or_above_the_hull_changes_no_distance(
    table: pd.DataFrame, added: dict[str, int], eighths: int, amounts: dict[str, int]
) -> None:
    hull = Hull.from_entries(CONVENTION, table)
    on_hull = -above(hull, formula(added))
    more = pd.DataFrame([("new", formula(added), on_hull + eighths / 8)], columns=COLUMNS)
    larger = Hull.from_entries(CONVENTION, pd.concat([table, more]))
    assert above(larger, formula(amounts)) == pytest.approx(above(hull, formula(amounts)), abs=1e-10)


@given(entries())
@drawn
def test_vertices_are_on_the_hull_and_none_above_the_hull_of_the_others(table: pd.DataFrame) -> None:
    hull = Hull.from_entries(CONVENTION, table)
    for identifier, text, energy, system in hull.vertices[[*COLUMNS, "chemical_system"]].to_numpy().tolist():
        assert above(hull, text, energy) == pytest.approx(0.0, abs=1e-8)
        if "-" in system:
            without = Hull.from_entries(CONVENTION, table[table["id"] != identifier])
            assert above(without, text, energy) <= 1e-8


@given(entries(), compositions)
@drawn
def test_a_vertex_left_out_is_as_if_it_were_not_there(table: pd.DataFrame, amounts: dict[str, int]) -> None:
    hull = Hull.from_entries(CONVENTION, table)
    for identifier, system in hull.vertices[["id", "chemical_system"]].to_numpy().tolist():
        others = hull.vertices[hull.vertices["id"] != identifier]
        if "-" not in system:
            continue
        (answer,) = hull.distances([formula(amounts)], [0.0], convention=CONVENTION, without=[identifier])
        expected = above(Hull.from_entries(CONVENTION, others[list(COLUMNS)]), formula(amounts))
        assert answer.e_above_hull == pytest.approx(expected, abs=1e-10)


@given(
    entries(),
    st.lists(st.booleans(), min_size=24, max_size=24),
    st.lists(st.tuples(compositions, energies), min_size=1),
)
@drawn
def test_fewer_competing_phases_never_make_a_structure_less_stable(
    table: pd.DataFrame, kept: list[bool], candidates: list[tuple[dict[str, int], float]]
) -> None:
    is_element = table["reduced_formula"].isin(ELEMENTS).to_numpy()
    thinned = table[is_element | np.array(kept[: len(table)])]
    dense, sparse = (
        [above(hull, formula(amounts), energy) for amounts, energy in candidates]
        for hull in (Hull.from_entries(CONVENTION, table), Hull.from_entries(CONVENTION, thinned))
    )
    assert all(few <= all_ + 1e-10 for few, all_ in zip(sparse, dense, strict=True))
    stable_dense, stable_sparse = (
        is_stable(pd.DataFrame({"e_above_hull": distances})).mean() for distances in (dense, sparse)
    )
    assert stable_sparse >= stable_dense


def test_only_a_vertex_that_is_no_element_can_be_left_out() -> None:
    hull = Hull.from_entries(CONVENTION, OXIDES)
    for wrong, message in (("high", "is no vertex"), ("o", "is the entry of an element")):
        with pytest.raises(ValueError, match=message):
            hull.distances(["Li2O"], [0.0], convention=CONVENTION, without=[wrong])


@given(entries(), compositions, energies, st.integers(1, 5))
@drawn
def test_the_distance_is_linear_in_the_energy_and_blind_to_the_size_of_the_formula(
    table: pd.DataFrame, amounts: dict[str, int], energy: float, times: int
) -> None:
    hull = Hull.from_entries(CONVENTION, table)
    zero = above(hull, formula(amounts))
    assert above(hull, formula(amounts), energy) == pytest.approx(zero + energy, abs=1e-12)
    scaled = formula({symbol: amount * times for symbol, amount in amounts.items()})
    assert above(hull, scaled, energy) == pytest.approx(zero + energy, abs=1e-12)
    assert above(hull, {symbol: 0.1 * amount for symbol, amount in amounts.items()}) == pytest.approx(zero, abs=1e-12)


@given(entries(), compositions)
@drawn
def test_the_decomposition_has_the_composition_and_the_energy_of_the_hull(
    table: pd.DataFrame, amounts: dict[str, int]
) -> None:
    hull = Hull.from_entries(CONVENTION, table)
    (answer,) = hull.distances([formula(amounts)], [0.0], convention=CONVENTION)
    energy = dict(zip(hull.vertices["reduced_formula"], hull.vertices["formation_energy_per_atom"], strict=True))
    assert sum(share * energy[phase] for phase, share in answer.decomposition) == pytest.approx(
        -above(hull, formula(amounts)), abs=1e-9
    )
    for symbol in ELEMENTS:
        have = sum(share * Composition(phase).get_atomic_fraction(symbol) for phase, share in answer.decomposition)
        assert have == pytest.approx(amounts[symbol] / sum(amounts.values()), abs=1e-9)


def test_a_thousand_perturbed_entries_of_materials_project_agree_with_pymatgen() -> None:
    table = mp_entries()
    hull = Hull.from_entries(CONVENTION, table)
    rng = np.random.default_rng(0)
    candidates = table.sample(1_000, random_state=0)
    perturbed = candidates["formation_energy_per_atom"].to_numpy() + rng.normal(0, 0.1, len(candidates))
    answers = hull.distances(candidates["reduced_formula"].tolist(), perturbed.tolist(), convention=CONVENTION)
    systems = [frozenset(Composition(text).chemical_system.split("-")) for text in table["reduced_formula"]]
    for text, energy, answer in zip(candidates["reduced_formula"], perturbed, answers, strict=True):
        wanted = set(Composition(text).chemical_system.split("-"))
        of_system = table[[wanted.issuperset(system) for system in systems]]
        assert answer.e_above_hull == pytest.approx(energy - oracle(of_system, text), abs=1e-8)
        assert answer.n_entries == len(of_system)


# By hand. On the line from Li to O the hull runs Li (0) - Li2O (-2) - Li2O2 (-1.7) - O (0): at LiO3, a quarter of
# lithium, Li2O2 and O2 meet half and half, -0.85 eV/atom.
OXIDES = pd.DataFrame(
    [
        ("li", "Li", 0.0),
        ("li-high", "Li", 0.1),
        ("o", "O2", 0.0),
        ("b", "Li2O", -2.0),
        ("a", "Li4O2", -2.0),
        ("peroxide", "Li2O2", -1.7),
        ("high", "LiO3", -0.5),
    ],
    columns=COLUMNS,
)


def test_a_binary_line_by_hand() -> None:
    hull = Hull.from_entries(CONVENTION, OXIDES)
    # of two spellings of one composition at one energy the smaller id stays
    assert hull.vertices["id"].tolist() == ["li", "peroxide", "a", "o"]
    assert hull.elements == ("Li", "O")
    (answer,) = hull.distances(["LiO3"], [-0.5], convention=CONVENTION)
    assert answer.e_above_hull == pytest.approx(0.35)
    assert dict(answer.decomposition) == pytest.approx({"Li2O2": 0.5, "O2": 0.5})
    assert answer.n_entries == 7
    assert above(hull, "Li4O4", -1.9) == pytest.approx(-0.2)


def test_brackets_are_resolved() -> None:
    # Ca3(PO4)2 is Ca3P2O8: 3 + 2 + 8 = 13 atoms
    references = {"Ca": -2.0, "P": -5.0, "O": -5.0}
    expected = -7.0 - (3 * -2.0 + 2 * -5.0 + 8 * -5.0) / 13
    assert formation_energy_per_atom("Ca3(PO4)2", -7.0, references) == pytest.approx(expected)
    with pytest.raises(ValueError, match="no elemental energy of Na"):
        formation_energy_per_atom("NaPO3", -7.0, references)


@pytest.mark.parametrize(
    ("composition", "energy", "reason"),
    [
        ("NaCl", -2.0, "no entry of the element Cl, Na"),
        ("Li2O", None, "formation energy is unknown"),
        ("Li2O", float("nan"), "formation energy is unknown"),
        ("Li(O", -1.0, "is no formula"),
        ("lithium", -1.0, "is no formula"),
        ("", -1.0, "has no elements"),
        ({"Li": -1.0, "O": 2.0}, -1.0, "no positive number"),
    ],
)
def test_a_candidate_without_an_answer_says_why_and_spoils_no_other(
    composition: str | dict[str, float], energy: float | None, reason: str
) -> None:
    hull = Hull.from_entries(CONVENTION, OXIDES)
    failed, known = hull.distances([composition, "Li2O"], [energy, -2.0], convention=CONVENTION)
    assert failed.e_above_hull is None
    assert reason in str(failed.reason)
    assert known.e_above_hull == pytest.approx(0.0)


def test_a_hull_refuses_energies_of_another_convention() -> None:
    hull = Hull.from_entries(CONVENTION, OXIDES, alternatives=[CONVENTION, "own:chgnet"])
    with pytest.raises(HullConventionError, match=r"own:sevennet-0 .* hull of pbe_mp2020.*pbe_mp2020, own:chgnet"):
        hull.distances(["Li2O"], [-2.0], convention="own:sevennet-0")
    with pytest.raises(ValueError, match="'pbe' is no energy convention; expected pbe_mp2020"):
        Hull.from_entries("pbe", OXIDES)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("x", "NaO", -1.0), "no entry of the element Na, which NaO contains"),
        (("x", "LiO", float("nan")), "formation energy of x is no finite number"),
        (("x", "LiO)", -1.0), "is no formula"),
        (("x", "", -1.0), "names no element"),
    ],
)
def test_entries_without_a_hull_are_refused_with_the_reason(row: tuple[str, str, float], message: str) -> None:
    with pytest.raises(HullError, match=message):
        Hull.from_entries(CONVENTION, pd.concat([OXIDES, pd.DataFrame([row], columns=COLUMNS)]))


def test_a_candidate_of_many_elements_has_an_answer() -> None:
    # forty elements have 10^12 parts; the hull has forty-one systems, so it goes through those
    symbols = [f"{first}{second}" for first in "ABCDEFGH" for second in "abcde"]
    rows = [*((symbol, symbol, 0.0) for symbol in symbols), ("pair", "AaAb", -1.0)]
    hull = Hull.from_entries(CONVENTION, pd.DataFrame(rows, columns=COLUMNS))
    (answer,) = hull.distances(["".join(symbols)], [0.0], convention=CONVENTION)
    # the pair takes 2 of the 40 atoms at -1 eV/atom
    assert answer.e_above_hull == pytest.approx(0.05)
    assert answer.n_entries == 41
