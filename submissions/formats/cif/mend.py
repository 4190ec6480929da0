"""CIF that breaks the grammar in a way that leaves one meaning, as hands and language models write it.

Names of groups, formulas and operations without their quotes, a loop without rows before a single item, words around
the CIF. Line by line, because it is the lines that show what was meant. Only what gemmi refuses comes here.
"""

from __future__ import annotations

import re

_ONE_VALUE = re.compile(r"""(?:'[^'\n]*'|"[^"\n]*"|[^\s'"#$_\[\];][^\s]*)\s*(?:\s#.*)?""")
_COMMENT = re.compile(r"\s#.*")
_FENCE = "```"
_OPERATION = ("symop", "equiv_pos")
_NOT_FIRST = ("[", "]", "$")


def mended(text: str) -> str:
    """Text with each line as it must have been meant; what is unclear stays as it is."""
    lines = iter(text.splitlines())
    mended_lines: list[str] = []
    names: list[str] | None = None  # of the loop whose rows are read
    header: list[str] | None = None  # of the loop whose names are read
    in_text = started = awaits_value = False
    for line in lines:
        word = line.split(None, 1)[0].lower() if line.strip() else "#"
        started = started or word.startswith("data_")
        if in_text:
            mended_lines.append(line)
            in_text = not line.startswith(";")
        elif not started or word.startswith(("#", _FENCE)):
            continue
        elif word.startswith(("data_", "loop_")):
            header = [] if word == "loop_" else None
            names, awaits_value = None, False
            mended_lines.append("_".join(_COMMENT.sub("", line).split()) if header is None else "")
            if header is not None:
                header += line.split()[1:]
        elif word.startswith("_") and header is not None and _only_names(line):
            header += line.split()
        elif word.startswith("_"):
            # A name with its value on one line ends the names of a loop that has no rows.
            header = names = None
            awaits_value = len(line.split()) == 1
            mended_lines.append(_item(line))
        else:
            if header:
                names, header = header, None
                mended_lines.append("\n".join(["loop_", *names]))
            in_text = line.startswith(";")
            is_row = names is not None and not in_text
            mended_lines.append(_row(line, names or []) if is_row else _value(line) if awaits_value else line)
            awaits_value = False
    return "\n".join(mended_lines) + "\n"


def _only_names(line: str) -> bool:
    return all(word.startswith("_") for word in line.split())


def _item(line: str) -> str:
    name, *rest = line.split(None, 1)
    if not rest or any(word.startswith("_") for word in rest[0].split()):
        return line
    return f"{name} {_value(rest[0])}"


def _value(text: str) -> str:
    """The rest of a line as one value, quoted if it is not one already."""
    if _ONE_VALUE.fullmatch(text):
        return text
    bare = _COMMENT.sub("", text).strip()
    mark = next((mark for mark in "'\"" if mark not in bare), None)
    return f"{mark}{bare}{mark}" if mark else f"\n;{bare}\n;"


def _row(line: str, names: list[str]) -> str:
    """A row of a loop; one of operations has the words of its operation quoted."""
    if "'" in line or '"' in line:
        return line
    words = _COMMENT.sub("", line).split()
    at = next((at for at, name in enumerate(names) if "xyz" in name and any(m in name for m in _OPERATION)), None)
    more = len(words) - len(names)
    if at is not None and more > 0:
        words[at : at + more + 1] = [" ".join(words[at : at + more + 1])]
    return " ".join(f"'{word}'" if " " in word or word.startswith(_NOT_FIRST) else word for word in words)
