"""Structure prototypes as data: one measured crystal, and the compounds known to crystallise in the same structure.

A prototype file (TOML, in ``prototypes``) holds one table for each structure type::

    [rocksalt]
    like = "Na : Cl"
    space_group = 225
    cell = [5.640]
    sites = ["A 0 0 0", "B 1/2 1/2 1/2"]
    bond = "A-B"
    compounds = '''
    Li Na K Rb : F Cl Br I
    Mg Ca : O
    '''

``sites`` are Wyckoff representatives in the standard setting of the space group (International Tables A: origin choice
2, hexagonal axes, unique axis b), each for a role A, B, C, D. ``cell`` holds the free ones of a, b, c in angstrom and
beta in degrees, measured for the compound ``like``. A line of ``compounds`` lists elements for each role; all
combinations of a line are meant. ``[rocksalt.measured]`` may hold the measured ``cell`` of other compounds, such as
``"K : Cl" = [6.293]``: their relaxed cells are judged by it, all others' by an estimate.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping  # noqa: TC003 - pydantic resolves the annotation at run time
from fractions import Fraction
from itertools import product
from math import cbrt
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from reference_data.sets.starter.make.space_group import orbit, primitive_axes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Roles = tuple[str, ...]

ROLES = "ABCD"

# Relative; more than the last digits in which processors differ, less than a rounding step of any cell.
ROUNDING_NOISE = 1e-12

# International numbers at which the next crystal system begins.
FIRST_ORTHORHOMBIC, FIRST_TETRAGONAL, FIRST_TRIGONAL, FIRST_CUBIC = 16, 75, 143, 195


class Prototype(BaseModel):
    """One structure type and the compounds known to have it.

    Attributes:
        like: the compound whose cell is given, one element a role.
        space_group: international number; no triclinic structure type is among the common ones.
        cell: lattice parameters of that compound that symmetry leaves free, in angstrom and degrees.
        sites: role and fractional coordinates of one site of each orbit.
        bond: pair of roles whose distance sets the size of the other compounds' cells, as ``A-B``; None where the
            volume does.
        compounds: the compounds, as elements for each role.
        measured: measured lattice parameters of compounds other than `like`, by their elements written as there.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    like: str
    space_group: Annotated[int, Field(ge=3, le=230)]
    cell: tuple[float, ...]
    sites: tuple[str, ...] = Field(min_length=1)
    bond: str | None = None
    compounds: str
    measured: Mapping[str, tuple[float, ...]] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _parameters(self.space_group, self.cell)
        wanted = set(ROLES[: len(roles_of(self.like))])
        with_sites = {site.split()[0] for site in self.sites}
        if with_sites != wanted:
            msg = f"sites are for the roles {sorted(with_sites)}, but {self.like!r} names elements for {sorted(wanted)}"
            raise ValueError(msg)
        if self.bond is not None and not set(self.bond.split("-")) <= wanted:
            msg = f"bond {self.bond!r} names a role that is not among {sorted(wanted)}"
            raise ValueError(msg)
        for roles in self.decorations():
            if len(roles) != len(wanted):
                msg = f"{' : '.join(roles)} gives {len(roles)} roles, expected {len(wanted)}"
                raise ValueError(msg)
        unlisted = {roles_of(compound) for compound in self.measured} - set(self.decorations())
        if unlisted:
            msg = f"cells are measured of {sorted(unlisted)}, which are not among the compounds"
            raise ValueError(msg)
        for cell in self.measured.values():
            _parameters(self.space_group, cell)
        return self

    def decorations(self) -> Iterator[Roles]:
        """The compounds, each as its elements in the order of the roles, in the order of the file."""
        for line in self.compounds.strip().splitlines():
            if line.strip():
                yield from product(*(group.split() for group in line.split(":")))

    def crystal(self, roles: Roles, nudge: float = 0.0) -> Crystal:
        """The primitive cell of one compound, of the size its elements' radii let expect, enlarged by the `nudge`."""
        like = roles_of(self.like)
        scale = 1.0 if roles == like else self._size(roles) / self._size(like)
        return self._crystal(roles, self.cell, scale * (1.0 + nudge))

    def measured_crystal(self, roles: Roles) -> Crystal | None:
        """The primitive cell of one compound at its measured lattice parameters; None where there are none."""
        cells = {roles_of(self.like): self.cell} | {roles_of(name): cell for name, cell in self.measured.items()}
        return self._crystal(roles, cells[roles], 1.0) if roles in cells else None

    def _crystal(self, roles: Roles, cell: tuple[float, ...], scale: float) -> Crystal:
        sites = [(roles[ROLES.index(role)], orbit) for role, orbit in self._orbits()]
        coords = np.concatenate([orbit for _, orbit in sites])
        numbers = [Element(element).Z for element, orbit in sites for _ in orbit]
        conventional = Lattice.from_parameters(*_parameters(self.space_group, cell)).matrix
        # rounded to what the hash of a crystal resolves, so that the last digits of a processor do not show in it
        lattice = np.round(scale * primitive_axes(self.space_group) @ conventional, 6) + 0.0
        return Crystal.from_arrays(lattice, coords, numbers)

    def sha256s(self, roles: Roles) -> frozenset[str]:
        """Hashes of :meth:`crystal` on any processor: half of a rounding step may go either way (a = 3.936375, a/2)."""
        return frozenset(self.crystal(roles, nudge).sha256 for nudge in (0.0, -ROUNDING_NOISE, ROUNDING_NOISE))

    def _orbits(self) -> list[tuple[str, NDArray[np.float64]]]:
        """Role and positions of each orbit, in fractions of the primitive cell."""
        split = [site.split() for site in self.sites]
        return [
            (role, orbit(self.space_group, tuple(float(Fraction(value)) for value in position)))
            for role, *position in split
        ]

    def _size(self, roles: Roles) -> float:
        """A length, up to a factor that all compounds of the prototype share."""
        if self.bond is not None:
            return sum(radius(roles[ROLES.index(role)]) for role in self.bond.split("-"))
        return cbrt(sum(len(orbit) * radius(roles[ROLES.index(role)]) ** 3 for role, orbit in self._orbits()))


