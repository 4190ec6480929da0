"""Download what a recipe names, check it, and write the submission with its card."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from leaderboard.errors import CommandError
from leaderboard.published.archive import cifs_of, pack
from reference_data.download import alone, download
from reference_data.errors import ReferenceSetError
from submissions.card import card_toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leaderboard.published.recipe import Recipe


class Fetched(NamedTuple):
    """What is there now.

    Attributes:
        submission: the file to score.
        card: of it.
        sha256: of the submission.
        download_sha256: of the file that was downloaded.
        is_verified: whether the recipe pins one of both, and it is that.

    """

    submission: Path
    card: Path
    sha256: str
    download_sha256: str
    is_verified: bool


def fetch(recipe: Recipe, out: Path, report: Callable[[str], None]) -> Fetched:
    """Write the submission and the card of a recipe into a folder; what is downloaded already is not downloaded again.

    Raises:
        CommandError: the file cannot be downloaded, or is not the one that the recipe means.

    """
    out.mkdir(parents=True, exist_ok=True)
    try:
        with alone(out / f".{recipe.name}.lock", out / recipe.name):
            return _fetch(recipe, out, report)
    except ReferenceSetError as error:
        raise CommandError(str(error)) from error


def _fetch(recipe: Recipe, out: Path, report: Callable[[str], None]) -> Fetched:
    original = out / f"{recipe.name}.original"
    if not original.is_file():
        _download(recipe, original, report)
    download_sha256 = _sha256(original)
    if recipe.sha256 not in {None, download_sha256}:
        original.unlink()
        msg = (
            f"{recipe.address} gives sha256 {download_sha256}, expected {recipe.sha256}; fetch again, and if it stays "
            "so, the file was replaced: nothing was written, tell the maintainers of this board"
        )
        raise CommandError(msg)
    suffix = ".zip" if recipe.folder else "".join(PurePosixPath(urlsplit(recipe.address).path).suffixes[-2:])
    part, submission = out / f".{recipe.name}.part", out / f"{recipe.name}{suffix}"
    if recipe.folder is None:
        shutil.copyfile(original, part)
    else:
        cifs = cifs_of(original, recipe.folder, recipe.first)
        if recipe.n_structures not in {None, len(cifs)}:
            msg = (
                f"{original} has {len(cifs):,} CIFs in {recipe.folder}, expected {recipe.n_structures:,}: nothing was "
                "written, tell the maintainers of this board"
            )
            raise CommandError(msg)
        pack(cifs, part)
    sha256 = _sha256(part)
    if recipe.pinned_submission not in {None, sha256}:
        part.unlink()
        msg = (
            f"the CIFs in {recipe.folder} of {recipe.address} give a submission with sha256 {sha256}, expected "
            f"{recipe.pinned_submission}; they were changed: nothing was written, tell the maintainers of this board"
        )
        raise CommandError(msg)
    part.replace(submission)
    card = out / f"{recipe.name}.toml"
    card.write_text(card_toml(recipe.submission_card()), encoding="utf-8")
    is_verified = bool(recipe.sha256 or recipe.pinned_submission)
    return Fetched(submission, card, sha256, download_sha256, is_verified)


def _download(recipe: Recipe, original: Path, report: Callable[[str], None]) -> None:
    from httpx2 import HTTPError  # noqa: PLC0415 - comes with huggingface_hub

    part = original.with_suffix(".part")
    begun = part.stat().st_size if part.is_file() else 0
    report(f"{recipe.name}: {recipe.address}" + (f", resuming at {begun:,} bytes" if begun else ""))
    try:
        download(recipe.address, part, recipe.most_bytes, lambda _n_bytes: None)
    except (HTTPError, OSError, ValueError) as error:
        if isinstance(error, OSError) and not isinstance(error, HTTPError) and error.errno is not None:
            raise
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        msg = (
            f"{recipe.address} cannot be downloaded ({first}); check the connection and fetch again: what came is "
            f"kept. Where the address is gone, look at {recipe.page}"
        )
        raise CommandError(msg) from error
    part.replace(original)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
