"""Why a structure has its verdicts, in words made from the facts that its run holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from leaderboard.board.names import crystal_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.pages.structures.contacts import Contact

CHARGE_RULES: Mapping[str, str] = {
    "oxidation_states": "by usual oxidation states",
    "anion_bonds": "with bonds between anions",
    "cation_bonds": "with bonds between cations",
    "metallic": "bonded as a metal",
    "too_few_electrons": "anions lack electrons, and no bonds between them make up for it",
    "too_many_electrons": "cations have electrons left, and no bonds between them take them up",
    "underbonded": "an atom has too few or too long bonds for its valence",
    "overbonded": "an atom has too many or too short bonds for its valence",
    "crowded": "atoms of metals are pressed into each other",
    "undetermined": "bond lengths of an element are unknown, or the cell cannot be searched",
}

MATCH_RULES: Mapping[str, str] = {
    "no_candidate": "nothing of this formula in the reference set",
    "keys_and_distance": "decided by fingerprint and distance",
    "primitive_size": "decided by the size of the primitive cell",
    "distance": "decided by distance",
    "matcher": "decided by StructureMatcher",
}

CAUTIONS: Mapping[str, str] = {
    "near_reference": "near a reference crystal of the same formula, distance below 0.10",
    "known_up_to_superstructure": "a distorted supercell of a reference crystal, or the reverse",
    "known_up_to_disorder": "a reference crystal with similar elements in another order",
    "known_up_to_defect": "a reference crystal with point defects: at most one site in 16 missing, added or exchanged",
    "formula_in_reference": "another structure of a composition that the reference set has, so no discovery",
    "prototype_in_reference": "a substitution: the reference set has this prototype with other elements",
}

BOUNDS: Mapping[str, tuple[str, str, float, float]] = {
    "density": ("density", "g/cm\u00b3", 0.01, 25.0),
    "volume_per_atom": ("volume per atom", "\u00c5\u00b3", 2.0, 1e5),
    "primitive_volume": ("volume of the primitive cell", "\u00c5\u00b3", 1.0, float("inf")),
    "shortest": ("shortest cell vector", "\u00c5", 1.0, float("inf")),
    "longest": ("longest cell vector", "\u00c5", 0.0, 100.0),
}
"""What makes a cell plausible, of the reduced primitive cell: name, unit, lower and upper bound, as in the protocol."""

_NO_SPACE_GROUP = "no space group is found"
_NO_CIF = "written as a CIF it does not read back as the same crystal"
_OUT_OF_BOUNDS = "density, volume, cell vectors or CIF out of bounds"
_FIRST_DIGITS, _MOST_DIGITS = 2, 6
_ENTRY = re.compile(r"[a-z][a-z0-9_]*(?:, [a-z][a-z0-9_]*)*: ")
_MINUS_ZERO = re.compile(r"-(0\.0+)(?!\d)")
_OF_VALID = {"charge": "charge neutrality", "distance": "minimum distance", "plausible": "plausibility"}
"""Measurements that the verdict valid is made of, by their names in the records."""
_OF_IDENTITY = {"composition": "formula", "canonical_bawl": "fingerprint"}
"""Measurements that both unique and novel need."""
_OF_VERDICT: Mapping[str, Mapping[str, str]] = {
    "valid": _OF_VALID,
    "unique": {**_OF_IDENTITY, "unique": ""},
    "in_reference": {**_OF_IDENTITY, "in_reference": ""},
}
_WORDS = {"valid": "valid", "unique": "unique", "in_reference": "novel"}


def reasons(row: Mapping[str, Any], contact: Contact | None = None) -> list[str]:
    """Everything that speaks against a structure, as sentences without a full stop; empty where nothing does.

    Args:
        row: facts of a record, unknown ones None or missing; ``lattice_lengths`` may be among them.
        contact: which atoms are too close, where the crystal was looked at.

    """
    if row["refusal"] is not None:
        return [f"Refused: {row['refusal'].replace('_', ' ')}" + (f" ({row['detail']})" if row["detail"] else "")]
    against = []
    if row["charge_valid"] is False:
        against.append(f"Charge: {CHARGE_RULES.get(row['charge_rule'], row['charge_rule'])}")
    if row["distance_valid"] is False:
        against.append(f"Minimum distance: {_too_close(contact)}")
    if row["plausible"] is False:
        against.append(f"Not plausible: {', '.join(why for _, why in out_of_bounds(row))}")
    if row["duplicate_of"] is not None:
        against.append(f"Duplicate of {row['duplicate_of']}")
    if row["in_reference"] is True:
        against.append(known_as(row))
    return [*against, *undecided(row)]


def out_of_bounds(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Which bounds a structure that is not plausible is out of: the name of each, and with the value and the bound."""
    atoms, sites = row.get("volume_per_atom"), row.get("n_sites_primitive")
    lengths = row.get("lattice_lengths")
    values = {
        "density": row.get("density"),
        "volume_per_atom": atoms,
        "primitive_volume": None if atoms is None or sites is None else atoms * sites,
        "shortest": None if lengths is None else min(lengths),
        "longest": None if lengths is None else max(lengths),
    }
    out = []
    for name, value in values.items():
        label, unit, low, high = BOUNDS[name]
        if value is not None and not low <= value <= high:
            bound, side = (low, "at least") if value < low else (high, "at most")
            out.append((label, f"{label} {_told_apart(value, bound)} {unit}, {side} {bound:g} needed"))
    if row.get("space_group") is None:
        out.append((_NO_SPACE_GROUP, _NO_SPACE_GROUP))
    if out:
        return out
    # where every bound is known to hold, the one question left has the answer no
    why = _OUT_OF_BOUNDS if any(value is None for value in values.values()) else _NO_CIF
    return [(why, why)]


