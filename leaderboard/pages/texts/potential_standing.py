"""How far a potential is from DFT, by labelled structures, and from the best, by Matbench Discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.board.names import hull_name, potential_name
from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.calibration.record import calibrations
from leaderboard.pages.parts.markup import UNKNOWN, text
from metrics.measure.potentials import registry
from metrics.measure.potentials.matbench_discovery import BEST, DATE, FIGURES, SOURCE

if TYPE_CHECKING:
    from leaderboard.calibration.record import Calibration

_HEADS = ("Potential", "F1", "\u03ba<sub>SRME</sub>", "Stable, its verdict", "Stable, DFT", "n")


def against_dft(potential: str) -> str:
    """What it calls stable among structures with DFT labels, and DFT, as plain text; empty where there are none.

    Args:
        potential: id, or the name of an ensemble.

    """
    calibration = _calibration(potential)
    if calibration is None:
        return ""
    (n_structures, raw, labelled), (_, raw_near, labelled_near) = (_shares(calibration, at) for at in THRESHOLDS)
    return (
        f"Of {n_structures:,} generated structures with DFT labels {potential_name(potential)} calls {100 * raw:.1f}% "
        f"stable on the {hull_name(calibration.convention)}, DFT {100 * labelled:.1f}%; at most 0.1 eV/atom above it "
        f"{100 * raw_near:.1f}%, DFT {100 * labelled_near:.1f}%."
    )


def on_matbench(potential: str) -> str:
    """Its figures among potentials, as plain text; empty where it has none.

    Args:
        potential: id, or the name of an ensemble.

    """
    figures = FIGURES.get(potential)
    if figures is None:
        return ""
    of = f" (measured: {figures.checkpoint})" if figures.checkpoint else ""
    return (
        f"{potential_name(potential)} among potentials{of}: F1 {figures.f1:.3f} (best {BEST.f1:.3f}), \u03ba_SRME "
        f"{figures.kappa_srme:.3f} (best {BEST.kappa_srme:.3f}, lower is better); {SOURCE}, {DATE}."
    )


def standings_html() -> str:
    """Every potential with its figures, and the best of Matbench Discovery under them."""
    head = "".join(f'<th scope="col"{" class=right" if place else ""}>{name}</th>' for place, name in enumerate(_HEADS))
    known = [potential for potential in registry().values() if potential.energy_convention != "toy"]
    body = "".join(_line(potential.label, *_cells(potential.id)) for potential in known)
    best = _line(f"best, {DATE}", f"{BEST.f1:.3f}", f"{BEST.kappa_srme:.3f}", "", "", "")
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}{best}</tbody></table>"
    measured = "; ".join(
        f"{registry()[name].label} there is {figures.checkpoint}"
        for name, figures in FIGURES.items()
        if figures.checkpoint
    )
    return (
        f'<div class="scroll">{table}</div><p class="legend">F1 of what is called stable (higher is better) and error '
        f"of the thermal conductivity (lower is better): {text(SOURCE)}, {text(DATE)}; {text(measured)}. Stable: share "
        "of generated structures on a hull of DFT energies, as submitted, for which a calibration has labels. On a set "
        "without such labels nobody measured it.</p>"
    )


def _calibration(potential: str) -> Calibration | None:
    """One of the potential's, with structures as submitted."""
    of_potential = (one for one in calibrations() if one.potential == potential and not one.relaxed)
    return next(of_potential, None)


def _shares(calibration: Calibration, threshold: float) -> tuple[int, float, float]:
    """Structures with labels, and the shares up to the threshold by the potential and by DFT."""
    rows = [row for row in calibration.left_out if row.threshold_ev_per_atom == threshold]
    n_structures = sum(row.n_structures for row in rows)
    raw, labelled = (
        sum(row.n_structures * share for row, share in zip(rows, shares, strict=True)) / n_structures
        for shares in ([row.raw for row in rows], [row.labelled for row in rows])
    )
    return n_structures, raw, labelled


def _cells(potential: str) -> list[str]:
    figures, calibration = FIGURES.get(potential), _calibration(potential)
    cells = [UNKNOWN] * 2 if figures is None else [f"{figures.f1:.3f}", f"{figures.kappa_srme:.3f}"]
    if calibration is None:
        return [*cells, *[UNKNOWN] * 3]
    n_structures, raw, labelled = _shares(calibration, THRESHOLDS[0])
    return [*cells, f"{100 * raw:.1f}%", f"{100 * labelled:.1f}%", f"{n_structures:,}"]


def _line(name: str, *cells: str) -> str:
    numbers = "".join(f'<td class="right">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{text(name)}</th>{numbers}</tr>'
