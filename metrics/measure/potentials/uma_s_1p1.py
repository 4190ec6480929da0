"""UMA small 1.1 with its task for inorganic materials (OMat24), comparable only with a hull that it computed itself.

Wood et al. 2025, arXiv:2506.23971. The weights are gated: whoever runs it has accepted their licence, and since no
sha256 of them is published, states the one of his file beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.potentials import CHECKPOINTS, Potential
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, PBE_RANGE

if TYPE_CHECKING:
    from pathlib import Path

    from ase.calculators.calculator import Calculator

FILE = CHECKPOINTS / "uma-s-1p1.pt"
PIN = CHECKPOINTS / f"{FILE.name}.sha256"
UNPINNED = "0" * 64
"""The hash of no file."""


def _load(checkpoint: Path, device: str) -> Calculator:
    from fairchem.core import FAIRChemCalculator
    from fairchem.core.units.mlip_unit import load_predict_unit

    calculator: Calculator = FAIRChemCalculator(load_predict_unit(checkpoint, device=device), task_name="omat")
    return calculator


POTENTIAL = Potential(
    id="uma-s-1p1",
    label="UMA-S-1.1",
    energy_convention="own:uma-s-1p1",
    checkpoint_sha256=PIN.read_text().split()[0] if PIN.is_file() else UNPINNED,
    elements=MPTRJ_ELEMENTS,
    reach=6.0,  # cutoff of its graph
    energy_range=PBE_RANGE,
    requirements=("fairchem-core==2.20.0",),
    source="UMA-S-1.1, arXiv:2506.23971, FAIR Chemistry License",
    find_checkpoint=lambda: FILE,
    load=_load,
    install=(
        "python3.11 -m venv .venv-uma && .venv-uma/bin/pip install fairchem-core==2.20.0 ase==3.29.0 pymatgen, put "
        f"{FILE.name} from the model card facebook/UMA (gated; MD5 36a2f071350be0ee4c15e7ebdd16dde1) into "
        f"{CHECKPOINTS.name}/, and once: sha256sum {FILE.name} > {PIN.name} there"
    ),
    environment="uma",
)
