"""Compounds known to crystallise in common structure types, at the cells CHGNet relaxes them to.

May import the sources whose crystals it starts from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from metrics.energy_convention import OWN
from metrics.measure.chemistry.composition import reduced_formula_of
from reference_data.errors import ReferenceSetError
from reference_data.sources.base import Source, SourceRefusal, SourceRow, file_sha256
from reference_data.sources.known_compounds.prototype import load_prototypes, roles_of
from reference_data.sources.known_compounds.store import CHGNET, FOLDER, RELAXED_FILE, read_relaxed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from metrics.crystal import Crystal

REMEDY = "run python -m reference_data.sources.known_compounds"


class KnownCompounds(Source):
    """Compounds by structure type, from the TOML files of this folder; the format is that of ``prototype.py``.

    Which compound has which structure, and the symmetry and typical coordinates of each type, are facts of the
    crystallographic literature. The compound of a type whose cell was measured is given with that cell. All others
    have the cell that CHGNet relaxes an estimated one to; those that do not relax, or to something else, are refused.
    Ids are ``known-<prototype>-<reduced formula>``.
    """

    kind: Literal["known_compounds"]

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:  # noqa: ARG002 - shipped with this code
        """Every compound, in the order of the files."""
        relaxed = read_relaxed()
        for compound in compounds():
            found = relaxed.get(compound.id)
            if compound.is_measured:
                yield SourceRow(compound.id, self.name, compound.crystal)
            elif found is None or found.start_sha256 not in compound.sha256s:
                yield SourceRefusal(compound.id, self.name, "not_relaxed", f"not relaxed yet; {REMEDY}")
            elif found.reason is not None or found.crystal is None:
                detail = found.detail or found.status
                yield SourceRefusal(compound.id, self.name, found.reason or "not_relaxed", detail)
            else:
                energy, convention = found.energy_per_atom(CHGNET), f"{OWN}{CHGNET}"
                yield SourceRow(
                    compound.id, self.name, found.crystal, energy_per_atom=energy, energy_convention=convention
                )

    def inputs(self, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - shipped with this code
        """Prototypes and relaxed cells by their sha256."""
        if not RELAXED_FILE.is_file():
            raise ReferenceSetError(
                what=f"{RELAXED_FILE.name} is missing", expected="the relaxed cells of known compounds", remedy=REMEDY
            )
        return {path.name: file_sha256(path) for path in (*sorted(FOLDER.glob("*.toml")), RELAXED_FILE)}


@dataclass(frozen=True)
class Compound:
    """One compound of a prototype.

    Attributes:
        id: ``known-<prototype>-<reduced formula>``.
        crystal: with a measured or an estimated cell.
        is_measured: which of both.
        sha256s: hashes that the crystal has on one processor or another.

    """

    id: str
    crystal: Crystal
    is_measured: bool
    sha256s: frozenset[str]


def compounds() -> Iterator[Compound]:
    """Every compound of every prototype, in the order of the files.

    Raises:
        ReferenceSetError: a prototype file is wrong.

    """
    try:
        prototypes = load_prototypes(FOLDER)
    except ValueError as error:
        raise ReferenceSetError(
            what=f"a prototype cannot be read: {error}", expected="the format of prototype.py", remedy="correct it"
        ) from error
    for name, prototype in prototypes.items():
        for roles in prototype.decorations():
            crystal = prototype.crystal(roles)
            identifier = f"known-{name}-{reduced_formula_of(crystal)}"
            is_measured = roles == roles_of(prototype.like)
            yield Compound(identifier, crystal, is_measured, prototype.sha256s(roles))
