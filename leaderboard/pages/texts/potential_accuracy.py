"""How far the potentials of a run agree with the energies of its reference set, where that was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.board.names import potential_name
from leaderboard.pages.parts import lookup, runs
from leaderboard.pages.parts.markup import UNKNOWN, text
from leaderboard.pages.texts.potential_standing import against_dft, on_matbench
from reference_data.errors import ReferenceSetError
from reference_data.potential_accuracy.record import read_accuracies

if TYPE_CHECKING:
    from leaderboard.store.run import Run
    from reference_data.potential_accuracy.record import Agreement, PotentialAccuracy

_HEADS = ("Potential", "Called stable at", "Precision", "Recall", "F1", "Acceleration", "MAE", "Median difference", "n")
_LEGEND = (
    "Precision: share of the compounds called stable that are. Recall: share of the stable ones that are called so. "
    "F1: harmonic mean of both. Acceleration: precision over the share of stable ones in the sample. MAE and median "
    "difference of E above hull, potential less reference, in eV/atom; n: compounds compared. A potential that was "
    "trained on them does better here than on new ones."
)


def accuracy_of(run: Run) -> list[PotentialAccuracy]:
    """What was measured of the run's potentials, with these checkpoints and energies, on this state of its set."""
    energies = runs.energies(run.path)
    if energies is None:
        return []
    try:
        reference = lookup.opened(run.record.reference)
        known = read_accuracies(reference.folder).values()
    except ReferenceSetError:
        return []  # the set is not on this machine, or nobody can read what was measured: then nothing is claimed
    columns = ["potential", "checkpoint_sha256", "energy_convention"]
    used = set(energies[columns].dropna().drop_duplicates().itertuples(index=False, name=None))
    return [
        accuracy
        for accuracy in known
        if (accuracy.potential, accuracy.checkpoint_sha256, accuracy.convention) in used
        and accuracy.manifest_sha256 == run.record.reference_hash
    ]


def accuracy_html(run: Run) -> str:
    """How far each potential is from DFT and from the best, and on this set where that was measured."""
    measured = accuracy_of(run)
    reference = run.record.reference
    sayings = (say(potential) for potential in run.record.potentials for say in (against_dft, on_matbench))
    known = "<br>".join(text(words) for words in sayings if words)
    standings = f'<p class="legend">{known}</p>' if known else ""
    if not measured:
        return (
            f'{standings}<p class="legend">How far these potentials agree with the energies of the reference set '
            f"{text(reference)} itself has not been measured.</p>"
        )
    sentences = "".join(f'<p class="lead">{sentence(accuracy, reference)}</p>' for accuracy in measured)
    head = "".join(f'<th scope="col"{" class=right" if place else ""}>{name}</th>' for place, name in enumerate(_HEADS))
    body = "".join(_line(accuracy, agreement) for accuracy in measured for agreement in accuracy.agreements)
    table = f'<table class="accuracy"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'{standings}{sentences}<div class="scroll">{table}</div><p class="legend">{_LEGEND}</p>'


def sentence(accuracy: PotentialAccuracy, reference: str) -> str:
    """What the figures mean, for a person."""
    off = f"Its E above hull is off by {accuracy.mae:.3f} eV/atom on average."
    first = accuracy.agreements[0]
    name, among = text(potential_name(accuracy.potential)), text(reference)
    if first.precision is None or first.recall is None:
        return f"The sample of {among} does not tell how many of the compounds that {name} calls stable are. {off}"
    return (
        f"Of 100 compounds of {among} that {name} calls stable, {100 * first.precision:.0f} are; of 100 stable ones it "
        f"finds {100 * first.recall:.0f}. {off}"
    )


def _line(accuracy: PotentialAccuracy, agreement: Agreement) -> str:
    shares = (agreement.precision, agreement.recall, agreement.f1, agreement.daf)
    cells = [
        f"\u2264 {agreement.threshold:g} eV/atom",
        *(UNKNOWN if share is None else f"{share:.2f}" for share in shares),
        f"{accuracy.mae:.3f}",
        f"{accuracy.median_difference:+z.3f}",
        f"{accuracy.n_answered:,}",
    ]
    numbers = "".join(f'<td class="right">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{text(potential_name(accuracy.potential))}</th>{numbers}</tr>'
