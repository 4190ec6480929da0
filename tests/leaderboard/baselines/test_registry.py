"""Every file of generators and controls is one, says what it shows, and every control what must catch it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaderboard.baselines import baseline as module
from leaderboard.baselines.baseline import FOLDERS, Bound, find, registry
from leaderboard.errors import UsageError
from leaderboard.protocol import load_protocol

PACKAGE = Path(module.__file__ or "").parent
FILES = {
    path.stem: kind
    for kind, folder in FOLDERS.items()
    for path in (PACKAGE / folder).glob("*.py")
    if path.stem != "__init__"
}


def test_each_file_is_one_of_its_kind() -> None:
    assert {name: one.kind for name, one in registry().items()} == FILES
    assert all(name == one.name for name, one in registry().items())
    assert {"baseline", "control"} == set(FILES.values())


@pytest.mark.parametrize("name", FILES)
def test_it_explains_itself_in_two_lines_and_a_control_says_what_catches_it(name: str) -> None:
    one = registry()[name]
    assert len(one.shows.splitlines()) == 2
    assert all(line.endswith(".") or number == 0 for number, line in enumerate(one.shows.splitlines()))
    assert bool(one.caught_by) == (one.kind == "control")
    named = {bound.score for bound in one.caught_by} | {bound.of for bound in one.caught_by if bound.of}
    assert named <= set(load_protocol().scores)  # the board shows them
    assert all((bound.at_most is None) != (bound.at_least is None) for bound in one.caught_by)


def test_an_unknown_name_is_answered_with_all_names() -> None:
    with pytest.raises(UsageError, match=r"no baseline or control 'ion'; there are: ion_exchange, .*vacancies"):
        find("ion")


@pytest.mark.parametrize(
    ("bound", "values", "holds"),
    [
        (Bound("novel", at_most=0.01), {"novel": 0.01}, True),
        (Bound("novel", at_most=0.01), {"novel": 0.02}, False),
        (Bound("a", at_least=0.5, of="b"), {"a": 0.3, "b": 0.6}, True),
        (Bound("a", at_least=0.5, of="b"), {"a": 0.2, "b": 0.6}, False),
        (Bound("a", at_least=0.5, of="b"), {"a": 0.0, "b": 0.0}, False),  # no hit shows nothing
    ],
)
def test_a_bound_is_of_a_score_or_of_a_share_of_another(bound: Bound, values: dict[str, float], holds: bool) -> None:  # noqa: FBT001 - the expected answer
    assert bound.holds(values) == holds


BOUNDS = [bound for one in registry().values() for bound in one.caught_by]


@pytest.mark.parametrize("bound", [*BOUNDS, Bound("a", 0.5, 0.25, "b"), Bound("a", 0.0, of="b")], ids=str)
def test_a_bound_is_read_as_it_is_written(bound: Bound) -> None:
    assert Bound.parse(str(bound)) == bound


@pytest.mark.parametrize("text", ["", "novel below 0.01", "novel at most 0.01 of", "novel 1"])
def test_what_is_no_bound_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="is no bound of a score"):
        Bound.parse(text)
