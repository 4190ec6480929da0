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
    from collections.abc import Sequence
    from pathlib import Path

    from ase import Atoms
    from ase.calculators.calculator import Calculator

# MPtrj holds H to Pu without Po, At, Rn, Fr and Ra (Deng et al. 2023, fig. 2)
MPTRJ_ELEMENTS = frozenset(range(1, 95)) - frozenset(range(84, 89))
# elements and compounds of the Materials Project lie between Gd at -14.1 and isolated atoms at about 0 eV/atom
PBE_RANGE = (-25.0, 25.0)


def checkpoint_in_wheel(relative: str) -> Path:
    """Where a checkpoint lies inside the installed package."""
    return package_folder("chgnet") / "pretrained" / relative


def load(checkpoint: Path, device: str, version: str) -> Calculator:
    """Calculator that answers for many structures at once, in fewer passes than the package's own.

    The package differentiates the energy twice, by positions and by strain, each time so that it could be
    differentiated again, as training needs it. Here it is differentiated once, by both together, and without forces
    not at all.
    """
    import torch
    from ase.calculators.calculator import Calculator, all_changes
    from ase.units import GPa
    from chgnet.model.model import BatchedGraph, CHGNet
    from pymatgen.io.ase import AseAtomsAdaptor

    class CHGNetCalculator(Calculator):
        implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 - as ase declares it

        def __init__(self, model: Any) -> None:  # noqa: ANN401 - chgnet is looked at as an untyped package
            super().__init__()  # type: ignore[no-untyped-call]
            self.model = model.to(device).eval().requires_grad_(requires_grad=False)
            self.model.graph_converter.set_isolated_atom_response("error")

        def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:  # noqa: ANN401 - as ase has it
            super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
            (self.results,) = self.results_of([self.graph_of(atoms)], forces=properties != ["energy"])

        def graph_of(self, atoms: Atoms) -> Any:  # noqa: ANN401 - see above
            try:
                return self.model.graph_converter(AseAtomsAdaptor.get_structure(atoms)).to(device)
            except ValueError as error:
                if "isolated" not in str(error):
                    raise
                msg = "an atom has no neighbour within 6 angstrom, where CHGNet's graph ends"
                raise NotDescribedError(msg) from error

        def results_of(self, graphs: Sequence[Any], *, forces: bool) -> list[dict[str, Any]]:
            with torch.set_grad_enabled(forces), warnings.catch_warnings():
                # chgnet 0.4.2 makes scalars of tensors that have gradients; torch 2.13 warns, nothing changes
                warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad=True")
                batch = BatchedGraph.from_graphs(
                    graphs,
                    bond_basis_expansion=self.model.bond_basis_expansion,
                    angle_basis_expansion=self.model.angle_basis_expansion,
                    compute_stress=forces,
                )
                outputs = self.model._compute(batch)  # noqa: SLF001 - forward() hides what to differentiate by
                n_atoms = outputs["atoms_per_graph"]
                per_atom = outputs["e"].detach() + self.model.composition_model(graphs)
                # as the package computes them, in single precision
                results = [
                    {"energy": energy.numpy() * int(n)} for energy, n in zip(per_atom.cpu(), n_atoms, strict=True)
                ]
                if forces:
                    total = (outputs["e"] * n_atoms).sum()
                    slopes = torch.autograd.grad(total, [*batch.atom_positions, *batch.strains])
                    by_strain = zip(slopes[len(graphs) :], batch.volumes, strict=True)
                    for result, by_position, (slope, volume) in zip(results, slopes, by_strain, strict=False):
                        result["forces"] = -by_position.cpu().numpy()
                        result["stress"] = (slope * (1 / volume * 160.21766208)).cpu().numpy() * GPa
            return [result | {"free_energy": result["energy"]} for result in results]

    with contextlib.redirect_stdout(io.StringIO()):  # chgnet announces itself; stdout is for results
        # mlp_out_bias and version as CHGNet.load sets them for its own checkpoints
        return CHGNetCalculator(CHGNet.from_file(str(checkpoint), mlp_out_bias=False, version=version))


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
    batches=True,
)
