"""What the hull is that a board's stability scores rest on: a banner where it is not complete, figures where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.board.names import hull_name, potential_name
from leaderboard.pages.parts import lookup
from leaderboard.pages.parts.markup import text
from leaderboard.pages.texts.potential_accuracy import sentence
from metrics.energy_convention import DFT_CONVENTIONS, OWN
from metrics.measure.potentials import find
from reference_data.errors import ReferenceSetError
from reference_data.potential_accuracy.record import read_accuracies

if TYPE_CHECKING:
    from leaderboard.protocol import Protocol
    from reference_data.files.manifest import ElementsRecord
    from reference_data.reference import Reference

WHY = (
    "A hull that lacks competing phases calls too much stable: as measured on 1,963 generated structures, with the "
    "same CHGNet energies 51.5% are stable on the hull of the starter set and 19.6% on that of the Materials Project; "
    "by DFT 3.9% are (N. J. Szymanski and C. J. Bartel 2025, DOI 10.1039/D5MH00010F)."
)


def banner_html(name: str, protocol: Protocol) -> str:
    """Over stability scores of an indicative set: what its hull is, and why nothing is ranked by them."""
    reference = _opened(name)
    wanted = (*DFT_CONVENTIONS, f"{OWN}{protocol.potentials[0]}")
    hulls = () if reference is None else reference.manifest.hulls
    known = [
        f" ({hull_name(hull.convention)}: {hull.n_entries:,} entries, {hull.n_vertices:,} on it)"
        for hull in hulls
        if hull.convention in wanted
    ]
    sentences = f"The hull of {name} is not complete{''.join(known[:1])}, so these scores rank nothing. {WHY}"
    return f'<div class="notice hull" role="note"><strong>Stability, indicative.</strong> {text(sentences)}</div>'


def figures_html(name: str, protocol: Protocol) -> str:
    """How far the potential that ranks may be trusted on the hull of this set, by figures of this hull alone."""
    label = text(potential_name(protocol.potentials[0]))
    reference = _opened(name)
    if reference is None:
        return f"How far {label} agrees with the energies of {text(name)} is not known: the set is not on this machine."
    checkpoint = find(protocol.potentials[0]).checkpoint_sha256
    known = [
        accuracy
        for accuracy in read_accuracies(reference.folder).values()
        if (accuracy.checkpoint_sha256, accuracy.manifest_sha256) == (checkpoint, reference.manifest_sha256)
    ]
    measured = [sentence(accuracy, name) for accuracy in known]
    if not measured:
        measured = [f"How far {label} agrees with the energies of {text(name)} itself has not been measured."]
    elements = [
        _elements(record, protocol.max_elemental_difference)
        for hull in reference.manifest.hulls
        for record in hull.elements or ()
        if record.checkpoint_sha256 == checkpoint
    ]
    return " ".join([*measured, *elements])


def _elements(record: ElementsRecord, bound: float) -> str:
    far = [symbol for symbol, difference in record.by_element.items() if abs(difference) > bound]
    named = ", ".join(f"{symbol} {record.by_element[symbol]:+z.2f}" for symbol in far) or "none"
    return (
        f"Elements by {text(potential_name(record.potential))} differ from those of the hull by "
        f"{record.mean_absolute_difference:.3f} eV/atom on average; by more than {bound:g}: {text(named)}."
    )


def _opened(name: str) -> Reference | None:
    """The set, where this machine has it."""
    try:
        return lookup.opened(name)
    except ReferenceSetError:
        return None
