"""Compressed answers are what they were, and streams come as they are sent."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import brotli
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from leaderboard.server.answers.compression import (
    COMPRESSED_TYPES,
    MIN_BYTES,
    Compressed,
    accepted,
    compressed,
    compressed_best,
)
from leaderboard.server.answers.kept import FOR_EVER, Remembered
from tests.leaderboard.server.asking import ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from leaderboard.server.answers.compression import Coding

TEXT = "".join(f"<b>mod\u00e8le {i}</b>: {i * i % 97} novel, " for i in range(2_000)).encode()


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.0", None),
        ("identity", None),
        ("brotli", None),
        ("", None),
    ],
)
def test_a_client_gets_what_it_says_it_reads(header: str, coding: Coding | None) -> None:
    assert accepted(Headers({"accept-encoding": header})) == coding


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_the_best_is_smaller_and_both_are_the_same_text(coding: Coding) -> None:
    quick, best = compressed(TEXT, coding), compressed_best(TEXT, coding)
    unpack = brotli.decompress if coding == "br" else gzip.decompress
    assert unpack(quick) == unpack(best) == TEXT
    assert len(best) < len(quick) < len(TEXT) / 4


@pytest.mark.parametrize("kind", [*COMPRESSED_TYPES, "Text/HTML; charset=utf-8"])
def test_text_is_compressed_and_its_length_is_true(kind: str) -> None:
    async def page(_: Request) -> Response:
        return Response(TEXT, headers={"content-type": kind})

    app = Compressed(Starlette(routes=[Route("/a", page, methods=["GET", "POST"])]))
    for method in ("GET", "POST"):
        answer = ask(app, method, "/a", headers={"accept-encoding": "gzip, br"})
        assert answer.content == TEXT
        assert answer.headers["content-encoding"] == "br"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(compressed(TEXT, "br")) < len(TEXT) / 4
    plain = ask(app, path="/a", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == TEXT


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * (MIN_BYTES - 1), {"content-type": "text/html"}),
        (TEXT, {"content-type": "image/png"}),
        (gzip.compress(TEXT * 50), {"content-type": "text/html", "content-encoding": "gzip"}),
        (TEXT, {"content-type": "text/html", "content-range": "bytes 0-9/10"}),
    ],
)
def test_what_is_short_compressed_already_or_no_text_stays_as_it_is(body: bytes, headers: dict[str, str]) -> None:
    async def page(_: Request) -> Response:
        return Response(body, headers=headers)

    answer = ask(Compressed(Starlette(routes=[Route("/a", page)])), path="/a", headers={"accept-encoding": "br"})
    assert int(answer.headers["content-length"]) == len(body)
    assert answer.headers.get("content-encoding") == headers.get("content-encoding")


@pytest.mark.parametrize("kind", ["text/event-stream", "text/html"])
def test_each_piece_of_a_stream_is_sent_as_soon_as_it_is_there(kind: str) -> None:
    """The second piece is made only once the first one has arrived: one that is held back ends the test."""
    arrived = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        yield TEXT
        await asyncio.wait_for(arrived.wait(), 10)
        yield TEXT

    async def page(_: Request) -> StreamingResponse:
        return StreamingResponse(events(), media_type=kind)

    async def streamed() -> list[bytes]:
        app, pieces = Compressed(Starlette(routes=[Route("/a", page)])), []
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, object]:
            if asked:
                return asked.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.body" and message.get("body"):
                pieces.append(message["body"])
                arrived.set()

        headers = [(b"host", b"127.0.0.1"), (b"accept-encoding", b"br")]
        scope = {"type": "http", "method": "GET", "path": "/a", "query_string": b"", "headers": headers}
        await app({**scope, "asgi": {"version": "3.0", "spec_version": "2.4"}, "root_path": ""}, receive, send)  # type: ignore[arg-type]
        return pieces  # type: ignore[return-value]

    assert asyncio.run(streamed()) == [TEXT, TEXT]


def test_the_page_and_its_files_are_asked_for_once_and_get_smaller() -> None:
    made: list[str] = []

    async def page(request: Request) -> Response:
        made.append(str(request.url))
        assert "accept-encoding" not in request.headers
        return Response(TEXT, media_type="text/html")

    app = Remembered(Starlette(routes=[Route("/", page), Route("/assets/{name}", page), Route("/theme.css", page)]))
    for path in ("/", "/assets/a.js", "/theme.css"):
        for coding in ("br", "gzip", "br", "gzip"):
            answer = ask(app, path=path, headers={"accept-encoding": coding})
            assert answer.headers["content-encoding"] == coding
            assert answer.content == TEXT
        # names of files in this folder change with what is in them
        assert answer.headers.get("cache-control") == (FOR_EVER if path.startswith("/assets/") else None)
    assert len(made) == 3
    app._improved.shutdown()  # noqa: SLF001 - waits for what is compressed once more
    answer = ask(app, headers={"accept-encoding": "br"})
    assert int(answer.headers["content-length"]) == len(compressed_best(TEXT, "br"))


@pytest.mark.parametrize("coding", ["br", "identity"])
def test_what_stands_behind_the_address_is_for_the_scripts_of_the_page(coding: str) -> None:
    """Gradio would take ``?page=board`` for a page of its own, and fail."""

    async def page(request: Request) -> Response:
        return Response(str(request.url), media_type="text/html")

    app = Remembered(Starlette(routes=[Route("/", page), Route("/config", page)]))
    answer = ask(app, path="/?page=board&find=a", headers={"accept-encoding": coding})
    assert answer.text == "http://127.0.0.1:7860/"
    assert ask(app, path="/config?page=a", headers={"accept-encoding": coding}).text.endswith("/config?page=a")


def test_a_file_that_there_is_not_is_not_kept() -> None:
    statuses = iter([404, 200, 500])

    async def file(_: Request) -> Response:
        return Response(TEXT, next(statuses), media_type="text/css")

    app = Remembered(Starlette(routes=[Route("/assets/a.css", file)]))
    answers = [ask(app, path="/assets/a.css", headers={"accept-encoding": "br"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 200, 200, 200]
