"""Named pairs of crystals of one formula whose right answer is known: where methods are told apart.

Cells are built from published parameters, in angstrom, experimental near room temperature unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from pymatgen.core.lattice import Lattice

from leaderboard.matching_benchmark.made_crystals import (
    by_symmetry,
    exchanged,
    fcc_ordering,
    graphite,
    polytype,
    scaled,
    trilayers,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.crystal import Crystal

Build: TypeAlias = "Callable[[], Crystal]"
Topic = Literal["polytypes", "tilts", "orderings", "polymorphs", "conventions"]


@dataclass(frozen=True)
class Case:
    """Two crystals of one formula.

    Attributes:
        topic: what it is about.
        name: the two crystals in words.
        why: what makes the answer right.
        a: builds the first crystal.
        b: builds the second.
        same: the right answer.

    """

    topic: Topic
    name: str
    why: str
    a: Build = field(repr=False)
    b: Build = field(repr=False)
    same: bool


# Ramsdell's 3C, 2H, 4H, 6H: G. L. Harris, Properties of Silicon Carbide, INSPEC (1995)
_SIC_AXIS, _SIC_LAYER = 3.081, 2.517
_SIC = {
    name: partial(polytype, stacking, ("Si", "C"), _SIC_AXIS, _SIC_LAYER * len(stacking))
    for name, stacking in {
        "2H": "AB",
        "3C": "ABC",
        "4H": "ABCB",
        "6H": "ABCACB",
        # in Zhdanov's notation: runs of layers that follow each other as A, B, C, then the other way round
        "8H (44)": "ABCABACB",
        "8H (71)": "ABACBACB",
        "10H (3223)": "ABCACBCACB",
        "10H (4114)": "ABCABABACB",
    }.items()
}
_SIC_CUBIC = partial(by_symmetry, "F-43m", Lattice.cubic(4.3596), [("Si", (0, 0, 0)), ("C", (0.25, 0.25, 0.25))])
# E. H. Kisi and M. M. Elcombe, Acta Cryst. C 45, 1867 (1989), DOI 10.1107/S0108270189004269
_WURTZITE = partial(
    by_symmetry,
    "P6_3mc",
    Lattice.hexagonal(3.8227, 6.2607),
    [("Zn", (1 / 3, 2 / 3, 0)), ("S", (1 / 3, 2 / 3, 0.3748))],
)
_ZINCBLENDE = partial(by_symmetry, "F-43m", Lattice.cubic(5.4093), [("Zn", (0, 0, 0)), ("S", (0.25, 0.25, 0.25))])
# B. Schoenfeld, J. J. Huang and S. C. Moss, Acta Cryst. B 39, 404 (1983), DOI 10.1107/S0108768183002645
_MOS2 = {
    "2H": partial(trilayers, ["ABA", "BAB"], ("Mo", "S"), 3.1604, 12.295, 1.586),
    "3R": partial(trilayers, ["ABA", "BCB", "CAC"], ("Mo", "S"), 3.1607, 18.344, 1.586),
}
# R. W. G. Wyckoff, Crystal Structures 1, Interscience (1963): CdI2 2H and 4H, one layer 6.84 high
_CDI2 = {
    "2H": partial(trilayers, ["ACB"], ("Cd", "I"), 4.24, 6.84, 1.71),
    "4H": partial(trilayers, ["ACB", "CAB"], ("Cd", "I"), 4.24, 13.68, 1.71),
}
# S. Sasaki, C. T. Prewitt, J. D. Bass and W. A. Schulze, Acta Cryst. C 43, 1668 (1987), DOI 10.1107/S0108270187090620;
# their axes (Pbnm) in the order of the standard setting
_CATIO3_TILTED = partial(
    by_symmetry,
    "Pnma",
    Lattice.orthorhombic(5.4423, 7.6401, 5.3796),
    [
        ("Ca", (0.03602, 0.25, -0.00676)),
        ("Ti", (0.5, 0.0, 0.0)),
        ("O", (0.4838, 0.25, 0.0714)),
        ("O", (0.2888, 0.0371, 0.7108)),
    ],
)
_CATIO3_CUBIC = partial(
    by_symmetry,
    "Pm-3m",
    Lattice.cubic(3.824),  # the cube root of the tilted one's volume per formula unit
    [("Ca", (0.5, 0.5, 0.5)), ("Ti", (0, 0, 0)), ("O", (0.5, 0, 0))],
)
# C. J. Howard, B. J. Kennedy and B. C. Chakoumakos, J. Phys.: Condens. Matter 12, 349 (2000),
# DOI 10.1088/0953-8984/12/4/301; cubic above 813 K
_LAALO3_TILTED = partial(
    by_symmetry,
    "R-3c",
    Lattice.hexagonal(5.3647, 13.1114),
    [("La", (0, 0, 0.25)), ("Al", (0, 0, 0)), ("O", (0.5250, 0, 0.25))],
)
_LAALO3_CUBIC = partial(
    by_symmetry, "Pm-3m", Lattice.cubic(3.81), [("La", (0.5, 0.5, 0.5)), ("Al", (0, 0, 0)), ("O", (0.5, 0, 0))]
)
# superstructures of fcc in Strukturbericht notation, all on one lattice so that nothing but the order differs:
# F. Ducastelle, Order and Phase Stability in Alloys, North-Holland (1991)
_L1_0 = partial(fcc_ordering, [(0.5, 0.5, 0), (-0.5, 0.5, 0), (0, 0, 1)], [("Cu", (0, 0, 0)), ("Pt", (0.5, 0, 0.5))])
_L1_1 = partial(fcc_ordering, [(1, 0.5, 0.5), (0.5, 1, 0.5), (0.5, 0.5, 1)], [("Cu", (0, 0, 0)), ("Pt", (1, 1, 1))])
_L1_2 = partial(
    fcc_ordering,
    [(1, 0, 0), (0, 1, 0), (0, 0, 1)],
    [("Ti", (0, 0, 0)), ("Al", (0.5, 0.5, 0)), ("Al", (0.5, 0, 0.5)), ("Al", (0, 0.5, 0.5))],
)
_D0_22 = partial(
    fcc_ordering,
    [(1, 0, 0), (0, 1, 0), (0.5, 0.5, 1)],
    [("Ti", (0, 0, 0)), ("Al", (0.5, 0.5, 0)), ("Al", (0.5, 0, 0.5)), ("Al", (0, 0.5, 0.5))],
)
_HALF_HEUSLER = partial(
    by_symmetry,
    "F-43m",
    Lattice.cubic(5.9),
    [("Ti", (0, 0, 0)), ("Ni", (0.25, 0.25, 0.25)), ("Sn", (0.5, 0.5, 0.5))],
)
_ROCKSALT = partial(by_symmetry, "Fm-3m", Lattice.cubic(5.6402), [("Na", (0, 0, 0)), ("Cl", (0.5, 0.5, 0.5))])
_CSCL_TYPE = partial(by_symmetry, "Pm-3m", Lattice.cubic(3.47), [("Na", (0, 0, 0)), ("Cl", (0.5, 0.5, 0.5))])
# a = 3.567: R. W. G. Wyckoff, Crystal Structures 1, Interscience (1963)
_DIAMOND = partial(by_symmetry, "Fd-3m", Lattice.cubic(3.567), [("C", (0, 0, 0))])
_LONSDALEITE = partial(polytype, "AB", ("C", "C"), 2.522, 4.119)
_GRAPHITE = {stacking: partial(graphite, stacking) for stacking in ("AB", "ABC")}
# C. J. Howard, T. M. Sabine and F. Dickson, Acta Cryst. B 47, 462 (1991), DOI 10.1107/S010876819100335X
_RUTILE = partial(
    by_symmetry, "P4_2/mnm", Lattice.tetragonal(4.5937, 2.9587), [("Ti", (0, 0, 0)), ("O", (0.3048, 0.3048, 0))]
)
_ANATASE = partial(
    by_symmetry, "I4_1/amd", Lattice.tetragonal(3.7845, 9.5143), [("Ti", (0, 0, 0)), ("O", (0, 0, 0.2081))]
)
# L. Levien, C. T. Prewitt and D. J. Weidner, Am. Mineral. 65, 920 (1980), with the standard origin
_QUARTZ = {
    group: partial(
        by_symmetry,
        group,
        Lattice.hexagonal(4.916, 5.4054),
        [("Si", (0.4697, 0, -hand / 3)), ("O", (0.4135, 0.2669, hand * (0.1191 - 1 / 3)))],
    )
    for group, hand in (("P3_221", 1), ("P3_121", -1))
}

_STACKING = "another stacking of the layers"
_DIFFERENT: tuple[tuple[Topic, str, str, Build, Build], ...] = (
    *(
        ("polytypes", f"SiC {one} / {other}", _STACKING, _SIC[one], _SIC[other])
        for one, other in (
            ("2H", "3C"),
            ("2H", "4H"),
            ("3C", "4H"),
            ("4H", "6H"),
            ("8H (44)", "8H (71)"),
            ("10H (3223)", "10H (4114)"),
        )
    ),
    ("polytypes", "ZnS wurtzite / zincblende", _STACKING, _WURTZITE, _ZINCBLENDE),
    ("polytypes", "MoS2 2H / 3R", _STACKING, _MOS2["2H"], _MOS2["3R"]),
    ("polytypes", "CdI2 2H / 4H", _STACKING, _CDI2["2H"], _CDI2["4H"]),
    ("polytypes", "graphite AB / ABC", _STACKING, _GRAPHITE["AB"], _GRAPHITE["ABC"]),
    ("polytypes", "diamond / lonsdaleite", _STACKING, _DIAMOND, _LONSDALEITE),
    ("tilts", "CaTiO3 Pnma / cubic", "octahedra tilted by about 9 and 12 degrees", _CATIO3_TILTED, _CATIO3_CUBIC),
    ("tilts", "LaAlO3 R-3c / cubic", "octahedra tilted by 5 degrees, oxygen 0.13 A off", _LAALO3_TILTED, _LAALO3_CUBIC),
    ("orderings", "CuPt L1_0 / L1_1", "layers of (001) or of (111)", _L1_0, _L1_1),
    ("orderings", "Al3Ti L1_2 / D0_22", "an antiphase boundary in every second layer", _L1_2, _D0_22),
    (
        "orderings",
        "CaTiO3 / Ca and Ti exchanged",
        "other elements on the sites",
        _CATIO3_CUBIC,
        partial(exchanged, _CATIO3_CUBIC),
    ),
    (
        "orderings",
        "TiNiSn / Ti and Ni exchanged",
        "another element between the other two",
        _HALF_HEUSLER,
        partial(exchanged, _HALF_HEUSLER),
    ),
    ("polymorphs", "graphite / diamond", "three or four bonds", _GRAPHITE["AB"], _DIAMOND),
    ("polymorphs", "TiO2 rutile / anatase", "two or four shared edges", _RUTILE, _ANATASE),
    ("polymorphs", "NaCl rocksalt / CsCl type", "six or eight neighbours", _ROCKSALT, _CSCL_TYPE),
)
_SAME: tuple[tuple[Topic, str, str, Build, Build], ...] = (
    ("conventions", "SiC 3C cubic / 3C as ABC", "one stacking in two cells", _SIC_CUBIC, _SIC["3C"]),
    ("conventions", "NaCl / Na and Cl exchanged", "a shift of the origin", _ROCKSALT, partial(exchanged, _ROCKSALT)),
    ("conventions", "quartz P3_221 / P3_121", "mirror images count as one", _QUARTZ["P3_221"], _QUARTZ["P3_121"]),
    (
        "conventions",
        "NaCl / expanded by 2%",
        "lengths are compared after scaling",
        _ROCKSALT,
        partial(scaled, _ROCKSALT, 1.02),
    ),
)
CASES: tuple[Case, ...] = tuple(
    Case(*case, same=same) for cases, same in ((_DIFFERENT, False), (_SAME, True)) for case in cases
)
