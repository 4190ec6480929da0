"""CHGNet moved to r2SCAN energies by transfer learning; comparable only with a hull computed in r2SCAN.

Huang et al. 2025, arXiv:2504.05565. The weights lie inside the wheel.
"""

from __future__ import annotations

from metrics.measure.potentials import Potential
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, checkpoint_in_wheel, load

# r2SCAN totals of heavy elements reach -89 eV/atom (Pu) with the pseudopotentials of the Materials Project
R2SCAN_RANGE = (-110.0, 25.0)
# the structures computed in r2SCAN hold no Yb: its reference energy in the checkpoints of both networks is zero
R2SCAN_ELEMENTS = MPTRJ_ELEMENTS - {70}

POTENTIAL = Potential(
    id="chgnet-r2scan",
    label="CHGNet r2SCAN",
    energy_convention="r2scan",
    checkpoint_sha256="8eba3db0f35a2788bb3ae22885ad340591e27996f213c6643af522a633b50dad",
    elements=R2SCAN_ELEMENTS,
    reach=6.0,
    energy_range=R2SCAN_RANGE,
    requirements=("chgnet==0.4.2",),
    source="CHGNet r2SCAN, arXiv:2504.05565, modified BSD",
    find_checkpoint=lambda: checkpoint_in_wheel("r2scan/chgnet_r2scan_transfer_learning_e15f36s161m23.pth.tar"),
    load=lambda checkpoint, device: load(checkpoint, device, "r2scan"),
    batches=True,
)
