"""Formulas of possible hosts against all edits tried one after the other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.elements import formula_of_counts
from metrics.measure.matching.host_formulas import fewest_edits, host_formulas
from metrics.measure.matching.point_defect import host_multiples

SODIUM, CHLORINE, OXYGEN, COPPER = 11, 17, 8, 29
SITES_PER_EDIT = 4
"""Many edits in few sites, so that they can all be tried."""


def edited(counts: dict[int, int], n_edits: int) -> set[tuple[tuple[int, int], ...]]:
    """Numbers of atoms after at most so many atoms of the elements present were removed, added or exchanged."""
    reached = {tuple(sorted(counts.items()))}
    for _ in range(n_edits):
        for atoms in tuple(reached):
            for lost in (None, *counts):
                for new in (None, *counts):
                    after = dict(atoms)
                    if lost is not None:
                        after[lost] -= 1
                    if new is not None:
                        after[new] += 1
                    if min(after.values()) >= 0:
                        reached.add(tuple(sorted(after.items())))
    return reached


def by_trying(counts: dict[int, int], n_edits: int) -> set[str]:
    formulas = set()
    for atoms in edited(counts, n_edits):
        host = {element: n for element, n in atoms if n}
        # a defect has an edit, and two that leave the numbers as they are
        edits = fewest_edits(counts, host) or 2
        if edits <= sum(host.values()) // SITES_PER_EDIT:
            formulas.add(formula_of_counts(host))
    return formulas


# up to 8 sites: 2 edits, up to which hosts of one formula unit are looked for
@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from([SODIUM, CHLORINE, OXYGEN]), st.integers(1, 3), min_size=1).filter(
        lambda counts: sum(counts.values()) <= 8
    )
)
def test_hosts_are_those_that_single_edits_reach(counts: dict[int, int]) -> None:
    assert host_formulas(counts, SITES_PER_EDIT) == by_trying(counts, sum(counts.values()) // (SITES_PER_EDIT - 1))


@pytest.mark.parametrize(
    ("counts", "host", "expected"),
    [
        # 15 sites with a vacancy: the perfect supercell has 16; 14 sites are too few
        ({SODIUM: 7, CHLORINE: 8}, "NaCl", True),
        ({SODIUM: 7, CHLORINE: 7}, "NaCl", False),
        # an interstitial atom, or a dopant: the host has not its element
        ({COPPER: 16, OXYGEN: 1}, "Cu", True),
        # an element of the host that is gone was substituted
        ({COPPER: 16, OXYGEN: 1}, "Cu16Cl", False),
    ],
)
def test_hosts_of_textbook_defects(counts: dict[int, int], host: str, *, expected: bool) -> None:
    assert (host in host_formulas(counts, 16)) is expected


def test_elements_keep_pymatgens_names() -> None:
    # 31 atoms of oxygen and one of neon
    assert "O2" in host_formulas({OXYGEN: 31, 10: 1}, 16)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({SODIUM: 4, CHLORINE: 4}, {SODIUM: 4, CHLORINE: 4}, 0),
        ({SODIUM: 3, CHLORINE: 4}, {SODIUM: 4, CHLORINE: 4}, 1),  # a vacancy
        ({SODIUM: 3, CHLORINE: 5}, {SODIUM: 4, CHLORINE: 4}, 1),  # an antisite
        ({SODIUM: 3, CHLORINE: 3, OXYGEN: 1}, {SODIUM: 4, CHLORINE: 4}, 2),  # a vacancy and a dopant
    ],
)
def test_edits_are_counted_by_the_larger_side(one: dict[int, int], other: dict[int, int], expected: int) -> None:
    assert fewest_edits(one, other) == fewest_edits(other, one) == expected


@pytest.mark.parametrize(
    ("counts", "host", "expected"),
    [
        ({SODIUM: 7, CHLORINE: 8}, {SODIUM: 1, CHLORINE: 1}, {8: 1}),
        ({SODIUM: 1, CHLORINE: 1}, {SODIUM: 1, CHLORINE: 1}, {}),
        # two edits of 32 sites leave the numbers as they are, or take two atoms away; in 16 sites there may be one
        ({SODIUM: 16, CHLORINE: 16}, {SODIUM: 1, CHLORINE: 1}, {16: 0, 17: 2}),
        ({SODIUM: 8, CHLORINE: 8}, {SODIUM: 1, CHLORINE: 1}, {}),
        # an element of the host that is gone was substituted
        ({SODIUM: 16, OXYGEN: 1}, {SODIUM: 16, CHLORINE: 1}, {}),
        ({COPPER: 31, OXYGEN: 1}, {COPPER: 1}, {31: 1, 32: 1, 33: 2}),
    ],
)
def test_multiples_of_a_host(counts: dict[int, int], host: dict[int, int], expected: dict[int, int]) -> None:
    assert host_multiples(counts, host, 16) == expected


def test_the_numbers_tried_are_bounded() -> None:
    large = dict.fromkeys(range(20, 30), 40)
    with pytest.raises(UnmeasurableError, match="could be the host of 400 sites"):
        host_formulas(large, 16)
