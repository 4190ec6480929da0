"""Download one file over HTTP as far as it comes, within a bound, by one process at a time."""

from __future__ import annotations

import fcntl
import io
import time
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

REPORT_EVERY_S = 5.0
MEGABYTE = 1e6


def download(
    url: str, path: Path, most_bytes: int, on_bytes: Callable[[int], None], *, headers: Mapping[str, str] | None = None
) -> None:
    """Download a file, resuming behind what the path holds of it.

    Args:
        url: of the file.
        path: where it goes.
        most_bytes: a longer file is refused as soon as it is longer.
        on_bytes: told how many bytes there are.
        headers: of the request; none where they are not given, so that no other host than the Hub sees its token.

    Raises:
        ReferenceSetError: the file is longer than it may be.
        httpx2.HTTPError: the server does not give the file, or the connection breaks again and again.

    """
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - slow to import, and only downloads need it
    from huggingface_hub.file_download import http_get  # noqa: PLC0415 - as above
    from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415 - as above

    disable_progress_bars("huggingface_hub.http_get")
    with _Bounded(path, most_bytes, on_bytes) as file:
        try:
            http_get(url, file, resume_size=file.tell(), headers=dict(headers or {}))
        except HfHubHTTPError as error:
            if error.response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                file.truncate(0)  # the file there ends before what is here: the next try starts anew
            raise


class _Bounded(io.FileIO):
    """A file that is written at its end and never grows past a bound."""

    def __init__(self, path: Path, most_bytes: int, on_bytes: Callable[[int], None]) -> None:
        """Open for appending."""
        super().__init__(path, "ab")
        self._path, self._most_bytes, self._on_bytes = path, most_bytes, on_bytes

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Write all of it, or raise.

        Raises:
            ReferenceSetError: the file would be longer than it may.

        """
        if self.tell() + len(data) > self._most_bytes:
            name = self._path.name.removesuffix(".part")
            raise ReferenceSetError(
                what=f"the server sends more than {self._most_bytes:,} bytes for {name}",
                expected=f"{self._most_bytes:,} bytes",
                remedy="the file was altered; ask who published it",
            )
        view = memoryview(data)
        while view:
            view = view[super().write(view) :]
        self._on_bytes(self.tell())
        return len(data)


class Meter:
    """Says now and then how much there is, how fast it comes and how long the rest will take."""

    def __init__(self, name: str, whole: int, total: int, begun: int, report: Callable[[str], None]) -> None:
        """Start the clock; `whole` bytes are of finished files, `begun` of others, of `total`."""
        self._name, self._whole, self._total, self._report = name, whole, total, report
        self._known = whole + begun
        self._start = self._reported = time.monotonic()
        resumes = f", of which {self._known / MEGABYTE:,.1f} MB are here" if self._known else ""
        report(f"{name}: {total / MEGABYTE:,.1f} MB{resumes}")

    def reach(self, n_bytes: int) -> None:
        """Note how much there is of the file that is under way."""
        now = time.monotonic()
        if now - self._reported < REPORT_EVERY_S:
            return
        self._reported = now
        done = self._whole + n_bytes
        rate = max(done - self._known, 1) / (now - self._start)
        left_s = round((self._total - done) / rate)
        self._report(
            f"{self._name}: {done / MEGABYTE:,.1f} of {self._total / MEGABYTE:,.1f} MB, {rate / MEGABYTE:,.2f} MB/s, "
            f"{left_s // 60}:{left_s % 60:02} min left"
        )

    def finish(self, n_bytes: int) -> None:
        """Note that a file is whole."""
        self._whole += n_bytes


@contextmanager
def alone(path: Path, out: Path) -> Iterator[None]:
    """Hold a lock, so that two downloads never write the same files; it goes with the process, however that ends."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReferenceSetError(
                what=f"another process is downloading {out}",
                expected="one at a time",
                remedy="wait for it, or choose another folder with --out",
            ) from error
        yield
