"""Types of options of the command line: what each accepts, and what it says of anything else."""

from __future__ import annotations

from argparse import ArgumentTypeError


def positive(text: str) -> int:
    """A whole number from 1.

    Raises:
        ArgumentTypeError: it is none.

    """
    return _whole(text, least=1)


def not_negative(text: str) -> int:
    """A whole number from 0.

    Raises:
        ArgumentTypeError: it is none.

    """
    return _whole(text, least=0)


def _whole(text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        msg = f"{text!r} must be a whole number from {least}"
        raise ArgumentTypeError(msg)
    return number
