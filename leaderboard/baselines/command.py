"""``crystal-leaderboard baseline``: write the submission of a baseline or a control, or publish the bundled runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.command_line.option_types import not_negative, positive
from leaderboard.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from leaderboard.baselines.baseline import Baseline

N_RANKED = 2_500
"""Structures of a submission that takes a rank."""


def add_to(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """The command and its options; what makes crystals is imported when it runs."""
    text = "write a submission of a baseline or a control, or publish the runs of all that ship with this code"
    parser = subparsers.add_parser("baseline", help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=(__name__, "baseline"), interrupted="nothing was written")
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a baseline or a control; --list says which")
    parser.add_argument(
        "--n", type=positive, default=N_RANKED, metavar="N", help=f"structures (default: {N_RANKED:,}, what ranks)"
    )
    parser.add_argument("--seed", type=not_negative, default=0, metavar="S", help="of all that is random (default: 0)")
    parser.add_argument(
        "--reference",
        default="starter",
        metavar="NAME|DIR",
        help="set whose crystals are known to it (default: starter)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="JSON lines of structures, its card beside it as .toml (default: runs/baselines/NAME-N-SEED.jsonl)",
    )
    parser.add_argument("--list", action="store_true", help="print what there is and what each shows, and stop")
    parser.add_argument(
        "--publish-bundled",
        action="store_true",
        help="bring the runs of all of them that ship with this code into the store of this machine, and stop",
    )


def baseline(options: Namespace) -> None:
    """Write a submission and say how to score it.

    Raises:
        CommandError: a package or crystals that it needs are missing.
        UsageError: no such baseline or reference set, or the options do not go together.

    """
    # what makes crystals takes seconds to import, and publishing needs none of it
    from leaderboard.baselines.bundled import publish_bundled  # noqa: PLC0415 - see above
    from leaderboard.store.local import Store  # noqa: PLC0415 - see above

    if options.publish_bundled:
        published = publish_bundled(Store())
        sys.stdout.write(f"{published.n_new} runs published, {published.n_known} known already\n")
        return
    from leaderboard.baselines.baseline import find, registry  # noqa: PLC0415 - see above
    from leaderboard.baselines.submission import card_path, write_submission  # noqa: PLC0415 - see above
    from metrics.measure.running.progress import ToTerminal  # noqa: PLC0415 - see above
    from reference_data.errors import ReferenceSetError  # noqa: PLC0415 - see above
    from reference_data.reference import open_reference  # noqa: PLC0415 - see above

    if options.list:
        sys.stdout.write("\n".join(_described(one) for one in registry().values()))
        return
    if options.name is None:
        msg = f"name a baseline or a control; there are: {', '.join(registry())}"
        raise UsageError(msg)
    chosen = find(options.name)
    path = options.out or Store().root / "baselines" / f"{chosen.name}-{options.n}-{options.seed}.jsonl"
    if path.suffix == ".toml":
        msg = f"--out {path}: the card takes that name; choose one that ends with .jsonl"
        raise UsageError(msg)
    try:
        reference = open_reference(options.reference)
    except ReferenceSetError as error:
        raise UsageError(str(error)) from error
    write_submission(chosen, options.n, options.seed, reference, path, ToTerminal())
    sys.stdout.write(f"{path}\n")
    sys.stderr.write(
        f"{options.n:,} structures; score them with\n"
        f"  python -m leaderboard score {path} --card {card_path(path)} --publish\n"
    )


def _described(chosen: Baseline) -> str:
    lines = [f"{chosen.name} ({chosen.kind})", *(f"    {line}" for line in chosen.shows.splitlines())]
    if chosen.caught_by:
        lines.append(f"    Must be: {'; '.join(map(str, chosen.caught_by))}")
    return "\n".join(lines) + "\n"
