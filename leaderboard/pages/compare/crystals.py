"""Which crystals the runs side by side have in common, as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from leaderboard.board.names import crystal_name, view_name
from leaderboard.pages.compare.common_crystals import (
    FOUND_PERCENT,
    RIGHT_PERCENT,
    SAME_BELOW,
    common,
    has_fingerprint,
)
from leaderboard.pages.compare.stacked import Cell, Row, stacked
from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.markup import UNKNOWN, breakable, formula, text
from leaderboard.pages.parts.runs import records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.pages.compare.common_crystals import Common, Crystals
    from leaderboard.store.run import Run

MOST_SHOWN = 15
"""Crystals that the table shows: nobody reads more."""

_HOW = (
    "Each crystal counts once a run, whatever copies of it the run holds. Known crystals are the same where they match "
    "the same crystal of the reference set. All others are compared by what the runs keep of them: equal as "
    "submitted, or a fingerprint (canonical-bawl) in common and average minimum distances that differ by less than "
    f"{SAME_BELOW:g} (V/N)<sup>1/3</sup>. On 2,449 pairs of real crystals of one formula that finds "
    f"{FOUND_PERCENT}% of the pairs that the full verdict calls the same, and {RIGHT_PERCENT}% of what it finds is "
    "right: read the numbers of novel crystals in common as lower bounds."
)


def crystals_html(compared: Sequence[Run], labels: Sequence[str]) -> str:
    """The section: how many crystals each two runs share, and those that most runs found."""
    several, met = common(compared)
    bare = [label for label, run in zip(labels, compared, strict=True) if not has_fingerprint(runs.columns(run.path))]
    without = (
        f" Kept without fingerprints, so that only their known crystals and equal structures count: {', '.join(bare)}."
        if bare
        else ""
    )
    versions = {(run.record.reference, run.record.reference_hash) for run in compared}
    apart = " The reference sets differ, so all crystals are compared as those that are not known."
    how = _HOW + text(without + (apart if len(versions) > 1 else ""))
    return (
        f'<h3 class="part">Crystals in common</h3><p class="finding">{text(_finding(labels, met))}</p>'
        f'{_counts(labels, met)}{_most_found(compared, labels, several, met)}<p class="legend">{how}</p>'
    )


def _finding(labels: Sequence[str], met: Common) -> str:
    by_several = met.holds.sum(axis=0) > 1
    if not by_several.any():
        return "No crystal is in more than one of the runs, as far as can be told."
    n, n_novel = int(by_several.sum()), int((by_several & met.is_novel).sum())
    n_stable = int((by_several & met.is_novel & met.is_stable).sum())
    by_all = int(met.holds.all(axis=0).sum())
    everywhere = f", {by_all:,} in all {len(labels)}" if len(labels) > 2 else ""  # noqa: PLR2004 - of two, each is in both
    return (
        f"{n:,} {'crystal is' if n == 1 else 'crystals are'} in more than one of the runs{everywhere}; {n_novel:,} of "
        f"them novel, {n_stable:,} novel and stable."
    )


def _counts(labels: Sequence[str], met: Common) -> str:
    """How many crystals of each run another one found too, with each and with any."""
    holds, shared = met.holds, met.shared
    by_several = holds.sum(axis=0) > 1
    heads = [Cell("Run"), Cell("crystals", "right"), *(Cell(f"also in {label}", "right") for label in labels)]
    with_any = [Cell("in any other", "right")] if len(labels) > 2 else []  # noqa: PLR2004 - of two, the other is any
    heads += [*with_any, Cell("of these novel", "right"), Cell("novel, stable", "right")]
    rows = []
    for place, label in enumerate(labels):
        n = int(shared[place, place])
        also = holds[place] & by_several
        cells = [f"{n:,}"]
        cells += [
            '<span class="dim">\u2013</span>' if other == place else _of(int(shared[place, other]), n)
            for other in range(len(labels))
        ]
        cells += [_of(int(also.sum()), n)] if with_any else []
        cells += [f"{int((also & met.is_novel).sum()):,}", f"{int((also & met.is_novel & met.is_stable).sum()):,}"]
        rows.append(Row(text(label), [Cell(cell, "right") for cell in cells]))
    return stacked("common", "Crystals in common", heads, rows)


def _of(count: int, n: int) -> str:
    share = f'<span class="interval">{100 * count / n:.1f}%</span>' if n else ""
    return f'<span class="value">{count:,}</span>{share}'


def _most_found(compared: Sequence[Run], labels: Sequence[str], several: Sequence[Crystals], met: Common) -> str:
    """The crystals of most runs, of these novel ones first and what is nearest to the hull."""
    n_runs = met.holds.sum(axis=0)
    height = np.where(np.isnan(met.e_above_hull), np.inf, met.e_above_hull)
    order = [number for number in np.lexsort((height, ~met.is_novel, -n_runs)) if n_runs[number] > 1]
    if not order:
        return ""
    rows = [_row(compared, labels, several, met, int(number)) for number in order[:MOST_SHOWN]]
    views = dict.fromkeys(view_name(view) for run in compared if (view := energy_views.first_variant(run.path)))
    energy = f"E above hull, lowest ({' or '.join(views)})" if views else "E above hull"
    heads = [Cell("Crystal"), Cell("In the reference set"), Cell(energy, "right"), Cell("Found by")]
    more = f'<p class="dim">and {len(order) - MOST_SHOWN:,} more.</p>' if len(order) > MOST_SHOWN else ""
    return stacked("found", "Crystals that most runs found", heads, rows) + more


def _row(compared: Sequence[Run], labels: Sequence[str], several: Sequence[Crystals], met: Common, number: int) -> Row:
    of_runs = [(place, int(row)) for place, row in enumerate(met.of_run[:, number]) if row >= 0]
    facts = [records(several[place].rows.iloc[[row]])[0] for place, row in of_runs]
    known = next((name for place, row in of_runs if (name := several[place].known[row])), None)
    standing = text(crystal_name(known)) if known else "no, novel" if met.is_novel[number] else UNKNOWN
    height = met.e_above_hull[number]
    group = facts[0]["space_group"]
    symmetry = "" if group is None else f' <span class="dim">space group {group}</span>'
    links = "".join(
        f"<li>{text(labels[place])}: {_link(compared[place], str(of_run['id']))}</li>"
        for (place, _), of_run in zip(of_runs, facts, strict=True)
    )
    cells = [
        Cell(standing),
        Cell(UNKNOWN if np.isnan(height) else f"{height:z.3f}", "right"),
        Cell(f"<ul>{links}</ul>"),
    ]
    return Row(formula(str(facts[0]["reduced_formula"])) + symmetry, cells)


def _link(run: Run, identifier: str) -> str:
    return f'<a href="?model={quote(run.id)}&amp;structure={quote(identifier)}">{breakable(identifier)}</a>'
