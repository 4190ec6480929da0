"""The page that takes a submission: file and card in, progress, then scores and a reason for every structure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from leaderboard.pages import card_form, panel, runs, section
from leaderboard.pages.file_contents import contents_html
from leaderboard.pages.markup import notice, text
from leaderboard.pages.panel import QUIET
from leaderboard.pages.results import run_html, scores_html
from leaderboard.queue.jobs import QueueFullError
from submissions.card import card_from_fields
from submissions.formats_text import FORMATS_TEXT
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from leaderboard.protocol import Protocol
    from leaderboard.queue.jobs import Job, Jobs
    from leaderboard.store.local import Store

POLL_S = 0.5
_FORMATS = f'<p class="legend">Formats: {text(FORMATS_TEXT)}.</p>'
# shown by the browser itself while the server is asked
_SENDING = """() => '<div class="progress" role="status"><p>Checking</p><progress></progress></div>'"""
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


def build(store: Store, jobs: Jobs, protocol: Protocol) -> SubmitPage:
    """Lay the page out in the current block."""
    # the browser knows this one, so that the link can name it; a State stays on the server
    job = gr.Textbox("", visible="hidden", elem_id="submit_job")
    scored, timer = gr.State(None), gr.Timer(POLL_S, active=False)
    gr.HTML(
        '<p class="lead">A file of generated structures and the name of the model are enough. Every structure comes '
        f"back with its verdicts and the reason for each; nothing leaves this server.</p>{_FORMATS}",
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
            button = gr.Button("Score", variant="primary", elem_id="submit_button")
    fields |= card_form.optional()
    contents = gr.HTML(elem_id="submit_contents", apply_default_css=False, js_on_load=None)
    status = gr.HTML(elem_id="submit_status", apply_default_css=False, js_on_load=None)
    with gr.Column(visible=False, elem_id="submit_result") as result:
        scores = gr.HTML(elem_id="submit_scores", apply_default_css=False, js_on_load=None)
        structures = section.build(store, "submit")

    names = list(fields)

    def submit(path: str | None, *values: object) -> tuple[object, ...]:
        if path is None:
            return "", None, gr.Timer(active=False), notice("error", "Choose a file of structures first.")
        try:
            added = jobs.add(Path(path), card_from_fields(dict(zip(names, values, strict=True))))
        except (FileRefusedError, QueueFullError) as error:
            return "", None, gr.Timer(active=False), notice("error", str(error))
        return added.id, None, gr.Timer(active=True), status_html(added, jobs.ahead_of(added))

    def poll(job_id: str) -> tuple[object, ...]:
        queued = jobs.get(job_id)
        if queued is None:
            return None, gr.Timer(active=False), _forgotten(job_id)
        return queued.run, gr.Timer(active=queued.unfinished), status_html(queued, jobs.ahead_of(queued))

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
    button.click(None, None, status, js=_SENDING, **QUIET).then(
        submit, [file, *fields.values()], [job, scored, timer, status], **QUIET
    ).then(None, job, None, js=_REMEMBER, **QUIET)
    timer.tick(poll, job, [scored, timer, status], **QUIET)
    scored.change(show, scored, [result, scores, *structures.outputs], **QUIET).then(
        lambda run: panel.links(runs.find(store, run)), scored, structures.downloads, **QUIET
    )
    return SubmitPage(job, timer)


def status_html(job: Job, ahead: int) -> str:
    """Where a submission stands, for a person."""
    again = ""
    if job.earlier:
        again = f" This file was submitted before, as {job.earlier}: the same file is the same submission."
    name = f"{job.file_name} of {job.model}"
    if job.state == "failed":
        return notice("error", f"{name} was not scored: {job.error}")
    if job.state == "scored":
        return notice("note" if job.earlier else "done", f"{name} is scored.{again}")
    if job.state == "queued":
        return notice("note", f"{name} waits, {ahead} ahead of it.{again}")
    return _progress_html(job, name) + (notice("note", again.strip()) if again else "")


def _progress_html(job: Job, name: str) -> str:
    progress = job.progress
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


def _forgotten(job_id: str) -> str:
    if not job_id:
        return ""
    return notice(
        "note",
        f"Submission {job_id} is not in the queue: the app was started again since. If it was scored it is on the "
        "board; else submit the file again, and its scoring resumes.",
    )
