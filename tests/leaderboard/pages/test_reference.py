"""The page of a reference set: its facts, its periodic table, its crystals and their drawings."""

from __future__ import annotations

import re

import pytest
from ase.data import chemical_symbols

from leaderboard.pages.parts import lookup
from leaderboard.pages.parts.periodic_table import N_GROUPS, periodic_table_html, place, short
from leaderboard.pages.reference.reference_facts import (
    elements_html,
    head_html,
    not_built_html,
    sources_html,
    systems_html,
)
from leaderboard.pages.reference.reference_search import PAGE_SIZE, crystal_of, list_html, matching_rows
from reference_data.queries.query import parse
from reference_data.reference import Reference, open_reference


@pytest.fixture(scope="module")
def reference() -> Reference:
    return open_reference("starter")


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("H", (1, 1)),
        ("He", (1, 18)),
        ("Li", (2, 1)),
        ("B", (2, 13)),
        ("Mg", (3, 2)),
        ("Al", (3, 13)),
        ("Sc", (4, 3)),
        ("Zn", (4, 12)),
        ("La", (9, 3)),
        ("Lu", (9, 17)),
        ("Hf", (6, 4)),
        ("Rn", (6, 18)),
        ("U", (10, 6)),
        ("Og", (7, 18)),
    ],
)
def test_elements_stand_where_every_periodic_table_has_them(symbol: str, expected: tuple[int, int]) -> None:
    assert place(chemical_symbols.index(symbol)) == expected


def test_no_two_elements_share_a_place() -> None:
    places = [place(number) for number in range(1, len(chemical_symbols))]
    assert len(set(places)) == len(places)
    assert all(1 <= column <= N_GROUPS for _, column in places)


def test_a_cell_says_its_count_and_whether_it_is_chosen() -> None:
    table = periodic_table_html({"Fe": 12_345, "O": 7}, ["O"], "crystals")
    cells = dict(re.findall(r'data-id="(\w+)" aria-pressed="(\w+)"', table))
    assert len(cells) == len(chemical_symbols) - 1
    assert [symbol for symbol, pressed in cells.items() if pressed == "true"] == ["O"]
    assert 'title="Fe, iron: 12,345 crystals"><b>Fe</b><small>12k</small>' in table
    assert re.search(r'data-id="Ne" aria-pressed="false" disabled', table)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0"), (999, "999"), (1_000, "1.0k"), (9_949, "9.9k"), (9_951, "10k"), (999_600, "1.0M"), (5_335_299, "5.3M")],
)
def test_counts_are_short(count: int, expected: str) -> None:
    assert short(count) == expected


def test_the_head_and_the_sources_say_what_the_manifest_says(reference: Reference) -> None:
    manifest = reference.manifest
    head, sources = head_html(reference), sources_html(manifest)
    assert manifest.not_for.split("'")[0] in head
    for said in (manifest.title, f"{manifest.n_crystals:,}", f"{manifest.n_read:,}", "indicative"):
        assert said in head
    for source in manifest.sources:
        assert source.name in sources
        assert all(f"doi:{doi}" in sources for doi in source.doi)
        assert all(f"{reason.replace('_', ' ')} {count:,}" in sources for reason, count in source.refused.items())


def test_sets_that_are_not_built_are_named() -> None:
    assert not_built_html([]) == ""
    assert "lemat-bulk" in not_built_html(["lemat-bulk"])
    assert "starter" in lookup.built_sets()


def test_chemical_systems_are_buttons(reference: Reference) -> None:
    systems = systems_html(lookup.catalogue(reference))
    # the starter set's largest binary system, counted by hand in its table
    assert f'data-id="O-Si" title="1 formulas">O-Si</button> {len(reference.rows_of_formulas(["SiO2"]))}' in systems


def test_the_periodic_table_counts_what_occurs_together(reference: Reference) -> None:
    page = elements_html(lookup.catalogue(reference), parse("TiO2"))
    n_both = len(matching_rows(reference, "Ti-O-*"))
    assert f'title="Ti, titanium: {n_both} crystals"' in page
    assert 'data-id="O" aria-pressed="true"' in page


@pytest.mark.parametrize("query", ["TiO2", "O2Ti", "Ti2O4"])
def test_a_formula_is_found_in_every_notation(reference: Reference, query: str) -> None:
    rows = matching_rows(reference, query)
    assert rows.tolist() == [crystal.row for crystal in reference.rows_of_formulas(["TiO2"])]
    listed = list_html(reference, query, 1, int(rows[0]))
    assert listed.count("TiO<sub>2</sub>") == len(rows) > 1
    assert listed.count('aria-selected="true"') == 1


def test_a_chemical_system_is_found_in_any_order_and_case(reference: Reference) -> None:
    rows = matching_rows(reference, "ti-o")
    of_system = [
        crystal.row for crystal in reference.crystals(range(reference.n_crystals)) if crystal.chemical_system == "O-Ti"
    ]
    assert rows.tolist() == of_system
    assert len(rows) > len(reference.rows_of_formulas(["TiO2"]))


def test_a_long_list_comes_in_pages_that_read_only_their_rows(reference: Reference) -> None:
    n = reference.n_crystals
    last = -(-n // PAGE_SIZE)
    assert list_html(reference, "", 1, None).count("data-id") == PAGE_SIZE
    page = list_html(reference, "", last, None)
    assert page.count("data-id") == n - (last - 1) * PAGE_SIZE
    assert f"{(last - 1) * PAGE_SIZE + 1:,} to {n:,} of {n:,}" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [("XeRn", "no crystal of XeRn"), ("<script>", "&lt;script&gt;"), ("rutile", "neither a formula nor")],
)
def test_what_is_not_found_is_a_sentence(reference: Reference, query: str, said: str) -> None:
    page = list_html(reference, query, 1, None)
    assert said in page
    assert "<script" not in page
    assert len(matching_rows(reference, query)) == 0


def test_a_crystal_is_described_and_drawn(reference: Reference) -> None:
    rutile = next(crystal for crystal in reference.rows_of_formulas(["TiO2"]) if crystal.space_group == 136)
    words, drawing = crystal_of(reference, rutile.row)
    assert drawing is not None
    assert set(drawing["elements"]) == {"Ti", "O"}
    # rutile has 4.25 g/cm3 and the space group P4_2/mnm (Handbook of Mineralogy)
    assert "P42/mnm (136)" in words
    density = re.search(r"<dd>([\d.]+) g/cm", words)
    assert density
    assert float(density[1]) == pytest.approx(4.25, rel=0.02)
    assert all(source_id in words for source_id in rutile.source_ids)
    assert rutile.keys[0] in words


def test_a_row_that_does_not_exist_is_not_drawn(reference: Reference) -> None:
    for row in (None, -1, reference.n_crystals):
        assert crystal_of(reference, row)[1] is None
