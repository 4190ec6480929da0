"""SevenNet-0 of 11 July 2024, trained on the uncorrected PBE(+U) energies of MPtrj.

Park et al. 2024, DOI 10.1021/acs.jctc.4c00190. The weights lie inside the wheel. On a hull of MP2020-corrected
energies its own need the corrections (:func:`metrics.measure.energy.mp2020.to_convention`).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from metrics.measure.potentials import Potential, package_folder
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, PBE_RANGE

if TYPE_CHECKING:
    from pathlib import Path

    from ase.calculators.calculator import Calculator


def checkpoint_in_wheel(relative: str) -> Path:
    """Where a checkpoint lies inside the installed package."""
    return package_folder("sevenn") / "pretrained_potentials" / relative


def load(checkpoint: Path, device: str, modal: str | None = None) -> Calculator:
    """Calculator of a SevenNet checkpoint; ``modal`` is the level of theory of one that knows several."""
    from sevenn.calculator import SevenNetCalculator

    with warnings.catch_warnings():
        # it advises GPU kernels of other packages, which this project does not use
        warnings.filterwarnings("ignore", message="No tensor product accelerator")
        calculator: Calculator = SevenNetCalculator(str(checkpoint), device=device, modal=modal)
    return calculator


POTENTIAL = Potential(
    id="sevennet-0",
    label="SevenNet-0",
    energy_convention="pbe_uncorrected",
    checkpoint_sha256="7052cb42b7b3be42b40b97fa0d21077a48c54b5548948fc4dcf346629f813c36",
    elements=MPTRJ_ELEMENTS,
    reach=5.0,  # cutoff of the checkpoint
    energy_range=PBE_RANGE,
    requirements=("sevenn==0.13.0",),
    source="SevenNet-0 (11Jul2024), DOI 10.1021/acs.jctc.4c00190, MIT",
    find_checkpoint=lambda: checkpoint_in_wheel("SevenNet_0__11Jul2024/checkpoint_sevennet_0.pth"),
    load=load,
)
