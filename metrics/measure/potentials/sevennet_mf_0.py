"""SevenNet-MF-0, one network for PBE and r2SCAN; used for r2SCAN, comparable only with a hull computed in r2SCAN.

Kim et al. 2025, DOI 10.1021/jacs.4c14455. The weights lie inside the wheel.
"""

from __future__ import annotations

from metrics.measure.potentials import Potential
from metrics.measure.potentials.chgnet_r2scan import R2SCAN_ELEMENTS, R2SCAN_RANGE
from metrics.measure.potentials.sevennet_0 import checkpoint_in_wheel, load

POTENTIAL = Potential(
    id="sevennet-mf-0",
    label="SevenNet-MF-0",
    energy_convention="r2scan",
    checkpoint_sha256="81791329b37d445f46b531578c182c41792d98c7814222c9e5dde276402225fd",
    elements=R2SCAN_ELEMENTS,
    reach=5.0,
    energy_range=R2SCAN_RANGE,
    requirements=("sevenn==0.13.0",),
    source="SevenNet-MF-0, DOI 10.1021/jacs.4c14455, MIT",
    find_checkpoint=lambda: checkpoint_in_wheel("SevenNet_MF_0/checkpoint_sevennet_mf_0.pth"),
    load=lambda checkpoint, device: load(checkpoint, device, "R2SCAN"),
    batches=True,
)
