"""How long a store keeps what nobody needs; on its own, so that the help of the command loads nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Retention:
    """How long things stay that nobody needs.

    Attributes:
        days: unpublished runs and private results after they were last written to.
        upload_days: uploads that are scored.
        download_days: files made for visitors.
        cache_days: measurements after they were made.
        cache_bytes: of all measurements; the oldest go first.

    """

    days: float = 30.0
    upload_days: float = 7.0
    download_days: float = 1.0
    cache_days: float = 365.0
    cache_bytes: float = 20e9
