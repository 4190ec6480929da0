"""Orb v3 (conservative, all neighbours, OMat24), comparable only with a hull that it computed itself.

Rhodes et al. 2025, arXiv:2504.06231. OMat24 was computed with newer pseudopotentials than the Materials Project's, so
its energies stand on no scale of the closed list (Barroso-Luque et al. 2024, arXiv:2410.12771).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.potentials import CHECKPOINTS, Potential
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, PBE_RANGE

if TYPE_CHECKING:
    from pathlib import Path

    from ase.calculators.calculator import Calculator

FILE = "orb-v3-conservative-inf-omat-20250404.ckpt"


def _load(checkpoint: Path, device: str) -> Calculator:
    """Calculator with full single precision and without compilation, which would change the bits."""
    from orb_models.forcefield import pretrained
    from orb_models.forcefield.calculator import ORBCalculator

    model = pretrained.orb_v3_conservative_inf_omat(
        weights_path=str(checkpoint), device=device, precision="float32-highest", compile=False
    )
    calculator: Calculator = ORBCalculator(model, device=device)
    return calculator


POTENTIAL = Potential(
    id="orb-v3",
    label="Orb v3",
    energy_convention="own:orb-v3",
    checkpoint_sha256="0a41ef1132ad9c41ee0c7b9d855fccabfefb97abe04625c97ec0d07930b6c0f0",
    elements=MPTRJ_ELEMENTS,
    reach=6.0,  # radius of its neighbour list
    energy_range=PBE_RANGE,
    requirements=("orb-models==0.5.5",),
    source="Orb v3 conservative-inf-omat, arXiv:2504.06231, Apache-2.0",
    find_checkpoint=lambda: CHECKPOINTS / FILE,
    load=_load,
    install=(
        "python3.11 -m venv .venv-orb && .venv-orb/bin/pip install orb-models==0.5.5 -r requirements.txt, and put "
        f"https://orbitalmaterials-public-models.s3.us-west-1.amazonaws.com/forcefields/orb-v3/{FILE} "
        f"into {CHECKPOINTS.name}/"
    ),
    environment="orb",
)
