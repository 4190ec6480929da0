"""The key ``models`` in the front matter of the Space's README, by which the Hub shows the board on model pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined] # public, not in its __all__

from leaderboard.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from leaderboard.store.run import Run

_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_MODELS = re.compile(r"^models:.*\n(?:[ \t-].*\n)*", re.MULTILINE)


def hub_models(runs: Iterable[Run]) -> list[str]:
    """Models on the Hub that have an approved run, sorted."""
    return sorted({run.card.hub_model for run in runs if run.card.hub_model is not None and run.counts})


def with_models(readme: str, models: Sequence[str]) -> str:
    """The README with these models in its front matter and nothing else changed; none of them is no key.

    Raises:
        CommandError: it has no front matter.

    """
    match = _FRONT_MATTER.match(readme)
    if match is None:
        msg = "the README has no front matter between two lines of ---"
        raise CommandError(msg)
    others = _MODELS.sub("", match[1])
    block = yaml_dump({"models": list(models)}) if models else ""
    return f"---\n{others}{block}---\n{readme[match.end() :]}"


def update(path: Path, runs: Iterable[Run]) -> list[str]:
    """Write the models of the runs into a README; which they are.

    Raises:
        CommandError: it has no front matter.

    """
    models = hub_models(runs)
    path.write_text(with_models(path.read_text(encoding="utf-8"), models), encoding="utf-8")
    return models
