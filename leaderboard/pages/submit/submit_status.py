"""Where a submission stands, in words: its place in the queue, its progress, its end, and the link to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from leaderboard.licence import DATA_LICENCE
from leaderboard.pages.parts.markup import notice, text

if TYPE_CHECKING:
    from leaderboard.queue.jobs import Place
    from leaderboard.queue.submissions import Submission
    from leaderboard.store.listings import Listing

PUBLISH = (
    "<h3>Publish</h3><p>So far this is a private check: whoever has the link sees it, nobody else. Publishing puts the "
    "model on the board, with the card, every structure and every score, and a log that anybody may read says when. "
    "You may withdraw it later; copies that others made meanwhile stay theirs under the licence.</p>"
)
CONSENT = (
    f"The structures, their scores and the card are published under {DATA_LICENCE}, and I have the right to publish "
    "them so."
)
_STATUS = {
    "approved": "is on the board.",
    "unverified": "is on the board, marked as unverified until a maintainer has looked at it.",
    "rejected": "was rejected by the maintainers",
    "hidden": "was hidden by the maintainers",
    "deleted": "was deleted by the maintainers",
    "withdrawn": "is withdrawn.",
}


def status_html(submission: Submission, place: Place | None, listing: Listing | None = None) -> str:
    """Where a submission stands.

    Args:
        submission: the submission.
        place: in the queue, where it waits.
        listing: what the board knows of it, where it is published.

    """
    name = f"{submission.file_name} of {submission.card.model}"
    return _state_html(submission, name, place, listing) + _remarks(submission) + _link(submission)


def _state_html(submission: Submission, name: str, place: Place | None, listing: Listing | None) -> str:
    if submission.state == "running":
        return _progress_html(submission, name)
    if submission.state == "queued":
        return notice("note", _waits(submission, name, place))
    if submission.state == "listed" and listing is not None:
        reason = f": {listing.reason}." if listing.reason else ""
        return notice("done" if listing.is_visible else "note", f"{name} {_STATUS[listing.status]}{reason}")
    again = " The same file may be submitted again." if submission.is_retryable else ""
    kind, said = {
        "scored": ("done", "is scored."),
        "cancelled": ("note", f"was cancelled.{again}"),
        "refused": ("error", f"was not scored: {submission.error}.{again}"),
        "failed": ("error", f"was not scored: {submission.error}.{again}"),
    }.get(submission.state, ("note", "is being published."))
    return notice(kind, f"{name} {said}")


def _waits(submission: Submission, name: str, place: Place | None) -> str:
    where = "" if place is None else f", {place.ahead} ahead of it"
    left = "" if place is None or place.wait_s is None else f"; scored in {duration(place.wait_s)}"
    again = f" It is tried again: {submission.error}." if submission.error else ""
    return f"{name} waits{where}{left}.{again}"


def _progress_html(submission: Submission, name: str) -> str:
    progress = submission.progress
    if progress is None:
        return f'<div class="progress" role="status"><p>{text(name)}: starting</p><progress></progress></div>'
    parts = [f"{progress.done:,} of {progress.total:,}"]
    if progress.rate_per_s is not None:
        parts.append(f"{progress.rate_per_s:.1f} per second")
    if progress.seconds_left is not None:
        parts.append(f"{progress.seconds_left:.0f} s left")
    return (
        f'<div class="progress" role="status"><p>{text(name)}: {text(progress.stage)}, {", ".join(parts)}</p>'
        f'<progress value="{progress.done}" max="{max(progress.total, 1)}"></progress></div>'
    )


def _remarks(submission: Submission) -> str:
    remarks = []
    if submission.n_uploads > 1:
        remarks.append("You submitted this file before: the same file is the same submission, with the same card.")
    if submission.by_another:
        remarks.append("The same file was submitted before by another owner.")
    return notice("note", " ".join(remarks)) if remarks else ""


def _link(submission: Submission) -> str:
    link = f'<a href="?job={quote(submission.id)}">this link</a>'
    return f'<p class="legend">Keep {link}: it leads back here from anywhere, and only it shows the result.</p>'


def duration(seconds: float) -> str:
    """A time ahead, as roughly as it is known."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 120 else f"about {round(minutes / 60)} h"  # noqa: PLR2004 - two hours


def forgotten(job: str) -> str:
    """What is said of an id that no submission has."""
    if not job:
        return ""
    return notice("note", f"There is no submission {job} on this server; submit the file to have it scored.")
