"""OPTIMADE entries of type structures (OPTIMADE specification 1.2, doi:10.1038/s41597-021-00974-z; 1.3 beside it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from submissions.checked import atomic_number, check_full_occupancy, check_site_count, crystal, from_cartesian
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal
    from submissions.limits import Limits

CELL, CARTESIAN, FRACTIONAL, SITES = (
    "lattice_vectors",
    "cartesian_site_positions",
    "fractional_site_positions",
    "species_at_sites",
)
FIELDS = (CELL, CARTESIAN, FRACTIONAL, SITES, "species", "dimension_types", "nperiodic_dimensions")
"""Fields that describe a structure; the species may be left out where sites are named by their symbols."""
HEADER = "x-optimade"
"""Key of the first line of an export as JSON lines."""
OTHER_TYPES = ("info", "links", "references", "calculations", "files", "trajectories")
"""Types of entries that are no structures."""
_DIMENSIONS = 3
# Features that say that atoms are missing from the list of sites.
_INCOMPLETE = ("implicit_atoms", "site_attachments", "unknown_positions")


def is_entry(row: Mapping[str, Any]) -> bool:
    """Whether an object is an OPTIMADE entry, its attributes apart or beside the id."""
    return row.get("type") == "structures" or any(field in _attributes(row) for field in (CELL, SITES))


def crystal_of(row: Mapping[str, Any], limits: Limits) -> Crystal:
    """Read an entry; Cartesian positions are in angstrom, and are taken where there are fractional ones too.

    Raises:
        RecordRefusedError: with the reason.

    """
    attributes = _attributes(row)
    has_fractional = not isinstance(attributes.get(CARTESIAN), list) and isinstance(attributes.get(FRACTIONAL), list)
    positions = FRACTIONAL if has_fractional else CARTESIAN
    missing = [field for field in (CELL, positions, SITES) if not isinstance(attributes.get(field), list)]
    if missing:
        detail = f"no list {', '.join(missing)} in the entry; ask the provider for these response fields"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    names = attributes[SITES]
    check_site_count(len(names), limits)
    _check_complete(attributes)
    species = _species(attributes.get("species") or [])
    numbers = [_number_of(name, species) for name in names]
    build = crystal if has_fractional else from_cartesian
    return build(attributes[CELL], attributes[positions], numbers, limits)


def _check_complete(attributes: Mapping[str, Any]) -> None:
    """Refuse what is not periodic in three directions, and what has more atoms than sites.

    Raises:
        RecordRefusedError: it is that.

    """
    types, count = attributes.get("dimension_types"), attributes.get("nperiodic_dimensions")
    if (types or [1] * _DIMENSIONS) != [1] * _DIMENSIONS or (count is not None and count != _DIMENSIONS):
        detail = (
            f"dimension_types is {shown(types)}, nperiodic_dimensions {shown(count)}: 3 are needed; submit crystals"
        )
        raise RecordRefusedError(Reason.NOT_PERIODIC, detail)
    features = attributes.get("structure_features") or []
    incomplete = [name for name in _INCOMPLETE if name in features] if isinstance(features, list) else []
    if incomplete:
        detail = f"structure_features is {shown(features)}: atoms without sites; every atom needs a position"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    if attributes.get("assemblies"):
        detail = "the entry has assemblies, sites that exclude each other; order the structure"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)


def _attributes(row: Mapping[str, Any]) -> Mapping[str, Any]:
    attributes = row.get("attributes")
    return attributes if isinstance(attributes, dict) else row


def _species(listed: object) -> dict[object, Mapping[str, Any]]:
    named = isinstance(listed, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in listed
    )
    if not isinstance(listed, list) or not named:
        detail = f"species is {shown(listed)}, a list of objects with a name is needed; write the entry again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return {one["name"]: one for one in listed}


def _number_of(name: object, species: Mapping[object, Mapping[str, Any]]) -> int:
    """Atomic number of a named species; a name that is not listed is read as the symbol it is."""
    stated = species.get(name) if isinstance(name, str) else None
    if stated is None:
        return atomic_number(name)
    symbols = stated.get("chemical_symbols")
    concentration = stated.get("concentration") or [1.0]
    if not isinstance(symbols, list) or not isinstance(concentration, list) or len(symbols) != len(concentration):
        detail = f"species {shown(name)} needs one concentration for each chemical symbol; write the entry again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    if attached := stated.get("attached"):
        detail = f"species {shown(name)} has {shown(attached)} attached, atoms without positions; give each a site"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    present = [(symbol, amount) for symbol, amount in zip(symbols, concentration, strict=True) if amount != 0]
    if any(symbol == "vacancy" for symbol, _ in present):
        detail = f"species {shown(name)} holds vacancies, 1 atom of 1 element is needed; order the structure"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    numbers = [atomic_number(symbol) for symbol, _ in present]
    check_full_occupancy([amount for _, amount in present])
    return numbers[0]
