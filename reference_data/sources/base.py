"""What every source of reference crystals has in common: typed rows out, a licence and a citation beside them."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from metrics.crystal import Crystal

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
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


class Source(BaseModel):
    """Where crystals come from, under which terms; each kind adds its own settings.

    Attributes:
        name: short name kept with every crystal of the set.
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


def file_sha256(path: Path) -> str:
    """Sha256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
