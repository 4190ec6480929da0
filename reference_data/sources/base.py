"""What every source of reference crystals has in common: typed rows out, a licence and a citation beside them."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from metrics.energy_convention import check_convention
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from metrics.crystal import Crystal

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Convention = Annotated[str, AfterValidator(check_convention)]
Doi = Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$")]


@dataclass(frozen=True)
class SourceRow:
    """One crystal as its source gives it.

    Attributes:
        id: the source's own identifier.
        source: name of the source inside the set.
        crystal: the structure as given.
        bawl: the BAWL fingerprint the source publishes; None where it publishes none and it is to be computed.
        energy_per_atom: total energy, eV/atom; None where the source gives none.
        formation_energy_per_atom: from the elements in the source's own reference states, eV/atom; None likewise.
        energy_convention: level of theory and corrections of both energies, such as ``pbe_mp2020``; None without one.

    """

    id: str
    source: str
    crystal: Crystal
    bawl: str | None = None
    energy_per_atom: float | None = None
    formation_energy_per_atom: float | None = None
    energy_convention: str | None = None


@dataclass(frozen=True)
class SourceRefusal:
    """One row that gives no crystal.

    Attributes:
        id: the source's own identifier.
        source: name of the source inside the set.
        reason: short word to count by.
        detail: the value and the bound it breaks.

    """

    id: str
    source: str
    reason: str
    detail: str


class Described(BaseModel):
    """Data that is not ours: what it is, under which terms.

    Attributes:
        name: short name kept with everything of the set that comes from here.
        title: what it is, for a person.
        licence: SPDX expression, or the terms in words.
        citation: how to cite it.
        doi: digital object identifiers of the works to cite.
        url: where it is published.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    title: Text
    licence: Text
    citation: Text
    doi: tuple[Doi, ...] = Field(min_length=1)
    url: Text


class Source(Described):
    """Where crystals come from; each kind adds its own settings."""

    @property
    def provenances(self) -> tuple[Described, ...]:
        """The source names that its rows can have: its own, unless it joins several databases."""
        return (self,)

    @property
    def energy_conventions(self) -> tuple[str, ...]:
        """Conventions of the total energies that its rows may have."""
        return ()

    @abstractmethod
    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:
        """Every row of the source, in its own order; ``folder`` is what a relative path in the settings starts from.

        Raises:
            ReferenceSetError: the source itself cannot be read.

        """

    @property
    def publishes_bawl(self) -> bool:
        """Whether the source gives BAWL fingerprints of its own."""
        return False

    @abstractmethod
    def inputs(self, folder: Path) -> Mapping[str, str]:
        """What was read, by name: the sha256 of a file, or the version of the package whose data it is."""


class FileSource(Source):
    """A source in local files.

    Attributes:
        path: the file, or a pattern such as ``alexandria_*.json.bz2``, whose files are read in the order of their
            names; a relative one starts from the folder of the set's definition.
        energy_convention: of the energies in the files. Without one none is taken: an energy whose level of theory and
            corrections nobody states can be compared with nothing.

    """

    path: Path
    energy_convention: Convention | None = None

    @property
    def energy_conventions(self) -> tuple[str, ...]:
        """The one that is stated, if any."""
        return (self.energy_convention,) if self.energy_convention else ()

    def files(self, folder: Path) -> list[Path]:
        """The files that are there, see :func:`files_of`."""
        return files_of(self.path, folder, self.name)

    def inputs(self, folder: Path) -> Mapping[str, str]:
        """Each file by its sha256."""
        return {path.name: file_sha256(path) for path in self.files(folder)}


def files_of(path: Path, folder: Path, source: str) -> list[Path]:
    """The file of this path, or all files of this pattern, by name.

    Args:
        path: a relative one starts from the folder.
        folder: of the set's definition.
        source: whose files they are.

    Raises:
        ReferenceSetError: there is none.

    """
    exact = folder / path
    # an existing file is meant as it is, whatever characters its name has
    names = [str(exact)] if exact.exists() else sorted(glob(str(exact)))  # noqa: PTH207 - Path.glob takes no absolute one
    files = [file for file in map(Path, names) if file.is_file()]
    if not files:
        raise ReferenceSetError(
            what=f"{exact} is no file",
            expected="a file, or a pattern that some files have",
            remedy=f"correct path of source {source}",
        )
    return files


def file_sha256(path: Path) -> str:
    """Sha256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
