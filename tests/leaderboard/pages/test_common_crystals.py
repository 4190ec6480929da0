"""Crystals that several runs hold: counts obey their laws, and equality is by match, content or fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages.compare.common_crystals import MOST_OF_A_NAME, SAME_BELOW, Crystals, common, grouped
from leaderboard.pages.compare.crystals import crystals_html
from metrics.crystal import Crystal
from metrics.table import frame
from tests.made_runs import COLUMNS, Made, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOSTILE = "<img src=x onerror=alert(1)>"

READ = pa.schema([COLUMNS.field(name) for name in ("id", "sha256", "in_reference", "matched_id")])

# of a run: for each crystal the reference crystal that it matches, or the keys that it has, and where its curve lies
MADE = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from("ABC")),
        st.lists(st.sampled_from("xyz"), max_size=2),
        st.sampled_from([0.0, SAME_BELOW / 2, 1.0]),
    ),
    max_size=8,
)


def crystals(made: Sequence[tuple[str | None, list[str], float]], run: int) -> Crystals:
    rows = frame(
        [
            {"id": f"r{number}", "sha256": f"{run} {number}", "in_reference": known is not None, "matched_id": known}
            for number, (known, _, _) in enumerate(made)
        ],
        READ,
    )
    curves = np.array([[height, height] for *_, height in made], dtype=np.float64).reshape(len(made), 2)
    return Crystals(
        rows, [known for known, *_ in made], [() if known else tuple(keys) for known, keys, _ in made], curves
    )


@given(st.lists(MADE, min_size=2, max_size=4))
def test_counts_are_symmetric_and_no_more_than_each_run_holds(made: list[Any]) -> None:
    met = grouped([crystals(of_run, run) for run, of_run in enumerate(made)])
    shared = met.shared
    assert (shared == shared.T).all()
    assert (shared <= np.diag(shared)[:, None]).all()
    assert (np.diag(shared) <= [len(of_run) for of_run in made]).all()
    assert met.holds.any(axis=0).all()  # no crystal is of no run
    # each row that stands for a crystal exists, and stands for one crystal
    for place, of_run in enumerate(made):
        rows = met.of_run[place][met.of_run[place] >= 0].tolist()
        assert len(set(rows)) == len(rows)
        assert all(row < len(of_run) for row in rows)


@given(st.lists(MADE, min_size=2, max_size=3))
def test_the_order_of_runs_and_of_crystals_moves_no_count(made: list[Any]) -> None:
    met = grouped([crystals(of_run, run) for run, of_run in enumerate(made)])
    turned = grouped([crystals(of_run[::-1], run) for run, of_run in enumerate(made[::-1])])
    assert (turned.shared[::-1, ::-1] == met.shared).all()


@given(MADE)
def test_a_run_beside_itself_shares_everything_that_has_a_name(made: list[Any]) -> None:
    of_run = crystals(made, 0)  # the same contents twice
    shared = grouped([of_run, of_run]).shared
    assert shared[0, 1] == shared[0, 0]


def test_what_is_known_is_the_same_by_its_match_and_never_what_is_novel() -> None:
    one, other = (
        crystals([("A", ["x"], 0.0), (None, ["y"], 0.0)], 0),
        crystals([("A", ["z"], 9.0), ("B", ["y"], 0.0)], 1),
    )
    met = grouped([one, other])
    assert met.shared.tolist() == [[2, 1], [1, 2]]
    assert not met.is_novel[met.holds.all(axis=0)].any()


def test_a_key_in_common_is_not_enough() -> None:
    far = crystals([(None, ["x"], SAME_BELOW * 1.01)], 1)
    near = crystals([(None, ["x", "y"], SAME_BELOW * 0.99)], 1)
    one = crystals([(None, ["x"], 0.0)], 0)
    assert grouped([one, far]).shared[0, 1] == 0
    assert grouped([one, near]).shared[0, 1] == 1
    assert grouped([one, near]).is_novel.tolist() == [True]


def test_a_key_of_very_many_crystals_says_nothing() -> None:
    many = [(None, ["x"], 0.0)] * (MOST_OF_A_NAME + 1)
    assert grouped([crystals(many, 0), crystals(many[:1], 1)]).shared[0, 1] == 0
    assert grouped([crystals(many[1:], 0), crystals(many[:1], 1)]).shared[0, 1] == 1


def test_runs_are_read_and_each_crystal_leads_to_its_structures(tmp_path: Path) -> None:
    def cell(length: float) -> Crystal:
        return Crystal.from_arrays(length * np.eye(3), np.zeros((1, 3)), [55])

    facts = {"amd": [1.0, 2.0], "volume_per_atom": 8.0}
    first = publish(
        tmp_path,
        Made(
            HOSTILE,
            [
                good("novel", canonical_bawl_keys=["x"], **facts),
                good("copy", canonical_bawl_keys=["x"], unique=False, duplicate_of="novel", **facts),
                good("known", in_reference=True, matched_id="mp-1"),
                good("alone", canonical_bawl_keys=["y"], **facts),
            ],
            crystals={"novel": cell(4.0), "copy": cell(4.01), "known": cell(5.0), "alone": cell(6.0)},
            energies=[energy(cell(length), height) for length, height in ((4.0, 0.2), (4.01, -0.1), (5.0, 0.0))],
        ),
    )
    second = publish(
        tmp_path,
        Made(
            "b",
            [
                good("found", canonical_bawl_keys=["x"], amd=[1.05, 2.05], volume_per_atom=8.0),
                good("matched", in_reference=True, matched_id="mp-1"),
                good("far", canonical_bawl_keys=["y"], amd=[2.0, 3.0], volume_per_atom=8.0),
            ],
            crystals={"found": cell(4.2), "matched": cell(5.1), "far": cell(6.1)},
        ),
    )
    _, met = common([first, second])
    assert met.shared.tolist() == [[3, 2], [2, 3]]
    both = met.holds.all(axis=0)
    assert sorted(zip(met.is_novel[both].tolist(), met.e_above_hull[both].tolist(), strict=True)) == [
        (False, 0.0),
        (True, -0.1),
    ]
    html = crystals_html([first, second], [HOSTILE, "b"])
    assert "<img" not in html
    assert "2 crystals are in more than one of the runs; 1 of them novel, 1 novel and stable." in html
    # the copy that is lowest in energy stands for both
    assert f'href="?model={first.id}&amp;structure=copy"' in html
    assert f'href="?model={second.id}&amp;structure=found"' in html
    assert html.index("structure=copy") < html.index("structure=known")  # novel ones first
    assert "mp-1" in html


def test_sets_that_differ_are_said_and_known_crystals_are_compared_as_others(tmp_path: Path) -> None:
    one, other = (
        publish(
            tmp_path,
            Made(
                model,
                [good("a", in_reference=True, matched_id="mp-1", canonical_bawl_keys=[model])],
                record={"reference": model, "reference_hash": str(place) * 64},
                crystals={"a": Crystal.from_arrays((4 + place) * np.eye(3), np.zeros((1, 3)), [55])},
            ),
        )
        for place, model in enumerate("ab")
    )
    assert common([one, other])[1].shared.tolist() == [[1, 0], [0, 1]]
    html = crystals_html([one, other], ["a", "b"])
    assert "The reference sets differ" in html
    assert "No crystal is in more than one of the runs" in html
