"""A real server on a real port: connections that say nothing end, and the page is made once."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import gradio as gr
import pytest
import uvicorn
from gradio.state_holder import SessionState
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from leaderboard.server.answers.kept import Remembered
from leaderboard.server.connections import impatient
from leaderboard.server.sessions import Sessions
from tests.leaderboard.server.asking import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PATIENCE_S = 20.0


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@contextmanager
def server(header_s: float) -> Iterator[tuple[str, int]]:
    app = Starlette(routes=[Route("/", _hello)])
    config = uvicorn.Config(app, port=0, http=impatient(header_s), ws="none", log_level="error", timeout_keep_alive=60)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()
    running.should_exit = True
    thread.join()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: 127"])
def test_a_connection_without_a_request_ends(begun: bytes) -> None:
    with server(0.3) as address, socket.create_connection(address, timeout=PATIENCE_S) as connection:
        connection.sendall(begun)
        assert connection.recv(1_000) == b""


def test_the_next_request_must_come_whole_too() -> None:
    with server(0.3) as address, socket.create_connection(address, timeout=PATIENCE_S) as connection:
        connection.sendall(REQUEST)
        answer = connection.recv(1_000)
        while not answer.endswith(b"hello"):
            answer += connection.recv(1_000)
        connection.sendall(REQUEST[:20])
        assert connection.recv(1_000) == b""


def test_a_connection_that_asks_in_time_stays() -> None:
    with server(1.0) as address, socket.create_connection(address, timeout=PATIENCE_S) as connection:
        for _ in range(3):
            connection.sendall(REQUEST)
            answer = connection.recv(1_000)
            while not answer.endswith(b"hello"):
                answer += connection.recv(1_000)
            time.sleep(0.5)


def test_the_page_is_made_once_for_each_address_and_nothing_else_is_kept() -> None:
    made: list[str] = []

    async def page(request: Request) -> PlainTextResponse:
        made.append(str(request.url))
        return PlainTextResponse("page " * 1_000)

    app = Remembered(Starlette(routes=[Route("/", page), Route("/config", page)]))
    for path in ("/", "/?model=a", "/?page=board"):
        answer = ask(app, path=path)
        assert answer.headers["content-encoding"] == "br"
        assert answer.text == "page " * 1_000
    assert len(made) == 1
    ask(app, headers={"host": "board.example"})
    assert len(made) == 2
    for _ in range(2):
        ask(app, path="/config")
    assert len(made) == 4


async def _site() -> tuple[gr.Blocks, gr.Textbox, gr.State]:
    # within a loop that ends: gradio would make one of its own and leave it
    with gr.Blocks(analytics_enabled=False) as site:
        return site, gr.Textbox("first"), gr.State(0)


def test_a_session_begins_as_gradio_begins_one_and_shares_nothing_with_others() -> None:
    site, box, count = asyncio.run(_site())
    sessions, as_gradio = Sessions(site), SessionState(site)
    one, other = sessions["one"], sessions["other"]
    assert sessions["one"] is one
    for session in (one, other):
        assert vars(session).keys() == vars(as_gradio).keys()
        assert session.config_values == as_gradio.config_values
        assert session.blocks_config.blocks == as_gradio.blocks_config.blocks
    # what gradio does when an event answers with a value, with changed properties, and with a state
    box_id, count_id = (next(n for n, part in site.blocks.items() if part is given) for given in (box, count))
    one._update_value_in_config(box_id, "second")  # noqa: SLF001 - gradio itself calls it from another class
    one[box_id] = gr.Textbox("third", visible=False)
    one[count_id] = 1
    assert other.config_values == as_gradio.config_values
    assert other[box_id] is box
    assert (one[count_id], other[count_id]) == (1, 0)
    assert sessions["third"].config_values == as_gradio.config_values
