"""Questions to a set: every notation of a formula is the same question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ase.data import chemical_symbols
from hypothesis import given
from hypothesis import strategies as st

from reference_data.queries.query import Query, QueryError, containing, parse

if TYPE_CHECKING:
    from random import Random

SYMBOLS = st.sampled_from(chemical_symbols[1:])
AMOUNTS = st.dictionaries(SYMBOLS, st.integers(1, 9), min_size=1, max_size=5)


@given(AMOUNTS, st.integers(1, 4), st.randoms())
def test_order_multiple_and_blanks_of_a_formula_do_not_matter(
    amounts: dict[str, int], times: int, random: Random
) -> None:
    written = [f"{symbol}{times * amount}" for symbol, amount in amounts.items()]
    random.shuffle(written)
    plain = parse("".join(f"{symbol}{amount}" for symbol, amount in amounts.items()))
    assert parse(" ".join(written)) == plain
    assert parse(str(plain)) == plain
    assert not plain.open


@given(st.sets(SYMBOLS, min_size=2, max_size=5), st.booleans())
def test_a_system_in_any_order_and_case_is_the_same_question(elements: set[str], open_system: bool) -> None:  # noqa: FBT001 - drawn
    query = containing(elements, open_system=open_system)
    assert query.elements == tuple(sorted(elements))
    rest = ["*"] if open_system else []
    assert parse(", ".join([*(symbol.lower() for symbol in elements), *rest])) == query
    assert parse(str(query)) == query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TiO\u2082", Query(("O", "Ti"), (("O", 2), ("Ti", 1)), open=False)),
        ("Ca3(PO4)2", Query(("Ca", "O", "P"), (("Ca", 3), ("O", 8), ("P", 2)), open=False)),
        ("Ti\u2013O", Query(("O", "Ti"), open=False)),
        ("Ti-*", Query(("Ti",))),
        ("Ti", Query(("Ti",), (("Ti", 1),), open=False)),
        ("  ", Query()),
    ],
)
def test_what_people_write_is_understood(text: str, expected: Query) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tio2", "'tio2' is neither"),
        ("Xx2O", "'Xx' is no element"),
        ("Ti-Qq", "'Qq' is no element"),
        ("Ti0", "has no atoms"),
        ("<b>", "'<b>' is neither"),
    ],
)
def test_what_cannot_be_asked_says_what_can(text: str, said: str) -> None:
    with pytest.raises(QueryError, match=rf"{said}.*a formula \(TiO2, O2Ti\), a chemical system"):
        parse(text)


def test_the_whole_periodic_table_can_be_asked_for_and_nothing_longer() -> None:
    everything = str(containing(chemical_symbols[1:]))
    assert len(parse(everything).elements) == len(chemical_symbols) - 1
    for text in ("(" * 64_000, "H-" * 32_000, " " * 501):
        with pytest.raises(QueryError, match="at most 500 characters"):
            parse(text)
