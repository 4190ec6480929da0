"""What people did to submissions, as an append-only log: one JSON file an action, none ever changed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from leaderboard.errors import RecordError
from leaderboard.store.json_files import read_model
from submissions.card import Card  # noqa: TC001 - pydantic reads the types of fields when it makes the class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal[
    "published",
    "card_corrected",
    "withdrawn",
    "superseded",
    "approved",
    "rejected",
    "verified",
    "hidden",
    "shown",
    "deleted",
    "banned",
    "unbanned",
    "frozen",
    "thawed",
]
ABOUT_USERS: frozenset[Kind] = frozenset({"banned", "unbanned"})
ABOUT_THE_BOARD: frozenset[Kind] = frozenset({"frozen", "thawed"})
NEEDS: Mapping[Kind, tuple[str, ...]] = {
    "published": ("card",),
    "card_corrected": ("card",),
    "superseded": ("successor",),
    "rejected": ("reason",),
    "verified": ("run",),
    "hidden": ("reason",),
    "deleted": ("reason",),
    "banned": ("user", "reason"),
    "unbanned": ("user",),
    "frozen": ("reason",),
}
"""What an action of each kind says beside who, when and, unless it is about a user or the board, of which file."""

USER_NAME_CHARACTERS = 96
USER_NAME = rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,{USER_NAME_CHARACTERS - 1}}}$"
UserName = Annotated[str, StringConstraints(pattern=USER_NAME)]
"""A signed-in person, as the Hub names people."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Actor = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
REASON_CHARACTERS = 1_000
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_CHARACTERS)]


class Action(BaseModel):
    """One thing that was done.

    Attributes:
        format_version: of this file.
        time: when, to the microsecond.
        actor: who: a signed-in person, or ``<login> on the command line``.
        kind: what.
        sha256: of the submitted file; a submission is a file of an owner.
        owner: whose submission; None where nobody signs in.
        run: which of its runs, as ``<submission>/<run key>``, where only one is meant.
        card: the model's card from now on.
        licence: under which its owner lets structures and scores be shown.
        successor: sha256 of the file of the same owner that takes its place.
        user: who is banned.
        reason: why, for all to read.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal[1] = 1
    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    actor: Actor
    kind: Kind
    sha256: Sha256 | None = None
    owner: UserName | None = None
    run: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}/[0-9a-f]{12}$")] | None = None
    card: Card | None = None
    licence: Sentence | None = None
    successor: Sha256 | None = None
    user: UserName | None = None
    reason: Sentence | None = None

    @model_validator(mode="after")
    def _says_what_it_must(self) -> Self:
        needs = NEEDS.get(self.kind, ())
        if self.kind not in ABOUT_USERS | ABOUT_THE_BOARD:
            needs = ("sha256", *needs)
        missing = [name for name in needs if getattr(self, name) is None]
        if missing:
            msg = f"an action {self.kind!r} must say: {', '.join(missing)}"
            raise ValueError(msg)
        return self

    @property
    def file_name(self) -> str:
        """Sorts by time; no two actions share one."""
        return f"{self.time.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{uuid4().hex[:8]}.json"


def append(action: Action, folder: Path) -> Path:
    """Write an action so that it is on the disk, whole, when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / action.file_name
    partial = path.with_suffix(".part")
    try:
        with partial.open("x") as file:
            file.write(action.model_dump_json(indent=2, exclude_none=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def read_action(path: Path) -> Action:
    """Read one file of the log.

    Raises:
        RecordError: it is not one.

    """
    if not path.is_file():
        msg = f"{path}: not a file"
        raise RecordError(msg)
    return read_model(Action, path)
