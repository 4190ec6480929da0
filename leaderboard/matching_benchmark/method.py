"""What a method of structure matching is, and all that there are."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from leaderboard.matching_benchmark import methods

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from metrics.crystal import Crystal


@dataclass(frozen=True)
class Method:
    """A way to decide whether two crystals of one formula are the same.

    Both functions may raise :class:`metrics.measure.UnmeasurableError` where they cannot decide; that counts as
    unknown, never as an agreement.

    Attributes:
        name: as in the result's JSON.
        label: heading of its column.
        definition: what it does, for a reader of the table.
        describe: what is kept of one crystal, computed once however many crystals it is compared with.
        same: the decision on two descriptions.

    """

    name: str
    label: str
    definition: str
    describe: Callable[[Crystal], Any] = field(repr=False)
    same: Callable[[Any, Any], bool] = field(repr=False)


@cache
def registry() -> Mapping[str, Method]:
    """Every method, by name: the ``METHOD`` of every module of ``methods``.

    Raises:
        ValueError: two of them have one name.

    """
    modules = [importlib.import_module(f"{methods.__name__}.{found.name}") for found in _modules()]
    found: dict[str, Method] = {}
    for module in modules:
        method: Method = module.METHOD
        if method.name in found:
            msg = f"two methods are called {method.name!r}; the second is in {module.__name__}"
            raise ValueError(msg)
        found[method.name] = method
    return dict(sorted(found.items()))


def _modules() -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(methods.__path__))
