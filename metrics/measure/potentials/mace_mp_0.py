"""MACE-MP-0 (medium), trained on the uncorrected PBE(+U) energies of MPtrj; its weights are put in place by hand.

Batatia et al. 2025, DOI 10.1063/5.0297006. Its package needs another e3nn than sevenn, hence an environment of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.potentials import CHECKPOINTS, Potential
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, PBE_RANGE

if TYPE_CHECKING:
    from pathlib import Path

    from ase.calculators.calculator import Calculator

RELEASES = "https://github.com/ACEsuit/mace-foundations/releases/download"
REQUIREMENTS = ("mace-torch==0.3.15",)
FILE = "2023-12-03-mace-128-L1_epoch-199.model"


def how_to_install(file: str, release: str) -> str:
    """What a person does once: an environment and a file."""
    return (
        "python3.11 -m venv .venv-mace && .venv-mace/bin/pip install mace-torch==0.3.15 -r requirements.txt, "
        f"and put {RELEASES}/{release}/{file} into {CHECKPOINTS.name}/"
    )


def load(checkpoint: Path, device: str) -> Calculator:
    """Calculator in double precision, as its authors advise for relaxations."""
    from mace.calculators import MACECalculator

    calculator: Calculator = MACECalculator(model_paths=checkpoint, device=device, default_dtype="float64")
    return calculator


POTENTIAL = Potential(
    id="mace-mp-0",
    label="MACE-MP-0",
    energy_convention="pbe_uncorrected",
    checkpoint_sha256="01bfe22100139f424713cf921144e5509cbe353d67aa9fa1be9c6e1e0ed35845",
    elements=MPTRJ_ELEMENTS,
    reach=6.0,  # r_max of the checkpoint
    energy_range=PBE_RANGE,
    requirements=REQUIREMENTS,
    source="MACE-MP-0 medium, DOI 10.1063/5.0297006, MIT",
    find_checkpoint=lambda: CHECKPOINTS / FILE,
    load=load,
    install=how_to_install(FILE, "mace_mp_0"),
    environment="mace",
)
