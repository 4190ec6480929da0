"""Validity of a structure and its parts, as shares of what was submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from metrics.reference_statistics import undefined
from metrics.score import Against, Value, score, share
from metrics.statistics.histogram import lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def is_valid(rows: pd.DataFrame) -> pd.Series[bool]:
    """Charge and distance and plausibility; one known failure decides, else one unknown leaves it unknown."""
    return rows["charge_valid"] & rows["distance_valid"] & rows["plausible"]


@score(label="Readable", unit="share", better="higher", missing="counts against", needs=("refusal",))
def readable(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that could be read as an ordered crystal.

    Every structure submitted counts: one that does not parse, has partial occupancies or breaks a limit is refused,
    with its reason.

    Formula: structures with no refusal / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; a structure that was refused is not readable; none is left open.
    """
    return share(rows["refusal"].isna().astype("boolean"))


@score(label="Valid", unit="share", better="higher", missing="counts against", needs=("valid",))
def valid(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are charge-neutral, keep their atoms apart and are physically plausible.

    valid = charge_valid AND distance_valid AND plausible.

    Formula: structures with charge_valid AND distance_valid AND plausible / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: after LeMat-GenBench (arXiv 2512.04562).
    Missing values: counts against; unknown is not valid.
    """
    return share(rows["valid"])


@score(
    label="Charge-neutral", unit="share", better="higher", missing="counts against", needs=("charge_valid",), version=2
)
def charge_valid(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures whose electrons can all be accounted for, given the bonds that the structure shows.

    Oxidation states that the elements usually have, or bonds between anions (peroxides, borides, polysulfides), give
    the anions the electrons they lack; what the cations have left sits in bonds between them; and no atom has bonds for
    far more or fewer electrons than its valence. Alloys need bonds as in metals only. Bond valences come from lengths.
    The rule that decides is recorded. docs/charge-validity.md shows what is accepted and rejected, by chemical class.

    Formula: structures with charge_valid / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: Brown 2009, DOI 10.1021/cr900053k; O'Keeffe and Brese 1991, DOI 10.1021/ja00009a002; Karen et al. 2016, DOI
    10.1515/pac-2015-1204; oxidation states: the ICSD, in smact, Davies et al. 2019, DOI 10.21105/joss.01361.
    Missing values: counts against; undetermined is not valid.
    """
    return share(rows["charge_valid"])


@score(label="Minimum distance", unit="share", better="higher", missing="counts against", needs=("distance_valid",))
def distance_valid(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures with no two atoms closer than 0.5 (0.7 + r_i + r_j) angstrom.

    r is the atomic radius (1.0 where none is known); an atom's own periodic images count as other atoms.

    Formula: structures with d_ij >= 0.5 (0.7 + r_i + r_j) for every pair i, j / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: after LeMat-GenBench (arXiv 2512.04562), which skips an atom's own images; radii: Slater 1964, DOI
    10.1063/1.1725697.
    Missing values: counts against; unknown is not valid.
    """
    return share(rows["distance_valid"])


@score(label="Plausible", unit="share", better="higher", missing="counts against", needs=("plausible",))
def plausible(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures with a physically plausible cell.

    Mass density in [0.01, 25] g/cm3, atom density in [1e-5, 0.5] per cubic angstrom, volume above 1 cubic angstrom,
    cell lengths in [1, 100] angstrom, angles strictly between 0 and 180 degrees, a CIF written and read back gives the
    same crystal, and a space group is found.

    Formula: structures with all of these true / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: after LeMat-GenBench (arXiv 2512.04562), which judges the cell as given instead of the primitive one.
    Missing values: counts against; unknown is not plausible.
    """
    return share(rows["plausible"])


@score(label="SMACT valid", unit="share", better="higher", missing="counts against", needs=("smact_valid",))
def smact_valid(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures whose composition smact calls valid: the validity of CDVAE-type papers, for comparison.

    One oxidation state per element makes the formula neutral, no anion less electronegative than a cation; elements and
    compositions of metals alone are valid. smact's own function with the states of smact 2014. It plays no part in
    "valid".

    Formula: structures with smact_valid / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: smact: Davies et al. 2019, DOI 10.21105/joss.01361; convention: Xie et al. 2022, arXiv 2110.06197.
    Missing values: counts against; unknown is not valid.
    """
    return share(rows["smact_valid"])


@score(
    label="Usual coordination",
    unit="share",
    better="higher",
    missing="counts against",
    needs=("site_elements", "coordination_numbers"),
)
def coordination_usual(rows: pd.DataFrame, against: Against) -> Value:
    """Share of structures in which every atom has a coordination number that the reference set has for its element.

    Neighbours are the atoms at up to 1.1 times the nearest distance; usual is what lies between the smallest and the
    largest number of neighbours of the element in the reference. It plays no part in "valid".

    Formula: structures with every coordination number within the range of its element / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; unknown, as of an element that the reference does not hold, is not usual; against a
    set without these numbers there is no value.
    """
    if "coordination" not in against:
        n_known = int(rows["coordination_numbers"].notna().sum())
        return undefined(n_known, len(rows) - n_known)
    return share(is_usual(rows, against["coordination"]))


def is_usual(rows: pd.DataFrame, ranges: Mapping[str, Sequence[int]]) -> pd.Series[bool]:
    """Whether all atoms of each structure are coordinated as usual.

    One known exception decides; else one atom of an element without a range leaves the structure unknown.

    Args:
        rows: table with site_elements and coordination_numbers.
        ranges: smallest and largest coordination number by element.

    """
    both = zip(lists(rows["site_elements"]), lists(rows["coordination_numbers"]), strict=True)
    usual = [_is_usual(symbols, numbers, ranges) for symbols, numbers in both]
    return pd.Series(usual, index=rows.index, dtype="boolean")


def _is_usual(
    symbols: Sequence[Any] | None, numbers: Sequence[Any] | None, ranges: Mapping[str, Sequence[int]]
) -> bool | None:
    if symbols is None or numbers is None:
        return None
    known = [
        ranges[symbol][0] <= number <= ranges[symbol][1]
        for symbol, number in zip(symbols, numbers, strict=True)
        if symbol in ranges
    ]
    if not all(known):
        return False
    return True if len(known) == len(symbols) else None
