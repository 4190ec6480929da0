"""The submission whose numbers are golden: real compounds and what generators make of them, in many formats in one zip.

``mixed.zip`` is tracked and scored; this file says how it was made, and a test that it still makes the same members.
Crystals of the AFLOW library (Mehl et al. 2017, DOI 10.1016/j.commatsci.2017.01.017, shipped with pymatgen) are as
published, in other cells, perturbed, with elements exchanged, with defects, broken; the bundled example has none of the
formats and few of the changes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from submissions.examples.cif_text import cif_text
from submissions.examples.prototypes import (
    CHALCOPYRITE,
    HALF_HEUSLER,
    LAYERED,
    PEROVSKITE,
    ROCKSALT,
    RUTILE,
    SPINEL,
    Prototype,
    library,
    rattle,
    repeat,
    reshape_cell,
    shuffle,
    stretch,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARCHIVE = Path(__file__).with_name("mixed.zip")

PUBLISHED = {
    "quartz": "A2B_hP9_152_c_a",
    "lithium_niobate": "ABC3_hR10_167_a_b_e",
    "anatase": "A2B_tI12_141_e_a",
    "corundum": "A2B3_hR10_167_c_e",
    "ilmenite": "AB3C_hR10_148_c_f_c",
    "zircon": "A4BC_tI24_141_h_b_a",
    "baddeleyite": "A2B_mP12_14_2e_e",
    "stibnite": "A3B2_oP20_62_3c_2c",
    "pyrite": "AB2_cP12_205_a_c",
    "molybdenite": "AB2_hP6_194_c_f",
    "bismuth_telluride": "A2B3_hR5_166_c_ac",
    "max_phase": "AB3C4_hP16_194_c_af_ef",
    "aluminium_diboride": "AB2_hP3_191_a_d",
    "skutterudite": "A3B_cI32_204_g_c",
    "heusler": "AB2C_cF16_225_a_c_b",
    "ordered_gold_copper": "AB3_cP4_221_a_c",
    "laves": "A2B_cF24_227_d_a",
    "graphite": "A_hP4_194_bc",
    "gallium": "A_oC8_64_f",
    "ammonia": "A3B_cP16_198_b_a",
    "thiocyanate": "ABCD_oP16_57_d_c_d_d",
    "uranium": "A_oC4_63_c",
}
"""Name in the submission and AFLOW label of compounds as published."""

DECORATED: tuple[tuple[Prototype, str], ...] = (
    (ROCKSALT, "Eu2+ S2-"),
    (ROCKSALT, "Yb2+ Te2-"),
    (RUTILE, "Pb4+ O2-"),
    (RUTILE, "Mn2+ F-"),
    (PEROVSKITE, "Ba2+ Hf4+ O2-"),
    (PEROVSKITE, "K+ Nb5+ O2-"),
    (PEROVSKITE, "Li+ Ba2+ H-"),
    (SPINEL, "Zn2+ Al3+ S2-"),
    (HALF_HEUSLER, "Li+ Zn2+ N3-"),
    (CHALCOPYRITE, "Li+ Ga3+ Te2-"),
    (LAYERED, "Rb+ Y3+ O2-"),
)
"""Ions in a prototype, most of them compounds that exist and that the starter set may lack."""


def members() -> dict[str, bytes]:
    """Content of each member of the archive by its path."""
    packed = {f"published/{name}.cif": cif_text(name, library()[label]) for name, label in PUBLISHED.items()}
    packed |= {f"other_cells/{name}.vasp": poscar(name, crystal) for name, crystal in _other_cells()}
    packed["perturbed.extxyz"] = "".join(extxyz_frame(name, crystal) for name, crystal in _perturbed())
    packed["decorated.csv"] = _table(_decorated())
    packed["exchanged.jsonl"] = "".join(pymatgen_line(name, crystal) for name, crystal in _exchanged())
    packed["implausible.cif"] = "".join(cif_text(name, crystal) for name, crystal in _implausible())
    packed["README.txt"] = "Not a structure, and not counted.\n"
    packed["with_symmetry.cif"] = RUTILE_WITH_SYMMETRY
    encoded = {name: text.encode() for name, text in packed.items()}
    return {**encoded, **_broken(), "compressed.cif.gz": _compressed(packed["published/anatase.cif"])}


def poscar(name: str, crystal: Crystal) -> str:
    """POSCAR of VASP 5 in fractional coordinates."""
    order = np.argsort(crystal.atomic_numbers, kind="stable")
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    rows = [*crystal.lattice, *crystal.frac_coords[order]]
    lines = [" ".join(f"{value:.8f}" for value in row) for row in rows]
    symbols = " ".join(Element.from_Z(int(number)).symbol for number in numbers)
    head = [name, "1.0", *lines[:3], symbols, " ".join(map(str, counts)), "Direct"]
    return "\n".join([*head, *lines[3:]]) + "\n"


def extxyz_frame(name: str, crystal: Crystal) -> str:
    """One frame of extended XYZ, in angstrom."""
    cell = " ".join(f"{value:.8f}" for value in crystal.lattice.ravel())
    places = crystal.frac_coords @ crystal.lattice
    head = f'Lattice="{cell}" Properties=species:S:1:pos:R:3 name={name} pbc="T T T"'
    rows = [
        f"{Element.from_Z(int(number)).symbol} " + " ".join(f"{value:.8f}" for value in place)
        for number, place in zip(crystal.atomic_numbers, places, strict=True)
    ]
    return "\n".join([str(crystal.n_sites), head, *rows]) + "\n"


def pymatgen_line(name: str, crystal: Crystal) -> str:
    """A line with the dictionary of a pymatgen Structure, as its ``as_dict`` writes it but for the version."""
    lattice = Lattice(np.round(crystal.lattice, 8))
    parameters = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), lattice.parameters, strict=True))
    sites = [
        {"species": [{"element": Element.from_Z(int(number)).symbol, "occu": 1}], "abc": np.round(place, 8).tolist()}
        for number, place in zip(crystal.atomic_numbers, crystal.frac_coords, strict=True)
    ]
    made = {"@module": "pymatgen.core.structure", "@class": "Structure", "charge": 0}
    rounded = {key: round(value, 6) for key, value in parameters.items()}
    structure = {**made, "lattice": {"matrix": lattice.matrix.tolist(), **rounded}, "sites": sites}
    return json.dumps({"id": name, "structure": structure}) + "\n"


def exchange(crystal: Crystal, symbols: Mapping[str, str], sites: slice = slice(None)) -> Crystal:
    """Other elements in the place of those named, on all of an element's sites or some.

    Raises:
        ValueError: there is no site to change.

    """
    numbers = crystal.atomic_numbers.copy()
    for old, new in symbols.items():
        chosen = np.flatnonzero(crystal.atomic_numbers == Element(old).Z)[sites]
        if not len(chosen):
            msg = f"no {old} to exchange for {new}"
            raise ValueError(msg)
        numbers[chosen] = Element(new).Z
    return Crystal.from_arrays(crystal.lattice, crystal.frac_coords, numbers)


def without_site(crystal: Crystal, site: int) -> Crystal:
    """A vacancy."""
    return Crystal.from_arrays(
        crystal.lattice, np.delete(crystal.frac_coords, site, axis=0), np.delete(crystal.atomic_numbers, site)
    )


def displace(crystal: Crystal, site: int, reach: float) -> Crystal:
    """One site moved by ``reach`` angstrom along x."""
    coords = crystal.frac_coords.copy()
    coords[site] += np.array([reach, 0.0, 0.0]) @ np.linalg.inv(crystal.lattice)
    return Crystal.from_arrays(crystal.lattice, coords, crystal.atomic_numbers)


def shear(crystal: Crystal, strain: float) -> Crystal:
    """The second cell vector moved along the first by ``strain`` of its length."""
    lattice = crystal.lattice.copy()
    lattice[1] += strain * lattice[0]
    return Crystal.from_arrays(lattice, crystal.frac_coords, crystal.atomic_numbers)


def _published(name: str) -> Crystal:
    return library()[PUBLISHED[name]]


def _other_cells() -> Iterator[tuple[str, Crystal]]:
    yield "quartz_supercell", repeat(_published("quartz"), 2, 1, 1)
    yield "lithium_niobate_other_cell", reshape_cell(_published("lithium_niobate"))
    yield "anatase_shuffled", shuffle(_published("anatase"), 11)
    yield "corundum_stretched", stretch(_published("corundum"), 1.01)
    yield "pyrite_rattled_supercell", rattle(repeat(_published("pyrite"), 1, 1, 2), 12, reach=0.01)
    yield "molybdenite_sheared_cell", reshape_cell(shuffle(_published("molybdenite"), 13))
    yield "heusler_supercell", repeat(reshape_cell(_published("heusler")), 1, 2, 2)
    yield "graphite_supercell", repeat(_published("graphite"), 2, 2, 1)


def _perturbed() -> Iterator[tuple[str, Crystal]]:
    for reach in (0.03, 0.1, 0.2, 0.4):
        yield f"quartz_rattled_{reach}", rattle(_published("quartz"), 21, reach=reach)
    for factor in (0.94, 0.97, 1.03, 1.08):
        yield f"zircon_scaled_{factor}", stretch(_published("zircon"), factor)
    for strain in (0.02, 0.1, 0.2):
        yield f"anatase_sheared_{strain}", shear(_published("anatase"), strain)
    yield "stibnite_rattled", rattle(_published("stibnite"), 22, reach=0.08)
    for reach in (0.15, 0.3, 0.5):
        yield f"halite_pair_{reach}", displace(repeat(library()[ROCKSALT.label], 2, 1, 1), 0, reach)


def _decorated() -> Iterator[tuple[str, Crystal]]:
    for prototype, ions in DECORATED:
        yield f"{prototype.name}_{ions.replace(' ', '_')}", prototype.decorate(*ions.split())


def _exchanged() -> Iterator[tuple[str, Crystal]]:
    """Similar elements exchanged, on all sites and on some, and point defects."""
    yield "corundum_gallium", exchange(_published("corundum"), {"Al": "Ga"})
    yield "ilmenite_manganese", exchange(_published("ilmenite"), {"Fe": "Mn"})
    yield "pyrite_half_ruthenium", exchange(_published("pyrite"), {"Fe": "Ru"}, slice(0, 2))
    yield "quartz_one_germanium", exchange(repeat(_published("quartz"), 1, 1, 2), {"Si": "Ge"}, slice(0, 1))
    yield "zircon_hafnium", exchange(_published("zircon"), {"Zr": "Hf"})
    yield "laves_swapped", exchange(_published("laves"), {"Cu": "Mg", "Mg": "Cu"})
    alloy = repeat(_published("ordered_gold_copper"), 2, 2, 1)
    yield "ordered_gold_copper_antisites", exchange(alloy, {"Cu": "Au", "Au": "Cu"}, slice(0, 1))
    halite = repeat(library()[ROCKSALT.label], 2, 2, 1)
    yield "halite_vacancy", without_site(halite, 0)
    yield "halite_potassium", exchange(halite, {"Na": "K"}, slice(0, 1))
    yield "max_phase_vanadium", exchange(_published("max_phase"), {"Ti": "V"})


def _implausible() -> Iterator[tuple[str, Crystal]]:
    yield "compressed_quartz", stretch(_published("quartz"), 0.6)
    yield "expanded_corundum", stretch(_published("corundum"), 2.5)
    yield "charged_fluorite", exchange(library()["AB2_cF12_225_a_c"], {"Ca": "Na"})
    yield "charged_niobate", exchange(_published("lithium_niobate"), {"Li": "Ca"})
    yield "heavy_element", exchange(_published("baddeleyite"), {"Zr": "Rf"})
    argon = Crystal.from_arrays(5.3 * np.eye(3), [[0.0, 0.0, 0.0]], [Element("Ar").Z])
    yield "noble_gas", argon
    overlap = Crystal.from_arrays(4.0 * np.eye(3), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [11, 17])
    yield "overlapping_atoms", overlap
    rod = Crystal.from_arrays(np.diag([3.0, 3.0, 120.0]), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.02]], [14, 8])
    yield "long_cell", rod


def _broken() -> dict[str, bytes]:
    whole = cif_text("broken", _published("anatase"))
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr(zipfile.ZipInfo("inside.cif"), whole)
    return {
        "broken/cut_short.cif": whole[: len(whole) // 3].encode(),
        "broken/partly_occupied.cif": whole.replace(" 1\n", " 0.5\n").encode(),
        "broken/no_such_element.cif": whole.replace("Ti", "Tz").encode(),
        "broken/no_number.cif": whole.replace("0.000000", "?", 1).encode(),
        "broken/empty.cif": b"",
        "broken/prose.vasp": b"I could not generate a structure for this prompt.\n",
        "broken/nested.zip": nested.getvalue(),
    }


def _table(crystals: Iterator[tuple[str, Crystal]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("material_id", "model", "cif"))
    writer.writerows((name, "made by rule", cif_text(name, crystal)) for name, crystal in crystals)
    # the same id again, and no structure at all
    writer.writerows([("rutile_Mn2+_F-", "again", ""), ("nothing", "made by rule", "not a CIF")])
    return text.getvalue()


def _compressed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


RUTILE_WITH_SYMMETRY = """\
data_rutile
_chemical_formula_sum 'Ti2 O4'
_cell_length_a 4.594(1)
_cell_length_b 4.594(1)
_cell_length_c 2.959(1)
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 42/m n m'
_symmetry_Int_Tables_number 136
loop_
_symmetry_equiv_pos_as_xyz
'x, y, z'
'-x, -y, z'
'-y+1/2, x+1/2, z+1/2'
'y+1/2, -x+1/2, z+1/2'
'-x+1/2, y+1/2, -z+1/2'
'x+1/2, -y+1/2, -z+1/2'
'y, x, -z'
'-y, -x, -z'
'-x, -y, -z'
'x, y, -z'
'y+1/2, -x+1/2, -z+1/2'
'-y+1/2, x+1/2, -z+1/2'
'x+1/2, -y+1/2, z+1/2'
'-x+1/2, y+1/2, z+1/2'
'-y, -x, z'
'y, x, z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Ti1 Ti4+ 0 0 0 1
O1 O2- 0.3053 0.3053 0 1
"""
"""As a database of structures writes it: asymmetric unit, symmetry operations, uncertainties, oxidation states."""


def archive_bytes() -> bytes:
    """Bytes of the zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members().items():
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return packed.getvalue()
