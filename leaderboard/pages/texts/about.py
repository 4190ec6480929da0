"""What the numbers mean: written from the registries, so that a new score explains itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.board.names import score_name
from leaderboard.board.score_docs import definitions, policies
from leaderboard.pages.parts.markup import facts, text
from leaderboard.pages.texts.potential_standing import standings_html

if TYPE_CHECKING:
    from leaderboard.protocol import Protocol

GLOSSARY = Path(__file__).parents[3] / "docs" / "glossary.md"
_PARTS = {"potentials": "Potentials", "scores": "Scores", "protocol": "Protocol", "cite": "How to cite"}


def glossary() -> str:
    """The sections of ``docs/glossary.md``, without its title and its links to other files."""
    _, first, sections = GLOSSARY.read_text(encoding="utf-8").partition("## ")
    return first + sections


def page(protocol: Protocol) -> str:
    """The page as HTML."""
    ranking = text(score_name(protocol.ranking))
    with_energies = text(score_name(protocol.ranking_with_energies, protocol.energy_variant))
    return f"""
<div class="prose-page">
<h2 id="about-numbers">What the numbers mean</h2>
{_contents(protocol)}
<p>A submission is one file of generated structures. Every score is over <em>all</em> of them: a structure that could
not be read, or whose measurement failed, counts against the model and is shown with its reason. In the tables a record
is the row of one structure. The interval in the lighter tone is the 95% interval for this number of structures, made as
each definition says; it does not cover the spread between training or sampling runs, which is
larger. The <a href="?page=glossary" data-page="glossary">glossary</a> explains the words.</p>
<p>The board ranks by {with_energies}, highest first, as DFT is expected to find it where a calibration
fits; a reference set without any such run yet ranks by {ranking}.
So does a set that is not complete, whatever runs it has: its hull lacks competing phases and calls too much stable. Its
ranks are called indicative, and its stability scores stand apart. Ranked are submissions of exactly
{protocol.n_ranked:,} structures scored under the protocol's own settings; all others are listed, unranked, with the
reason. Each reference set has its own board.</p>
<h2 id="about-potentials">Potentials</h2>
<p>Stability is by an interatomic potential, and a potential calls more structures stable than DFT does. Where
structures with DFT labels calibrate it on the hull of a set, scores are what DFT is expected to find, and these rank;
the potential's verdicts, called raw, stand beside them. Elsewhere everything is raw.</p>
{standings_html()}
<h2 id="about-scores">Scores</h2>
<p>What a score does with a structure of which a fact is missing is one of these:</p>
{_policies()}
{_scores(protocol)}
<h2 id="about-protocol">Protocol</h2>
{_protocol(protocol)}
<h2 id="about-cite">How to cite</h2>
<p>Cite what <code>CITATION.cff</code> of this repository names, together with the protocol and its hash
({text(protocol.name)}, <code>{text(protocol.hash[:12])}</code>), the reference set and the date of the run: a number
without them cannot be reproduced.</p>
</div>"""


def _contents(protocol: Protocol) -> str:
    """Links to the parts of the page, and to the definition of each score."""
    parts = "".join(f'<li><a href="#about-{anchor}">{title}</a></li>' for anchor, title in _PARTS.items())
    scores = "".join(
        f'<li><a href="#score-{text(definition.name)}">{text(definition.label)}</a></li>'
        for definition in definitions(protocol)
    )
    return (
        f'<nav class="toc" aria-label="Contents"><ul>{parts}</ul>'
        f"<details><summary>All scores</summary><ul>{scores}</ul></details></nav>"
    )


def _scores(protocol: Protocol) -> str:
    parts = []
    for definition in definitions(protocol):
        paragraphs = "".join(f"<p>{text(part)}</p>" for part in definition.paragraphs)
        parts.append(
            f'<dt id="score-{text(definition.name)}">{text(definition.label)} <code>{text(definition.name)}</code></dt>'
            f"<dd>{paragraphs}{facts((text(term), text(value)) for term, value in definition.terms.items())}</dd>"
        )
    return f'<dl class="definitions">{"".join(parts)}</dl>'


def _policies() -> str:
    items = "".join(f"<li><strong>{text(name)}</strong>: {text(meaning)}</li>" for name, meaning in policies().items())
    return f'<ul class="reasons">{items}</ul>'


def _protocol(protocol: Protocol) -> str:
    draft = " (its numbers may still change; the hash tells which state made a number)"
    return facts(
        {
            "Name": f"{text(protocol.name)}, {text(protocol.title)}",
            "Status": text(protocol.status) + (draft if protocol.status == "draft" else ""),
            "Hash": f"<code>{text(protocol.hash)}</code>",
            "Ranked by": text(score_name(protocol.ranking_with_energies, protocol.energy_variant))
            + ", calibrated where a calibration by DFT labels fits, else raw",
            "Without energies, or on an indicative set, by": text(score_name(protocol.ranking)),
            "Elements trusted": f"within {protocol.max_elemental_difference:g} eV/atom of those of the hull",
            "Structures to be ranked": f"{protocol.n_ranked:,}",
            "Reference sets": text(", ".join(protocol.references)),
        }
    )
