"""``crystal-leaderboard published``: get the published outputs of a model as a submission with its card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.errors import CommandError, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from leaderboard.published.recipe import Recipe


def add_to(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """The command and its options; what downloads is imported when it runs."""
    text = "download published outputs of a model and write them as a submission with its card"
    parser = subparsers.add_parser("published", help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=(__name__, "published"), interrupted="the same command resumes")
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a recipe; --list says which there are")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of submission and card (default: runs/published)"
    )
    parser.add_argument("--ship", action="store_true", help="score them too, and put the run among those of this code")
    parser.add_argument("--publish-bundled", action="store_true", help="bring the runs of this code onto the board")
    parser.add_argument("--list", action="store_true", help="print the recipes, their sources and licences, and stop")


def published(options: Namespace) -> None:
    """Write the submission and say how to score it.

    Raises:
        CommandError: the outputs cannot be downloaded, or are not those that the recipe means.
        UsageError: no such recipe, or none named.

    """
    from leaderboard.published.fetch import fetch  # noqa: PLC0415 - slow, and the help needs none of it
    from leaderboard.published.recipe import find, recipes  # noqa: PLC0415 - as above
    from leaderboard.store.local import Store  # noqa: PLC0415 - as above

    if options.list:
        sys.stdout.write("\n".join(map(described, recipes().values())))
        return
    if options.publish_bundled and (options.ship or options.name):
        msg = "--publish-bundled brings all runs of this code onto the board; leave NAME and --ship out"
        raise UsageError(msg)
    if options.publish_bundled:
        from leaderboard.published.shipped import publish_shipped  # noqa: PLC0415 - as above

        _say(f"{publish_shipped(Store())} runs of published outputs are on the board\n")
        return
    if options.name is None:
        msg = f"name a recipe; there are: {', '.join(recipes())}"
        raise UsageError(msg)
    recipe = find(options.name)
    fetched = fetch(recipe, options.out or Store().root / "published", lambda line: _say(f"{line}\n"))
    sys.stdout.write(f"{fetched.submission}\n")
    if fetched.is_verified:
        _say(f"verified: sha256 {fetched.sha256}\n{recipe.mark}\n")
    else:
        _say(
            f"UNVERIFIED: the recipe pins no sha256. Downloaded: {fetched.download_sha256}; submission: "
            f"{fetched.sha256}.\nA maintainer who has checked the file pins them in "
            f"leaderboard/published/recipes/{recipe.name}.toml; until then a run of it carries no mark.\n"
        )
    if options.ship:
        from leaderboard.published.shipped import ship  # noqa: PLC0415 - as above

        if not fetched.is_verified:
            msg = f"{recipe.name} pins no sha256: a run of outputs that nobody checked is not shipped"
            raise CommandError(msg)
        _say(f"{ship(fetched)}\n")
        return
    _say(f"score it with\n  python -m leaderboard score {fetched.submission} --card {fetched.card}\n")


def described(recipe: Recipe) -> str:
    """What ``--list`` says of a recipe."""
    structures = "not stated" if recipe.n_structures is None else f"{recipe.n_structures:,}"
    pinned = "pinned" if recipe.sha256 or recipe.pinned_submission else "not pinned: what comes is unverified"
    return (
        f"{recipe.name}: {recipe.card.model}\n"
        f"    {recipe.mark}\n"
        f"    structures: {structures}; licence: {recipe.licence}; sha256: {pinned}\n"
        f"    {recipe.page}\n"
    )


def _say(text: str) -> None:
    sys.stderr.write(text)
