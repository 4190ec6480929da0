"""The functions as programs meet them: a real server, and the real clients of both protocols."""

from __future__ import annotations

import asyncio
import json
import math
import re
import shlex
import shutil
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from leaderboard.__main__ import main, parser
from leaderboard.board.table import board
from leaderboard.crystal_cif import cif_text
from leaderboard.pages.api.functions import TOOLS
from leaderboard.pages.api.snippets import SNIPPETS
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from submissions.card import Card
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused
from tests.serving import served
from tests.small_cif import CIF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcp.types import CallToolResult

SCORING_S = 180.0
FUNCTIONS = {*TOOLS, "submit", "validate"}
GOOD, BROKEN = CIF.format(name="good", a=4.12), "data_broken\n_cell_length_a nonsense\n"
# 6.31.0 gives the file's certificates in a way that httpx calls old
pytestmark = pytest.mark.filterwarnings("ignore:.*verify=<str>.*:DeprecationWarning")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("runs")
    made = [good("a"), good("b", in_reference=True), refused("c", "malformed", "no cell")]
    publish(
        root, Made("alpha", made, card={"paper": "https://example.org/a"}, energies=[energy(caesium_chloride(), 0.02)])
    )
    publish(root, Made("beta", [good(f"{i}") for i in range(250)]))
    return Store(root)


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    log = store.root / "app.log"
    with served(store.root, log, GRADIO_TEMP_DIR=str(store.root / "temporary")) as app:
        yield app.url
    ends = re.findall(r"^[\w.]+(?:Error|Exception): .*", log.read_text(), re.MULTILINE)
    # gradio's own, of files that nobody uploaded
    expected = re.compile("it was not uploaded by a user|IsADirectoryError")
    assert [end for end in ends if not expected.search(end)] == []


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    return Client(url, verbose=False, analytics_enabled=False)


def refusal(client: Client, function: str, /, **arguments: object) -> str:
    with pytest.raises(AppError) as said:
        client.predict(api_name=function, **arguments)
    return str(said.value)


def numbers(value: object) -> Iterator[float]:
    """All numbers of a JSON value."""
    if isinstance(value, float):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers(inner)


def settled(client: Client, job: str) -> dict[str, Any]:
    end = time.monotonic() + SCORING_S
    while (now := dict(client.predict(job, api_name="/status")))["state"] in {"queued", "running"}:
        assert time.monotonic() < end, now
        time.sleep(0.2)
    return now


def test_exactly_these_functions_are_documented_with_their_types(url: str) -> None:
    info = httpx.get(f"{url}/gradio_api/info").json()
    assert set(info["named_endpoints"]) == {f"/{name}" for name in FUNCTIONS}
    for name, endpoint in info["named_endpoints"].items():
        assert endpoint["description"], name
        assert all(part["type"] for part in [*endpoint["parameters"], *endpoint["returns"]]), name
    assert info["named_endpoints"]["/status"]["returns"][0]["type"]["properties"]["wait_s"] == {
        "oneOf": [{"type": "null"}, {"type": "number"}]
    }


def test_the_table_is_the_board(client: Client, store: Store) -> None:
    table = board(store, load_protocol())
    answer = client.predict(api_name="/table")
    assert [row["run"] for row in answer["rows"]] == list(table.runs["run"])
    assert (answer["reference"], answer["ranked_by"], answer["indicative"]) == ("starter", "vun", True)
    alpha = next(row for row in answer["rows"] if row["model"] == "alpha")
    expected = table.wide.set_index("model").loc["alpha"]
    assert alpha["novel"] == pytest.approx(expected["novel"])
    assert alpha["rank"] is None
    assert "3 structures" in alpha["not_ranked"]
    by_name = client.predict(sort_by="model", order="lowest first", limit=1, all_scores=True, api_name="/table")
    assert ([row["model"] for row in by_name["rows"]], by_name["n_rows"]) == (["alpha"], 2)
    assert len(by_name["rows"][0]) > len(alpha)
    assert all(map(math.isfinite, numbers(by_name)))


def test_a_model_is_found_by_its_name_and_by_its_run(client: Client, store: Store) -> None:
    run = next(run for run in store.runs() if run.model == "alpha")
    by_name, by_run = (client.predict(name, api_name="/model") for name in ("alpha", run.id))
    assert by_name == by_run
    assert (by_name["run"], by_name["card"]) == (run.id, {"model": "alpha", "paper": "https://example.org/a"})
    stored = json.loads((run.path / "scores.json").read_text())["scores"]
    assert [{name: value for name, value in score.items() if name != "label"} for score in by_name["scores"]] == stored


