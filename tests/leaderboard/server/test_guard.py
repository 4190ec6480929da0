"""Who is let in, and what each may send: against an app that echoes what reaches it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from leaderboard.server.answers.headers import HEADERS, HEADERS_OF_FILES
from leaderboard.server.guard import Guard
from leaderboard.server.hosts import hosts_of
from leaderboard.server.limits import ServerLimits
from tests.leaderboard.server.asking import ask, pieces

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

LIMITS = replace(
    ServerLimits(),
    body_bytes=1_000,
    upload_bytes=2_000,
    form_bytes=500,
    body_s=1.0,
    pause_s=0.5,
    upload_s=1.0,
    free_bytes=0,
)
CALL, UPLOAD = "/gradio_api/run/predict", "/gradio_api/upload"
FORM = {"content-type": "multipart/form-data; boundary=limit"}


async def _echo(request: Request) -> JSONResponse:
    body = await request.body()
    client = request.client.host if request.client else None
    return JSONResponse({"n": len(body), "client": client, "headers": dict(request.headers)})


def guarded(limits: ServerLimits = LIMITS, **environment: str) -> ASGIApp:
    echo = Starlette(routes=[Route("/{rest:path}", _echo, methods=["GET", "POST", "PUT", "OPTIONS", "DELETE"])])
    return Guard(echo, hosts_of(environment), limits, Path())


def form(*files: bytes) -> bytes:
    """A form with these files."""
    parts = [
        b'--limit\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + file + b"\r\n"
        for file in files
    ]
    return b"".join(parts) + b"--limit--\r\n"


def one_line(answer: httpx.Response) -> str:
    assert answer.text.count("\n") == 1
    assert answer.text.endswith("\n")
    return answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "LOCALHOST:1", "[::1]:7860", "127.8.8.8"])
def test_this_machine_is_answered_to(host: str) -> None:
    assert ask(guarded(), headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7860", "", "10.0.0.5", "[", "a b"]
)
def test_other_hosts_are_refused_in_one_line(host: str) -> None:
    answer = ask(guarded(), headers={"host": host})
    assert answer.status_code == 400
    assert "LEADERBOARD_HOSTS" in one_line(answer)


def test_named_hosts_and_those_of_a_space_are_answered_to() -> None:
    served = guarded(LEADERBOARD_HOSTS="board.example, other.example", SPACE_HOST="me-board.hf.space")
    for host in ("board.example", "other.example:443", "me-board.hf.space", "10.0.0.5:7860"):
        assert ask(served, headers={"host": host}).status_code == 200
    assert ask(served, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program, which has no cookies of a visitor
        ({"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),  # another server of this machine
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:7860"}, 403),
    ],
)
def test_only_pages_of_this_site_change_something(headers: dict[str, str], status: int) -> None:
    assert ask(guarded(), "POST", CALL, headers=headers, json={}).status_code == status
    assert ask(guarded(), "GET", "/", headers=headers).status_code == 200


def test_a_space_takes_its_visitors_origin_whatever_host_its_proxy_asks_for() -> None:
    served = guarded(SPACE_HOST="me-board.hf.space", SPACE_ID="me/board")
    for origin, status in (("https://me-board.hf.space", 200), ("https://evil.example", 403)):
        headers = {"host": "10.0.0.5:7860", "origin": origin}
        assert ask(served, "POST", CALL, headers=headers, json={}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/gradio_api/file=/uploads/x", 200),
        ("GET", "/gradio_api/file=http://169.254.169.254/latest", 403),
        ("GET", "/gradio_api/file=HTTPS%3A//evil.example/", 403),
        ("GET", "/gradio_api/file=//evil.example/", 403),
        ("GET", "/gradio_api/file=file:///etc/passwd", 403),
        ("GET", "/gradio_api/proxy=https://hf.space/x", 404),
        ("GET", "/gradio_api/deep_link", 404),
        ("GET", "/gradio_api/dev/reload", 404),
        ("GET", "/monitoring", 404),
        ("GET", "/docs", 404),
        ("POST", "/gradio_api/component_server", 404),
        ("POST", "/gradio_api/process_recording", 404),
        ("POST", "/gradio_api/vibe-edit", 404),
        ("POST", "/", 404),
        ("POST", "/gradio_api/mcp/", 200),
        ("GET", "/gradio_api/mcp/", 405),
        ("POST", "/gradio_api/mcp/messages/", 404),
        ("PUT", "/", 405),
        ("DELETE", CALL, 405),
        ("GET", "/gradio_api/../monitoring", 404),
    ],
)
def test_routes_that_the_site_does_not_use_are_closed(method: str, path: str, status: int) -> None:
    assert ask(guarded(), method, path, **({"json": {}} if method == "POST" else {})).status_code == status


def test_a_body_is_counted_as_it_comes() -> None:
    assert ask(guarded(), "POST", CALL, content=b"x" * 1_000).json()["n"] == 1_000
    for content in (b"x" * 1_001, pieces(*[b"x" * 100] * 11)):
        answer = ask(guarded(), "POST", CALL, content=content)
        assert answer.status_code == 413
        assert "1,000 bytes" in one_line(answer)


def test_a_body_that_dribbles_is_given_up() -> None:
    answer = ask(guarded(), "POST", CALL, content=pieces(*[b"x"] * 50, pause_s=0.1))
    assert answer.status_code == 408
    assert "1 s" in one_line(answer)


def test_an_upload_is_counted_as_it_comes() -> None:
    assert ask(guarded(), "POST", UPLOAD, content=form(b"x" * 2_000), headers=FORM).status_code == 200
    answer = ask(
        guarded(),
        "POST",
        UPLOAD,
        content=pieces(*[form(b"x" * 2_600)[i : i + 100] for i in range(0, 2_700, 100)]),
        headers=FORM,
    )
    assert answer.status_code == 413
    assert "2,500 bytes" in answer.text


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_an_upload_is_one_file_however_it_is_cut(size: int) -> None:
    def cut(content: bytes) -> object:
        return pieces(*[content[i : i + size] for i in range(0, len(content), size)])

    assert ask(guarded(), "POST", UPLOAD, content=cut(form(b"one")), headers=FORM).status_code == 200
    assert ask(guarded(), "POST", UPLOAD, content=cut(form(b"one", b"two")), headers=FORM).status_code == 413


def test_an_upload_that_pauses_or_dribbles_is_given_up() -> None:
    for pause_s, n in ((0.7, 3), (0.2, 20)):
        content = pieces(*[b"x"] * n, pause_s=pause_s)
        assert ask(guarded(), "POST", UPLOAD, content=content, headers=FORM).status_code == 408


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({"data": nested(20)}), 200),
        (json.dumps({"data": nested(40)}), 400),
        ("[" * 900, 200),  # no JSON: the app says so
        ("[" * 450 + "]" * 450, 400),
        (json.dumps({"data": [{"path": "/uploads/a", "meta": {"_type": "gradio.FileData"}}]}), 200),
        (json.dumps({"data": [{"path": "http://169.254.169.254/", "meta": {"_type": "gradio.FileData"}}]}), 400),
        (r'{"data": [{"path": "\u0068ttps://evil.example"}]}', 400),
        (json.dumps({"data": [[{"a": {"path": "ftp://evil.example"}}]]}), 400),
    ],
)
def test_json_that_no_page_sends_is_refused(body: str, status: int) -> None:
    assert ask(guarded(), "POST", CALL, content=body).status_code == status


def test_json_deeper_than_python_recurses_is_refused() -> None:
    limits = replace(LIMITS, body_bytes=1_000_000)
    assert ask(guarded(limits), "POST", CALL, content="[" * 400_000 + "]" * 400_000).status_code == 400


def test_one_address_is_told_to_wait_and_others_are_not() -> None:
    served = guarded(replace(LIMITS, burst=3, requests_per_s=0.1))
    assert [ask(served).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = ask(served)
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert ask(served, client="10.1.1.1").status_code == 200
    assert ask(served, "GET", "/assets/a.js").status_code == 200  # files of the page are not counted


def test_every_answer_has_the_headers() -> None:
    for answer in (ask(guarded()), ask(guarded(), "PUT"), ask(guarded(), headers={"host": "evil.example"})):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_scripts_and_sheets_of_the_page_have_the_headers_that_mean_something_to_them() -> None:
    answer = ask(guarded(), path="/assets/a.js")
    assert {name: answer.headers[name] for name in HEADERS_OF_FILES} == HEADERS_OF_FILES
    assert not set(answer.headers) & (HEADERS.keys() - HEADERS_OF_FILES.keys())


def test_forwarded_addresses_count_behind_a_proxy_only() -> None:
    few = replace(LIMITS, burst=1, requests_per_s=0.1)
    for environment, second in (({}, 429), ({"SPACE_ID": "me/board"}, 200)):
        served = guarded(few, **environment)
        statuses = [
            ask(served, headers={"x-forwarded-for": f"7.7.7.7, 8.8.8.{last}, 10.0.0.1"}).status_code for last in "12"
        ]
        assert statuses == [200, second]


def test_streams_of_one_address_leave_room_for_others() -> None:
    """As many as one may hold stay open; the next one of the same address is refused, that of another is not."""
    most = 3

    async def held() -> list[int]:
        go_on, listening, statuses = asyncio.Event(), asyncio.Semaphore(0), []

        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            listening.release()
            await go_on.wait()
            await Response()(scope, receive, send)

        served = Guard(stream, hosts_of({"SPACE_ID": "me/board"}), replace(LIMITS, open_of_one=most), Path())
        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:

            async def listen(address: str) -> int:
                answer = await client.get("/gradio_api/heartbeat/a", headers={"x-forwarded-for": address})
                return answer.status_code

            open_ones = [asyncio.create_task(listen("8.8.8.8")) for _ in range(most)]
            for _ in range(most):
                await listening.acquire()
            statuses.append(await listen("8.8.8.8"))
            other = asyncio.create_task(listen("9.9.9.9"))
            go_on.set()
            statuses += [await other, *await asyncio.gather(*open_ones), await listen("8.8.8.8")]
        return statuses

    assert asyncio.run(held()) == [429, 200, 200, 200, 200, 200]


def test_no_upload_fills_the_disk() -> None:
    full = replace(LIMITS, free_bytes=2**63)
    answer = ask(guarded(full), "POST", UPLOAD, headers=FORM, content=form(b"a"))
    assert answer.status_code == 507
    assert "disk is full" in one_line(answer)
    assert ask(guarded(full), "POST", CALL, json={}).status_code == 200


def test_an_entry_in_front_of_a_line_that_a_proxy_adds_is_not_believed() -> None:
    served = guarded(replace(LIMITS, burst=1, requests_per_s=0.1), LEADERBOARD_HOSTS="board.example")
    lines = [[("x-forwarded-for", f"8.8.8.{forged}"), ("X-Forwarded-For", "9.9.9.9")] for forged in "12"]
    assert [ask(served, headers=[("host", "board.example"), *line]).status_code for line in lines] == [200, 429]


@pytest.mark.parametrize(
    ("addresses", "second"),
    [
        (("2a00:1450:4001:830::1", "2a00:1450:4001:830:ffff::2"), 429),
        (("2a00:1450:4001:830::1", "2a00:1450:4001:831::1"), 200),
        (("::ffff:8.8.8.8", "8.8.8.8"), 429),
    ],
)
def test_addresses_of_one_line_count_as_one(addresses: tuple[str, str], second: int) -> None:
    served = guarded(replace(LIMITS, burst=1, requests_per_s=0.1), SPACE_ID="me/board")
    answers = [ask(served, headers={"x-forwarded-for": address}).status_code for address in addresses]
    assert answers == [200, second]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; xboundary=other; boundary=limit",
        'multipart/form-data; note="boundary=other"; boundary=limit',
        "multipart/form-data; boundary=limit; boundary2=other",
    ],
)
def test_files_are_counted_by_the_boundary_that_the_app_reads(content_type: str) -> None:
    answers = [
        ask(guarded(), "POST", UPLOAD, headers={"content-type": content_type}, content=form(*files)).status_code
        for files in ([b"a"], [b"a", b"b"])
    ]
    assert answers == [200, 413]


def test_forged_headers_do_not_reach_the_app() -> None:
    headers = {"x-forwarded-host": "evil.example"}
    assert "x-forwarded-host" not in ask(guarded(), headers=headers).json()["headers"]
    assert "x-forwarded-host" in ask(guarded(SPACE_ID="me/board"), headers=headers).json()["headers"]
