"""Which crystals the benchmark runs on: one of each source id, a sample and pairs that no order of the rows changes."""

from __future__ import annotations

from collections import Counter

import pytest

from leaderboard.matching_benchmark.data import Entry, distinct, same_formula, sample, source_id, starter
from leaderboard.matching_benchmark.run import _about_pairs
from metrics.crystal import Crystal


def entry(name: str, formula: str, n_sites: int = 1) -> Entry:
    frac_coords = [[place / n_sites, 0.0, 0.0] for place in range(n_sites)]
    lattice = [[3.0 * n_sites, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0]]
    return Entry(name, formula, Crystal.from_arrays(lattice, frac_coords, [11] * n_sites))


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("mp_mp-1001835.cif", "mp-1001835"),
        ("mp_mp-1001835", "mp-1001835"),
        ("mp-1001835#2", "mp-1001835"),
        ("alexandria_agm001002094.cif", "agm001002094"),
        ("oqmd_oqmd-10003523.cif", "oqmd-10003523"),
        ("JVASP-148476_GeTe.cif", "JVASP-148476"),
        ("mvc-123", "mvc-123"),
        ("aflow-AB_cF8_225_a_b-NaCl", "aflow-AB_cF8_225_a_b-NaCl"),
        ("lamp-12", "lamp-12"),
    ],
)
def test_source_ids_are_found_in_names(name: str, identifier: str) -> None:
    assert source_id(name) == identifier


def test_one_crystal_of_each_id_and_every_row_accounted_for() -> None:
    one, other = entry("", "Na").crystal, entry("", "Na", 2).crystal
    entries, origins = distinct(
        [("first", None, [("a", one), ("b", None), ("a", other)]), ("second", "0f", [("a", one), ("c", other)])]
    )
    assert [(entry.id, entry.formula) for entry in entries] == [("a", "Na"), ("c", "Na")]
    assert entries[0].crystal is one
    assert [(origin.n_read, origin.n_refused, origin.n_repeated) for origin in origins] == [(3, 1, 1), (2, 0, 1)]


def test_the_sample_does_not_depend_on_the_order_and_grows() -> None:
    entries = [entry(f"{place:03}", "Na", n_sites=1 + place % 70) for place in range(200)]
    some, again, more = (
        {entry.id for entry in sample(given, n, seed=4)}
        for given, n in ((entries, 20), (entries[::-1], 20), (entries, 40))
    )
    assert some == again
    assert some < more
    assert len(some) == 20
    assert max(entry.crystal.n_sites for entry in sample(entries, 1_000, seed=4)) == 60


def test_all_pairs_of_a_formula_once_in_groups() -> None:
    entries = [entry(f"{place:02}", "Na") for place in range(12)] + [entry("x", "K"), entry("y", "Na", 81)]
    assert [len(group) for group in same_formula(entries)] == [12]
    inquiries = list(_about_pairs(entries))
    questions = [question.labels for _, of_group in inquiries for question in of_group]
    assert len(questions) == len(set(questions)) == 66
    for group, of_group in inquiries:
        assert len(group.pairs) == len(of_group) <= 40


def test_the_starter_set_has_pairs_that_are_the_same_and_that_are_not() -> None:
    entries, origins = starter()
    formulas = Counter(entry.formula for entry in entries)
    assert origins[0].n_read == len(entries) + origins[0].n_refused
    # ten of the prototypes are silica, and so are quartz and stishovite among the known compounds
    assert formulas["SiO2"] == 12
    assert len({entry.id for entry in entries}) == len(entries)
