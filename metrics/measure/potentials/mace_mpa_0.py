"""MACE-MPA-0 (medium), trained on the uncorrected PBE(+U) energies of MPtrj and of a part of Alexandria.

Batatia et al. 2025, DOI 10.1063/5.0297006. What its package loads by default has changed between releases, so the
file is pinned and never chosen by name.
"""

from __future__ import annotations

from metrics.measure.potentials import CHECKPOINTS, Potential
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, PBE_RANGE
from metrics.measure.potentials.mace_mp_0 import REQUIREMENTS, how_to_install, load

FILE = "mace-mpa-0-medium.model"

POTENTIAL = Potential(
    id="mace-mpa-0",
    label="MACE-MPA-0",
    energy_convention="pbe_uncorrected",
    checkpoint_sha256="75428afe3a1d7d8062e19bcaabd5c433623cabf308242ec9fb493e38604fb638",
    elements=MPTRJ_ELEMENTS,
    reach=6.0,
    energy_range=PBE_RANGE,
    requirements=REQUIREMENTS,
    source="MACE-MPA-0 medium, DOI 10.1063/5.0297006, MIT",
    find_checkpoint=lambda: CHECKPOINTS / FILE,
    load=load,
    install=how_to_install(FILE, "mace_mpa_0"),
    environment="mace",
)