def roles_of(text: str) -> Roles:
    """``"Na : Cl"`` as its elements."""
    return tuple(part.strip() for part in text.split(":"))


def radius(symbol: str) -> float:
    """Slater's atomic radius in angstrom: sums of two reproduce distances in ionic, covalent and metallic crystals.

    Raises:
        ValueError: an element without one.

    """
    value = Element(symbol).atomic_radius
    if value is None:
        msg = f"no atomic radius for {symbol}"
        raise ValueError(msg)
    return float(value)


def load_prototypes(folder: Path) -> dict[str, Prototype]:
    """Every prototype of the TOML files of a folder, by name.

    Raises:
        ValueError: a file is not as described above, or two prototypes share a name.

    """
    prototypes: dict[str, Prototype] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in prototypes:
                msg = f"{path.name}: there is another prototype {name}"
                raise ValueError(msg)
            prototypes[name] = Prototype.model_validate(table)
    return prototypes


def _parameters(number: int, cell: tuple[float, ...]) -> tuple[float, float, float, float, float, float]:
    """The six lattice parameters of the standard setting, of those that symmetry leaves free.

    Raises:
        ValueError: there are more or fewer of these.

    """
    if number >= FIRST_CUBIC:
        (a,) = cell
        return a, a, a, 90.0, 90.0, 90.0
    if number >= FIRST_TETRAGONAL:
        a, c = cell
        return a, a, c, 90.0, 90.0, 120.0 if number >= FIRST_TRIGONAL else 90.0
    if number >= FIRST_ORTHORHOMBIC:
        a, b, c = cell
        return a, b, c, 90.0, 90.0, 90.0
    a, b, c, beta = cell
    return a, b, c, 90.0, beta, 90.0
