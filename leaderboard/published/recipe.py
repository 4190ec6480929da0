"""A recipe: where outputs of a model are published, under which licence, how they were selected, and what is pinned."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from leaderboard.errors import UsageError
from submissions.card import Card, Count, Day, Line, Url  # noqa: TC001 - pydantic reads the types of fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.store.run import Run

FOLDER = Path(__file__).parent / "recipes"
NOT_STATED = "not stated"

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(pattern="^[a-z0-9]+(_[a-z0-9]+)*$", max_length=80)]
Folder = Annotated[str, StringConstraints(pattern=r"^[\w.-]+(/[\w.-]+)*$", max_length=300)]


class Recipe(BaseModel):
    """How to get a submission of outputs that are public.

    Attributes:
        name: of the recipe and its file.
        card: of the participant, without what the recipe says better: filters and licence.
        address: of the file that holds the outputs.
        page: where the source describes the outputs.
        licence: of the outputs, as the source states it.
        licence_page: where it states it.
        published_by: who published them, as it stands in a sentence.
        selection: how the structures were selected before they were published, as the source says it.
        most_bytes: a longer file is refused.
        sha256: of the file; None where nobody who could be asked states it.
        folder: in the archive, the folder whose CIFs are the structures; its parents may stand before it. None takes
            the file as it is.
        first: only so many of them, in the natural order of their names; None takes all.
        n_structures: how many the submission has, where that is known.
        submission_sha256: of the submission that this code writes from the folder's CIFs; it depends on their names
            and bytes alone, so it tells that they are the right ones whatever archive they came in.
        read_on: day on which address, licence and selection were read at the source.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    card: Card
    address: Url
    page: Url
    licence: Line
    licence_page: Url
    published_by: Line
    selection: Line = NOT_STATED
    most_bytes: Annotated[int, Field(ge=1, le=4 * 2**30)]
    sha256: Sha256 | None = None
    folder: Folder | None = None
    first: Count | None = None
    n_structures: Count | None = None
    submission_sha256: Sha256 | None = None
    read_on: Day

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Self:
        if self.card.filters or self.card.licence:
            message = "filters and licence stand in the recipe (selection, licence), not in its card"
            raise ValueError(message)
        if self.folder is None and (self.first or self.submission_sha256):
            message = "first and submission_sha256 are of what is cut out of an archive: they need a folder"
            raise ValueError(message)
        return self

    @property
    def pinned_submission(self) -> str | None:
        """The sha256 that the submission must have; None where it is not known."""
        return self.submission_sha256 if self.folder else self.sha256

    @property
    def selected(self) -> str:
        """How the structures of the submission were selected, by the source and by this recipe."""
        here = "" if self.first is None else f"; here the first {self.first:,} by name"
        return f"{self.selection if self.selection != NOT_STATED else 'selection not stated'}{here}"

    @property
    def mark(self) -> str:
        """One line for the row of such a run."""
        return f"Outputs published by {self.published_by}: {self.selected}"

    def submission_card(self) -> Card:
        """The card that goes with the submission."""
        return self.card.model_copy(update={"filters": self.selected, "licence": f"{self.licence} (outputs)"})


def recipes(folder: Path = FOLDER) -> dict[str, Recipe]:
    """All of them by name.

    Raises:
        ValueError: one does not have the form of a recipe, or is not named as its file.

    """
    read = {}
    for path in sorted(folder.glob("*.toml")):
        recipe = Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        if recipe.name != path.stem:
            message = f"{path.name} holds the recipe {recipe.name}, expected the name of the file"
            raise ValueError(message)
        read[recipe.name] = recipe
    return read


def find(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        UsageError: there is none.

    """
    known = recipes()
    if name not in known:
        msg = f"no recipe {name!r}; there are: {', '.join(known)}"
        raise UsageError(msg)
    return known[name]


def published_of(run: Run) -> Recipe | None:
    """The recipe that a run's submission comes from, known by its bytes; None for any other submission."""
    return _by_submission().get(run.record.submission_sha256)


@cache
def _by_submission() -> Mapping[str, Recipe]:
    return {recipe.pinned_submission: recipe for recipe in recipes().values() if recipe.pinned_submission}
