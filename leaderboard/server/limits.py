"""How much one visitor may send and ask, and how long the server waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from submissions.limits import Limits


@dataclass(frozen=True)
class ServerLimits:
    """Bounds of the server; sizes are counted while they arrive, never taken from a header.

    Attributes:
        body_bytes: of a request other than an upload.
        form_bytes: what the form around an uploaded file may add to it.
        upload_bytes: of an uploaded file.
        files: of one upload.
        json_depth: lists and objects inside each other.
        header_bytes: of the request line and all headers.
        header_s: until a connection has sent its headers.
        body_s: until a body other than an upload is there.
        upload_s: until an upload is there: 200 MB at 2.7 Mbit/s.
        pause_s: between two pieces of an upload.
        keep_alive_s: of a connection without a request.
        connections: at once; each open page holds one or two.
        open_of_one: requests of one address that are not answered to the end, such as the streams of open pages; an
            office has one address.
        free_bytes: of the disk of uploads, below which none is taken.
        requests_per_s: of one address in the long run, files of the page not counted; an office has one address.
        burst: of one address at once.
        addresses: whose requests are counted; those seen last.

    """

    body_bytes: int = 1_000_000
    form_bytes: int = 10_000
    upload_bytes: int = Limits().upload_bytes
    files: int = 1
    json_depth: int = 32
    header_bytes: int = 32_768
    header_s: float = 10.0
    body_s: float = 15.0
    upload_s: float = 600.0
    pause_s: float = 30.0
    keep_alive_s: int = 15
    connections: int = 2_000
    open_of_one: int = 400
    free_bytes: int = 2_000_000_000
    requests_per_s: float = 100.0
    burst: float = 1_000.0
    addresses: int = 10_000
