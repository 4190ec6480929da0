"""The manifest of a built set: what is in it, where it comes from, what made it, and the hash of every file."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from reference_data.crystals import CRYSTALS_FILE
from reference_data.errors import ReferenceSetError, validation_text
from reference_data.index import INDEX_FILES

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_FILE = "manifest.toml"
STATISTICS_FILE = "statistics.json"
REFUSALS_FILE = "refusals.jsonl"
SET_FILES = (CRYSTALS_FILE, *INDEX_FILES, STATISTICS_FILE, REFUSALS_FILE)

FORMAT_VERSION = 2  # raise when an older program could misread the files
BUILDER_VERSION = 1  # raise when the same sources would give other crystals

Count = Annotated[int, Field(ge=0)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(_Closed):
    """Size and sha256 of one file of the set."""

    n_bytes: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class SourceRecord(_Closed):
    """What a source was, and what became of its rows.

    Attributes:
        name: short name kept with every crystal.
        kind: kind of the source.
        title: what it is.
        licence: its terms.
        citation: how to cite it.
        doi: digital object identifiers of the works to cite.
        url: where it is published.
        publishes_bawl: True where its BAWL fingerprints are taken as published, False where they are computed.
        inputs: what was read: file name to sha256, package name to version.
        n_read: rows of the source.
        n_merged_within: rows that are the same crystal as another row of this source, the first one not counted.
        n_shared: crystals that another source also has.
        bawls_checked: rows of a sample whose published BAWL was computed again; None where it publishes none.
        bawls_agreed: those of them where both are the same.
        refused: rows that gave no crystal, by reason.

    """

    name: str
    kind: str
    title: str
    licence: str
    citation: str
    doi: tuple[str, ...]
    url: str
    publishes_bawl: bool
    n_read: Count
    n_merged_within: Count
    n_shared: Count
    bawls_checked: Count | None = None
    bawls_agreed: Count | None = None
    inputs: dict[str, str]
    refused: dict[str, Count]


class Manifest(_Closed):
    """The content of ``manifest.toml``.

    Attributes:
        format_version: layout of the files.
        builder_version: rules by which the crystals were made from the sources.
        name: short name of the set.
        title: one line for a person.
        licence: SPDX expression of the set as a whole.
        indicative: True where no ranking may rest on the set.
        not_for: what the set is not good for.
        n_read: rows of all sources.
        n_refused: rows that gave no crystal.
        n_merged: rows that are the same crystal as another row.
        n_crystals: crystals in the set: read less refused less merged.
        fingerprints: version of each fingerprint in the table, and of the prototype.
        measures: version of each measurement that filled the table.
        verdict: settings of the comparison that merged the rows.
        sources: where the crystals come from.
        files: size and hash of every other file of the set.

    """

    format_version: int
    builder_version: int
    name: str
    title: str
    licence: str
    indicative: bool
    not_for: str
    n_read: Count
    n_refused: Count
    n_merged: Count
    n_crystals: Annotated[int, Field(ge=1)]
    fingerprints: dict[str, int]
    measures: dict[str, int]
    verdict: dict[str, bool | int | float | str]
    sources: tuple[SourceRecord, ...]
    files: dict[str, FileRecord]

    @field_validator("files")
    @classmethod
    def _every_file(cls, files: dict[str, FileRecord]) -> dict[str, FileRecord]:
        if set(files) != set(SET_FILES):
            msg = f"files must be {', '.join(SET_FILES)}"
            raise ValueError(msg)
        return files


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write it in one step: a folder with a manifest is a finished set."""
    partial = folder / f"{MANIFEST_FILE}.part"
    partial.write_text(tomlkit.dumps(manifest.model_dump(mode="json", exclude_none=True)), encoding="utf-8")
    partial.replace(folder / MANIFEST_FILE)


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a built set.

    Raises:
        ReferenceSetError: the folder holds no manifest, a broken one, or one of another format version.

    """
    path = folder / MANIFEST_FILE
    rebuild = "build the set again with `python -m reference_data build`"
    if not path.is_file():
        raise ReferenceSetError(
            what=f"{folder} holds no {MANIFEST_FILE}", expected="a built reference set", remedy=rebuild
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        found = content.get("format_version")
        if found != FORMAT_VERSION:
            raise ReferenceSetError(
                what=f"{path} has format version {found}", expected=f"version {FORMAT_VERSION}", remedy=rebuild
            )
        return Manifest.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReferenceSetError(what=f"{path} is not TOML ({error})", expected="a manifest", remedy=rebuild) from error
    except ValidationError as error:
        raise ReferenceSetError(
            what=f"{path}: {validation_text(error)}", expected="a complete manifest", remedy=rebuild
        ) from error
