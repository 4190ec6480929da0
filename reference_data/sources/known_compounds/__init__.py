"""Compounds known to crystallise in common structure types, at the cells CHGNet relaxes them to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from metrics.energy_convention import OWN
from metrics.measure.composition import reduced_formula_of
from reference_data.errors import ReferenceSetError
from reference_data.sources.base import Source, SourceRefusal, SourceRow, file_sha256
from reference_data.sources.known_compounds.prototype import load_prototypes
from reference_data.sources.known_compounds.store import CHGNET, FOLDER, RELAXED_FILE, read_relaxed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from metrics.crystal import Crystal

REMEDY = "run python -m reference_data.sources.known_compounds"


class KnownCompounds(Source):
    """Compounds by structure type, from the TOML files of this folder; the format is that of ``prototype.py``.

    Which compound has which structure, and the symmetry and typical coordinates of each type, are facts of the
    crystallographic literature. The cells are CHGNet's: relaxed from cells of estimated size. A compound that did not
    relax, or to something else, is refused.
    Ids are ``known-<prototype>-<reduced formula>``.
    """

    kind: Literal["known_compounds"]

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:  # noqa: ARG002 - shipped with this code
        """Every compound, in the order of the files."""
        relaxed = read_relaxed()
        for identifier, start in estimated_crystals():
            found = relaxed.get(identifier)
            if found is None or found.start_sha256 != start.sha256:
                yield SourceRefusal(identifier, self.name, "not_relaxed", f"not relaxed yet; {REMEDY}")
            elif found.reason is not None or found.crystal is None:
                yield SourceRefusal(identifier, self.name, found.reason or "not_relaxed", found.detail or found.status)
            else:
                energy = found.energy_per_atom(CHGNET)
                yield SourceRow(
                    identifier, self.name, found.crystal, energy_per_atom=energy, energy_convention=f"{OWN}{CHGNET}"
                )

    def inputs(self, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - shipped with this code
        """Prototypes and relaxed cells by their sha256."""
        if not RELAXED_FILE.is_file():
            raise ReferenceSetError(
                what=f"{RELAXED_FILE.name} is missing", expected="the relaxed cells of known compounds", remedy=REMEDY
            )
        return {path.name: file_sha256(path) for path in (*sorted(FOLDER.glob("*.toml")), RELAXED_FILE)}


def estimated_crystals() -> Iterator[tuple[str, Crystal]]:
    """Id and crystal, with a cell of estimated size, of every compound.

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
            yield f"known-{name}-{reduced_formula_of(crystal)}", crystal
