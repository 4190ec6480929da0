"""How accurate a potential is: its distances from the hull against the set's own, kept beside the set.

What is said here decides no score, so ``potential_accuracy.json`` is no part of the set's manifest and can be added at
any time.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACCURACY_FILE = "potential_accuracy.json"


@dataclass(frozen=True)
class Agreement:
    """Stable or not, by the potential and by the set; where the potential has no energy it says "not stable".

    The figures of Matbench Discovery (J. Riebesell et al., Nat. Mach. Intell. 7, 836 (2025),
    doi:10.1038/s42256-025-01055-1).

    Attributes:
        threshold: up to which distance from the hull counts as stable, eV/atom.
        precision: share of those that the potential calls stable that are.
        recall: share of the stable ones that it calls so.
        f1: harmonic mean of both.
        daf: discovery acceleration factor, precision over the share of stable ones. These four are None where no stable
            one is called so, or none is unstable.
        true_positive: stable, and called so.
        false_positive: called stable, but not.
        true_negative: neither.
        false_negative: stable, but not called so.

    """

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    daf: float | None
    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int


@dataclass(frozen=True)
class PotentialAccuracy:
    """A potential against the labels of a reference set.

    Attributes:
        potential: its id.
        checkpoint_sha256: of its parameters.
        convention: of the energies compared.
        manifest_sha256: of the set that was compared with.
        settings_hash: of how its energies were computed, see :mod:`metrics.measure.energy.relax_record`.
        seed: of the sample.
        n_labelled: compounds of the set that are placed on its hull of this convention.
        n_sampled: of them in the sample.
        n_answered: of those with an energy by the potential.
        unanswered: how many have none, by status.
        mae: mean absolute difference of the distances, eV/atom, over the answered ones.
        rmse: root of the mean squared difference, eV/atom.
        median_difference: potential less set, eV/atom; its bias.
        agreements: at the thresholds 0 and 0.1 eV/atom.

    """

    potential: str
    checkpoint_sha256: str
    convention: str
    manifest_sha256: str
    settings_hash: str
    seed: int
    n_labelled: int
    n_sampled: int
    n_answered: int
    unanswered: Mapping[str, int]
    mae: float
    rmse: float
    median_difference: float
    agreements: tuple[Agreement, ...]

    @property
    def key(self) -> str:
        """Under which it is stored: another checkpoint is another potential."""
        return f"{self.potential}:{self.checkpoint_sha256}"


def read_accuracies(folder: Path) -> dict[str, PotentialAccuracy]:
    """What is known of potentials on a set, by ``<potential>:<sha256 of its checkpoint>``; nothing where nobody asked.

    Args:
        folder: of the set.

    Raises:
        ReferenceSetError: the file is broken.

    """
    path = folder / ACCURACY_FILE
    if not path.is_file():
        return {}
    try:
        content: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return {
            key: PotentialAccuracy(**fields | {"agreements": tuple(Agreement(**each) for each in fields["agreements"])})
            for key, fields in content.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReferenceSetError(
            what=f"{path} cannot be read ({error!r})",
            expected="what `python -m reference_data evaluate-potential` writes",
            remedy="remove it and evaluate again",
        ) from error


def write_accuracy(accuracy: PotentialAccuracy, folder: Path) -> None:
    """Keep it beside the others, in one step; what was known of the same checkpoint is replaced."""
    known = read_accuracies(folder) | {accuracy.key: accuracy}
    partial = folder / f"{ACCURACY_FILE}.part"
    text = json.dumps({key: asdict(known[key]) for key in sorted(known)}, indent=1, allow_nan=False)
    partial.write_text(f"{text}\n", encoding="utf-8")
    partial.replace(folder / ACCURACY_FILE)
