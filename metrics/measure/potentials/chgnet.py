"""CHGNet 0.3.0, trained on the MP2020-corrected energies of MPtrj: its energies stand on Materials Project's own scale.

Deng et al. 2023, DOI 10.1038/s42256-023-00716-3. The weights lie inside the wheel.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import TYPE_CHECKING, Any

from metrics.measure.potentials import NotDescribedError, Potential, package_folder

if TYPE_CHECKING:
    from pathlib import Path

    from ase.calculators.calculator import Calculator

# MPtrj holds H to Pu without Po, At, Rn, Fr and Ra (Deng et al. 2023, fig. 2)
MPTRJ_ELEMENTS = frozenset(range(1, 95)) - frozenset(range(84, 89))
# elements and compounds of the Materials Project lie between Gd at -14.1 and isolated atoms at about 0 eV/atom
PBE_RANGE = (-25.0, 25.0)


def checkpoint_in_wheel(relative: str) -> Path:
    """Where a checkpoint lies inside the installed package."""
    return package_folder("chgnet") / "pretrained" / relative


def load(checkpoint: Path, device: str, version: str) -> Calculator:
    """Calculator of energy alone where only the energy is asked for: a quarter of the time of all four outputs."""
    from chgnet.model.dynamics import CHGNetCalculator
    from chgnet.model.model import CHGNet

    class EnergyOrForces(CHGNetCalculator):  # type: ignore[misc] # chgnet is looked at as an untyped package
        def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = None) -> None:  # noqa: ANN401
            task = "e" if properties == ["energy"] else "efs"
            try:
                with warnings.catch_warnings():
                    # chgnet 0.4.2 makes scalars of tensors that have gradients; torch 2.13 warns, nothing changes
                    warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad=True")
                    super().calculate(atoms, properties, system_changes, task=task)
            except ValueError as error:
                if "isolated" not in str(error):
                    raise
                msg = "an atom has no neighbour within 6 angstrom, where CHGNet's graph ends"
                raise NotDescribedError(msg) from error

    with contextlib.redirect_stdout(io.StringIO()):  # chgnet announces itself; stdout is for results
        # mlp_out_bias and version as CHGNet.load sets them for its own checkpoints
        model = CHGNet.from_file(str(checkpoint), mlp_out_bias=False, version=version)
        return EnergyOrForces(model, use_device=device, on_isolated_atoms="error")


POTENTIAL = Potential(
    id="chgnet",
    label="CHGNet",
    energy_convention="pbe_mp2020",
    checkpoint_sha256="d14ab7c0f093efe64b60a7bcd540bca10e74fb7f46c86108a079af60524659d1",
    elements=MPTRJ_ELEMENTS,
    reach=6.0,  # cutoff of its atom graph
    energy_range=PBE_RANGE,
    requirements=("chgnet==0.4.2",),
    source="CHGNet 0.3.0, DOI 10.1038/s42256-023-00716-3, modified BSD",
    find_checkpoint=lambda: checkpoint_in_wheel("0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar"),
    load=lambda checkpoint, device: load(checkpoint, device, "0.3.0"),
)
