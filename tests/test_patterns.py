"""No regular expression that meets foreign text takes more than linear time, on texts that nearly match above all.

Every pattern of the code is found by itself. Its near misses are made from texts that match: a beginning of one, then
some piece repeated thousands of times, then an end that spoils the match. What is bounded before a pattern sees it is
bounded here alike. The time is CPU time, and the bound a hundred times what a linear pattern takes; a pattern that
takes the square of the length needs seconds.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
from typing import TYPE_CHECKING

import pytest

import leaderboard
import metrics
import reference_data
import submissions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, ModuleType

LENGTH = 10_000
CPU_SECONDS = 0.25
WITHOUT = ("torch", "chgnet", "sevenn")

BOUNDS = {
    # checked.is_number
    "submissions.checked._NUMBER": 100,
    # Limits.cif_line_characters
    **{f"submissions.formats.cif.values.{name}": 2_048 for name in ("_UNCERTAIN", "_NOT_FINITE", "_UNCERTAINTY")},
    **{
        f"submissions.formats.cif.elements.{name}": 2_048
        for name in ("_PLAIN_LABEL", "_PARTS", "_AFTER_TYPE", "_GROUP_REST", "_SHARED", "_FRACTION", "_DEUTERATED")
    },
    "submissions.formats.cif.sites._WHOLE": 2_048,
    "submissions.formats.cif.sites._FULL": 2_048,
    # formula._MOST_CHARACTERS
    "submissions.formats.cif.formula._TOKEN": 1_000,
    "submissions.formats.cif.formula._WORD": 1_000,
    # operations._MOST_CHARACTERS
    "submissions.formats.cif.symmetry.operations._TERM": 200,
}
"""Characters that the code lets a pattern see, where it bounds them."""
MATCHED_ONLY = {
    "leaderboard.server.bodies._ADDRESS",
    "leaderboard.server.routes._SCHEME",
    "submissions.checked._PYTHON_LITERAL",
    "submissions.formats.cif.blocks._START",
    "submissions.formats.json_cut._COLON",
    "submissions.formats.poscar._CONFIGURATION",
}
"""Patterns that begin with blanks of any number and are never searched for, only matched where a text begins."""
SPACE_GROUP_CHARACTERS = 100  # space_groups._MOST_CHARACTERS
NAME_CHARACTERS = 255  # ignored._LONGEST

EXAMPLES = (
    "data_x _cell_length_a 5.6(3) loop_ _atom_site_label 'Fe1' # c",
    "2\nLattice=\"4 0 0 0 4 0 0 0 4\" pbc=[[T, T], [F]] a={b c} key_1='x' d.e-f=1.0E-5",
    "p 63/m m c (origin choice 2) no. 194 :h",
    "f 4/m -3 2/m",
    "-y+1/2, x-y, z*1/3 -1.5/2.5x",
    "Fe2(SO4)3.5[H2O]12 Na0.5Cl1-",
    "(Fe,Ni) 0.5Fe/0.5Ni C2H5 O-H 57Fe3+ ND4+ Fe_pv",
    '{"lattice": [1, {"a\\"b": []}], "x" : "y\\\\"}',
    'id,"a ""b"" c",cif;"d"\t"e"',
    "cos\nsystem\n(S'x'\ntR.",
    "string:12:3(45): parse error",
    "train_metrics.config.json.o123 model-checkpoint.pt readme POSCAR_1",
    "ensemble(a+b) known-x-Na(Cl)2 aflow-y-Fe element-Na-x mp-1234 own:a-b_1.2",
    "Direct configuration= 12",
    "\\bar {3} m 2(1)",
    "[[1, 2], [3]] ((x))",
)
PIECES = ("0", "1.", "A", "Aa", "a", " ", "\t", "\n", "+", "-", "_", "(", ")", "[", "]", "{", '"', "'", "\\", ",", ":")
ENDS = ("\x01", " ")


def modules() -> Iterator[ModuleType]:
    """Every module of the project that this machine can import."""
    for package in (metrics, submissions, reference_data, leaderboard):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__") or ".potentials." in module.name:
                continue
            try:
                yield importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                if not str(error.name).startswith(WITHOUT):
                    raise


def patterns() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """Every compiled pattern that a module holds, alone or in a tuple or dict, by where it stands."""
    every: dict[str, re.Pattern[str] | re.Pattern[bytes]] = {}
    for module in modules():
        for name, value in vars(module).items():
            several = (
                value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else [value]
            )
            for number, one in enumerate(several):
                pattern = one[0] if isinstance(one, tuple) and one else one
                if isinstance(pattern, re.Pattern):
                    every.setdefault(f"{module.__name__}.{name}" + (f".{number}" if number else ""), pattern)
            if isinstance(value, dict):
                every |= {
                    f"{module.__name__}.{name}.key{number}": key
                    for number, key in enumerate(value)
                    if isinstance(key, re.Pattern)
                }
    return every


PATTERNS = patterns()


def bound_of(name: str) -> int:
    if name.startswith("submissions.formats.cif.symmetry.space_groups."):
        return SPACE_GROUP_CHARACTERS
    if name.startswith("submissions.files.ignored."):
        return NAME_CHARACTERS
    return BOUNDS.get(name, LENGTH)


def near_misses(pattern: re.Pattern[str] | re.Pattern[bytes], length: int) -> Iterator[str]:
    """Beginnings of texts in which the pattern finds something, then a piece again and again, then a bad end."""
    begins, pieces = {""}, {*PIECES}
    for example in EXAMPLES:
        match = pattern.search(example.encode() if isinstance(pattern.pattern, bytes) else example)  # type: ignore[arg-type]
        if match and match[0]:
            matching = example[match.start() : match.end()]
            begins |= {matching[: len(matching) * part // 4] for part in (1, 2, 3, 4)}
            pieces |= {matching[at : at + 2] for at in range(0, len(matching), 4)}
    for begin in sorted(begins):
        for piece in sorted(pieces):
            for end in ENDS:
                yield begin[: length // 2] + piece * ((length - len(begin[: length // 2]) - 1) // len(piece)) + end


class TooLongError(Exception):
    """A pattern took more CPU time than it may."""


def stop(_signal: int, _frame: FrameType | None) -> None:
    raise TooLongError


def test_patterns_are_found() -> None:
    assert len(PATTERNS) > 50
    assert {*BOUNDS, *MATCHED_ONLY} <= {*PATTERNS}


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_a_pattern_takes_linear_time_on_near_misses(name: str) -> None:
    pattern = PATTERNS[name]
    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        for text in near_misses(pattern, bound_of(name)):
            given = text.encode() if isinstance(pattern.pattern, bytes) else text
            searched = () if name in MATCHED_ONLY else (pattern.search,)
            for ask in (pattern.match, pattern.fullmatch, *searched):
                signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
                try:
                    ask(given)
                except TooLongError:
                    pytest.fail(f"{name} takes more than {CPU_SECONDS} s for {len(text):,} characters: {text[:60]!r}")
                finally:
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
