"""From a folder of structures to a row on the board, step by step, with what a file may hold and why it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.licence import DATA_LICENCE
from leaderboard.pages.parts.markup import text
from submissions.formats_text import FORMATS_TEXT
from submissions.limits import Limits
from submissions.refusal import Reason

if TYPE_CHECKING:
    from leaderboard.protocol import Protocol


def page(protocol: Protocol) -> str:
    """The page as HTML."""
    return f"""
<div class="prose-page">
<h2>Submit guide</h2>
<ol class="steps">
<li><strong>Put all structures into one file.</strong> These formats are read, by their content and not by the name of
the file: {text(FORMATS_TEXT)}. At most {Limits().upload_bytes // 10**6:,} MB. Ids are the file names or the id column
of a table, and come back in every result. Submit what the model generated, unselected: every structure counts, and a
rank needs exactly {protocol.n_ranked:,}.</li>
<li><strong>Check that it can be read.</strong> The Submit page says what a file holds as soon as it is chosen;
<a href="?page=api">validate</a> says it for each structure, on your machine or here.</li>
<li><strong>Say what the model is.</strong> Its name is enough. The rest of the card makes the result worth more:
version, authors, paper, code and weights, architecture, training sets, relaxation before submitting, sampling settings,
filters, compute. Where the training sets are named and at hand, memorized and rediscovered structures are told apart.
Where what you submit is the best of several attempts, the number of attempts belongs on the card.</li>
<li><strong>Check privately.</strong> Scores without energies come while you wait, with the reason for each verdict.
Keep the link: it shows progress and result, from anywhere, and to nobody else.</li>
<li><strong>Correct what is wrong.</strong> The same file with another card keeps its link; a corrected file is a new
check. Nothing of this is public.</li>
<li><strong>Publish.</strong> The structures, their scores and the card are then public under {text(DATA_LICENCE)}. On a
public board the row is marked unverified until a maintainer has looked at it. Energies are added by a worker.</li>
<li><strong>Come back.</strong> From the link you may withdraw the submission, or submit a new version that takes its
place.</li>
</ol>
<h2>Why a structure is refused</h2>
<p>One bad structure never sinks a file. A file is refused only if nothing in it can be read or it breaks a limit.</p>
{_refusals()}
</div>"""


def _refusals() -> str:
    rows = "".join(
        f"<tr><td><code>{text(reason.value)}</code></td><td>{text(reason.meaning)}</td><td>{text(reason.remedy)}</td></tr>"
        for reason in Reason
    )
    head = '<tr><th scope="col">Reason</th><th scope="col">Meaning</th><th scope="col">What to do</th></tr>'
    table = f'<table class="refusals"><thead>{head}</thead><tbody>{rows}</tbody></table>'
    return f'<div class="scroll">{table}</div>'
