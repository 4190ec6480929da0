"""A site holds the element that its symbol or label names, or is refused; groups of atoms are no elements."""

from __future__ import annotations

import pytest

from submissions.elements import SYMBOLS
from submissions.formats.cif.elements import atomic_numbers_of
from submissions.refusal import Reason, RecordRefusedError
from tests.submissions.formats.cif.texts import content, written


def element_of(text: str, *, is_label: bool, declared: str = "") -> str | Reason:
    """Symbol of the element that a text stands for beside the elements declared, or the reason of the refusal."""
    types, labels = (None, [text]) if is_label else ([text], ["X1"])
    try:
        number = atomic_numbers_of(types, labels, frozenset(declared.split()))[0]
    except RecordRefusedError as refused:
        return refused.reason
    return SYMBOLS[number - 1]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_element_is_its_symbol_and_begins_its_labels(symbol: str) -> None:
    texts = [symbol, f"{symbol}1", f"{symbol}1A", f"{symbol}_a", f"{symbol}(1)", f"{symbol}3+"]
    assert {element_of(text, is_label=True) for text in texts} == {symbol}
    texts = [
        symbol,
        f"{symbol}3+",
        f"{symbol}+3",
        f"{symbol}1+3",
        f"{symbol}2.5+",
        f"{symbol}0+",
        f"{symbol}3",
        f"{symbol}--",
    ]
    assert {element_of(text, is_label=False) for text in texts} == {symbol}


@pytest.mark.parametrize(
    ("text", "symbol"),
    [("FE", "Fe"), ("fe", "Fe"), ("CL", "Cl"), ("CU", "Cu"), ("CS", "Cs"), ("D", "H"), ("T", "H"), ("2H", "H"),
     ("57Fe", "Fe"), ("Fe(III)", "Fe"), ("Fe1A", "Fe"), ("Fe_a", "Fe"), ("Fe'", "Fe"), ("'Fe'", "Fe"), ("O2-", "O")],
)  # fmt: skip
def test_spellings_of_type_symbols(text: str, symbol: str) -> None:
    assert element_of(text, is_label=False) == symbol


GROUPS = "NH3 NH4 NH4+ CN PO4 NO3 CO3 SO4 ClO4 OH OH- Wat WAT H2O H3O+ D2O Me Et Ph MA FA CH3 C2H5 BF4 UO2 CO NO HO"
LABELS = "NH3 NH4 CN1 PO41 NO3 CO3 SO4 ClO4 OH1 O-H Wat1 H2O H2O1 Me1 X1 Vac1 M1 C2H5 OW1 OB Ow 1 1Na FEO1 TMA ?"
NO_ATOMS = "X Vac Va Du Q M Ln R A G Xx Cx 11 Cval Uiso"


@pytest.mark.parametrize("text", [*GROUPS.split(), *NO_ATOMS.split()])
def test_groups_of_atoms_and_dummies_are_no_elements(text: str) -> None:
    assert element_of(text, is_label=False) is Reason.UNKNOWN_ELEMENT


@pytest.mark.parametrize("text", LABELS.split())
def test_labels_that_name_no_element(text: str) -> None:
    assert element_of(text, is_label=True) is Reason.UNKNOWN_ELEMENT


@pytest.mark.parametrize("text", ["Fe/Mg", "Fe,Mg", "'0.8Nb + 0.2Zr'", "(Fe,Mg)", "Na0.5+K0.5"])
def test_two_elements_on_one_site_are_disorder(text: str) -> None:
    assert element_of(text, is_label=False) is Reason.PARTIAL_OCCUPANCY
    assert element_of(text.strip("'"), is_label=True) is Reason.PARTIAL_OCCUPANCY


@pytest.mark.parametrize(
    ("label", "declared", "expected"),
    [
        ("SiT1", "", "Si"), ("NaM4", "", "Na"), ("SiT1", "Al Si O", "Si"), ("SIT1", "Al Si O", "Si"),
        ("OW1", "O Na", "O"), ("OA1", "O Si", "O"), ("Ow", "O Na", "O"), ("OB", "O Si", "O"),
        ("OB", "O B", Reason.UNKNOWN_ELEMENT),
        ("CA1", "C H O", "C"), ("CA1", "Ca O", "Ca"), ("CO1", "Co O", "Co"), ("CO1", "C O K", Reason.UNKNOWN_ELEMENT),
        ("NAM1", "Na O", "Na"), ("OH1", "O Si", Reason.UNKNOWN_ELEMENT), ("Wat", "W O", Reason.UNKNOWN_ELEMENT),
        ("T1", "Al Si O", Reason.UNKNOWN_ELEMENT), ("T1", "H O", "H"),
    ],
)  # fmt: skip
def test_the_declared_formula_decides_what_a_label_may_mean(label: str, declared: str, expected: str | Reason) -> None:
    assert element_of(label, is_label=True, declared=declared) == expected


def test_what_else_is_in_capitals_decides_what_a_symbol_may_mean() -> None:
    assert atomic_numbers_of(["CO", "CL"], None, frozenset()) == [27, 17]
    for others in (["CO", "Cl"], ["CO3", "CA"], ["CN", "CL"]):
        with pytest.raises(RecordRefusedError):
            atomic_numbers_of(others, None, frozenset())


def test_a_type_symbol_counts_more_than_a_label_and_a_label_more_than_nothing() -> None:
    assert content(written(["Na1 Cl 0 0 0"])) == {"Cl": 1}
    assert content(written(["Na1 ? 0 0 0", "Cl1 . .5 .5 .5"])) == {"Na": 1, "Cl": 1}
    assert content(written(["N1 NH4 0 0 0"])) is Reason.UNKNOWN_ELEMENT
    assert content(written(["Na 0 0 0"], columns="type_symbol fract_x fract_y fract_z")) == {"Na": 1}


@pytest.mark.parametrize("is_label", [False, True])
@pytest.mark.parametrize("text", ["ND4", "ND3", "ND3+", "CD4", "CD3", "PD4"])
def test_a_deuterated_group_is_no_element(text: str, *, is_label: bool) -> None:
    assert element_of(text, is_label=is_label) is Reason.UNKNOWN_ELEMENT
    # in a formula the element is meant
    assert element_of(text[:2], is_label=is_label, declared=text[:2].title()) == text[:2].title()


@pytest.mark.parametrize("is_label", [False, True])
@pytest.mark.parametrize("text", ["Fe0.5Ni0.5", "Fe0.5", "Fe.25Ni.75"])
def test_an_amount_below_one_is_disorder(text: str, *, is_label: bool) -> None:
    assert element_of(text, is_label=is_label) is Reason.PARTIAL_OCCUPANCY
