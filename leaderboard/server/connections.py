"""Connections that send nothing are closed: uvicorn alone waits for the headers of a request for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio


class Impatient(H11Protocol):
    """A connection that must have sent the headers of a request some seconds after it began to."""

    header_s: ClassVar[float]
    _deadline: asyncio.TimerHandle | None = None
    _n_requests = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting with a request; between two, what came is the beginning of the next."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._n_requests += 1
            self._stop_waiting()
        elif self._deadline is None and (before is None or before.response_complete):
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(self.header_s, self._close_without_request, self._n_requests)

    def _close_without_request(self, n_requests: int) -> None:
        if self._n_requests == n_requests and not self.transport.is_closing():
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def impatient(header_s: float) -> type[Impatient]:
    """The class of connections that wait so many seconds for the headers of a request."""
    return type("Impatient", (Impatient,), {"header_s": header_s})
