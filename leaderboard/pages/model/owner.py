"""What an owner does on the page of a run of theirs: correct the card, withdraw the submission."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.moderation import verbs
from leaderboard.moderation.listed import NotDoneError, listing_of
from leaderboard.moderation.rights import may
from leaderboard.pages.parts import runs
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.markup import notice
from leaderboard.pages.parts.visitor import visitor_of
from leaderboard.store.actions import REASON_CHARACTERS
from submissions.card import CARD_BYTES, card_from_fields, card_toml
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.moderation.rights import Visitor
    from leaderboard.store.actions import Action
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run
    from submissions.card import Card

Update = tuple[object, ...]


@dataclass(frozen=True)
class OwnerPart:
    """What the page drives: ``fill`` gives values for ``outputs``."""

    outputs: list[gr.components.Component | gr.Accordion]
    fill: Callable[[Run | None, gr.Request], Update]


def build(store: Store, choice: gr.Dropdown) -> OwnerPart:
    """Lay the part out in the current block; ``choice`` holds the id of the run shown."""
    with gr.Accordion("Your submission", open=False, visible=False, elem_id="owner") as part:
        said = gr.HTML(elem_id="owner_said", apply_default_css=False, js_on_load=None)
        card = gr.Textbox(label="Card, as TOML", lines=8, max_lines=30, max_length=CARD_BYTES, elem_id="owner_card")
        correct = gr.Button("Correct the card", size="sm", elem_id="owner_correct")
        reason = gr.Textbox(
            "",
            label="Reason, for all to read (may be empty)",
            max_lines=3,
            max_length=REASON_CHARACTERS,
            elem_id="owner_reason",
        )
        withdraw = gr.Button("Withdraw from the board", size="sm", elem_id="owner_withdraw")

    def answer(identifier: str | None, request: gr.Request, act: Callable[[Visitor, Run], Action | None]) -> str:
        run = runs.find(store, identifier)
        if run is None or run.id != identifier:
            return notice("error", "This run is not on the board any more.")
        visitor = visitor_of(request)
        if (
            visitor.owner is None and not visitor.can_sign_in
        ):  # the part is left out, and its events answer all the same
            return notice("error", "Nobody signs in here: the link of a submission is what its owner has.")
        try:
            action = act(visitor, run)
        except (NotDoneError, FileRefusedError, tomllib.TOMLDecodeError) as error:
            return notice("error", str(error))
        return notice("note", "It was so already.") if action is None else notice("done", "Done.")

    def do_correct(identifier: str | None, toml: str, request: gr.Request) -> str:
        return answer(
            identifier,
            request,
            lambda visitor, run: verbs.correct_card(
                store, visitor, run.record.submission_sha256, run.owner, _card(toml)
            ),
        )

    def do_withdraw(identifier: str | None, reason: str, request: gr.Request) -> str:
        return answer(
            identifier,
            request,
            lambda visitor, run: verbs.withdraw(store, visitor, run.record.submission_sha256, run.owner, reason),
        )

    correct.click(do_correct, [choice, card], said, queue=False, **QUIET)
    withdraw.click(do_withdraw, [choice, reason], said, queue=False, **QUIET)

    def fill(run: Run | None, request: gr.Request) -> Update:
        visitor = visitor_of(request)
        is_theirs = run is not None and _may_correct(store, visitor, run)
        return gr.Accordion(visible=is_theirs), "", card_toml(run.card) if run is not None and is_theirs else "", ""

    return OwnerPart([part, said, card, reason], fill)


def _card(toml: str) -> Card:
    if len(toml) > CARD_BYTES:
        msg = f"a card has at most {CARD_BYTES:,} characters"
        raise NotDoneError(msg)
    return card_from_fields(tomllib.loads(toml))


def _may_correct(store: Store, visitor: Visitor, run: Run) -> bool:
    """Whether the part is for this visitor; where nobody signs in it would be everybody's, and is left out."""
    if visitor.owner is None or run.listing is None:
        return False
    listing = listing_of(store, run.record.submission_sha256, run.owner)
    return may(visitor, "card_corrected", listing) is None
