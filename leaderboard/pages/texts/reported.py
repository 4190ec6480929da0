"""Values reported elsewhere, each table with its source: to be read beside the board, never to be compared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.pages.parts.markup import text
from leaderboard.published.reported import reported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.published.reported import Source

NOT_COMPARABLE = (
    "These values are not comparable with those of this board, nor from one table to the next: each source judges "
    "novelty against another reference set, stability by another potential or hull, validity by another check, and on "
    "another number of structures, relaxed or not. They rank nothing here."
)


def current() -> str:
    """The page of what ships."""
    return page(reported())


def page(sources: Sequence[Source]) -> str:
    """The page as HTML."""
    return (
        f'<div class="prose-page"><h2>Reported elsewhere</h2><p><strong>{text(NOT_COMPARABLE)}</strong></p>'
        "<p>A value is given as it was published. <em>Second-hand</em>: read where somebody else quotes it.</p>"
        f"{''.join(map(_section, sources))}</div>"
    )


def _section(source: Source) -> str:
    head = '<th scope="col">Model</th>' + "".join(
        f'<th scope="col" class="right">{text(name)}</th>' for name in source.columns
    )
    rows = "".join(_row(model, values) for model, values in source.rows.items())
    return (
        f"<h2>{text(source.title)}</h2>"
        f'<p class="legend">{_where(source)}; {text(source.state)}. {text(source.setting)}.</p>'
        f'<div class="scroll"><table class="reported"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(model: str, values: Sequence[str]) -> str:
    cells = "".join(f'<td class="right">{text(value)}</td>' for value in values)
    return f'<tr><th scope="row">{text(model)}</th>{cells}</tr>'


def _where(source: Source) -> str:
    """The source's kind and DOI, each with its link, and whether the values are second-hand."""
    kind = text(source.kind.capitalize())
    parts = [
        kind if source.address is None else _link(source.address, kind),
        *([] if source.doi is None else [_link(f"https://doi.org/{source.doi}", f"doi:{source.doi}")]),
        *(["<strong>second-hand</strong>"] if source.second_hand else []),
    ]
    return ", ".join(parts)


def _link(address: str, name: str) -> str:
    return f'<a href="{text(address)}" target="_blank" rel="noopener noreferrer">{text(name)}</a>'