def undecided(row: Mapping[str, Any]) -> list[str]:
    """Which verdicts are open and why; facts that no verdict needs are left out, and what leaves several open is one.

    What an invalid structure lacks says nothing about whether it is valid.
    """
    because: dict[str, tuple[list[str], list[str]]] = {}
    entries = _entries(row["unknown_reasons"] or "")
    for verdict, of_verdict in _OF_VERDICT.items():
        if row[verdict] is not None:
            continue
        bearing = {
            reason: [of_verdict[name] for name in names if name in of_verdict]
            for names, reason in entries
            if of_verdict.keys() & set(names)
        }
        for reason, words in (bearing or {"the run does not say why": []}).items():
            verdicts, lacking = because.setdefault(reason, ([], []))
            verdicts.append(_WORDS[verdict])
            lacking.extend(word for word in words if word and word not in lacking)
    return [
        f"Undecided whether {_in_words(verdicts)}: {reason}" + (f" ({', '.join(lacking)})" if lacking else "")
        for reason, (verdicts, lacking) in because.items()
    ]


def cautions(row: Mapping[str, Any]) -> list[str]:
    """What a novel structure is close to all the same; empty for a known one and where nothing is close."""
    if row["in_reference"] is not False:
        return []
    return [note for column, note in CAUTIONS.items() if row.get(column)]


def known_as(row: Mapping[str, Any]) -> str:
    """Which reference crystal a known structure is, and how far it is from it."""
    if row["matched_id"] is None:
        return "Same as a crystal of the reference set"
    distance = row["nearest_reference_distance"]
    return f"Same as {crystal_name(row['matched_id'])}" + ("" if distance is None else f", distance {distance:z.3f}")


def _too_close(contact: Contact | None) -> str:
    if contact is None:
        return "two atoms are closer than 0.5 (0.7 + r1 + r2) \u00c5"
    one, other = contact.elements
    distance = _told_apart(contact.distance, contact.limit)
    return f"{one} and {other} {distance} \u00c5 apart, at least {contact.limit:.3g} \u00c5 needed"


def _told_apart(value: float, bound: float) -> str:
    """A value with as many decimals as it takes to tell it from its bound."""
    shown = [f"{value:z,.{digits}f}" for digits in range(_FIRST_DIGITS, _MOST_DIGITS + 1)]
    bounds = [f"{bound:z,.{digits}f}" for digits in range(_FIRST_DIGITS, _MOST_DIGITS + 1)]
    apart = [text for text, of_bound in zip(shown, bounds, strict=True) if text != of_bound]
    # a small value is no zero, but nothing is said of what rounding leaves of one
    return next((text for text in apart if text.strip("0.,")), (apart or shown[-1:])[0])


def _entries(text: str) -> list[tuple[list[str], str]]:
    """Facts with the reason why each is unknown; a semicolon inside a reason begins no new one."""
    entries: list[tuple[list[str], str]] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        if (named := _ENTRY.match(part)) is not None:
            entries.append((named[0].removesuffix(": ").split(", "), _readable(part[named.end() :])))
        elif entries:
            names, reason = entries[-1]
            entries[-1] = names, f"{reason}, {_readable(part)}"
        else:
            entries.append(([], _readable(part)))
    return entries


def _readable(reason: str) -> str:
    return _MINUS_ZERO.sub(r"\1", reason.strip()).replace(" angstrom", " \u00c5")


def _in_words(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
