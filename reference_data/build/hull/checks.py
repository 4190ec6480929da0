"""What makes a hull wrong as a whole although every number in it can be read: refused when a set is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_data.build.hull.compositions import Compositions, FormulaError
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

ELEMENTAL_ENERGY_EV_PER_ATOM = (-20.0, 2.0)
"""Total energies of the elements by PBE, and by potentials that learned it, lie between -14.3 (Pu) and 0.0 (He)."""
FORMATION_ENERGY_EV_PER_ATOM = 6.0
"""The most stable compounds lie at -4.5 (LaF3); above zero nothing is impossible, but whole tables are not up there."""
MAX_SHARE_FAR_ABOVE = 0.01
ELEMENTAL_FORMATION_ENERGY_EV_PER_ATOM = 0.05
MEDIAN_OF_COMPOUNDS_EV_PER_ATOM = 2.0
MIN_COMPOUNDS = 5
SAME_ID_MEDIAN_EV_PER_ATOM = 0.025
MIN_SAME_IDS = 20
N_NAMED = 3


def check_ids(entries: pd.DataFrame, convention: str) -> None:
    """No id occurs twice.

    Raises:
        ReferenceSetError: one does.

    """
    repeated = entries["id"][entries["id"].duplicated()].unique()
    if len(repeated):
        raise ReferenceSetError(
            what=f"{len(repeated)} ids occur more than once in the hull of {convention} ({_some(repeated)})",
            expected="each id once",
            remedy="remove the repeated entries, or one of the tables that hold them",
        )


def compositions_of(formulas: pa.StringArray, entries: pd.DataFrame, convention: str) -> Compositions:
    """Elements and amounts of the different formulas of these entries.

    Raises:
        ReferenceSetError: a formula cannot be read, or names something that is no element.

    """
    try:
        return Compositions.of(formulas)
    except FormulaError as error:
        identifier = entries["id"][entries["reduced_formula"] == error.formula].iloc[0]
        raise ReferenceSetError(
            what=f"entry {identifier} of the hull of {convention} has the formula {error.formula!r} ({error.why})",
            expected="element symbols and whole numbers",
            remedy="correct or remove it",
        ) from error


def check_elemental_references(compositions: Compositions, convention: str) -> None:
    """Every element of an entry has an elemental one.

    Raises:
        ReferenceSetError: one has none.

    """
    missing = sorted(compositions.symbols - set(compositions.elemental().values()))
    if missing:
        example = compositions.formulas[int(np.argmax(compositions.containing(missing[0])))].as_py()
        raise ReferenceSetError(
            what=f"the hull of {convention} has no elemental entry of {', '.join(missing)} (needed by {example})",
            expected="one of every element that occurs",
            remedy="add these entries, or name the elements in elements_at_zero if formation energies are given",
        )


def check_elemental_energies(references: pd.DataFrame, convention: str) -> None:
    """Total energies of the elements are what such energies are.

    Raises:
        ReferenceSetError: one is out of range; r2SCAN's, on another scale, are only checked by their compounds.

    """
    low, high = ELEMENTAL_ENERGY_EV_PER_ATOM
    energies = references["energy_per_atom"]
    wrong = references[~np.isfinite(energies) | ((convention != "r2scan") & ~energies.between(low, high))]
    if len(wrong):
        named = wrong.apply(lambda row: f"{row['element']} {row['energy_per_atom']:.2f}", axis=1)
        raise ReferenceSetError(
            what=f"elemental energies of {convention} are outliers: {_some(named)} eV/atom",
            expected=f"between {low:g} and {high:g} eV/atom",
            remedy="correct these entries; a failed calculation of an element spoils all of its compounds",
        )


def check_formation_energies(
    entries: pd.DataFrame, formula: NDArray[np.int64], compositions: Compositions, convention: str
) -> None:
    """Formation energies (column formation_energy_per_atom, eV/atom) are possible, and centred for every element.

    Every entry counts, the lowest of its composition or not.

    Args:
        entries: of one convention.
        formula: of each entry the number of its formula among the compositions.
        compositions: of all formulas.
        convention: of the energies.

    Raises:
        ReferenceSetError: one is too low, many are too high, the elements are not at zero, or nearly all compounds of
            an element lie far above zero, as they do when the energy of the element is wrong.

    """
    bound = FORMATION_ENERGY_EV_PER_ATOM
    energies = entries["formation_energy_per_atom"]
    wrong = entries[~np.isfinite(energies) | (energies < -bound)]
    if not len(wrong):
        _check_medians(energies.to_numpy(np.float64), formula, compositions, convention)
        far_above = energies > bound
        wrong = entries[far_above & (far_above.mean() > MAX_SHARE_FAR_ABOVE)]
    if len(wrong):
        worst = wrong.iloc[0]
        raise ReferenceSetError(
            what=f"{len(wrong)} formation energies of {convention} are impossible, as that of {worst['id']} "
            f"({worst['reduced_formula']}), {worst['formation_energy_per_atom']:.3g} eV/atom",
            expected=f"between {-bound:g} and {bound:g}, above it at most {MAX_SHARE_FAR_ABOVE:.0%}",
            remedy="give eV per atom, and elemental energies of the same convention",
        )
    is_elemental = (compositions.n_elements == 1)[formula]
    elemental, of_elemental = entries[is_elemental], compositions.elemental()
    symbols = np.array([of_elemental[number] for number in formula[is_elemental].tolist()], dtype=object)
    lowest = elemental["formation_energy_per_atom"].groupby(symbols).min()
    off = lowest[lowest.abs() > ELEMENTAL_FORMATION_ENERGY_EV_PER_ATOM]
    if len(off):
        raise ReferenceSetError(
            what=f"elements of {convention} have formation energies of their own: "
            f"{_some(f'{symbol} {energy:.3f}' for symbol, energy in off.items())} eV/atom",
            expected=f"zero, within {ELEMENTAL_FORMATION_ENERGY_EV_PER_ATOM:g}",
            remedy="give formation energies from, and elemental energies of, the ground states of the same convention",
        )


def _check_medians(
    energies: NDArray[np.float64], formula: NDArray[np.int64], compositions: Compositions, convention: str
) -> None:
    medians: dict[str, float] = {}
    is_compound = compositions.n_elements > 1
    for symbol in sorted(compositions.symbols):
        of_element = energies[(is_compound & compositions.containing(symbol))[formula]]
        if len(of_element) >= MIN_COMPOUNDS:
            medians[symbol] = float(np.median(of_element))
    highest = max(medians, key=lambda symbol: medians[symbol], default=None)
    if highest is not None and medians[highest] > MEDIAN_OF_COMPOUNDS_EV_PER_ATOM:
        raise ReferenceSetError(
            what=f"compounds of {highest} have a median formation energy of {medians[highest]:.2f} eV/atom in "
            f"the hull of {convention}",
            expected=f"at most {MEDIAN_OF_COMPOUNDS_EV_PER_ATOM:g}",
            remedy=f"check the elemental energy of {highest}: it is far too low",
        )


def check_same_ids(differences: NDArray[np.float64], convention: str) -> None:
    """Formation energies that two inputs give of the same ids are of one convention.

    Raises:
        ReferenceSetError: half of them differ by more than releases of one database do.

    """
    if len(differences) < MIN_SAME_IDS:
        return
    median = float(np.median(np.abs(differences)))
    if median > SAME_ID_MEDIAN_EV_PER_ATOM:
        raise ReferenceSetError(
            what=f"crystals and entries of the hull of {convention} that have the same id differ by a median of "
            f"{median:.3f} eV/atom ({len(differences)} ids)",
            expected=f"at most {SAME_ID_MEDIAN_EV_PER_ATOM:g}",
            remedy="one of them is of another convention; state it",
        )


def _some(values: Iterable[object]) -> str:
    named = [str(value) for value in values]
    return ", ".join(named[:N_NAMED]) + (f" and {len(named) - N_NAMED} more" if len(named) > N_NAMED else "")
