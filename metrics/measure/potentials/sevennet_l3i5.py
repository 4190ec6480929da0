"""SevenNet-l3i5: the training data of SevenNet-0, a larger network; uncorrected PBE(+U) energies like its.

Its features reach angular momentum 3 through 5 layers; two to three times the cost. The weights lie inside the wheel.
"""

from __future__ import annotations

from metrics.measure.potentials import Potential
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, PBE_RANGE
from metrics.measure.potentials.sevennet_0 import checkpoint_in_wheel, load

POTENTIAL = Potential(
    id="sevennet-l3i5",
    label="SevenNet-l3i5",
    energy_convention="pbe_uncorrected",
    checkpoint_sha256="a7ff190d41efe5b8317a03d20a468e4036a1a3e64e0b14fdbab64ac3f4bfc09d",
    elements=MPTRJ_ELEMENTS,
    reach=5.0,  # cutoff of the checkpoint
    energy_range=PBE_RANGE,
    requirements=("sevenn==0.13.0",),
    source="SevenNet-l3i5 (12Dec2024), DOI 10.1021/acs.jctc.4c00190, MIT",
    find_checkpoint=lambda: checkpoint_in_wheel("SevenNet_l3i5/checkpoint_l3i5.pth"),
    load=load,
    batches=True,
)
