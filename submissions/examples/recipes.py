"""What the example submission holds, record by record, and the verdict each is there for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure.structure.convert import composition_of
from submissions.examples.cif_text import cif_text
from submissions.examples.prototypes import (
    CADMIUM_IODIDE,
    CESIUM_CHLORIDE,
    CHALCOPYRITE,
    FLUORITE,
    HALF_HEUSLER,
    LAYERED,
    MATLOCKITE,
    NICKEL_ARSENIDE,
    PEROVSKITE,
    ROCKSALT,
    RUTILE,
    SPINEL,
    ZINCBLENDE,
    Prototype,
    library,
    rattle,
    repeat,
    reshape_cell,
    shuffle,
    stretch,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Example:
    """One record and what is expected of it.

    Attributes:
        name: of its file in the archive.
        content: the bytes of the file.
        refusal: reason for which it is not read; then nothing else is known about it.
        charge_valid: None where it cannot be decided.
        distance_valid: whether the atoms keep their distance.
        plausible: whether density, cell and symmetry are those of a crystal.
        identified: whether it can be compared with other crystals.
        duplicate_of: name of the file with the same crystal that it was made from.
        known_as: AFLOW label of the prototype that it is; a novel one has none.

    """

    name: str
    content: bytes
    refusal: str | None = None
    charge_valid: bool | None = True
    distance_valid: bool | None = True
    plausible: bool | None = True
    identified: bool | None = True
    duplicate_of: str | None = None
    known_as: str | None = None


NOVEL: tuple[tuple[Prototype, tuple[str, ...]], ...] = (
    (ROCKSALT, ("Zn2+ Se2-", "Cd2+ S2-", "Be2+ O2-", "Cs+ I-", "Cs+ Br-", "Al3+ N3-", "Ga3+ N3-", "Cu+ Br-")),
    (CESIUM_CHLORIDE, ("K+ I-", "Rb+ Br-")),
    (ZINCBLENDE, ("Mg2+ Se2-", "Ca2+ S2-", "Li+ Br-", "Sc3+ N3-")),
    (NICKEL_ARSENIDE, ("V3+ P3-",)),
    (FLUORITE, ("Mg2+ F-", "Ca2+ Cl-", "Ti4+ O2-", "O2- Cs+", "Se2- Rb+")),
    (RUTILE, ("Zr4+ O2-", "Ce4+ O2-", "Ca2+ F-")),
    (CADMIUM_IODIDE, ("Sr2+ I-", "Ca2+ Cl-", "Ge4+ S2-")),
    (PEROVSKITE, ("Na+ Zn2+ F-", "Rb+ Sr2+ F-", "Cs+ Ba2+ Cl-", "Sr2+ Ce4+ O2-", "La3+ Ga3+ O2-", "Cl- S2- Na+")),
    (SPINEL, ("Ca2+ Ga3+ O2-", "Ca2+ In3+ S2-", "Mg2+ Sc3+ Se2-")),
    (HALF_HEUSLER, ("Na+ Zn2+ P3-", "Na+ Mg2+ As3-", "Li+ Cd2+ Sb3-")),
    (CHALCOPYRITE, ("Na+ In3+ Se2-", "Na+ Al3+ Te2-")),
    (LAYERED, ("K+ Sc3+ S2-", "K+ In3+ O2-")),
    (MATLOCKITE, ("Br- Mg2+ F-", "I- Ca2+ F-")),
)
"""Charge-balanced decorations of textbook prototypes that are in neither the library nor the starter set."""

MISFITS = frozenset(
    (
        "fluorite_Cs2O",
        "perovskite_Na3SCl",
        "half_heusler_NaZnP",
        "layered_KInO2",
        "matlockite_MgBrF",
        "matlockite_CaIF",
    )
)
"""Of these, those whose cell, made from ionic radii, is too small or too large for the bonds of an atom."""


def examples() -> Iterator[Example]:
    """All records, in the order of the archive: a duplicate comes after its original."""
    yield from _novel()
    yield from _distorted()
    yield from _duplicates()
    yield from _known()
    yield from _invalid()
    yield from _refused()


def _record(name: str, crystal: Crystal, **verdicts: bool | str | None) -> Example:
    return Example(f"{name}.cif", cif_text(name, crystal).encode(), **verdicts)  # type: ignore[arg-type] # by name


def _novel() -> Iterator[Example]:
    for prototype, decorations in NOVEL:
        for ions in decorations:
            crystal = prototype.decorate(*ions.split())
            name = f"{prototype.name}_{_formula(crystal)}"
            yield _record(f"novel_{name}", crystal, charge_valid=name not in MISFITS)


def _distorted() -> Iterator[Example]:
    """Novel as well: rattled, strained, and known formulas in a structure of another type."""
    yield _record("novel_rattled_perovskite_KCaF3", rattle(PEROVSKITE.decorate("K+", "Ca2+", "F-"), 1))
    yield _record("novel_rattled_fluorite_HfO2", rattle(repeat(FLUORITE.decorate("Hf4+", "O2-"), 1, 1, 2), 2))
    yield _record("novel_strained_rocksalt_CsCl", stretch(ROCKSALT.decorate("Cs+", "Cl-"), 1.02))
    yield _record("novel_polymorph_of_NaCl_zincblende", ZINCBLENDE.decorate("Na+", "Cl-"))
    yield _record("novel_polymorph_of_ZnS_rocksalt", ROCKSALT.decorate("Zn2+", "S2-"))


def _duplicates() -> Iterator[Example]:
    selenide = ROCKSALT.decorate("Zn2+", "Se2-")
    fluoride = PEROVSKITE.decorate("Na+", "Zn2+", "F-")
    yield _record("duplicate_of_ZnSe", selenide, duplicate_of="novel_rocksalt_ZnSe.cif")
    for name, crystal in {
        "shuffled": shuffle(fluoride, 3),
        "supercell": repeat(fluoride, 2, 1, 2),
        "other_cell": reshape_cell(fluoride),
        "rattled_supercell": rattle(repeat(fluoride, 1, 2, 1), 4, reach=0.01),
        "stretched": stretch(fluoride, 1.01),
    }.items():
        yield _record(f"disguised_duplicate_of_NaZnF3_{name}", crystal, duplicate_of="novel_perovskite_NaZnF3.cif")


def _known() -> Iterator[Example]:
    """Prototypes of the library, plainly or in another description; one of each."""
    crystals = library()
    for name, label, crystal in (
        ("known_perovskite_CaTiO3", PEROVSKITE.label, crystals[PEROVSKITE.label]),
        ("known_diamond", "A_cF8_227_a", crystals["A_cF8_227_a"]),
        ("known_wurtzite_ZnS", "AB_hP4_186_b_b", crystals["AB_hP4_186_b_b"]),
        ("disguised_supercell_of_NaCl", ROCKSALT.label, repeat(crystals[ROCKSALT.label], 2, 2, 1)),
        ("disguised_other_cell_of_CsCl", CESIUM_CHLORIDE.label, reshape_cell(crystals[CESIUM_CHLORIDE.label])),
        ("disguised_shuffled_MgAl2O4", SPINEL.label, shuffle(crystals[SPINEL.label], 5)),
        ("disguised_rattled_TiO2", RUTILE.label, rattle(crystals[RUTILE.label], 6, reach=0.01)),
        ("disguised_stretched_CaF2", FLUORITE.label, stretch(crystals[FLUORITE.label], 1.01)),
    ):
        yield _record(name, crystal, known_as=label)


def _invalid() -> Iterator[Example]:
    for prototype, ions in ((FLUORITE, "K+ F-"), (PEROVSKITE, "Na+ K+ F-"), (CADMIUM_IODIDE, "Rb+ Br-")):
        crystal = prototype.decorate(*ions.split())
        yield _record(f"invalid_charge_{prototype.name}_{_formula(crystal)}", crystal, charge_valid=False)
    yield _record("undecided_charge_fluorite_RfO2", _element_exchanged("Hf", "Rf"), charge_valid=None, identified=False)
    yield _record(
        "invalid_distance_compressed_LiF",
        stretch(ZINCBLENDE.decorate("Li+", "F-"), 0.62),
        charge_valid=False,
        distance_valid=False,
    )
    lithium = _cubic(1.7, {"Li": [(0, 0, 0)]})
    yield _record("invalid_distance_to_own_image_Li", lithium, charge_valid=False, distance_valid=False)
    iridium = _cubic(4.4, {"Os": _FACE_CENTRED, "Ir": [(x + 0.5, y + 0.5, z + 0.5) for x, y, z in _FACE_CENTRED]})
    yield _record("invalid_density_too_high_OsIr", iridium, plausible=False)
    yield _record("invalid_density_too_low_H2", _cubic(7.0, {"H": [(0, 0, 0), (0, 0, 0.106)]}), plausible=False)
    wire = Crystal.from_arrays(np.diag([3.0, 3.0, 101.0]), [[0.0, 0.0, 0.0]], [Element("Au").Z])
    yield _record("invalid_cell_too_long_Au", wire, plausible=False)
    cell: _Places = {"Mg": [(0, 0, 0)], "F": [(0.5, 0.5, 0.5), (0.5, 0.5, 0.5005)]}
    yield _record(
        "invalid_overlapping_atoms_MgF2",
        _cubic(4.0, cell),
        charge_valid=False,
        distance_valid=False,
        plausible=False,
        identified=False,
    )


def _refused() -> Iterator[Example]:
    whole = cif_text("refused", ROCKSALT.decorate("Ca2+", "O2-"))

    def spoiled(old: str, new: str) -> bytes:
        if old not in whole:
            msg = f"{old!r} is not in the CIF to spoil"
            raise ValueError(msg)
        return whole.replace(old, new).encode()

    declared = "_chemical_formula_sum 'Ca1 O1'\n"
    half_full = spoiled("0.500000 1", "0.500000 0.5").replace(declared.encode(), b"")
    for name, content, refusal in (
        ("truncated_atoms", whole[: whole.rindex("Ca1 Ca")].encode(), "formula_mismatch"),
        ("truncated_cell", whole[: whole.index("_cell_angle")].encode(), "malformed"),
        ("partial_occupancy", half_full, "partial_occupancy"),
        ("unknown_element", spoiled("Ca1 Ca", "Xx1 Xx"), "unknown_element"),
        ("not_a_number", spoiled("0.500000 0.500000 0.500000", "nan 0.500000 0.500000"), "not_finite"),
        ("flat_cell", spoiled("_cell_angle_gamma 60.000000", "_cell_angle_gamma 119.999999"), "zero_volume"),
        ("empty", b"", "empty"),
        ("not_utf8", whole.replace("data_refused", "data_caf\u00e9").encode("latin-1"), "wrong_encoding"),
    ):
        yield Example(f"refused_{name}.cif", content, refusal, None, None, None, None)


_Places: TypeAlias = "dict[str, list[tuple[float, float, float]]]"
_FACE_CENTRED = [(0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0)]


def _cubic(length: float, places: _Places) -> Crystal:
    numbers = [Element(symbol).Z for symbol, of_one in places.items() for _ in of_one]
    coords = [place for of_one in places.values() for place in of_one]
    return Crystal.from_arrays(length * np.eye(3), coords, numbers)


def _element_exchanged(known: str, unknown: str) -> Crystal:
    """Fluorite dioxide of an element too heavy for any table of radii, in the cell of its lighter homologue."""
    crystal = FLUORITE.decorate(f"{known}4+", "O2-")
    numbers = np.where(crystal.atomic_numbers == Element(known).Z, Element(unknown).Z, crystal.atomic_numbers)
    return Crystal.from_arrays(crystal.lattice, crystal.frac_coords, numbers)


def _formula(crystal: Crystal) -> str:
    """Reduced formula without the parentheses and spaces that a file name should not have."""
    amounts = composition_of(crystal).reduced_composition
    ordered = sorted(amounts, key=lambda element: element.X)
    return "".join(f"{element.symbol}{int(amounts[element]) if amounts[element] > 1 else ''}" for element in ordered)
