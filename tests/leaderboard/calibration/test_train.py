"""Which hulls labels cover: laws of the fewest entries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.calibration.fit import Labelled
from leaderboard.calibration.record import MIN_LABELLED
from leaderboard.calibration.train import fewest_hull_entries

FORMULAS = {1: "Fe", 2: "NaCl", 3: "NaFeO2", 4: "KNaFeO4"}
"""By number of elements."""
Drawn = list[tuple[int, int]]
drawn = st.lists(st.tuples(st.sampled_from(sorted(FORMULAS)), st.integers(1, 30)), min_size=1, max_size=15)
"""Numbers of elements, and entries of the chemical system."""


def covered(structures: Drawn) -> dict[int, int]:
    """By number of elements, the fewest entries that these labelled structures cover."""
    sizes, n_entries = zip(*structures, strict=True)
    zero = np.zeros(len(sizes))
    methods = ["a"] * len(sizes)
    return fewest_hull_entries(Labelled(zero, zero, [FORMULAS[size] for size in sizes], methods, np.array(n_entries)))


@given(drawn)
def test_three_labelled_structures_are_as_sparse_and_no_fewer_entries_would_do(structures: Drawn) -> None:
    fewest = covered(structures)
    for n_elements in FORMULAS:
        n_entries = [count for size, count in structures if size >= n_elements]
        assert (n_elements in fewest) == (len(n_entries) >= MIN_LABELLED)
        if n_elements in fewest:
            assert sum(count <= fewest[n_elements] for count in n_entries) >= MIN_LABELLED
            assert sum(count < fewest[n_elements] for count in n_entries) < MIN_LABELLED
    assert list(fewest.values()) == sorted(fewest.values())


@given(drawn, drawn)
def test_more_labels_never_cover_less(structures: Drawn, more: Drawn) -> None:
    after = covered(structures + more)
    assert all(after[n_elements] <= count for n_elements, count in covered(structures).items())
