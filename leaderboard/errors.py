"""What can go wrong with a command or a run, as one line for the person who asked."""

from __future__ import annotations


class RunError(Exception):
    """A run that cannot be done as asked; the message says what and what to do."""


class BusyError(RunError):
    """A run that another process is making; later it is there, or can be made."""


class CommandError(Exception):
    """A command that could not be done; the message is the one line the person reads."""


class UsageError(CommandError):
    """A command that names what does not exist; nothing was read."""


class RecordError(ValueError):
    """A file of a run that is not what it should be; the message names it and says what is wrong."""
