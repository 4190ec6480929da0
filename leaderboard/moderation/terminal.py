"""What ``python -m leaderboard moderate`` does and prints."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from leaderboard.errors import RunError
from leaderboard.moderation import verbs
from leaderboard.moderation.command import OF_SUBMISSIONS
from leaderboard.moderation.listed import NotDoneError, all_listings, named
from leaderboard.moderation.log import entries, listing_line
from leaderboard.moderation.rights import on_the_command_line
from leaderboard.store.open import open_store
from leaderboard.store.run import place

if TYPE_CHECKING:
    from argparse import Namespace

    from leaderboard.moderation.rights import Visitor
    from leaderboard.store.actions import Action
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run


def print_list(options: Namespace) -> None:
    """Print every submission, the oldest first."""
    listings = [one for one in all_listings(open_store()) if not options.waiting or one.status == "unverified"]
    if options.json:
        lines = [
            {
                "sha256": one.sha256,
                "owner": one.owner,
                "model": None if one.card is None else one.card.model,
                "published": None if one.published is None else one.published.isoformat(timespec="seconds"),
                "status": one.status,
                "reason": one.reason,
                "verified": sorted(one.verified),
                "successor": one.successor,
            }
            for one in listings
        ]
        sys.stdout.write(json.dumps(lines, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{listing_line(one)}\n" for one in listings))


def print_log(options: Namespace) -> None:
    """Print the log, the oldest entry first."""
    store = open_store()
    if options.json:
        content = [action.model_dump(mode="json", exclude_none=True) for action in store.actions()]
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in entries(store.actions())))
    for damaged in store.damaged():
        sys.stderr.write(f"left out: {damaged.why}\n")


def act(options: Namespace) -> None:
    """Do one thing, to each of the submissions named.

    Raises:
        NotDoneError: an id names none, or the thing cannot be done; those before it are done and printed.

    """
    store, visitor, name = open_store(), on_the_command_line(), options.action
    if name not in OF_SUBMISSIONS:
        given = [getattr(options, option) for option in ("user", "reason") if hasattr(options, option)]
        _say(f"{name} {' '.join(given[:1])}".strip(), getattr(verbs, name)(store, visitor, *given))
        return
    # all or none where an id is mistyped
    listings = [named(store, identifier).listing for identifier in options.ids]
    for listing in listings:
        _act_on(store, visitor, name, listing.sha256, listing.owner, getattr(options, "reason", None))


def verify(options: Namespace) -> None:
    """Score the runs that an id names again, and mark those that come out the same.

    Raises:
        NotDoneError: the id names none, a run differs, or it cannot be compared here; those before it are marked.

    """
    # what measures takes seconds to import
    from leaderboard.processes import start_engine  # noqa: PLC0415 - see above
    from leaderboard.run.verification.verify import verify as scored_again  # noqa: PLC0415 - see above
    from metrics.measure.potentials import find  # noqa: PLC0415 - see above
    from metrics.measure.running.progress import ToTerminal  # noqa: PLC0415 - see above

    store, visitor = open_store(), on_the_command_line()
    listing, chosen = named(store, options.id)
    runs = [
        run
        for run in store.runs()
        if (run.record.submission_sha256, run.owner) == (listing.sha256, listing.owner)
        and chosen in {None, place(run.record.submission_sha256, run.record.run_key)}
    ]
    if not runs:
        msg = f"{options.id} has no run on the board; the submission is {listing.status}"
        raise NotDoneError(msg)
    with start_engine(options.where) as engine:

        def differs(run: Run) -> str | None:
            missing = [text for name in run.record.potentials if (text := find(name).missing())]
            if missing:
                return f"its energies cannot be computed here: {'; '.join(missing)}"
            verification = scored_again(run, engine, ToTerminal(), file=options.file)
            sys.stdout.write(verification.as_text())
            return None if verification.is_equal else verification.summary

        for run in runs:
            try:
                action = verbs.verify(store, visitor, run, differs)
            except RunError as error:
                raise NotDoneError(str(error)) from error
            _say(f"verify {run.id}", action)


def _act_on(store: Store, visitor: Visitor, name: str, sha256: str, owner: str | None, reason: str | None) -> None:
    given = () if reason is None else (reason,)
    label = f"{sha256[:12]}{'' if owner is None else f'@{owner}'}"
    try:
        _say(f"{name} {label}", getattr(verbs, name)(store, visitor, sha256, owner, *given))
    except NotDoneError as error:
        msg = f"{name} {label}: {error}"
        raise NotDoneError(msg) from error


def _say(what: str, action: Action | None) -> None:
    sys.stdout.write(f"{what}: {'it was so already' if action is None else 'done'}\n")
