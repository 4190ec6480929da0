"""The manifest of a built set: what is in it, where it comes from, what made it, and the hash of every file."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Self

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reference_data.errors import ReferenceSetError, validation_text
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.files.hulls import HULL_FILES
from reference_data.files.index import INDEX_FILES

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_FILE = "manifest.toml"
STATISTICS_FILE = "statistics.json"
REFUSALS_FILE = "refusals.jsonl"
SET_FILES = (CRYSTALS_FILE, *INDEX_FILES, STATISTICS_FILE, REFUSALS_FILE)

FORMAT_VERSION = 5  # raise when an older program could misread the files
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
        energies_converted: rows whose energy was converted to the energy convention of the set; None where none is.
        energies_left_out: rows whose energy could not be, by reason: the crystal is there, the hull has nothing of it.
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
    energies_converted: Count | None = None
    energies_left_out: dict[str, Count] | None = None
    inputs: dict[str, str]
    refused: dict[str, Count]


class HullSourceRecord(_Closed):
    """A table of energies that gave entries of a hull; the attributes of a :class:`SourceRecord` mean the same here.

    Attributes:
        n_entries: entries it gave.

    """

    name: str
    kind: str
    title: str
    licence: str
    citation: str
    doi: tuple[str, ...]
    url: str
    inputs: dict[str, str]
    n_entries: Count


class SettingsRecord(_Closed):
    """How something was measured, or rows were merged.

    Attributes:
        version: of the code that did it.
        settings_hash: of the settings, as :func:`metrics.measure.settings_hash` gives it.
        settings: by name; all of them.

    """

    version: int
    settings_hash: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
    settings: dict[str, bool | int | float | str]


class ExperimentRecord(_Closed):
    """Formation energies of a hull beside measured ones (:mod:`reference_data.build.hull.experiment`).

    Attributes:
        n_measured: formulas with a measured formation energy.
        n_compared: those that have an entry.
        mean_absolute_difference: of the lowest entry from the measurement, eV/atom; None where nothing is compared.
        median_difference: of the entry less the measurement, eV/atom; None likewise.

    """

    n_measured: Count
    n_compared: Count
    mean_absolute_difference: float | None = None
    median_difference: float | None = None


class ElementsRecord(_Closed):
    """Elements by a potential beside those of a hull that was not made by it.

    Attributes:
        potential: id.
        checkpoint_sha256: of its parameters.
        note: what is compared with what, for a person.
        n_elements: elements that both have.
        mean_difference: of the elements, potential less hull, eV/atom.
        mean_absolute_difference: likewise, without signs.
        largest: the element with the largest difference.
        by_element: difference of each element, eV/atom.

    """

    potential: str
    checkpoint_sha256: str
    note: str
    n_elements: Count
    mean_difference: float
    mean_absolute_difference: float
    largest: str
    by_element: dict[str, float]


class HullRecord(_Closed):
    """The hull of one energy convention.

    Attributes:
        convention: of its energies.
        n_entries: entries, vertices or not.
        n_vertices: entries that are on the hull.
        n_elemental_references: elements whose total energy is known, from which formation energies are counted.
        n_of_crystals: entries that are crystals of the set; all others come from the sources of the hull.
        sources: tables of energies.
        experiment: how far its formation energies are from measured ones.
        elements: on a hull of DFT energies, how far the elements by each potential are from its own; None where no
            potential is compared with it.

    """

    convention: str
    n_entries: Count
    n_vertices: Count
    n_elemental_references: Count
    n_of_crystals: Count
    sources: tuple[HullSourceRecord, ...]
    experiment: ExperimentRecord
    elements: tuple[ElementsRecord, ...] | None = None


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
        fingerprints: version of each fingerprint in the table, of the prototype and of the family.
        measures: version and settings of each measurement that filled the table, by its name.
        matching: version and settings of the structure matching that merged the rows.
        sources: where the crystals come from.
        hulls: convex hulls of the set, the best founded convention first; none where it has no energies.
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
    measures: dict[str, SettingsRecord]
    matching: SettingsRecord
    sources: tuple[SourceRecord, ...]
    hulls: tuple[HullRecord, ...] = ()
    files: dict[str, FileRecord]

    @model_validator(mode="after")
    def _every_file(self) -> Self:
        expected = set_files(with_hulls=bool(self.hulls))
        if set(self.files) != set(expected):
            msg = f"files must be {', '.join(expected)}"
            raise ValueError(msg)
        return self


def set_files(*, with_hulls: bool) -> tuple[str, ...]:
    """Files of a set besides its manifest."""
    return (*SET_FILES, *HULL_FILES) if with_hulls else SET_FILES


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
        version = content.get("format_version")
        if version != FORMAT_VERSION:
            raise ReferenceSetError(
                what=f"{path} has format version {version}", expected=f"version {FORMAT_VERSION}", remedy=rebuild
            )
        return Manifest.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReferenceSetError(what=f"{path} is not TOML ({error})", expected="a manifest", remedy=rebuild) from error
    except ValidationError as error:
        raise ReferenceSetError(
            what=f"{path}: {validation_text(error)}", expected="a complete manifest", remedy=rebuild
        ) from error
