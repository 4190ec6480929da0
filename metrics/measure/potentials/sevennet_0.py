"""SevenNet-0 of 11 July 2024, trained on the uncorrected PBE(+U) energies of MPtrj.

Park et al. 2024, DOI 10.1021/acs.jctc.4c00190. The weights lie inside the wheel. On a hull of MP2020-corrected
energies its own need the corrections (:func:`metrics.measure.energy.mp2020.to_convention`).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from metrics.measure.potentials import Potential, package_folder
from metrics.measure.potentials.chgnet import MPTRJ_ELEMENTS, PBE_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ase import Atoms
    from ase.calculators.calculator import Calculator

_VOIGT = [0, 1, 2, 4, 5, 3]


def checkpoint_in_wheel(relative: str) -> Path:
    """Where a checkpoint lies inside the installed package."""
    return package_folder("sevenn") / "pretrained_potentials" / relative


def load(checkpoint: Path, device: str, modal: str | None = None) -> Calculator:
    """Calculator of a SevenNet checkpoint; ``modal`` is the level of theory of one that knows several."""
    import numpy as np
    import sevenn._keys as keys
    from ase.calculators.calculator import Calculator as AseCalculator
    from ase.calculators.calculator import all_changes
    from sevenn.atom_graph_data import AtomGraphData
    from sevenn.calculator import SevenNetCalculator
    from sevenn.train.dataload import unlabeled_atoms_to_graph
    from torch_geometric.data import Batch

    class BatchSevenNetCalculator(SevenNetCalculator):  # type: ignore[misc] # sevenn is looked at as an untyped package
        def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:  # noqa: ANN401 - as ase has it
            AseCalculator.calculate(self, atoms, properties, system_changes)
            (self.results,) = self.results_of([self.graph_of(atoms)], forces=True)

        def graph_of(self, atoms: Atoms) -> Any:  # noqa: ANN401 - see above
            graph = AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(atoms, self.cutoff, with_shift=False))
            if self.modal:
                graph[keys.DATA_MODALITY] = self.modal
            return graph

        def results_of(self, graphs: Sequence[Any], *, forces: bool) -> list[dict[str, Any]]:  # noqa: ARG002 - it always computes them
            self.model.set_is_batch_data(len(graphs) > 1)
            batch = Batch.from_data_list(list(graphs)) if len(graphs) > 1 else graphs[0].clone()
            outputs = self.model(batch.to(self.device))
            names = (keys.PRED_TOTAL_ENERGY, keys.PRED_FORCE, keys.PRED_STRESS)
            energies, all_forces, stresses = (outputs[name].detach().cpu().numpy() for name in names)
            ends = np.cumsum([int(graph[keys.NUM_ATOMS]) for graph in graphs])
            of_each = zip(np.atleast_1d(energies), np.split(all_forces[: ends[-1]], ends[:-1]), strict=True)
            return [
                # its stress is the negative of ASE's, in the order xx, yy, zz, xy, yz, xz
                {"energy": float(energy), "free_energy": float(energy), "forces": of_atoms, "stress": -stress[_VOIGT]}
                for (energy, of_atoms), stress in zip(of_each, np.atleast_2d(stresses), strict=True)
            ]

    with warnings.catch_warnings():
        # it advises GPU kernels of other packages, which this project does not use
        warnings.filterwarnings("ignore", message="No tensor product accelerator")
        calculator: Calculator = BatchSevenNetCalculator(str(checkpoint), device=device, modal=modal)
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
    batches=True,
)
