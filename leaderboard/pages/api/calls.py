"""A call by a program: its values are checked against the types of the function, and what is wrong comes as a sentence.

Nothing that the pages refuse passes here: files are those that this server was sent, and errors that are not the
caller's stay in the log.
"""

from __future__ import annotations

from functools import wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import gradio as gr
from gradio.utils import get_upload_folder
from pydantic import ConfigDict, ValidationError, validate_call

from leaderboard.errors import RecordError
from leaderboard.queue.submissions import NotAcceptedError
from leaderboard.run.checked_file import NotCheckedError
from submissions.refusal import FileRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradio.data_classes import FileData

P = ParamSpec("P")
R = TypeVar("R")

_SHOWN_ERRORS = 5
_REFUSALS = (LookupError, NotAcceptedError, NotCheckedError, FileRefusedError, RecordError)


def answering(function: Callable[P, R]) -> Callable[P, R]:
    """The function with its arguments checked, and its refusals as errors that the caller reads."""
    checked: Callable[..., R] = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)

    arguments = signature(function)

    @wraps(function)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        # by name, so that what is wrong is called by its name
        given = arguments.bind(*args, **kwargs).arguments
        try:
            return checked(**given)
        except ValidationError as error:
            raise gr.Error(_described(error), print_exception=False) from error
        except _REFUSALS as error:
            raise gr.Error(str(error), print_exception=False) from error

    return answer


def uploaded(file: FileData) -> Path:
    """The path of a file that this server was sent.

    Raises:
        LookupError: it is none of those.

    """
    folder = Path(get_upload_folder()).resolve()
    path = folder if "\0" in file.path else Path(file.path).resolve()
    if path == folder or not path.is_relative_to(folder) or not path.is_file():
        msg = "expected a file that was uploaded to this server: gradio_client.handle_file(PATH), or POST to /upload"
        raise LookupError(msg)
    return path


def _described(error: ValidationError) -> str:
    """Which arguments are wrong, with their values and what is allowed."""
    parts = []
    for one in error.errors(include_url=False)[:_SHOWN_ERRORS]:
        name = ".".join(str(part) for part in one["loc"])
        message = one["msg"]
        parts.append(f"{name}: {message[0].lower()}{message[1:]}, got {shown(one['input'])}")
    return "; ".join(parts)
