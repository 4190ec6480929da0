"""What can be done with a submission that is there: cancel it, publish it, withdraw it, submit a new version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import gradio as gr

from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.markup import notice, text
from leaderboard.pages.parts.visitor import visitor_of
from leaderboard.pages.submit.submit_status import CONSENT, PUBLISH, forgotten, stage, status_html
from leaderboard.queue.submissions import NotAcceptedError, NotAllowedError
from submissions.card import Card

if TYPE_CHECKING:
    from leaderboard.queue.jobs import Jobs
    from leaderboard.store.run import Run

Update = tuple[object, ...]

# the page has the message a moment after the event that filled it ended
FOCUS_ERROR = f"""() => setTimeout(() => {{
    const inputs = (name) => document.querySelectorAll(`#card_${{name}} :is(input, textarea)`);
    const names = {json.dumps(list(Card.model_fields))};
    const message = document.querySelector("#submit_status [role=alert]");
    for (const name of names) {{
        const isNamed = message !== null && new RegExp(`(^|[^a-z_])${{name}}: `).test(message.textContent);
        for (const input of inputs(name)) {{
            if (isNamed) input.setAttribute("aria-invalid", "true");
            else input.removeAttribute("aria-invalid");
            if (isNamed) input.setAttribute("aria-describedby", "submit_error");
            else input.removeAttribute("aria-describedby");
        }}
    }}
    if (message === null) return;
    message.id = "submit_error";
    message.tabIndex = -1;
    message.focus();
}}, 100)"""
"""JavaScript for an event without inputs, after one that filled the status: after an error the keyboard is at the
message, and the field of the card that it names is marked."""


@dataclass(frozen=True)
class Steps:
    """The components; each part is shown when its time has come."""

    cancel: gr.Button
    publishing: gr.Column
    consent: gr.Checkbox
    publish: gr.Button
    correct: gr.Button
    listed: gr.Column
    link: gr.HTML
    withdraw: gr.Button
    renew: gr.Button

    @property
    def shown(self) -> list[gr.components.Component | gr.Column]:
        """What :meth:`Desk.look` shows or hides, after result, timer, status and stage."""
        return [self.cancel, self.publishing, self.listed, self.link]


def build() -> Steps:
    """Lay the steps out in the current block."""
    cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="submit_cancel")
    with gr.Column(visible=False, elem_id="submit_publishing") as publishing:
        gr.HTML(PUBLISH, apply_default_css=False, js_on_load=None)
        consent = gr.Checkbox(label=CONSENT, elem_id="submit_consent")
        with gr.Row():
            publish = gr.Button("Publish", elem_id="submit_publish")
            correct = gr.Button("Change the card", elem_id="submit_correct")
    with gr.Column(visible=False, elem_id="submit_listed") as listed:
        link = gr.HTML(elem_id="submit_link", apply_default_css=False, js_on_load=None)
        with gr.Row():
            withdraw = gr.Button("Withdraw", size="sm", elem_id="submit_withdraw")
            renew = gr.Button("Submit a new version", size="sm", elem_id="submit_renew")
    return Steps(cancel, publishing, consent, publish, correct, listed, link, withdraw, renew)


def connect(steps: Steps, desk: Desk, job: gr.Textbox, looked: list[gr.components.Component | gr.Column]) -> None:
    """Let the buttons work, past gradio's queue, so that they do not wait for what draws."""
    for button, step, inputs in (
        (steps.cancel, desk.cancel, [job]),
        (steps.publish, desk.publish, [job, steps.consent]),
        (steps.withdraw, desk.withdraw, [job]),
    ):
        button.click(step, inputs, looked, queue=False, **QUIET).then(None, None, None, js=FOCUS_ERROR, **QUIET)


@dataclass(frozen=True)
class Desk:
    """Answers to what the visitor does with a submission in the queue; each says where it stands then."""

    jobs: Jobs

    def look(self, job_id: str, error: str | None = None) -> Update:
        """Result, timer, status, stage and steps of a submission: one look at an index while it waits or runs."""
        submission = self.jobs.get(job_id)
        said = notice("error", error) if error else ""
        if submission is None:
            nothing = (gr.Button(visible=False), gr.Column(visible=False), gr.Column(visible=False), "")
            return "", gr.Timer(active=False), said or forgotten(job_id), _live(""), *nothing
        place = self.jobs.place(submission) if submission.state == "queued" else None
        listing = self.jobs.listing(submission) if submission.state == "listed" else None
        is_listed = listing is not None and listing.is_visible
        listed = self.jobs.listed(submission) if is_listed else None
        is_publishable = submission.state == "scored" or (listing is not None and listing.status == "withdrawn")
        return (
            (submission.run or "") if listed is None else listed.id,
            gr.Timer(active=submission.is_unfinished or submission.state == "publishing"),
            said + status_html(submission, place, listing),
            _live("" if error else stage(submission, listing)),
            gr.Button(visible=submission.is_unfinished),
            gr.Column(visible=is_publishable),
            gr.Column(visible=is_listed),
            _link_html(listed),
        )

    def cancel(self, job_id: str, request: gr.Request) -> Update:
        """Take it out of the queue."""
        try:
            self.jobs.cancel(job_id, visitor_of(request).owner)
        except (NotAllowedError, NotAcceptedError) as error:
            return self.look(job_id, str(error))
        return self.look(job_id)

    def publish(self, job_id: str, consent: bool, request: gr.Request) -> Update:  # noqa: FBT001 - what a checkbox gives
        """List it on the board."""
        try:
            self.jobs.publish(job_id, consent=consent, owner=visitor_of(request).owner)
        except (NotAllowedError, NotAcceptedError) as error:
            return self.look(job_id, str(error))
        return self.look(job_id)

    def withdraw(self, job_id: str, request: gr.Request) -> Update:
        """Take it off the board."""
        try:
            self.jobs.withdraw(job_id, visitor_of(request).owner)
        except (NotAllowedError, NotAcceptedError) as error:
            return self.look(job_id, str(error))
        return self.look(job_id)


def _live(sentence: str) -> str:
    """What a screen reader says as soon as it changes; nobody sees it."""
    return f'<p class="heard" role="status">{sentence}</p>'


def _link_html(run: Run | None) -> str:
    if run is None:
        return ""
    return f'<p>On the board: <a href="?model={quote(run.id)}">{text(run.model)}</a></p>'
