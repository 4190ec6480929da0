"""The prototype library that pymatgen ships: one measured compound for each of 288 structure types."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pymatgen.core.structure import Structure

from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.structure.convert import from_structure
from reference_data.sources.base import Source, SourceRefusal, SourceRow, file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Entries whose cell, coordinates or elements are not those of the compound, by label and formula, with what is wrong.
DAMAGED: Mapping[str, str] = {
    "A2B_hP18_180_fi_bd-Mg2Ni": "two Mg sites are 2.05 A apart: z of one and x of the other have changed places",
    "A2B_mC48_15_ae3f_2f-SiO2": "an oxygen has no silicon nearer than 1.98 A and two oxygens at 1.97 A",
    "A2B_oP12_19_2a_a-Ag2Se": "Ag and Se are 2.07 A apart, two Ag 2.32 A: coordinates of another origin",
    "A2B_oP24_61_2c_c-TiO2": "Ti and O are 1.55 A apart, 6.8 A3 per atom: b is 3.449 A for 5.449 A",
    "A2B_tI12_141_e_a-TiO2": "titanium has four oxygen neighbours, at 2.05 A; in anatase six, at 1.93 and 1.98 A",
    "A3B_cI32_204_g_c-CoAs3": "Co and As are 2.16 A apart, 13.6 A3 per atom; skutterudite has 2.33 A and 17.3 A3",
    "A3BC_mC10_8_ab_a_a-ZrPbO3": "the cell of the solid solution Pb(Zr0.52Ti0.48)O3, without its titanium",
    "A3BC_tP5_99_bc_a_b-ZrPbO3": "the cell of a solid solution Pb(Zr,Ti)O3, without its titanium",
    "A4B3_cI14_229_c_b-Pt3O4": "no oxygen is nearer to Pt than 2.70 A, 17.2 A3 per atom; Pt alone has 15.1",
    "A5B2_hR7_166_a2c_c-B5Mo2": "B and Mo are 1.57 A apart",
    "A7B_cF32_225_bd_a-Ca7Ge": "26.4 A3 per atom, where calcium has 43.6 and Ca2Ge 28.2",
    "AB11_cP36_221_c_agij-BaHg11": "two Hg sites are 2.21 A apart: a coordinate is 0.115 for 0.155",
    "AB2_hP24_194_ef_fgh-MgNi2": "two Ni sites are 1.46 A apart",
    "AB2_oF72_43_ab_3b-GeS2": "two sites are 1.28 A apart",
    "AB4C_tI12_82_c_g_a-BPO4": "P and O are 1.72 A apart, B and O 1.74 A; tetrahedra have 1.53 and 1.47 A",
    "AB5_hP6_191_a_cg-CaCu5": "17.6 A3 per atom, a = 5.41 A; CaCu5 has 15.3 and 5.09",
    "A12B_tI26_139_fij_a-ThMn12": "a is 8.47 A; ThMn12 has 8.74",
    "ABC_cP12_198_a_a_a-NiSbS": "two sites are 1.03 A apart",
    "ABC_oP6_59_a_a_a-CNCl": "chlorine is 1.16 A from nitrogen: the elements have changed places on Cl-C-N",
    "AB_hP12_194_df_ce-CuS": "a is 3.976 A for 3.796 A, that of covellite",
    "AB_hR2_166_a_b-CuPt": "21.2 A3 per atom, where Cu has 11.8 and Pt 15.1; no two atoms nearer than 3.08 A",
    "AB_mC8_15_c_e-CuO": "Cu and O are 1.67 A apart, 8.9 A3 per atom: the cell of another setting than the coordinates",
    "AB_oP8_62_c_c-FeB": "no two boron atoms are closer than 2.5 A; FeB has chains of boron, 1.77 A apart",
    "AB_tI16_140_ab_h-TlSe": "thallium and selenium have changed places: Se has no Tl nearer than 3.43 A",
    "AB_tP4_131_c_e-PtS": "36.8 A3 per atom, twice that of cooperite: its a times the square root of 2",
    "AB_mP4_11_e_e-TiNi": "two sites are 1.45 A apart",
    "A_cF136_227_aeg-Si": "two sites have no neighbour nearer than 3.54 A; in the clathrate all have four",
    "A_cI16_206_c-Si": "two sites are 1.43 A apart, 4.4 A3 per atom: a cell too small for silicon",
    "A_tI2_139_a-In": "52 A3 per atom, twice that of indium: the face-centred a with a body-centred cell",
    "sigma_tP30_136_bf2ij-Cr4Fe4Ni4PdRh2": "two sites are 1.26 A apart",
}


class AflowPrototypes(Source):
    """The AFLOW Library of Crystallographic Prototypes, part 1, as shipped inside pymatgen.

    Each row is one compound with the cell and coordinates of its cited crystallographic work, most of them measured, a
    few hypothetical. Entries that are wrong, most of them damaged on their way into the file, are refused.
    Ids are ``aflow-<AFLOW label>-<reduced formula>``: the label alone is shared by isopointal compounds.
    """

    kind: Literal["aflow_prototypes"]

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:  # noqa: ARG002 - shipped with a package
        """Every prototype, in the file's order."""
        for entry in json.loads(gzip.decompress(_library().read_bytes())):
            label = f"aflow-{entry['tags']['aflow']}"
            try:
                crystal = from_structure(Structure.from_dict(entry["snl"]))
            except ValueError as error:
                yield SourceRefusal(label, self.name, "disordered", str(error))
                continue
            identifier = f"{label}-{reduced_formula_of(crystal)}"
            damage = DAMAGED.get(identifier.removeprefix("aflow-"))
            if damage is not None:
                yield SourceRefusal(identifier, self.name, "damaged_entry", damage)
                continue
            yield SourceRow(identifier, self.name, crystal)

    def inputs(self, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - shipped with a package
        """The library file by its sha256."""
        library = _library()
        return {library.name: file_sha256(library)}


def _library() -> Path:
    return Path(str(files("pymatgen.analysis.prototypes") / "aflow_prototypes.json.gz"))
