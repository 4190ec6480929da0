"""What every score means, from the code that computes it: the one source of docs/metrics.md and of the About page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leaderboard.errors import CommandError
from leaderboard.protocol import load_protocol
from metrics.installed import INSTALLED
from metrics.score import POLICIES, registry

if TYPE_CHECKING:
    from argparse import Namespace

    from leaderboard.protocol import Protocol
    from metrics.score import Score

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "neither": "shown, never ranked"}

_HEAD = """\
# Scores

Written by `python -m leaderboard docs` from the code that computes them; the app's About page shows the same.
A score is a function of a table of facts, one row (record) per submitted structure, where unknown is null.
An interval that is made from how structures differ takes five of them and some spread; without, there is a value alone.
"""


class Definition(NamedTuple):
    """One score as people read it.

    Attributes:
        name: in files and tables.
        label: heading of its column.
        group: what it is about.
        paragraphs: its meaning.
        terms: unit, direction, formula, interval, source, missing values, needs, version; in this order.

    """

    name: str
    label: str
    group: str
    paragraphs: tuple[str, ...]
    terms: dict[str, str]


def definitions(protocol: Protocol) -> list[Definition]:
    """Every registered score, those of the protocol first and in its order."""
    order = {name: place for place, name in enumerate(protocol.scores)}
    known = sorted(registry().values(), key=lambda score: (order.get(score.name, len(order)), score.name))
    return [_definition(score) for score in known]


def policies() -> dict[str, str]:
    """What each policy for missing values means."""
    return {str(name): meaning for name, meaning in POLICIES.items()}


def markdown(protocol: Protocol) -> str:
    """The content of docs/metrics.md."""
    parts = [_HEAD, "## Missing values\n", *(f"- **{name}**: {meaning}" for name, meaning in policies().items()), ""]
    group = None
    for definition in definitions(protocol):
        if definition.group != group:
            group = definition.group
            parts.append(f"## {group}\n")
        parts.append(f"### {definition.label} (`{definition.name}`)\n")
        parts += [f"{paragraph}\n" for paragraph in map(_plain, definition.paragraphs)]
        parts += [f"- {term}: {_plain(text)}" for term, text in definition.terms.items()]
        parts.append("")
    return "\n".join(parts)


def docs(options: Namespace) -> None:
    """Write docs/metrics.md, or with ``--check`` say whether it is what the code says.

    Raises:
        CommandError: it is not.

    """
    if INSTALLED:
        msg = f"{DOCUMENT.name} is part of a checkout of the code, and this copy is installed"
        raise CommandError(msg)
    text = markdown(load_protocol())
    if options.check:
        if not DOCUMENT.exists() or DOCUMENT.read_text() != text:
            msg = f"{DOCUMENT.name} is not what the code says; write it with `python -m leaderboard docs`"
            raise CommandError(msg)
        return
    DOCUMENT.write_text(text)
    sys.stdout.write(f"{DOCUMENT}\n")


def _definition(score: Score) -> Definition:
    parts = score.parts
    terms = {
        "Unit": "percent of structures" if score.counts_hits else "percent" if score.unit == "share" else score.unit,
        "Direction": DIRECTIONS[score.better],
        **parts,
        "Needs": ", ".join(score.needs),
        "Version": str(score.version),
    }
    paragraphs = tuple(" ".join(paragraph.split()) for paragraph in score.meaning.split("\n\n"))
    return Definition(score.name, score.label, score.group, paragraphs, terms)


def _plain(text: str) -> str:
    """Text in which no mark is taken for markdown."""
    return "".join(f"\\{mark}" if mark in r"\`*_[]<>|" else mark for mark in text)
