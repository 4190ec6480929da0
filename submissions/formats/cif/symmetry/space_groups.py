"""Names of space groups in every spelling that is met, and the settings that each may mean.

The table is gemmi's: 230 types in 564 settings. Read besides: short monoclinic names (P 21/c), names without the bar
of -3 (F m 3 m), names with e for a double glide plane (C m c e), full symbols (F 4/m -3 2/m), and marks of the origin
or of the axes (:1 :2 S Z :H :R, :b1, :cab, origin choice 2).
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

import gemmi

MONOCLINIC = range(3, 16)
_DOUBLE_GLIDES = (39, 41, 64, 67, 68)

# More than any name with its origin and number; the patterns below take time by the cube of it.
_MOST_CHARACTERS = 100
_TYPESETTING = re.compile(r"[_{}$\\~^\"']")
_BAR = re.compile(r"\\(?:bar|overline)\s*\{?\s*(\d)\s*\}?")
# 2(1) is 2 with the index 1, while a bracket after a letter or -3 holds a mark.
_INDEX = re.compile(r"(?<=[2346])(?<!-[346])\(([1-5])\)")
_MARKS = (
    re.compile(r"[:(\s,]*(?:origin|or|o)\s*(?:choice|no\.?)?\s*[:=]?\s*([12])\)?\s*$"),
    re.compile(r"[:(\[,#]\s*(?:no\.?|nr\.?|#)?\s*([a-z0-9-]+)\s*[)\]]?\s*$"),
    re.compile(r"(?<=.)([hrsz])\s*$"),
)
# Inorganic Crystal Structure Database: S is the first origin, Z the second, at a centre of symmetry.
_ORIGINS = {"s": "1", "z": "2"}
# Spellings that are tried where a name is not in the table as it is.
_SPELLINGS = (
    (re.compile(r"([pif])([mnabd])3(.*)"), r"\1\2-3\3"),
    (re.compile(r"([^-]*[1346])-([^-]*)"), ""),
    (re.compile(r"([pif])(?:4[1-3]?|21?)/([mnabd])-?3(?:2/([mncd]))?"), r"\1\2-3\3"),
    (re.compile(r"([abcfip])21?/([mnabcde])21?/([mnabcde])21?/([mnabcde])"), r"\1\2\3\4"),
    (re.compile(r"([fip])([46][1-5]?/[mnacd])(?:21?/)?([mnbcd])(?:21?/)?([mncd])"), r"\1\2\3\4"),
    (re.compile(r"([pr])-3(1?)2/([mc])(1?)"), r"\1-3\2\3\4"),
    (re.compile(r"h(.*)"), r"r\1"),
)


def settings_named(name: str) -> list[gemmi.SpaceGroup]:
    """Settings that a Hermann-Mauguin name may mean, the usual one first; none if it names no group."""
    if len(name) > _MOST_CHARACTERS:
        return []
    text = _TYPESETTING.sub("", _BAR.sub(r"-\1", " ".join(name.lower().split())))
    text = _INDEX.sub(r"\1", text).strip()
    if text.isdecimal():
        return settings_numbered(int(text[:4]))
    if settings := _settings(text):
        return settings
    for pattern in _MARKS:
        match = pattern.search(text)
        settings = _settings(text[: match.start()]) if match else []
        if match and (marked := [one for one in settings if _has_mark(one, match[1])]):
            return marked
    return []


def settings_numbered(number: int) -> list[gemmi.SpaceGroup]:
    """Settings that the number of a type may mean, the usual one first: the standard ones by all origins and axes."""
    settings = [one for one in gemmi.spacegroup_table_itb() if one.number == number]
    return settings if number in MONOCLINIC else [one for one in settings if not one.qualifier]


def _settings(name: str) -> list[gemmi.SpaceGroup]:
    key = "".join(name.split())
    table = _table()
    if key in table:
        return table[key]
    for pattern, spelling in _SPELLINGS:
        if pattern.fullmatch(key):
            other = pattern.sub(spelling, key) if spelling else re.sub(r"([1346])-", r"-\1", key)
            if other in table:
                settings = table[other]
                return [one for one in settings if one.ext == "H"] if key.startswith("h") else settings
    return []


@lru_cache(maxsize=1)
def _table() -> dict[str, list[gemmi.SpaceGroup]]:
    """Name in lower case without blanks -> settings, those with unique axis b before c before a."""
    table: dict[str, list[gemmi.SpaceGroup]] = defaultdict(list)
    settings = list(gemmi.spacegroup_table())
    for setting in sorted(settings, key=lambda one: "bca".find(one.qualifier.lstrip("-")[:1])):
        words = setting.hm.lower().split()
        names = ["".join(words)]
        if setting.number in MONOCLINIC:
            names.append("".join([words[0], *(word for word in words[1:] if word != "1")]))
        if setting.number in _DOUBLE_GLIDES:
            glides = [at for at, word in enumerate(words[1:], start=1) if word in ("a", "b", "c")]
            with_e = ["".join([*words[:at], "e", *words[at + 1 :]]) for at in glides]
            # C m m a and C m m b are both C m m e, which means the first, the standard.
            names += [name for name in with_e if all(one.ext != setting.ext for one in table.get(name, []))]
        for name in names:
            table[name].append(setting)
    return dict(table)


def _has_mark(setting: gemmi.SpaceGroup, mark: str) -> bool:
    extension = setting.ext.strip("\0").lower()
    mark = _ORIGINS.get(mark, mark)
    if mark == str(setting.number):
        return True
    if mark in ("1", "2", "h", "r"):
        # A group with one origin and one kind of axes is sometimes marked too.
        return extension == mark if extension else mark in ("1", "h")
    return bool(setting.qualifier) and setting.qualifier.startswith(mark)
