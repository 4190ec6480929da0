"""Compounds known to crystallise in common structure types, from the files of ``prototypes``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.measure.chemistry.composition import reduced_formula_of
from reference_data.sets.starter.make.prototype import load_prototypes, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.crystal import Crystal

PROTOTYPES_FOLDER = Path(__file__).parent / "prototypes"


@dataclass(frozen=True)
class Start:
    """A crystal to relax.

    Attributes:
        id: of the row that it is in its source.
        crystal: with a measured or an estimated cell.
        is_measured: which of both.
        sha256s: hashes that the crystal has on one processor or another.
        measured: in its measured cell; None where none is known.
        like: the measured compound of its structure type; None where the crystal stands for itself.

    """

    id: str
    crystal: Crystal
    is_measured: bool
    sha256s: frozenset[str]
    measured: Crystal | None = None
    like: Crystal | None = None

    @property
    def n_elements(self) -> int:
        """The number of different elements."""
        return len(set(self.crystal.atomic_numbers.tolist()))


def compounds() -> Iterator[Start]:
    """Every compound of every prototype, as ``known-<prototype>-<reduced formula>``, in the order of the files.

    Which compound has which structure, and the symmetry and typical coordinates of each type, are facts of the
    crystallographic literature. The compound of a type whose cell was measured has that cell, all others an estimate.

    Raises:
        ValueError: a prototype file is wrong.

    """
    for name, prototype in load_prototypes(PROTOTYPES_FOLDER).items():
        for roles in prototype.decorations():
            crystal = prototype.crystal(roles)
            identifier = f"known-{name}-{reduced_formula_of(crystal)}"
            measured, like = prototype.measured_crystal(roles), prototype.crystal(roles_of(prototype.like))
            is_measured = roles == roles_of(prototype.like)
            yield Start(identifier, crystal, is_measured, prototype.sha256s(roles), measured, like)
