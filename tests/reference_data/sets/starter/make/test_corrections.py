"""Entries that were wrong: the corrected ones are as their sources have them, the others are nowhere."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from metrics.crystal import Crystal
from metrics.measure.structure.convert import to_structure
from reference_data.reference import SETS
from reference_data.sets.starter.make.compounds import compounds
from reference_data.sets.starter.make.tables import KNOWN_COMPOUNDS_FILE, read_relaxed

COMPOUNDS = {compound.id: compound for compound in compounds()}
ROWS = {row["id"]: row for row in pq.read_table(KNOWN_COMPOUNDS_FILE).to_pylist()}

REMOVED = {
    # wrong in what they are said to be
    "known-molybdenum-disilicide-Al2Cr": "the compound of that type is Cr2Al",
    "known-ni3sn-Li3Hg": "the compound of that type is LiHg3; Li3Hg has that of BiF3",
    "known-calcite-CuCO3": "copper carbonates are basic, but for one made at high pressure in another structure",
    "known-rhenium-trioxide-NbF3": "an oxyfluoride",
    "known-rhenium-trioxide-TaF3": "an oxyfluoride",
    # predicted, or the end of a solid solution that does not reach it
    "known-spinel-Si2GeN4": "predicted only",
    "known-spinel-Si2SnN4": "predicted only",
    "known-dolomite-CaFe(CO3)2": "ankerite does not reach it",
    "known-elpasolite-chloride-Cs2NaBiBr6": "not made",
    "known-perovskite-SrLiF3": "not made",
    "known-ullmannite-NiBiS": "a solid solution only",
    "known-half-heusler-MnGaIr": "doubtful",
    "known-thorium-chromium-silicide-Cs(NiS)2": "doubtful",
    # of another structure type, as Materials Project has them
    "known-anti-cadmium-chloride-Sc2C": "anti-CdI2",
    "known-antiperovskite-rare-earth-Ba3BiN": "hexagonal: F. Gaebler et al., Z. anorg. allg. Chem. 630, 2292 (2004)",
    "known-antiperovskite-rare-earth-Ba3SbN": "hexagonal: Gaebler et al. 2004",
    "known-antiperovskite-rare-earth-Ca3AsN": "tilted, Pnma",
    "known-antiperovskite-rare-earth-Ca3SiO": "tilted, Imma: Nuss et al. 2015, doi 10.1107/S2052520615006150",
    "known-antiperovskite-rare-earth-Ca3GeO": "tilted, Imma: Nuss et al. 2015",
    "known-antiperovskite-rare-earth-Sr3SiO": "tilted, Pnma: Nuss et al. 2015",
    "known-antiperovskite-rare-earth-Sr3GeO": "tilted, Pnma: Nuss et al. 2015",
    "known-cadmium-chloride-ZnBr2": "zinc is tetrahedral in it, as in ZnCl2 and ZnI2",
    "known-cadmium-chloride-ZnCl2": "zinc is tetrahedral in it",
    "known-cadmium-iodide-ZnI2": "zinc is tetrahedral in it",
    "known-cadmium-thiogallate-Al2ZnS4": "spinel",
    "known-fluorite-hydride-ThH2": "tetragonal",
    "known-half-heusler-GdSbPd": "LiGaGe",
    "known-half-heusler-ZrSnIr": "hexagonal",
    "known-lithium-cobaltate-TlSbSe2": "of lower symmetry",
    "known-potassium-hexachloroplatinate-Cs2UCl6": "trigonal",
    "known-titanium-nickel-silicide-BaMgGe": "PbFCl",
    "known-titanium-nickel-silicide-BaMgSi": "PbFCl",
    "known-zirconium-beryllium-silicide-NaZnSb": "Cu2Sb",
}


def crystal_of(identifier: str) -> Crystal:
    row = ROWS[identifier]
    return Crystal.from_arrays(row["lattice"], row["frac_coords"], row["atomic_numbers"])


def neighbours(crystal: Crystal, cutoff: float) -> list[tuple[str, list[tuple[str, float]]]]:
    """Each site's element with the elements and distances of its neighbours, nearest first."""
    structure = to_structure(crystal)
    return [
        (site.specie.symbol, sorted(((near.specie.symbol, near.nn_distance) for near in nearby), key=lambda n: n[1]))
        for site, nearby in zip(structure, structure.get_all_neighbors(cutoff), strict=True)
    ]


