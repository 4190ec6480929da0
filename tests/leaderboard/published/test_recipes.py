"""The recipes that ship, and which runs they know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import ValidationError

from leaderboard.errors import UsageError
from leaderboard.published.recipe import Recipe, find, published_of, recipes

if TYPE_CHECKING:
    from leaderboard.store.run import Run

RECIPES = recipes()
PINNED = [recipe for recipe in RECIPES.values() if recipe.pinned_submission]


def run_of(sha256: str) -> Run:
    """What `published_of` reads of a run."""
    return cast("Run", SimpleNamespace(record=SimpleNamespace(submission_sha256=sha256)))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_recipe_says_what_people_need_to_judge_the_row(recipe: Recipe) -> None:
    assert recipe.address.startswith("https://")
    card = recipe.submission_card()
    assert card.filters == recipe.selected
    assert recipe.licence in (card.licence or "")
    assert card.paper
    assert recipe.mark.startswith(f"Outputs published by {recipe.published_by}: ")
    assert recipe.first is None or f"the first {recipe.first:,} by name" in recipe.mark


def test_a_run_is_known_by_the_bytes_of_its_submission_alone() -> None:
    assert {recipe.name for recipe in PINNED} >= {"matgen_mattergen", "matgen_cdvae"}
    for recipe in PINNED:
        assert published_of(run_of(cast("str", recipe.pinned_submission))) == recipe
    assert published_of(run_of("0" * 64)) is None
    assert len({recipe.pinned_submission for recipe in PINNED}) == len(PINNED)


def test_a_name_that_is_none_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no recipe 'mattergen'; there are: .*matgen_mattergen"):
        find("mattergen")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": None, "submission_sha256": None, "n_structures": None, "first": 5}, "they need a folder"),
        ({"card": {"model": "M", "filters": "none"}}, "stand in the recipe"),
        ({"folder": "../x/"}, "folder"),
        ({"sha256": "abc"}, "sha256"),
        ({"most_bytes": 5 * 2**30}, "most_bytes"),
        ({"mirror": "https://example.org"}, "mirror"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused(change: dict[str, Any], message: str) -> None:
    content = RECIPES["matgen_mattergen"].model_dump(exclude_none=True)
    with pytest.raises(ValidationError, match=message):
        Recipe.model_validate({**content, **change})
