"""Every event of the site, private ones too, called over HTTP with what no page sends: it answers, and tells nothing.

The figure to hold, two seconds an answer, is measured by ``python -m tests.test_fuzz_events``; a test has no clock.
"""

# ruff: noqa: T201 - printing is what the measurement is for

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.gradio_http import RefusedError, Visitor
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused
from tests.serving import ROOT, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.serving import Served

TELLING = ("Traceback", 'File "', str(ROOT), "site-packages")
"""What would tell a visitor about this machine."""


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


WRONG: dict[str, object] = {
    "nothing": None,
    "a number": 10**30,
    "a list": [1, "a", None, {"b": 2}],
    "an object": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    "brackets": "(" * 64_000,
    "a formula that is none": "Fe" * 32_000 + "(",
    "elements": "-".join(["Fe"] * 20_000),
    "invisible": "\u202e\x00\ud7ff<script>",
    "deep": _nested(20),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("fuzz")
    with _small(folder) as server:
        yield server


def _small(folder: Path) -> Any:  # noqa: ANN401 - a context manager
    rows = [energy(caesium_chloride(), 0.02)]
    publish(folder / "runs", Made("alpha", [good("a"), good("b")], energies=rows))
    publish(folder / "runs", Made("beta", [good("a"), refused("b", "malformed", "no cell")]))
    return served(folder / "runs", folder / "log", GRADIO_TEMP_DIR=str(folder / "temporary"))


async def call_all(url: str, wrong: object) -> list[tuple[float, str, str]]:
    """Call each event with one wrong value in the place of all its inputs: seconds, name, and what was answered."""
    met = []
    async with httpx.AsyncClient(base_url=url) as client:
        visitor = Visitor(client)
        site = await visitor.site()
        for event in site.config["dependencies"]:
            if event["backend_fn"]:
                start = time.perf_counter()
                try:
                    said = str(await visitor.call(event, [wrong] * len(event["inputs"]), {"page": wrong, "id": wrong}))
                except RefusedError as error:
                    said = str(error)
                met.append((time.perf_counter() - start, f"{event['id']} {event['api_name']}", said))
        assert (await client.get("/health")).json()["status"]
    return met


@pytest.mark.parametrize("wrong", list(WRONG.values()), ids=list(WRONG))
def test_every_event_answers_and_tells_nothing(server: Served, wrong: object) -> None:
    met = asyncio.run(call_all(server.url, wrong))
    assert len(met) > 20
    assert {name: said for _, name, said in met if any(words in said for words in TELLING)} == {}


def test_no_event_reads_a_file_that_nobody_uploaded(server: Served, tmp_path: Path) -> None:
    secret = tmp_path / "secret.cif"
    secret.write_text("SECRET of this machine")
    met = asyncio.run(call_all(server.url, {"path": str(secret), "meta": {"_type": "gradio.FileData"}}))
    assert [name for _, name, said in met if "SECRET" in said] == []
    # gradio copies what it takes for an upload to where it serves files from
    assert list((server.log.parent / "temporary").rglob(secret.name)) == []


def main() -> None:
    """Print the slowest answers to each wrong value."""
    with tempfile.TemporaryDirectory() as folder, _small(Path(folder)) as server:
        for name, wrong in WRONG.items():
            met = sorted(asyncio.run(call_all(server.url, wrong)), reverse=True)
            print(name, [(f"{seconds:.2f} s", event) for seconds, event, _ in met[:3]])


if __name__ == "__main__":
    main()
