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

# Entries whose cell or coordinates are not those of the compound, by label and formula, with what is wrong.
DAMAGED: Mapping[str, str] = {
    "A2B_tI12_141_e_a-TiO2": "titanium has four oxygen neighbours, at 2.05 A; in anatase six, at 1.93 and 1.98 A",
    "AB2_hP24_194_ef_fgh-MgNi2": "two Ni sites are 1.46 A apart",
    "AB2_oF72_43_ab_3b-GeS2": "two sites are 1.28 A apart",
    "ABC_cP12_198_a_a_a-NiSbS": "two sites are 1.03 A apart",
    "AB_oP8_62_c_c-FeB": "no two boron atoms are closer than 2.5 A; FeB has chains of boron, 1.77 A apart",
    "AB_tP4_131_c_e-PtS": "36.8 A3 per atom, twice that of cooperite: its a times the square root of 2",
    "AB_mP4_11_e_e-TiNi": "two sites are 1.45 A apart",
    "A_cI16_206_c-Si": "two sites are 1.43 A apart, 4.4 A3 per atom: a cell too small for silicon",
    "A_tI2_139_a-In": "52 A3 per atom, twice that of indium: the face-centred a with a body-centred cell",
    "sigma_tP30_136_bf2ij-Cr4Fe4Ni4PdRh2": "two sites are 1.26 A apart",
}


class AflowPrototypes(Source):
    """The AFLOW Library of Crystallographic Prototypes, part 1, as shipped inside pymatgen.

    Each row is one compound with the cell and coordinates of its cited crystallographic work, most of them measured, a
    few hypothetical. Ten entries that were damaged on their way into the file are refused.
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
