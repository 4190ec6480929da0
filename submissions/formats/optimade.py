"""OPTIMADE entries of type structures (OPTIMADE specification 1.2, doi:10.1038/s41597-021-00974-z)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from submissions.checked import atomic_number, check_full_occupancy, check_site_count, from_cartesian
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_NEEDED = ("lattice_vectors", "cartesian_site_positions", "species_at_sites")


def is_entry(row: Mapping[str, Any]) -> bool:
    """Whether an object is an OPTIMADE entry, its attributes apart or beside the id."""
    return row.get("type") == "structures" or any(field in _attributes(row) for field in _NEEDED)


def crystal_of(row: Mapping[str, Any], limits: Limits) -> Crystal:
    """Read an entry; positions are Cartesian, in angstrom.

    Raises:
        RecordRefusedError: with the reason.

    """
    attributes = _attributes(row)
    missing = [field for field in _NEEDED if not isinstance(attributes.get(field), list)]
    if missing:
        detail = f"no list {', '.join(missing)} in the entry; ask the provider for these response fields"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    names = attributes["species_at_sites"]
    check_site_count(len(names), limits)
    periodic = attributes.get("dimension_types") or [1, 1, 1]
    if periodic != [1, 1, 1]:
        detail = f"dimension_types is {shown(periodic)}, [1, 1, 1] is needed; hand in crystals"
        raise RecordRefusedError(Reason.NOT_PERIODIC, detail)
    species = _species(attributes.get("species") or [])
    numbers = [_number_of(name, species) for name in names]
    return from_cartesian(attributes["lattice_vectors"], attributes["cartesian_site_positions"], numbers, limits)


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
    found = species.get(name) if isinstance(name, str) else None
    if found is None:
        return atomic_number(name)
    symbols = found.get("chemical_symbols")
    concentration = found.get("concentration") or [1.0]
    if not isinstance(symbols, list) or not isinstance(concentration, list) or len(symbols) != len(concentration):
        detail = f"species {shown(name)} needs one concentration for each chemical symbol; write the entry again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    if "vacancy" in symbols:
        detail = f"species {shown(name)} holds vacancies, 1 atom of 1 element is needed; order the structure"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    numbers = [atomic_number(symbol) for symbol in symbols]
    check_full_occupancy(concentration)
    return numbers[0]
