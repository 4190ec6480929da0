"""Options of ``python -m leaderboard moderate``: what maintainers do, for whoever can write the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.command_line.option_types import positive
from metrics.measure.running.choice import add_engine_options

if TYPE_CHECKING:
    import argparse

OF_SUBMISSIONS = {
    "approve": "let submissions count in ranks, means and bests",
    "reject": "take submissions off the board after a review",
    "hide": "take submissions off the board until they are shown again",
    "show": "end what `hide` began",
    "delete": "take submissions off the board for good, and their files from the store",
}
OF_USERS = {"ban": "accept nothing more from somebody", "unban": "end a ban"}
OF_ALL = {"freeze": "accept nothing from anybody for now", "thaw": "end a freeze"}
WITH_REASON = {"reject", "hide", "delete", "ban", "freeze"}


def add_to(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its actions."""
    top = subparsers.add_parser(
        "moderate",
        help="approve, hide, delete, ban: what maintainers do, each thing an entry in the log",
        description="What maintainers do with submissions; each thing is an entry in the log of the store, for all to "
        "read.",
    )
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str, function: str = "act") -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(
            run=("leaderboard.moderation.terminal", function), interrupted="the log says how far it came: moderate log"
        )
        return added

    listed = action("list", "print the submissions and what became of each", "print_list")
    listed.add_argument("--waiting", action="store_true", help="only those that wait for a review")
    log = action("log", "print who did what, when and why", "print_log")
    for printed in (listed, log):
        printed.add_argument("--json", action="store_true", help="print JSON instead of text")
    for name, text in OF_SUBMISSIONS.items():
        action(name, text).add_argument(
            "ids",
            nargs="+",
            metavar="ID",
            help="id of a run, or the sha256 of a file or its first digits, with @owner where it has one, "
            "and @ alone for that of nobody where several have the file",
        )
    verify = action("verify", "score a run again, in part, and mark it as verified where it is the same", "verify")
    verify.add_argument("id", metavar="ID", help="id of a run, or of a submission to verify all its runs")
    verify.add_argument("--file", type=Path, metavar="FILE", help="the submitted file, read again and compared")
    add_engine_options(verify, positive)
    for name, text in OF_USERS.items():
        action(name, text).add_argument("user", metavar="USER", help="user name")
    for name, text in OF_ALL.items():
        action(name, text)
    for name in sorted(WITH_REASON):
        actions.choices[name].add_argument("--reason", required=True, metavar="TEXT", help="why, for all to read")
