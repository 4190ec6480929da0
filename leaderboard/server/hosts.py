"""Names the server answers to, and whose pages may change something.

A page of another site can make a visitor's browser send requests here with the visitor's cookies, and, by pointing a
name of its own to this machine, read the answers (DNS rebinding). Browsers say where a request comes from; programs
that say nothing carry no cookies of anybody.
"""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from leaderboard.queue.admission import place_of, public_place_of
from leaderboard.server.answers.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

_FORWARDED_FOR = b"x-forwarded-for"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Hosts(NamedTuple):
    """Whom the server takes itself for.

    Attributes:
        names: host names, lower case, without ports.
        behind_proxy: whether a proxy stands in front, whose ``X-Forwarded-`` headers are true; it may also ask for the
            server by an address of its own network.

    """

    names: frozenset[str]
    behind_proxy: bool


def hosts_of(environment: Mapping[str, str] | None = None) -> Hosts:
    """``LEADERBOARD_HOSTS`` (comma separated, for a server behind a proxy), those of a Space, and this machine."""
    environment = os.environ if environment is None else environment
    listed = ",".join(environment.get(name, "") for name in ("LEADERBOARD_HOSTS", "SPACE_HOST"))
    names = frozenset(name.strip().lower() for name in listed.split(",") if name.strip())
    return Hosts(names | {"localhost"}, behind_proxy=bool(names) or "SPACE_ID" in environment)


def wrong_host(scope: Scope, hosts: Hosts) -> Refusal | None:
    """Why the ``Host`` of a request is not this server, or None where it is."""
    host = Headers(scope=scope).get("host", "")
    if _is_ours(_name(f"//{host}"), hosts):
        return None
    return Refusal(400, f"this server does not answer to the host {host[:100]!r}; LEADERBOARD_HOSTS names those it has")


def wrong_origin(scope: Scope, hosts: Hosts) -> Refusal | None:
    """Why a request that may change something comes from a page of another site, or None where it does not."""
    if scope["method"] in SAFE_METHODS:
        return None
    headers = Headers(scope=scope)
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return Refusal(403, "requests from pages of other sites are refused")
    origin = headers.get("origin")
    if origin is None:
        return None
    same = urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    if same or (hosts.behind_proxy and _name(origin) in hosts.names):
        return None
    return Refusal(403, f"requests from pages of {origin[:100]!r} are refused")


def without_forged_headers(scope: Scope, hosts: Hosts) -> Scope:
    """A copy of the request, without ``X-Forwarded-`` headers where no proxy can have added them.

    Some proxies write whom they hear into a line of its own: all lines become one, so that the last entry is last.
    """
    if hosts.behind_proxy:
        others = [(name, value) for name, value in scope["headers"] if name.lower() != _FORWARDED_FOR]
        hops = [value for name, value in scope["headers"] if name.lower() == _FORWARDED_FOR]
        return {**scope, "headers": [*others, *([(_FORWARDED_FOR, b", ".join(hops))] if hops else [])]}
    kept = [
        (name, value) for name, value in scope["headers"] if not name.lower().startswith((b"x-forwarded", b"forwarded"))
    ]
    return {**scope, "headers": kept}


def address_of(scope: Scope, hosts: Hosts) -> str:
    """The visitor's address, of IPv6 its network; behind a proxy the last public one that was written down.

    Each proxy adds whom it hears behind what it was told, and what a visitor writes there stands before.
    """
    client = scope.get("client")
    peer = _place(str(client[0])) if client else ""
    if not hosts.behind_proxy:
        return peer
    for hop in reversed(Headers(scope=scope).get("x-forwarded-for", "").split(",")):
        try:
            place = public_place_of(hop.strip())
        except ValueError:
            return peer
        if place is not None:
            return place
    return peer


def _place(peer: str) -> str:
    try:
        return place_of(peer)
    except ValueError:  # a socket of this machine
        return peer


def _name(url: str) -> str:
    """Host name in an address of a page, lower case; empty where it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_ours(name: str, hosts: Hosts) -> bool:
    if name in hosts.names:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # no name can be pointed here by writing an address; a Space is asked by its own network whether it is up
    return address.is_loopback or hosts.behind_proxy
