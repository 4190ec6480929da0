"""Where a built set can be downloaded: a dataset on the Hub, as the set's TOML names it or somebody who fetches it."""

from __future__ import annotations

import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from reference_data.errors import ReferenceSetError, validation_text

if TYPE_CHECKING:
    from pathlib import Path


def _inside(folder: str) -> str:
    """The path of a folder, refused where it leads out of the repository."""
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts or "\\" in folder:
        msg = "a folder inside the repository is needed, without '..'"
        raise ValueError(msg)
    return str(path) if path.parts else ""


class Published(BaseModel):
    """A built set on the Hub.

    Attributes:
        repository: id of the dataset, ``owner/name``.
        revision: its branch, tag or commit.
        folder: of the set's files in the repository; empty where they lie at its top.
        manifest_sha256: what the manifest must hash to; it holds the hashes of all other files, so with it nobody who
            can write to the repository can change the set. None takes whatever manifest is there.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$", max_length=128)]
    revision: Annotated[str, StringConstraints(pattern=r"^[\w./-]+$", max_length=128)] = "main"
    folder: Annotated[str, AfterValidator(_inside)] = ""
    manifest_sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None

    def path_of(self, name: str) -> str:
        """Path of one file of the set in the repository."""
        return f"{self.folder}/{name}" if self.folder else name


def published_by(definition: Path, stated: dict[str, str | None]) -> Published:
    """Where the set of a definition is published, and what somebody states otherwise.

    Args:
        definition: the set's TOML, which may have a table ``[published]``; it need not exist.
        stated: fields of `Published`; None leaves them to the definition.

    Raises:
        ReferenceSetError: neither names a repository, or a field has no such form.

    """
    table = tomllib.loads(definition.read_text(encoding="utf-8")).get("published", {}) if definition.is_file() else {}
    given = {name: value for name, value in stated.items() if value is not None}
    if "repository" in given:  # what is pinned there is pinned of that repository alone
        table = {}
    fields = {**table, **given}
    if "repository" not in fields:
        raise ReferenceSetError(
            what=f"{definition.name} does not say where the set is published",
            expected="a table [published] with a repository on the Hub",
            remedy="name one with --repository OWNER/NAME, or build the set",
        )
    try:
        return Published.model_validate(fields)
    except ValidationError as error:
        raise ReferenceSetError(
            what=f"where the set is published: {validation_text(error)}",
            expected=f"the fields {', '.join(Published.model_fields)}",
            remedy="correct them",
        ) from error