def test_structures_come_in_pages_with_their_reasons(client: Client) -> None:
    first = client.predict("beta", api_name="/structures")
    second = client.predict("beta", 2, api_name="/structures")
    assert (first["n_structures"], first["n_pages"], len(first["structures"]), len(second["structures"])) == (
        250,
        2,
        200,
        50,
    )
    assert [row["id"] for row in [*first["structures"], *second["structures"]]] == [str(i) for i in range(250)]
    alpha = client.predict("alpha", api_name="/structures")["structures"]
    assert [row["reasons"] for row in alpha][2] == ["Refused: malformed (no cell)"]
    assert alpha[2]["valid"] is None
    assert [row["id"] for row in client.predict("alpha", 1, "known", api_name="/structures")["structures"]] == ["b"]


def test_a_structure_is_its_cell_as_cif(client: Client) -> None:
    assert client.predict("alpha", "a", api_name="/structure_cif") == cif_text(caesium_chloride(), "a")
    assert "no structure 'c'" in refusal(client, "/structure_cif", run="alpha", structure="c")


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("/table", {"reference": "nowhere"}, "there is no reference set 'nowhere'; there are: starter"),
        ("/table", {"sort_by": "beauty"}, "there is no column 'beauty'; there are: rank, "),
        ("/table", {"order": "any"}, "order: input should be 'highest first' or 'lowest first', got 'any'"),
        ("/table", {"limit": 0}, "limit: input should be greater than or equal to 1, got '0'"),
        ("/model", {"name": "gamma"}, "no model or run here is called 'gamma'"),
        ("/model", {"name": 3}, "name: input should be a valid string"),
        ("/model", {"name": "a" * 501}, "name: string should have at most 500 characters"),
        ("/structures", {"run": "alpha", "page": 2}, "page 2 of 1"),
        (
            "/structures",
            {"run": "alpha", "show": "pretty"},
            "there is no choice of structures 'pretty'; there are: all, ",
        ),
        ("/status", {"job": "0" * 32}, f"there is no submission '{'0' * 32}' on this server"),
        ("/validate", {"file": {"path": "mine.cif"}}, "expected a file that was uploaded to this server"),
    ],
)
def test_what_is_wrong_is_said_with_its_value_and_what_is_allowed(
    client: Client, name: str, arguments: dict[str, object], said: str
) -> None:
    assert said in refusal(client, name, **arguments)


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}], ids=["bare", "as a file"])
@pytest.mark.parametrize(
    "path", ["/etc/passwd", "app.py", "{folder}/../run.json", "{folder}", "https://example.org/a.cif"]
)
@pytest.mark.parametrize("name", ["validate", "submit"])
def test_no_file_but_an_uploaded_one_is_read(
    url: str, store: Store, name: str, path: str, meta: dict[str, object]
) -> None:
    file = {"path": path.format(folder=store.root / "temporary"), **meta}
    answer = httpx.post(
        f"{url}/gradio_api/run/{name}", json={"data": [file, *(["m", None] if name == "submit" else [])]}
    )
    assert answer.status_code in {400, 403, 500}
    assert not any(words in answer.text for words in ("root:", "import", "unreadable_format", '"data"'))


