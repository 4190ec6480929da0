"""Under the board: what baselines and controls are, what each control must do to a score, and whether it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from leaderboard.baselines.baseline import Bound
from leaderboard.baselines.bundled import bundled_of
from leaderboard.pages.parts.markup import number, text
from leaderboard.pages.parts.runs import records
from leaderboard.score_key import ScoreKey
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from leaderboard.protocol import Protocol

_LEAD = (
    "Baselines are rules without training, which a model should be better than. Controls are made to fail, each in its "
    "way, and take no rank: a score must catch every one."
)


def bundled_section(rows: pd.DataFrame, protocol: Protocol) -> str:
    """Baselines, then controls among the rows of the wide board, each once; empty where there are none."""
    by_model: dict[str, Mapping[str, Any]] = {}
    for row in sorted(records(rows), key=lambda row: (str(row["bundled"]), str(row["model"]), str(row["created"]))):
        by_model.setdefault(str(row["model"]), row)
    lines = [_line(row, protocol) for row in by_model.values()]
    if not lines:
        return ""
    labels = ("Baseline or control", "What it does and says", "Must be, and is")
    head = "".join(f'<th scope="col">{label}</th>' for label in labels)
    table = f'<table class="board bundled"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    return f'<h3 class="part">Baselines and controls</h3><p class="lead">{_LEAD}</p><div class="scroll">{table}</div>'


def bundled_html(submission: str) -> str:
    """What a baseline or a control does and says, two lines; empty for any other submission.

    Args:
        submission: its sha256, or 12 digits of it.

    """
    bundled = bundled_of(submission)
    return "" if bundled is None else f'<p class="dim">{"<br>".join(text(bundled.shows).splitlines())}</p>'


def _line(row: Mapping[str, Any], protocol: Protocol) -> str:
    run = str(row["run"])
    submission = run.partition("/")[0]
    bundled = bundled_of(submission)
    # read from the list of bundled runs: what makes their structures takes seconds and 100 MB to import
    caught_by = map(Bound.parse, bundled.caught_by if bundled else ())
    link = f'<a href="?model={quote(run)}" data-run="{text(run)}">{text(row["model"])}</a>'
    bounds = "<br>".join(_bound(bound, row, protocol) for bound in caught_by)
    return f'<tr><th scope="row" class="model">{link}</th><td>{bundled_html(submission)}</td><td>{bounds}</td></tr>'


def _bound(bound: Bound, row: Mapping[str, Any], protocol: Protocol) -> str:
    """One bound in words, the value and whether it keeps the bound."""
    values = {name: _value(name, row, protocol) for name in filter(None, (bound.score, bound.of))}
    measured = {name: value for name, value in values.items() if value is not None}
    if len(measured) < len(values):
        return f"{_words(bound)}: not measured"
    value = measured[bound.score]
    share = value if bound.of is None else (value / measured[bound.of] if measured[bound.of] else 0.0)
    shown = _with_unit(share, registry()[bound.score].unit if bound.of is None else "share")
    css, verdict = ("yes", "holds") if bound.holds(measured) else ("no", "does not hold")
    return f'{_words(bound)}: {shown}, <span class="{css}">{verdict}</span>'


def _words(bound: Bound) -> str:
    """``Novel at most 1.0%``."""
    entry = registry()[bound.score]
    unit = entry.unit if bound.of is None else "share"
    limits = [
        f"{words} {_with_unit(limit, unit)}"
        for words, limit in (("at least", bound.at_least), ("at most", bound.at_most))
        if limit is not None
    ]
    of = f" of {registry()[bound.of].label}" if bound.of else ""
    return text(f"{entry.label} {' and '.join(limits)}{of}")


def _with_unit(value: float, unit: str) -> str:
    return number(value, unit) + ("%" if unit == "share" else "")


def _value(name: str, row: Mapping[str, Any], protocol: Protocol) -> float | None:
    """A score of the row: without energies, or by the raw verdicts of the potential that ranks."""
    raw = protocol.energy_rankings[-1].variant
    values = (row.get(ScoreKey(name, variant).column) for variant in (None, raw))
    return next((float(value) for value in values if value is not None), None)
