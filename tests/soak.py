"""The queue under trouble: real app processes, real HTTP, kill -9 at random moments, many uploads at once.

Run as ``make soak`` or ``python -m tests.soak``. It ends with an AssertionError where a submission is lost, doubled or
not scored, or a link does not work; the suite runs the same at a small size.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sqlite3
import statistics
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from leaderboard.queue.database import FILE
from leaderboard.queue.results import folder, private_run
from submissions.examples.make import ARCHIVE
from tests.served import ROOT, App, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", ROOT / ".." / "shared" / "data")) / "submissions"
NO_LIMITS = {"LEADERBOARD_MIN_FREE_BYTES": "none"}
RETRY_S = 0.5
LOOK_S = 2.0
DONE = " is scored."


def files(place: Path, count: int, n_structures: int) -> list[Path]:
    """Submissions of so many real structures each, no two of the same bytes."""
    archives = sorted(DATA.glob("*.zip")) or [ARCHIVE]
    texts = [text for archive in archives for text in _members(archive)]
    made = []
    for number in range(count):
        path = place / f"submission_{number}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for place_in_file in range(n_structures):
                text = texts[(number * n_structures + place_in_file) % len(texts)]
                archive.writestr(f"{number}_{place_in_file}.cif", text)
        made.append(path)
    return made


def _members(archive: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if name.endswith(".cif"):
                yield opened.read(name)


def kills(
    place: Path, n_kills: int, n_submissions: int, n_structures: int, seed: int, *, longest_s: float = 12.0
) -> None:
    """Submit files while app and scoring process are killed again and again; all must end scored, once each.

    Args:
        place: empty folder.
        n_kills: the second and every third one after it ends only the scoring process.
        n_submissions: files, submitted one after the other while that goes on.
        n_structures: of each.
        seed: of the moments.
        longest_s: from an app that answers to the next kill.

    """
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    paths = files(place, n_submissions, n_structures)
    with App(place / "runs", environment=NO_LIMITS) as app:
        links: dict[str, str] = {}

        def submit() -> None:
            for path in paths:
                links[path.name] = _until_taken(app, path)
                time.sleep(moments.uniform(0, 2 * n_kills / n_submissions))

        visitor = threading.Thread(target=submit)
        visitor.start()
        for number in range(n_kills):
            time.sleep(moments.uniform(0.0, longest_s))
            if number % 3 == 1:
                print(
                    f"kill {number + 1}: scoring process, {'killed' if app.kill_scoring() else 'none ran'}", flush=True
                )
            else:
                app.kill()
                print(f"kill {number + 1}: app", flush=True)
                app.start()
        visitor.join()
        _all_scored(app, links, paths, n_structures)
    print(f"{n_kills} kills during {n_submissions} submissions: all scored, once each; every link works", flush=True)


def _until_taken(app: App, path: Path) -> str:
    """Submit as a person would whose page does not answer: again. The same file is the same submission."""
    while True:
        try:
            with Visitor(app) as visitor:
                return visitor.submit(path, path.stem)
        except (httpx.HTTPError, ValueError):
            time.sleep(RETRY_S)


def _all_scored(app: App, links: dict[str, str], paths: Sequence[Path], n_structures: int) -> None:
    """Every link says so, and the store holds each file and each result once."""
    waiting = dict(links)
    with Visitor(app) as visitor:
        while waiting:
            for name, job in list(waiting.items()):
                said = visitor.look(job)
                assert "was not scored" not in said, said
                if DONE in said:
                    del waiting[name]
            time.sleep(LOOK_S)
    _each_once(app.root, links, paths)
    for path in paths:
        (result,) = folder(app.root, links[path.name]).iterdir()
        run = private_run(app.root, f"{links[path.name]}/{result.name}")
        assert run is not None
        assert (run.record.file_name, run.record.n_submitted) == (path.name, n_structures)


def _each_once(root: Path, links: dict[str, str], paths: Sequence[Path]) -> None:
    with closing(sqlite3.connect(root / FILE)) as connection:
        rows = dict(connection.execute("SELECT id, sha256 FROM submissions").fetchall())
    sha256 = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert rows == {job: sha256[name] for name, job in links.items()}
    kept = [path for path in (root / "uploads").iterdir() if path.suffix != ".part"]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in kept} == {
        digest: digest for digest in sha256.values()
    }


def uploads(place: Path, n_uploads: int, n_structures: int, *, is_scored: bool) -> None:
    """Submit files all at once and read the board meanwhile; none may be lost or doubled, also after a kill.

    Args:
        place: empty folder.
        n_uploads: files, each from a visitor of its own.
        n_structures: of each.
        is_scored: wait until all are scored; else they are left waiting.

    """
    paths = files(place, n_uploads, n_structures)
    with App(place / "runs", environment=NO_LIMITS) as app:
        reads: list[float] = []
        over = threading.Event()

        def read() -> None:
            with Visitor(app) as reader:
                while not over.is_set():
                    start = time.monotonic()
                    assert "<table" in reader.board()
                    reads.append(time.monotonic() - start)

        with ExitStack() as leaving, ThreadPoolExecutor(n_uploads + 1) as pool:
            reading = pool.submit(read)
            visitors = [leaving.enter_context(Visitor(app)) for _ in paths]
            start = time.monotonic()
            try:
                taken = list(pool.map(lambda visitor, path: visitor.submit(path, path.stem), visitors, paths))
            finally:
                spent = time.monotonic() - start
                over.set()
            reading.result()
        links = {path.name: job for path, job in zip(paths, taken, strict=True)}
        _each_once(app.root, links, paths)
        app.kill()
        app.start()
        _each_once(app.root, links, paths)
        with Visitor(app) as visitor:
            assert all("submission_" in visitor.look(job) for job in taken)
        p95 = statistics.quantiles(reads, n=20)[-1] if len(reads) > 1 else max(reads)
        print(
            f"{n_uploads} uploads of {n_structures} structures at once: taken in {spent:.1f} s, none lost or doubled; "
            f"{len(reads)} reads of the board meanwhile, p95 {p95:.2f} s",
            flush=True,
        )
        if is_scored:
            start = time.monotonic()
            _all_scored(app, links, paths, n_structures)
            print(f"all scored in {time.monotonic() - start:.0f} s", flush=True)


def main() -> None:
    """Both at full size, unless arguments say otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--submissions", type=int, default=10)
    parser.add_argument("--small", type=int, default=40, help="structures of each of them")
    parser.add_argument("--uploads", type=int, default=50)
    parser.add_argument("--large", type=int, default=500, help="structures of each of those uploaded at once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unscored", action="store_true", help="do not wait until the large ones are scored")
    parser.add_argument("--folder", type=Path, help="new folder, kept afterwards with the log of the app in it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() if options.folder is None else nullcontext(options.folder) as place:
        for name in ("kills", "uploads"):
            (Path(place) / name).mkdir(parents=True)
        if options.kills:
            kills(Path(place) / "kills", options.kills, options.submissions, options.small, options.seed)
        if options.uploads:
            uploads(Path(place) / "uploads", options.uploads, options.large, is_scored=not options.unscored)


if __name__ == "__main__":
    main()
