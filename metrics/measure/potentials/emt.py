"""ASE's effective medium theory: fast, without weights, right for nothing but tests of everything around it.

Jacobsen et al. 1996, DOI 10.1016/0039-6028(96)00816-3. Its parameters stand in ASE's source, which is what is pinned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.potentials import Potential, package_folder

if TYPE_CHECKING:
    from pathlib import Path

    from ase.calculators.calculator import Calculator


def _load(checkpoint: Path, device: str) -> Calculator:  # noqa: ARG001 - the form of every potential
    from ase.calculators.emt import EMT

    return EMT()


POTENTIAL = Potential(
    id="emt",
    label="EMT",
    energy_convention="toy",
    checkpoint_sha256="8ce8bb2f90e8afad8f091b8c3f600ea260534e5c270a6b2c82cae1817cdf3881",
    # the metals of the paper; H, C, N and O have parameters in ASE that it calls unreliable
    elements=frozenset({13, 28, 29, 46, 47, 78, 79}),
    # ASE's cutoff and the half angstrom beyond it over which interactions fade, for the metals of the paper
    reach=5.876798323827276,
    energy_range=(-25.0, 25.0),
    requirements=("ase==3.29.0",),
    source="EMT as in ASE, DOI 10.1016/0039-6028(96)00816-3, LGPL",
    find_checkpoint=lambda: package_folder("ase") / "calculators" / "emt.py",
    load=_load,
    devices=("cpu",),
    install="pip install -r requirements.txt",
)
