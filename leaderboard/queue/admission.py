"""How many uploads the queue takes, from everybody and from one visitor: a pure decision over counts."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_S = 86_400.0
OWNER_WINDOW_S = 7 * DAY_S
UNLIMITED = "none"


@dataclass(frozen=True)
class Limits:
    """Bounds of the queue; None is no bound.

    Attributes:
        waiting: submissions of everybody that wait.
        waiting_of_one: submissions of one visitor that wait or run.
        owner_week: files of one signed-in person within 7 days.
        address_day: files from one address within 24 hours.
        uploads_bytes: size of all uploads that are kept.
        free_bytes: disk that no upload may take.

    """

    waiting: int | None = 200
    waiting_of_one: int | None = None
    owner_week: int | None = None
    address_day: int | None = None
    uploads_bytes: int | None = 20 * 10**9
    free_bytes: int | None = 2 * 10**9

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Limits:
        """The defaults, stricter on a Space, where anybody comes; operators set each by its variable.

        Raises:
            ValueError: a variable holds no bound.

        """
        defaults = ON_A_SPACE if "SPACE_ID" in environment else cls()
        given = {
            field.name: _bound(VARIABLES[field.name], environment[VARIABLES[field.name]])
            for field in fields(cls)
            if VARIABLES[field.name] in environment
        }
        return replace(defaults, **given)


ON_A_SPACE = Limits(waiting_of_one=3, owner_week=5, address_day=20)
VARIABLES = {
    "waiting": "LEADERBOARD_MAX_WAITING",
    "waiting_of_one": "LEADERBOARD_MAX_WAITING_OF_ONE",
    "owner_week": "LEADERBOARD_MAX_UPLOADS_OF_USER_IN_7_DAYS",
    "address_day": "LEADERBOARD_MAX_UPLOADS_OF_ADDRESS_IN_A_DAY",
    "uploads_bytes": "LEADERBOARD_MAX_UPLOADS_BYTES",
    "free_bytes": "LEADERBOARD_MIN_FREE_BYTES",
}
"""Environment variable of each bound: a whole number, or ``none`` for no bound."""


OF_YOURS = "submissions, as many as one visitor may have,"
OFFLINE = "please try again later, or score with the command line, which has no such limit"


@dataclass(frozen=True)
class Counts:
    """What the queue holds when an upload comes.

    Attributes:
        waiting: submissions of everybody that wait.
        waiting_of_one: submissions of this visitor that wait or run.
        owner_week: files of this signed-in person within 7 days; 0 where nobody signs in.
        address_day: files from this address within 24 hours.

    """

    waiting: int
    waiting_of_one: int
    owner_week: int
    address_day: int


def refusal(counts: Counts, limits: Limits) -> str | None:
    """Why the queue does not take another upload, as one line for the visitor; None where it does."""
    checks = (
        (counts.waiting, limits.waiting, "submissions are waiting on this server; please try again in an hour"),
        (counts.waiting_of_one, limits.waiting_of_one, f"{OF_YOURS} wait or run; please wait for one or cancel it"),
        (counts.owner_week, limits.owner_week, f"{OF_YOURS} came within the last 7 days; {OFFLINE}"),
        (counts.address_day, limits.address_day, f"{OF_YOURS} came from your address within a day; {OFFLINE}"),
    )
    for count, bound, what in checks:
        if bound is not None and count >= bound:
            return f"{count:,} {what}"
    return None


def place_of(address: str) -> str:
    """An address as its uploads and requests are counted: a line has 2^64 addresses of IPv6, which count as one.

    Raises:
        ValueError: it is no address.

    """
    return _place(_parsed(address))


def public_place_of(address: str) -> str | None:
    """The same; None for an address within a network, such as that of a proxy.

    Raises:
        ValueError: it is no address.

    """
    parsed = _parsed(address)
    return _place(parsed) if parsed.is_global else None


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    parsed = ipaddress.ip_address(address)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _place(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.version == 4:  # noqa: PLR2004 - IPv4
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _bound(name: str, text: str) -> int | None:
    if text == UNLIMITED:
        return None
    if not text.isdecimal():
        msg = f"{name} is {text!r}; expected a whole number from 0, or {UNLIMITED!r} for no bound"
        raise ValueError(msg)
    return int(text)
