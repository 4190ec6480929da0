"""How often one address may ask: a bucket of tokens each, refilled as time passes."""

from __future__ import annotations

import time
from collections import OrderedDict
from math import ceil
from typing import TYPE_CHECKING

from leaderboard.server.answers.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.server.limits import ServerLimits


class Rate:
    """Tokens left to each address; of the event loop's thread alone."""

    def __init__(self, limits: ServerLimits, now: Callable[[], float] = time.monotonic) -> None:
        """Every address has a full bucket."""
        self._limits, self._now = limits, now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def too_often(self, address: str) -> Refusal | None:
        """Take a token; why there is none, or None where there was."""
        limits, now = self._limits, self._now()
        tokens, seen = self._left.pop(address, (limits.burst, now))
        tokens = min(limits.burst, tokens + (now - seen) * limits.requests_per_s)
        self._left[address] = (max(tokens - 1, 0.0) if tokens >= 1 else tokens, now)
        if len(self._left) > limits.addresses:
            self._left.popitem(last=False)
        if tokens >= 1:
            return None
        wait = ceil((1 - tokens) / limits.requests_per_s)
        return Refusal(
            429, f"more than {limits.requests_per_s:g} requests a second from one address", {"retry-after": str(wait)}
        )
