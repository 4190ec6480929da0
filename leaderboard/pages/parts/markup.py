"""Text that is safe inside a page, and numbers as the pages print them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from leaderboard.board.names import no_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Controls and the marks that reorder text: a name could use them to read as another name. Line ends and tabs stay,
# a page shows them as spaces.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DIGITS = re.compile(r"(?<=[A-Za-z)])(\d+(?:\.\d+)?)")
UNKNOWN = '<span class="dim">?</span>'


class Interval(NamedTuple):
    """A score and the ends of its 95% interval, None where it is not defined; of how many structures it is."""

    value: float | None
    low: float | None
    high: float | None
    n_counted: int = 0


def text(value: object) -> str:
    """Anything from a submission as plain text for HTML, in an element or an attribute: markup shows as written."""
    return html.escape(_INVISIBLE.sub("\ufffd", str(value)))


def breakable(identifier: object) -> str:
    """An id as plain text for HTML that breaks into lines after underscores rather than inside words."""
    return text(identifier).replace("_", "_<wbr>")


def formula(value: str) -> str:
    """A reduced formula with its amounts as subscripts."""
    return _DIGITS.sub(r"<sub>\1</sub>", text(value))


def number(value: float | None, unit: str) -> str:
    """A score's value with fixed decimals: a share in percent (1), anything else as it is (3)."""
    if value is None or pd.isna(value):
        return "?"
    # z: no zero with a minus sign
    return f"{100 * value:z.1f}" if unit == "share" else f"{value:z.3f}"


def interval(score: Interval, unit: str, unknown: str = "?") -> str:
    """Value, and under it its interval in a lighter tone; where there is none, the word for that."""
    if score.value is None or pd.isna(score.value):
        return f'<span class="dim">{text(unknown)}</span>'
    bare = score.low is None or score.high is None or pd.isna(score.low) or pd.isna(score.high)
    ends = no_interval(score.n_counted) if bare else f"[{number(score.low, unit)}, {number(score.high, unit)}]"
    return f'<span class="value">{number(score.value, unit)}</span><span class="interval">{ends}</span>'


def yes_no(*, verdict: bool | None) -> str:
    """A verdict as a word; the unknown is its own word, not a no."""
    if verdict is None or pd.isna(verdict):
        return UNKNOWN
    return '<span class="yes">yes</span>' if verdict else '<span class="no">no</span>'


def notice(kind: str, message: str) -> str:
    """A message in the page: ``kind`` is "error", "done" or "note"; the message is plain text."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="notice {kind}" role="{role}">{text(message)}</div>'


def facts(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """A list of terms with their values; both are HTML already."""
    items = "".join(f"<div><dt>{term}</dt><dd>{value}</dd></div>" for term, value in dict(pairs).items())
    return f'<dl class="facts">{items}</dl>'


def code_block(code: str, language: str, copies: str) -> str:
    """Code under a bar that names its language, with a button that copies it; ``copies`` says what the button does."""
    return (
        f'<div class="code-block"><div class="bar"><span>{text(language)}</span><span role="status"></span>'
        f'<button type="button" class="copy" aria-label="{text(copies)}">Copy</button></div>'
        f'<pre tabindex="0"><code>{text(code)}</code></pre></div>'
    )
