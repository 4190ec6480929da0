"""What the potentials say of one structure: how far above the hull it is, into what it decomposes, how it relaxed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from leaderboard.board.names import hull_name, potential_name, view_name
from leaderboard.pages.parts.energy_views import of_structure
from leaderboard.pages.parts.markup import UNKNOWN, formula, text
from leaderboard.pages.parts.markup import facts as facts_html
from leaderboard.pages.parts.viewer import Scene, scene
from metrics.crystal import Crystal
from metrics.scores.sun import SPARSE_HULL_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STATUS_WORDS: Mapping[str, str] = {
    "ok": "single point",
    "converged": "converged",
    "step_limit": "not converged within the steps allowed",
    "time_limit": "stopped at the time limit",
    "exploded": "left the range of real crystals",
    "unknown_element": "an element that the potential was not trained on",
    "failed": "failed",
}


def energies_html(path: Path, sha256: str | None, reference: str) -> str:
    """What each view of the energies says of a structure; nothing where the run has none of it.

    Args:
        path: folder of the run.
        sha256: of the structure.
        reference: name of the set that holds the competing phases.

    """
    by_view = of_structure(path, sha256)
    if not by_view:
        return ""
    views = "".join(
        f'<h4 class="view">{text(view_name(key.variant))} '
        f'<span class="dim">{text(hull_name(key.convention))}</span></h4>'
        f"{facts_html(_pairs(facts, reference))}"
        for key, facts in by_view
    )
    return (
        f'<div class="energies">{views}</div><p class="legend">Energies in eV/atom, shares of the atoms in percent.</p>'
    )


def relaxed_scene(path: Path, sha256: str | None) -> Scene | None:
    """The structure as the first potential relaxed it; None where none did."""
    for key, facts in of_structure(path, sha256):
        if key.relaxed and facts["cell"] is not None:
            title = f"relaxed by {potential_name(key.potential)}{_rmsd(facts)}"
            return scene(Crystal.from_arrays(**json.loads(facts["cell"])), title)
    return None


def decomposition_html(phases: list[tuple[str, float]], reference: str) -> str:
    """The competing phases, each a link into the reference set, with their shares of the atoms in percent."""
    link = f"?reference={quote(reference)}&amp;find="
    return (
        ", ".join(f'<a href="{link}{quote(name)}">{formula(name)}</a> {100 * share:.0f}' for name, share in phases)
        or UNKNOWN
    )


def _pairs(facts: Mapping[str, Any], reference: str) -> dict[str, str]:
    entries = UNKNOWN
    if facts["n_hull_entries"] is not None:
        entries = f"{facts['n_hull_entries']:,}"
        if facts["n_hull_entries"] < SPARSE_HULL_ENTRIES:
            entries += ' <span class="no">sparse hull</span>'
    pairs = {
        "E above hull": _energy(facts["e_above_hull"]) + _spread(facts),
        "Formation energy": _energy(facts["formation_energy_per_atom"]),
        "Decomposes into": decomposition_html(facts["decomposition"], reference),
        "Hull entries": entries,
        "Elements": _elements(facts),
        "Status": _status(facts),
    }
    # an ensemble has no phases of its own: each member has
    return {term: value for term, value in pairs.items() if facts["decomposition"] or term != "Decomposes into"}


def _elements(facts: Mapping[str, Any]) -> str:
    """Whether the potential is near enough on every element of the structure, or why not."""
    if facts["elements_trusted"]:
        return "trusted"
    return text(facts["elements_detail"]) if facts["elements_detail"] else UNKNOWN


def _energy(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:z.3f}"


def _spread(facts: Mapping[str, Any]) -> str:
    if facts["e_above_hull_std"] is None:
        return ""
    return f' \u00b1 {facts["e_above_hull_std"]:.3f} <span class="dim">of {facts["n_members"]}</span>'


def _status(facts: Mapping[str, Any]) -> str:
    words = text(STATUS_WORDS.get(facts["status"], facts["status"]))
    if facts["n_steps"] is not None:
        words += f", {facts['n_steps']} steps"
    return words + _rmsd(facts) + (f": {text(facts['detail'])}" if facts["detail"] else "")


def _rmsd(facts: Mapping[str, Any]) -> str:
    return "" if facts["rmsd"] is None else f", RMSD {facts['rmsd']:.3f} \u00c5"
