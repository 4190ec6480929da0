"""Functions that take a file: submit it as the page does, or have it read without keeping anything."""

# no postponed annotations: gradio reads the types of the functions
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import gradio as gr
from gradio.data_classes import FileData
from pydantic import Field

from leaderboard.pages.api.answers import Status
from leaderboard.pages.api.calls import uploaded
from leaderboard.pages.api.reading import Name, Reading
from leaderboard.pages.parts.visitor import visitor_of
from leaderboard.pages.submit.accept import accept
from leaderboard.queue.jobs import Jobs
from leaderboard.queue.submissions import NotAcceptedError
from leaderboard.run.checked_file import CheckedFile, check

TEXT_CHARACTERS = 900_000
"""Of structures sent as text; the body of a request has a bound of its own, and a file none but that of uploads."""
WAITING = 4
"""Files that are read or wait for it; each holds a thread, of which the pages need some."""


class Sending:
    """The functions over one queue.

    Args:
        jobs: takes submissions.
        reading: says where they stand.

    """

    def __init__(self, jobs: Jobs, reading: Reading) -> None:
        """Nothing is sent yet."""
        self._jobs, self._reading = jobs, reading
        # reading takes a core, which the pages need too
        self._one_at_a_time, self._waiting = threading.Lock(), threading.BoundedSemaphore(WAITING)

    def submit(self, file: FileData, model: Name, request: gr.Request, card: dict[str, Any] | None = None) -> Status:
        """Submit a file of generated structures for a private check; publishing stays a step on the page.

        Args:
            file: the structures, one file, in any of the formats that the page Submit names.
            model: name of the model.
            request: who sends it, which gradio fills in.
            card: further fields of the card by name, as in a card's TOML file.

        """
        if card and card.get("model", model) != model:
            msg = f"the model is called {model!r} and, in the card, {card['model']!r}; expected one name"
            raise LookupError(msg)
        fields = {**(card or {}), "model": model}
        accepted = accept(self._jobs, visitor_of(request), uploaded(file), fields)
        status = self._reading.status_of(accepted.submission)
        return status if accepted.kept is None else Status(**{**status, "says": accepted.kept})

    def validate(self, file: FileData) -> CheckedFile:
        """Read a file of structures: what can be read, and why the rest is refused. Nothing is scored or kept.

        Args:
            file: the structures, one file, in any of the formats that the page Submit names.

        """
        return self._check(uploaded(file))

    def validate_text(
        self, structures: Annotated[str, Field(max_length=TEXT_CHARACTERS)], file_name: Name = "structures.cif"
    ) -> CheckedFile:
        """Read structures given as text: what can be read, and why the rest is refused. Nothing is scored or kept.

        Args:
            structures: text of a CIF, POSCAR, extended XYZ, CSV or JSON file, of one structure or several.
            file_name: what the file would be called; a lone structure gets its id from it.

        """
        name = Path(file_name).name.replace("\0", "") or "structures"
        with TemporaryDirectory() as folder:
            path = Path(folder) / name[:200]
            path.write_text(structures, encoding="utf-8", errors="replace")
            return self._check(path)

    def _check(self, path: Path) -> CheckedFile:
        if not self._waiting.acquire(blocking=False):
            msg = f"{WAITING} files are being read on this server; please try again in a minute"
            raise NotAcceptedError(msg)
        try:
            with self._one_at_a_time:
                return check(path)
        finally:
            self._waiting.release()