def test_a_file_is_read_without_being_kept(client: Client, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    path.write_text(json.dumps([{"id": "good", "cif": GOOD}, {"id": "broken", "cif": BROKEN}]))
    checked = client.predict(handle_file(path), api_name="/validate")
    assert (checked["refusal"], checked["n_structures"], checked["n_readable"]) == (None, 2, 1)
    good_one, broken = checked["structures"]
    # caesium chloride, one formula unit in the cell
    assert (good_one["readable"], good_one["formula"], good_one["n_sites"]) == (True, "CsCl", 2)
    assert (broken["readable"], broken["formula"]) == (False, None)
    assert broken["reason"] == "malformed"
    as_text = client.predict(GOOD, "mine.cif", api_name="/validate_text")
    assert [(one["id"], one["formula"]) for one in as_text["structures"]] == [("mine", "CsCl")]
    assert not list(store.root.glob("private/*"))


def test_a_program_submits_and_publishes_nothing(client: Client, store: Store, tmp_path: Path) -> None:
    before = [run.id for run in store.runs()]
    path = tmp_path / "mine.cif"
    path.write_text(GOOD)
    assert "paper: 'ftp:x': does not have the form" in refusal(
        client, "/submit", file=handle_file(path), model="gamma", card={"paper": "ftp:x"}
    )
    assert "expected one name" in refusal(client, "/submit", file=handle_file(path), model="a", card={"model": "b"})
    sent = client.predict(handle_file(path), "misspelt", api_name="/submit")
    scored = settled(client, sent["job"])
    assert (scored["state"], scored["says"]) == ("scored", "mine.cif of misspelt is scored.")
    again = client.predict(handle_file(path), "gamma", {"authors": ["A", "B"]}, api_name="/submit")
    assert again["job"] == sent["job"]
    run = settled(client, again["job"])["run"]
    assert client.predict(run, api_name="/model")["card"] == Card(model="gamma", authors=("A", "B")).model_dump(
        mode="json", exclude_defaults=True
    )
    assert client.predict(run, api_name="/model")["board"] is None
    assert [run.id for run in store.runs()] == before
    assert store.actions() == []


async def _with_tools(url: str, *calls: tuple[str, dict[str, object]]) -> tuple[set[str], list[CallToolResult]]:
    """Names of the tools, and what calls of some answer."""
    async with (
        streamable_http_client(f"{url}/gradio_api/mcp/") as (receive, send, _),
        ClientSession(receive, send) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools
        assert all(tool.description and tool.inputSchema for tool in tools)
        return {tool.name for tool in tools}, [await session.call_tool(name, given) for name, given in calls]


def test_an_assistant_reads_and_validates_and_can_do_nothing_else(url: str, client: Client) -> None:
    names, (table, cif, checked, unknown, submitted, sent) = asyncio.run(
        _with_tools(
            url,
            ("table", {"limit": 1}),
            ("structure_cif", {"run": "alpha", "structure": "a"}),
            ("validate_text", {"structures": BROKEN}),
            ("status", {"job": "x"}),
            ("submit", {"model": "m", "file": "https://example.org/a.cif"}),
            ("send", {}),
        )
    )
    assert names == TOOLS
    assert json.loads(table.content[0].text) == client.predict(limit=1, api_name="/table")  # type: ignore[union-attr]
    assert cif.content[0].text == cif_text(caesium_chloride(), "a")  # type: ignore[union-attr]
    assert json.loads(checked.content[0].text)["n_readable"] == 0  # type: ignore[union-attr]
    for answer, said in ((unknown, "no submission 'x'"), (submitted, "Unknown tool"), (sent, "Unknown tool")):
        assert answer.isError
        assert said in answer.content[0].text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/mcp/", 405), ("GET", "/mcp/sse", 404), ("POST", "/mcp/messages/", 404), ("GET", "/mcp/schema", 404)],
)
def test_the_server_of_tools_is_asked_by_post_alone(url: str, method: str, path: str, status: int) -> None:
    assert httpx.request(method, f"{url}/gradio_api{path}").status_code == status


def snippet(name: str, url: str) -> str:
    return next(one for one in SNIPPETS if one.name == name).at(url)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the file that the code on the page names."""
    with zipfile.ZipFile(tmp_path / "my.zip", "w") as archive:
        archive.writestr("good.cif", GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    return tmp_path


@pytest.mark.parametrize("name", ["client", "submit"])
@pytest.mark.usefixtures("place")
def test_the_code_on_the_page_runs(name: str, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    variables: dict[str, Any] = {}
    exec(compile(snippet(name, url), name, "exec"), variables)  # noqa: S102 - our own code, as the page shows it
    printed = capsys.readouterr().out
    if name == "client":
        assert variables["model"]["run"] == variables["best"]["run"]
        assert "_atom_site_" in variables["cif"]
    else:
        assert "1 of 1 can be read" in printed
        assert f"my.zip of My model is scored. {url}/?job=" in printed


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_curl_command_on_the_page_runs(url: str) -> None:
    command = [str(shutil.which("bash")), "-c", snippet("curl", url)]
    (answer,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["data"]
    assert [row["model"] for row in answer["rows"]] == ["beta", "alpha"]


def test_the_configuration_of_assistants_on_the_page_leads_to_the_tools(url: str) -> None:
    (server,) = json.loads(snippet("mcp", url))["mcpServers"].values()
    assert server["url"] == f"{url}/gradio_api/mcp/"


@pytest.mark.usefixtures("place")
def test_the_commands_and_the_call_without_a_server_run(capsys: pytest.CaptureFixture[str]) -> None:
    for line in snippet("shell", "").splitlines():
        program, *arguments = shlex.split(line)
        assert (program, arguments[:2]) == ("python", ["-m", "leaderboard"])
        options = parser().parse_args(arguments[2:])
        # scoring takes a while, and the tests of the command line do it with these options
        assert options.command == "score" or main(arguments[2:]) == 0, line
    variables: dict[str, Any] = {}
    exec(compile(snippet("python", ""), "python", "exec"), variables)  # noqa: S102 - our own code, as the page shows it
    assert variables["scores"].structures["id"].tolist() == ["rock salt", "copper"]
    assert "rock salt" in capsys.readouterr().out
