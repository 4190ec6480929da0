"""JSON of one structure: a pymatgen dict, an OPTIMADE entry, or ASE's Atoms.

Only numbers and symbols are taken out of it. No class that the data names is ever looked up, let alone constructed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from submissions.checked import (
    atomic_number,
    check_full_occupancy,
    check_site_count,
    crystal,
    from_cartesian,
    numbers_of,
    parse_json,
)
from submissions.formats import ase_atoms, optimade
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_STRUCTURE_CLASSES = ("Structure", "IStructure")
_LATTICE_CLASSES = ("Lattice",)
_SITE_CLASSES = ("PeriodicSite",)
_ALL_PERIODIC = [True, True, True]
_FIELDS = {"lattice", "sites"}
# Where ComputedStructureEntry, SymmetrizedStructure and documents of the Materials Project keep theirs.
_CARRIED = "structure"
# Classes that people submit and that are no crystals, and what they are.
_NO_CRYSTALS = {
    "Molecule": (Reason.NOT_PERIODIC, "a molecule, without a cell; submit crystals"),
    "IMolecule": (Reason.NOT_PERIODIC, "a molecule, without a cell; submit crystals"),
    "ComputedEntry": (Reason.FOREIGN_CLASS, "a composition and an energy without a structure; write the structure"),
    "Composition": (Reason.FOREIGN_CLASS, "a composition without a structure; write the structure"),
}


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read a pymatgen `Structure.as_dict()`, an entry that carries one, an OPTIMADE entry, or ASE's Atoms.

    Oxidation states, charges, labels and properties are dropped.

    Raises:
        RecordRefusedError: with the reason.

    """
    row = parse_json(payload)
    if row is None:
        raise RecordRefusedError(Reason.EMPTY, "null stands where a structure should, as of a failed generation")
    if not isinstance(row, dict):
        detail = f"a JSON {type(row).__name__} is no structure; write Structure.as_dict()"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    if isinstance(carried := row.get(_CARRIED), dict) and not is_structure(row):
        row = carried
    if optimade.is_entry(row):
        return optimade.crystal_of(row, limits)
    if ase_atoms.is_atoms(row):
        return ase_atoms.crystal_of(row, limits)
    return _crystal_of(row, limits)


def is_structure(row: Mapping[str, Any]) -> bool:
    """Whether an object is one structure, by its keys; whether it can be read is another question."""
    return row.keys() >= _FIELDS or optimade.is_entry(row) or ase_atoms.is_atoms(row)


def _crystal_of(row: Mapping[str, Any], limits: Limits) -> Crystal:
    _check_class(row, _STRUCTURE_CLASSES)
    lattice, sites = row.get("lattice"), row.get("sites")
    if not isinstance(lattice, dict) or not isinstance(sites, list):
        detail = f"fields {shown(', '.join(row))}, a lattice and a list of sites are needed; write Structure.as_dict()"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    _check_class(lattice, _LATTICE_CLASSES)
    check_site_count(len(sites), limits)
    if lattice.get("pbc", _ALL_PERIODIC) != _ALL_PERIODIC:
        detail = f"pbc is {shown(lattice['pbc'])}, three times true is needed; submit crystals"
        raise RecordRefusedError(Reason.NOT_PERIODIC, detail)
    if not all(isinstance(site, dict) for site in sites):
        raise RecordRefusedError(Reason.MALFORMED, "every site must be an object; write Structure.as_dict()")
    numbers = [_number_at(site) for site in sites]
    matrix = numbers_of(lattice.get("matrix"), (3, 3), "the matrix of the lattice")
    if all("abc" in site for site in sites):
        return crystal(matrix, [site["abc"] for site in sites], numbers, limits)
    return from_cartesian(matrix, [site.get("xyz") for site in sites], numbers, limits)


def _number_at(site: Mapping[str, Any]) -> int:
    _check_class(site, _SITE_CLASSES)
    species = site.get("species")
    if not isinstance(species, list) or not species or not all(isinstance(one, dict) for one in species):
        detail = f"species is {shown(species)}, a list of elements with occu is needed; write Structure.as_dict()"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    numbers = [atomic_number(one.get("element")) for one in species]
    check_full_occupancy([one.get("occu") for one in species])
    return numbers[0]


def _check_class(data: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    name, module = data.get("@class", allowed[0]), data.get("@module", "pymatgen")
    if isinstance(name, str) and name in _NO_CRYSTALS:
        reason, what = _NO_CRYSTALS[name]
        raise RecordRefusedError(reason, f"this is pymatgen's {name}, {what}")
    if name not in allowed or not isinstance(module, str) or module.partition(".")[0] != "pymatgen":
        detail = f"class {shown(f'{module}.{name}')}, only pymatgen's {' or '.join(allowed)} is read here; convert it"
        raise RecordRefusedError(Reason.FOREIGN_CLASS, detail)
