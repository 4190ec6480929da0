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
    """Where a submission stands, redrawn as it moves on; what of it is to be heard says :func:`stage`.

    Args:
        submission: the submission.
        place: in the queue, where it waits.
        listing: what the board knows of it, where it is published.

    """
    if submission.state == "running":
        standing = _progress_html(submission)
    else:
        kind, said = _standing(submission, place, listing)
        standing = notice(kind, said) if kind == "error" else _silent(kind, said)
    return standing + _remarks(submission) + _link(submission)


def sentence(submission: Submission, place: Place | None, listing: Listing | None) -> str:
    """The same as one sentence of plain text, for programs."""
    return _progress(submission) if submission.state == "running" else _standing(submission, place, listing)[1]


def stage(submission: Submission, listing: Listing | None = None) -> str:
    """The sentence that a screen reader says, which is another one only when the submission gets on; HTML.

    What went wrong is an alert of :func:`status_html` and not said twice.
    """
    if submission.state == "queued":
        return text(f"{_name(submission)} waits.")
    if submission.state == "running":
        doing = "starting" if submission.progress is None else submission.progress.stage
        return text(f"{_name(submission)}: {doing}.")
    kind, said = _standing(submission, None, listing)
    return "" if kind == "error" else text(said)


def _name(submission: Submission) -> str:
    return f"{submission.file_name} of {submission.card.model}"


def _standing(submission: Submission, place: Place | None, listing: Listing | None) -> tuple[str, str]:
    """Kind of notice and sentence for a submission that does not run."""
    if submission.state == "queued":
        return "note", _waits(submission, place)
    name = _name(submission)
    if submission.state == "listed" and listing is not None:
        reason = f": {listing.reason}." if listing.reason else ""
        return "done" if listing.is_visible else "note", f"{name} {_STATUS[listing.status]}{reason}"
    again = " The same file may be submitted again." if submission.is_retryable else ""
    kind, said = {
        "scored": ("done", "is scored."),
        "cancelled": ("note", f"was cancelled.{again}"),
        "refused": ("error", f"was not scored: {submission.error}.{again}"),
        "failed": ("error", f"was not scored: {submission.error}.{again}"),
    }.get(submission.state, ("note", "is being published."))
    return kind, f"{name} {said}"


def _silent(kind: str, message: str) -> str:
    """A notice that no screen reader says by itself, for it is drawn again and again."""
    return f'<div class="notice {kind}">{text(message)}</div>'


def _waits(submission: Submission, place: Place | None) -> str:
    where = "" if place is None else f", {place.ahead} ahead of it"
    left = "" if place is None or place.wait_s is None else f"; scored in {duration(place.wait_s)}"
    again = f" It is tried again: {submission.error}." if submission.error else ""
    return f"{_name(submission)} waits{where}{left}.{again}"


def _progress(submission: Submission) -> str:
    progress = submission.progress
    if progress is None:
        return f"{_name(submission)}: starting"
    parts = [f"{progress.done:,} of {progress.total:,}"]
    if progress.rate_per_s is not None:
        parts.append(f"{progress.rate_per_s:.1f} per second")
    if progress.seconds_left is not None:
        parts.append(f"{progress.seconds_left:.0f} s left")
    return f"{_name(submission)}: {progress.stage}, {', '.join(parts)}"


def _progress_html(submission: Submission) -> str:
    progress = submission.progress
    value = "" if progress is None else f' value="{progress.done}" max="{max(progress.total, 1)}"'
    bar = f'<progress aria-label="Scoring {text(_name(submission))}"{value}></progress>'
    return f'<div class="progress"><p>{text(_progress(submission))}</p>{bar}</div>'


def _remarks(submission: Submission) -> str:
    remarks = []
    if submission.n_uploads > 1:
        remarks.append(
            f"You submitted this file before: it is the same submission, its model is {submission.card.model}."
        )
    if submission.by_another:
        remarks.append("The same file was submitted before by another owner.")
    return _silent("note", " ".join(remarks)) if remarks else ""


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
