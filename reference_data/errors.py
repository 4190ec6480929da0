"""The one error of this folder: a reference set that cannot be defined, built, opened or trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class ReferenceSetError(Exception):
    """What is wrong with a reference set or its definition, as one line for a person.

    Args:
        what: the value found.
        expected: the bound or the alternatives.
        remedy: what to do about it.

    """

    def __init__(self, *, what: str, expected: str, remedy: str) -> None:
        """Join the three parts into one line; each stays readable on its own."""
        super().__init__(f"{what}; expected {expected}; {remedy}")
        self.what = what
        self.expected = expected
        self.remedy = remedy


def validation_text(error: ValidationError) -> str:
    """All issues about a document in one line: where, what, which value."""
    return "; ".join(
        f"{'.'.join(str(part) for part in issue['loc']) or 'document'}: {issue['msg']} (got {issue['input']!r:.80})"
        for issue in error.errors()
    )
