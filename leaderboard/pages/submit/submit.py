"""The page that takes a submission: a private check first, with progress and a reason for every structure.

Publishing is a second step, with consent to the licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages.model.results import run_html, scores_html
from leaderboard.pages.parts import runs
from leaderboard.pages.parts.entrance import Entrance
from leaderboard.pages.parts.events import QUIET
from leaderboard.pages.parts.markup import notice, text
from leaderboard.pages.parts.text_box import MAX_LENGTH
from leaderboard.pages.parts.visitor import visitor_of
from leaderboard.pages.structures import section
from leaderboard.pages.submit import card_form, submit_steps
from leaderboard.pages.submit.accept import accept
from leaderboard.pages.submit.file_contents import contents_html
from leaderboard.pages.submit.submit_status import forgotten
from leaderboard.queue.submissions import NotAcceptedError
from submissions.card import form_fields
from submissions.formats_text import FORMATS_TEXT
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.pages.parts.entrance import Values
    from leaderboard.protocol import Protocol
    from leaderboard.queue.jobs import Jobs
    from leaderboard.store.local import Store

POLL_S = 1.0
_FORMATS = f'<p class="legend">Formats: {text(FORMATS_TEXT)}.</p>'
_HELP = (
    '<p class="legend">More: <a href="?page=guide" target="_blank">submit guide</a>, '
    '<a href="?page=faq" target="_blank">questions</a>, <a href="?page=api" target="_blank">from a program</a>.</p>'
)
# shown by the browser itself while the server is asked
_SENDING = """() => [
    '<div class="progress"><p>Checking</p><progress aria-label="Checking the file"></progress></div>',
    '<p class="heard" role="status">Checking the file.</p>',
]"""
_RENEW = "Choose the file of the new version; once published it takes the place of {}."
_CORRECT = (
    "The form has the card of this submission: change it, choose the same file again and check it. The link stays, and "
    "what was measured is not measured again."
)
# the link keeps the submission across a reload of the page
_REMEMBER = "(job) => { if (job) history.replaceState(null, '', '?job=' + encodeURIComponent(job)); return job; }"


@dataclass(frozen=True)
class SubmitPage:
    """What the rest of the app drives.

    Attributes:
        job: id of the submission shown.
        timer: looks where it stands as long as it is active.

    """

    job: gr.Textbox
    timer: gr.Timer
    entrance: Entrance


def build(store: Store, jobs: Jobs, protocol: Protocol) -> SubmitPage:
    """Lay the page out in the current block."""
    # the browser knows this one, so that the link can name it; a State stays on the server
    job = gr.Textbox("", visible="hidden", max_length=MAX_LENGTH, elem_id="submit_job")
    # a State that an event past the queue sets tells nobody that it changed
    scored = gr.Textbox("", visible="hidden", max_length=MAX_LENGTH, elem_id="submit_scored")
    supersedes, timer = gr.State(None), gr.Timer(POLL_S, active=False)
    gr.HTML(
        '<p class="lead">A file of generated structures and the name of the model are enough. Every structure comes '
        "back with its verdicts and the reason for each. Nobody else sees the result unless you publish it; nothing "
        f"leaves this server.</p>{_FORMATS}{_HELP}",
        apply_default_css=False,
        js_on_load=None,
    )
    with gr.Row():
        with gr.Column(min_width=320):
            file = gr.File(
                label="Structures",
                elem_id="submission_file",
                height=140,
            )
        with gr.Column(min_width=320):
            fields = card_form.required()
            button = gr.Button("Check privately", variant="primary", elem_id="submit_button")
    fields |= card_form.optional()
    card_form.keep_draft(fields)
    contents = gr.HTML(elem_id="submit_contents", apply_default_css=False, js_on_load=None)
    status = gr.HTML(elem_id="submit_status", apply_default_css=False, js_on_load=None)
    stage = gr.HTML(
        '<p class="heard" role="status"></p>', elem_id="submit_stage", apply_default_css=False, js_on_load=None
    )
    steps = submit_steps.build()
    with gr.Column(visible=False, elem_id="submit_result") as result:
        scores = gr.HTML(elem_id="submit_scores", apply_default_css=False, js_on_load=None)
        structures = section.build(store, "submit")

    names, desk = list(fields), submit_steps.Desk(jobs)
    looked = [scored, timer, status, stage, *steps.shown]

    def send(
        request: gr.Request, path: str | None, earlier: str | None, job_id: str, *values: object
    ) -> tuple[object, ...]:
        if path is None:  # what is shown stays
            return job_id, *desk.look(job_id, "Choose a file of structures first.")
        card = dict(zip(names, values, strict=True))
        try:
            accepted = accept(jobs, visitor_of(request), Path(path), card, supersedes=earlier)
        except (FileRefusedError, NotAcceptedError) as error:
            return job_id, *desk.look(job_id, str(error))
        return accepted.submission.id, *desk.look(accepted.submission.id, accepted.kept)

    def fill_form(job_id: str, said: str, *, is_new_version: bool) -> tuple[object, ...]:
        """The form with the card of a submission, so that nobody types it again."""
        submission = jobs.get(job_id)
        if submission is None:
            return None, None, forgotten(job_id), *(gr.skip() for _ in names)
        form = form_fields(submission.card)
        said = notice("note", said.format(submission.card.model))
        return job_id if is_new_version else None, None, said, *(form[name] for name in names)

    def show(identifier: str | None) -> tuple[object, ...]:
        run = runs.find(store, identifier)
        if run is None:
            return gr.Column(visible=False), "", *section.fill(None)
        return (
            gr.Column(visible=True),
            run_html(run, protocol) + scores_html(run, protocol),
            *section.fill(run),
        )

    file.upload(lambda path: contents_html(Path(path)), file, contents, **QUIET)
    file.clear(lambda: "", None, contents, **QUIET)
    # past gradio's queue, which scores nothing and would make these wait for what draws
    sent = button.click(None, None, [status, stage], js=_SENDING, **QUIET).then(
        send, [file, supersedes, job, *fields.values()], [job, *looked], queue=False, **QUIET
    )
    sent.then(None, job, None, js=_REMEMBER, **QUIET).then(None, job, None, js=card_form.FORGET_DRAFT, **QUIET)
    sent.then(None, None, None, js=submit_steps.FOCUS_ERROR, **QUIET)
    timer.tick(desk.look, job, looked, queue=False, **QUIET)
    submit_steps.connect(steps, desk, job, looked)
    for step, said in ((steps.renew, _RENEW), (steps.correct, _CORRECT)):
        fill = partial(fill_form, said=said, is_new_version=step is steps.renew)
        step.click(fill, job, [supersedes, file, status, *fields.values()], queue=False, **QUIET)
    scored.change(show, scored, [result, scores, *structures.outputs], **QUIET)

    def enter(parameters: Mapping[str, str]) -> Values | None:
        return {job: parameters["job"], timer: gr.Timer(active=True)} if "job" in parameters else None

    return SubmitPage(job, timer, Entrance("submit", [job, timer], enter))
