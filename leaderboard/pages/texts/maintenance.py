"""The maintainers' page: what waits for them, what they decide, and the log of it.

Every answer asks anew who the visitor is; that others do not see the page protects nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import gradio as gr

from leaderboard.moderation import verbs
from leaderboard.moderation.command import OF_ALL, OF_SUBMISSIONS, OF_USERS, WITH_REASON
from leaderboard.moderation.listed import NotDoneError, all_listings, named
from leaderboard.moderation.log import listing_line
from leaderboard.moderation.rights import maintainers
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.markup import notice, text
from leaderboard.pages.parts.visitor import can_sign_in, visitor_of
from leaderboard.pages.texts.governance import log_html
from leaderboard.store.actions import REASON_CHARACTERS, USER_NAME_CHARACTERS
from leaderboard.store.run import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.moderation.rights import Visitor
    from leaderboard.store.actions import Action
    from leaderboard.store.listings import Listing
    from leaderboard.store.local import Store

NOT_FOR_YOU = "Only maintainers may look at this page and use it."
Update = tuple[object, ...]


def add_to(site: gr.Blocks, store: Store) -> None:
    """Lay the page out as a tab of the current block, where people sign in and some of them are maintainers."""
    if not (can_sign_in() and maintainers()):
        return
    desk = Desk(store)
    with gr.Tab("Maintenance", id="maintenance", visible=False) as tab:
        outputs = _build(desk)
    tab.select(desk.refresh, None, outputs, queue=False, **QUIET)
    site.load(_for_maintainers, None, tab, queue=False, **QUIET)


def _for_maintainers(request: gr.Request) -> gr.Tab:
    return gr.Tab(visible=visitor_of(request).is_maintainer)


def _build(desk: Desk) -> list[gr.components.Component]:
    """Lay the page out; returns what each answer fills."""
    said = gr.HTML(elem_id="maintenance_said", apply_default_css=False, js_on_load=None)
    waiting = gr.HTML(elem_id="maintenance_waiting", apply_default_css=False, js_on_load=None)
    # its choices come with each answer; what comes back is looked up, whatever it is
    chosen = gr.Dropdown([], label="Submission", elem_id="maintenance_submission", allow_custom_value=True)
    reason = gr.Textbox(
        "", label="Reason, for all to read", max_lines=3, max_length=REASON_CHARACTERS, elem_id="maintenance_reason"
    )
    with gr.Row():
        of_submissions = {name: _button(name) for name in OF_SUBMISSIONS}
    verify = "To verify a run, score it again: <code>python -m leaderboard moderate verify RUN</code>."
    gr.HTML(f'<p class="legend">{verify}</p>', apply_default_css=False, js_on_load=None)
    user = gr.Textbox("", label="User name", max_lines=1, max_length=USER_NAME_CHARACTERS, elem_id="maintenance_user")
    with gr.Row():
        others = {name: _button(name) for name in (*OF_USERS, *OF_ALL)}
    log = gr.HTML(elem_id="maintenance_log", apply_default_css=False, js_on_load=None)
    outputs: list[gr.components.Component] = [said, waiting, chosen, log]
    for name, button in of_submissions.items():
        button.click(desk.on_submission(name), [chosen, reason], outputs, queue=False, **QUIET)
    for name, button in others.items():
        button.click(desk.on_others(name), [user, reason], outputs, queue=False, **QUIET)
    return outputs


def _button(name: str) -> gr.Button:
    return gr.Button(name.capitalize(), size="sm", elem_id=f"maintenance_{name}")


@dataclass(frozen=True)
class Desk:
    """Answers to maintainers, and to nobody else."""

    store: Store

    def refresh(self, request: gr.Request) -> Update:
        """Fill the page from the store."""
        return self._look(visitor_of(request))

    def on_submission(self, name: str) -> Callable[[str | None, str, gr.Request], Update]:
        """Do one thing with the submission chosen."""

        def do(chosen: str | None, reason: str, request: gr.Request) -> Update:
            visitor = visitor_of(request)

            def act() -> Action | None:
                listing = named(self.store, chosen or "").listing
                return _verb(name)(self.store, visitor, listing.sha256, listing.owner, *_given(name, reason))

            return self._answer(visitor, act)

        return do

    def on_others(self, name: str) -> Callable[[str, str, gr.Request], Update]:
        """Do one thing about a user, or about all."""

        def do(user: str, reason: str, request: gr.Request) -> Update:
            visitor = visitor_of(request)
            given = ((user.strip(),) if name in OF_USERS else ()) + _given(name, reason)
            return self._answer(visitor, lambda: _verb(name)(self.store, visitor, *given))

        return do

    def _answer(self, visitor: Visitor, act: Callable[[], Action | None]) -> Update:
        if not visitor.is_maintainer:
            return self._look(visitor)
        try:
            message = notice("done", "Done.") if act() else notice("note", "It was so already.")
        except NotDoneError as error:
            message = notice("error", str(error))
        return self._look(visitor, message)

    def _look(self, visitor: Visitor, message: str = "") -> Update:
        if not visitor.is_maintainer:
            return notice("error", NOT_FOR_YOU), "", gr.Dropdown([], value=None), ""
        listings = all_listings(self.store)
        choices = [(listing_line(listing), identifier_of(listing)) for listing in reversed(listings)]
        return message, _state_html(self.store, listings), gr.Dropdown(choices), log_html(self.store.actions())


def _verb(name: str) -> Callable[..., Action | None]:
    verb: Callable[..., Action | None] = getattr(verbs, name)
    return verb


def _given(name: str, reason: str) -> tuple[str, ...]:
    return (reason,) if name in WITH_REASON else ()


def _state_html(store: Store, listings: list[Listing]) -> str:
    """What waits for a review, whether uploads are frozen, who is banned, and what cannot be read."""
    now = store.register()
    waiting = [listing for listing in listings if listing.status == "unverified"]
    rows = "".join(_row(store, listing, listings) for listing in waiting)
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Submission", "Owner", "Model", "Published", "Runs", "Note")
    )
    table = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    frozen = "" if now.frozen is None else notice("note", f"No submissions are accepted: {now.frozen}")
    banned = "".join(f"<li>{text(user)}: {text(reason)}</li>" for user, reason in now.banned.items())
    damaged = "".join(f"<li>{text(entry.why)}</li>" for entry in store.damaged())
    return (
        f"{frozen}<h3>{len(waiting)} waiting for a review</h3>{table if waiting else ''}"
        + (f'<h3>Banned</h3><ul class="reasons">{banned}</ul>' if banned else "")
        + (f'<h3>Damaged, left out of the board</h3><ul class="reasons">{damaged}</ul>' if damaged else "")
    )


def _row(store: Store, listing: Listing, listings: list[Listing]) -> str:
    links = " ".join(
        f'<a href="?model={quote(run.id)}">{text(place(run.record.submission_sha256, run.record.run_key))}</a>'
        for run in store.runs()
        if (run.record.submission_sha256, run.owner) == (listing.sha256, listing.owner)
    )
    is_double = any(other.sha256 == listing.sha256 and other.owner != listing.owner for other in listings)
    cells = (
        f"<code>{listing.sha256[:12]}</code>",
        text(listing.owner or ""),
        text("" if listing.card is None else listing.card.model),
        "" if listing.published is None else f"{listing.published:%Y-%m-%d}",
        links or "not copied yet",
        "same file as another owner&#x27;s" if is_double else "",
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def identifier_of(listing: Listing) -> str:
    """What names a submission alone, whoever else has its file."""
    return f"{listing.sha256}@{listing.owner or ''}"
