"""Families of compounds: one chemistry by groups of the periodic table, ratios rounded to twentieths.

Discoveries are counted by family, so that one idea counts once: neither an exchange of lanthanides nor another stacking
of the same layers makes a second one, and a dopant seldom does. A dopant replaces atoms of some group, which a formula
does not name, so where a share lies near the edge of two parts it may tip the rounding: TiO2 is ``4:7 16:13``,
Ti60Nb4O128 ``4:6 16:14``. A family is made from the composition alone. At one composition
the convex hull has one ground state, so polymorphs of it cannot be two stable discoveries; and what ignores geometry,
no perturbation of atoms can split. It is a lower bound on purpose: NaCl and CsCl, or CO2 and SiO2, are one family.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from metrics.formula import elements_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTS = 20
"""Fractions of groups are rounded to multiples of 1 / PARTS; one of at most half of that is left out, as a dopant."""

# IUPAC groups; hydrogen is no alkali metal and stands alone; scandium and yttrium go with the lanthanides, by their
# chemistry and with the radii of the late ones (rare-earth metals: IUPAC Red Book 2005, IR-3.5)
_MEMBERS: Mapping[str, str] = {
    "H": "H",
    "1": "Li Na K Rb Cs Fr",
    "2": "Be Mg Ca Sr Ba Ra",
    "Ln": "Sc Y La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu",
    "An": "Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr",
    "4": "Ti Zr Hf Rf",
    "5": "V Nb Ta Db",
    "6": "Cr Mo W Sg",
    "7": "Mn Tc Re Bh",
    "8": "Fe Ru Os Hs",
    "9": "Co Rh Ir Mt",
    "10": "Ni Pd Pt Ds",
    "11": "Cu Ag Au Rg",
    "12": "Zn Cd Hg Cn",
    "13": "B Al Ga In Tl Nh",
    "14": "C Si Ge Sn Pb Fl",
    "15": "N P As Sb Bi Mc",
    "16": "O S Se Te Po Lv",
    "17": "F Cl Br I At Ts",
    "18": "He Ne Ar Kr Xe Rn Og",
}
GROUP_OF: Mapping[str, str] = {symbol: group for group, symbols in _MEMBERS.items() for symbol in symbols.split()}
"""Group of each element, by symbol."""
_ORDER = {group: place for place, group in enumerate(_MEMBERS)}


def family_of(formula: str) -> str:
    """Groups of the elements with their parts in twenty, such as ``1:10 17:10`` for NaCl, CsBr and (Na,K)Cl.

    Groups of at most 1/40 of the atoms are left out. The others are rounded by largest remainders, so that the parts
    add up to twenty; among equal remainders the group that is named first takes the part. Only ratios count.

    Args:
        formula: of element symbols and whole numbers.

    Raises:
        ValueError: it is no formula, or names no element of the periodic table.

    """
    amounts: Counter[str] = Counter()
    for symbol, amount in elements_of(formula).items():
        if symbol not in GROUP_OF:
            msg = f"{symbol!r} in {formula!r} is no element; there are {', '.join(GROUP_OF)}"
            raise ValueError(msg)
        amounts[GROUP_OF[symbol]] += amount
    n_atoms = amounts.total()
    major = {group: amount for group, amount in amounts.items() if 2 * PARTS * amount > n_atoms}
    if not major:
        msg = f"{formula!r} names no element"
        raise ValueError(msg)
    parts = _rounded(major)
    return " ".join(f"{group}:{parts[group]}" for group in sorted(parts, key=_ORDER.__getitem__) if parts[group])


def _rounded(amounts: Mapping[str, int]) -> dict[str, int]:
    """Whole parts of PARTS, by largest remainders."""
    total = sum(amounts.values())
    exact = {group: Fraction(PARTS * amount, total) for group, amount in amounts.items()}
    parts = {group: int(share) for group, share in exact.items()}
    by_remainder = sorted(exact, key=lambda group: (parts[group] - exact[group], _ORDER[group]))
    for group in by_remainder[: PARTS - sum(parts.values())]:
        parts[group] += 1
    return parts