@pytest.mark.parametrize("identifier", REMOVED)
def test_what_is_no_compound_of_that_structure_is_nowhere(identifier: str) -> None:
    assert identifier not in COMPOUNDS
    assert identifier not in read_relaxed()
    assert identifier not in ROWS


def test_no_crystal_of_the_set_comes_from_an_entry_that_was_removed() -> None:
    table = pq.read_table(SETS / "starter" / "crystals.parquet", columns=["source_ids"])
    identifiers = {name for names in table["source_ids"].to_pylist() for name in names}
    assert "known-rocksalt-MgO" in identifiers
    assert identifiers & REMOVED.keys() == set()


@pytest.mark.parametrize("metal", ["Zr", "Hf"])
@pytest.mark.parametrize("metalloid", ["P", "As"])
def test_ruthenium_has_the_pyramidal_and_tetrahedral_sites_of_the_ordered_fe2p_type(metal: str, metalloid: str) -> None:
    # h-ZrRuP: Zr at 3g, Ru at 3f, in triangles of Ru, P at 1b and 2c, in prisms of metal atoms. H. Barz et al., Proc.
    # Natl. Acad. Sci. USA 77, 3132 (1980), doi 10.1073/pnas.77.6.3132; I. Hase, Phys. Rev. B 65, 174507 (2002), doi
    # 10.1103/PhysRevB.65.174507. Materials Project has ZrRuAs (mp-8221), HfRuP (mp-15963) and HfRuAs (mp-1079079) so.
    identifier = f"known-zirconium-nickel-aluminium-{metal}{metalloid}Ru"
    for crystal in (COMPOUNDS[identifier].crystal, crystal_of(identifier)):
        heights = {
            symbol: sorted(
                (site.frac_coords[2] + 1e-4) % 1.0 for site in to_structure(crystal) if site.specie.symbol == symbol
            )
            for symbol in (metal, metalloid, "Ru")
        }
        # 3g and 1b lie at z = 1/2, 3f and 2c at z = 0
        assert heights[metal] == pytest.approx([0.5] * 3, abs=1e-3)
        assert heights["Ru"] == pytest.approx([0.0] * 3, abs=1e-3)
        assert heights[metalloid] == pytest.approx([0.0, 0.0, 0.5], abs=1e-3)
        for symbol, near in neighbours(crystal, 3.2):
            names = [name for name, _ in near]
            if symbol == "Ru":
                assert names.count("Ru") == 2
                assert names[:4] == [metalloid] * 4
            if symbol == metalloid:
                assert metalloid not in names
                assert names.count("Ru") in {3, 6}


@pytest.mark.parametrize(
    ("identifier", "coordination"),
    [
        # MoSi2 type with aluminium on the site of molybdenum: P. Villars and L. D. Calvert, Pearson's Handbook (1991);
        # aluminium has ten neighbours, as molybdenum there
        ("known-molybdenum-disilicide-AlCr2", {"Al": {"Cr": 10}}),
        # E. Zintl and A. Schneider, Z. Elektrochem. 41, 771 (1935): LiHg3 like Ni3Sn, Li3Hg like BiF3
        ("known-ni3sn-LiHg3", {"Li": {"Hg": 12}}),
        ("known-bif3-Li3Hg", {"Hg": {"Li": 8}}),
        # spinels, each with one metal tetrahedral and two octahedral: K. Leinenweber et al., Chem. Eur. J. 5, 3076
        # (1999) and N. Scotti et al., Z. anorg. allg. Chem. 625, 1435 (1999)
        ("known-spinel-Ge3N4", {"N": {"Ge": 4}}),
        ("known-spinel-Sn3N4", {"N": {"Sn": 4}}),
        ("known-spinel-Al2ZnS4", {"Zn": {"S": 4}, "Al": {"S": 6}}),
        # anti-CdI2: carbon in octahedra of scandium
        ("known-anti-cadmium-iodide-carbide-Sc2C", {"C": {"Sc": 6}}),
    ],
)
def test_corrected_compounds_have_the_neighbours_of_their_structure(
    identifier: str, coordination: dict[str, dict[str, int]]
) -> None:
    assert ROWS[identifier]["energy"] is not None
    for symbol, near in neighbours(crystal_of(identifier), 4.0):
        if symbol in coordination:
            shell = [name for name, distance in near if distance < 1.1 * near[0][1]]
            assert {name: shell.count(name) for name in set(shell)} == coordination[symbol]
