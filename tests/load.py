"""Many visitors at once, over real HTTP: who is refused, and how long the others wait.

Run as ``make load`` or ``python -m tests.load``: 60 visitors of a board of 300 runs, then the same while 50 files of
500 structures are uploaded and queued, then one visitor of a board of 3,000 runs. Visitors and server share the
machine. A visitor loads the page, calls what it calls when it opens, then has the whole board sent once more.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import asyncio
import io
import os
import ssl
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import numpy as np

from tests.gradio_http import RefusedError, Site, Visitor
from tests.made_boards import fill
from tests.serving import Served, served
from tests.small_cif import CIF

if TYPE_CHECKING:
    from collections.abc import Sequence

# each client would read the certificates of the system again, while other visitors wait for their answers
TLS = ssl.create_default_context()


class Seen(NamedTuple):
    """What visitors met.

    Attributes:
        pages_s: seconds until the page was there, of each visitor.
        boards_s: seconds of each read of the board.
        opened_s: seconds until page and board were there, of each visitor.
        refused: what refused visitors were told, with how many were.
        cpu_s: CPU seconds of the server.

    """

    pages_s: list[float]
    boards_s: list[float]
    opened_s: list[float]
    refused: Counter[str]
    cpu_s: float


async def visitors(server: Served, n: int) -> Seen:
    """Let so many visitors come at the same moment."""
    seen = Seen([], [], [], Counter(), 0.0)
    before = server.cpu_s()
    async with httpx.AsyncClient(base_url=server.url, verify=TLS) as client:
        site = await Visitor(client).site()
    await asyncio.gather(*(_visit(server.url, site, seen) for _ in range(n)))
    return seen._replace(cpu_s=server.cpu_s() - before)


async def _visit(url: str, site: Site, seen: Seen) -> None:
    async with httpx.AsyncClient(base_url=url, verify=TLS) as client:
        visitor, start = Visitor(client), time.perf_counter()
        try:
            await visitor.page()
            seen.pages_s.append(time.perf_counter() - start)
            for event in site.loads():
                await visitor.call(event, site.values(event))
            seen.opened_s.append(time.perf_counter() - start)
            # as a visitor who sorts or filters does: the whole table is sent
            event, read = site.event("change", output="board"), time.perf_counter()
            answer = await visitor.call(event, site.values(event))
            assert "<table" in str(answer[0])
            seen.boards_s.append(time.perf_counter() - read)
        except (RefusedError, httpx.HTTPError) as error:
            seen.refused[f"{type(error).__name__} {error}"[:100]] += 1


async def uploads(url: str, n_files: int, n_structures: int) -> Counter[str]:
    """Upload and submit so many files at once, each of a model of its own; what became of them."""
    met: Counter[str] = Counter()

    async def submit(number: int) -> None:
        async with httpx.AsyncClient(base_url=url, verify=TLS) as client:
            visitor = Visitor(client)
            try:
                site = await visitor.site()
                file = await visitor.upload(f"file{number}.zip", archive(number, n_structures))
                for event in site.events_of("submission_file", "upload"):
                    await visitor.call(event, [file])
                event = site.submits("submission_file")
                await visitor.call(event, site.values(event, submission_file=file, card_model=f"load {number}"))
            except (RefusedError, httpx.HTTPError) as error:
                met[f"{type(error).__name__} {error}"[:100]] += 1
            else:
                met["submitted"] += 1

    await asyncio.gather(*(submit(number) for number in range(n_files)))
    return met


def archive(number: int, n_structures: int) -> bytes:
    """A zip of CIFs of caesium chloride in cells of different sizes, a = 4.123 angstrom and above."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for place in range(n_structures):
            a = 4.123 + 1e-3 * place + 1e-6 * number
            file.writestr(f"s{place}.cif", CIF.format(name=f"s{place}", a=a))
    return content.getvalue()


async def while_uploading(
    server: Served, n_visitors: int, n_files: int, n_structures: int
) -> tuple[Seen, Counter[str]]:
    """Visitors in waves as long as files are uploaded."""
    seen = Seen([], [], [], Counter(), 0.0)
    sending = asyncio.create_task(uploads(server.url, n_files, n_structures))
    before = server.cpu_s()
    while True:
        wave = await visitors(server, n_visitors)
        for kept, new in zip(seen[:3], wave[:3], strict=True):
            kept.extend(new)
        seen.refused.update(wave.refused)
        if sending.done():
            return seen._replace(cpu_s=server.cpu_s() - before), await sending


def show(label: str, seen: Seen) -> None:
    """Print a line for each of the three times."""
    refused = f"{sum(seen.refused.values())} refused {dict(seen.refused) or ''}"
    print(f"{label}: {refused}; {seen.cpu_s:.1f} CPU s of the server")
    for name, times in (("page", seen.pages_s), ("board read", seen.boards_s), ("page and board", seen.opened_s)):
        print(f"  {name:16}{len(times):5} times  {quantiles(times)}")


def quantiles(times: Sequence[float]) -> str:
    """Median, 95th percentile and largest, in seconds."""
    if not times:
        return "none"
    middle, high, most = np.quantile(times, [0.5, 0.95, 1.0])
    return f"p50 {middle:.2f} s  p95 {high:.2f} s  max {most:.2f} s"


def main() -> None:
    """Measure all three, and say on what machine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=60)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--structures", type=int, default=500)
    parser.add_argument("--large", type=int, default=3_000, help="runs of the large board; 0 leaves it out")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} before the start")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        fill(root, arguments.runs)
        start = time.perf_counter()
        with served(root, Path(folder) / "log", GRADIO_TEMP_DIR=f"{folder}/temporary") as server:
            print(f"{arguments.runs} runs: up after {time.perf_counter() - start:.1f} s")
            asyncio.run(visitors(server, 1))
            show(f"{arguments.visitors} visitors at once", asyncio.run(visitors(server, arguments.visitors)))
            if arguments.files:
                seen, met = asyncio.run(while_uploading(server, 5, arguments.files, arguments.structures))
                show(f"while {arguments.files} files of {arguments.structures} structures come {dict(met)}", seen)
        if arguments.large:
            large = Path(folder) / "large"
            fill(large, arguments.large)
            start = time.perf_counter()
            with served(large, Path(folder) / "log", GRADIO_TEMP_DIR=f"{folder}/temporary") as server:
                up = time.perf_counter() - start
                print(f"{arguments.large} runs: up after {up:.1f} s, {server.cpu_s():.1f} CPU s")
                for label in ("first visitor", "second visitor"):
                    show(label, asyncio.run(visitors(server, 1)))
                print(f"  memory {server.memory_bytes() / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
