"""How a link opens a page: every page says what it reads of an address, and the site asks each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gradio.blocks import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Values: TypeAlias = dict[Block, object]
"""New values of components."""


@dataclass(frozen=True)
class Entrance:
    """The way into a page from a link.

    Attributes:
        tab: id of the page's tab.
        components: what ``enter`` may set.
        enter: from the parameters of an address to new values; None where the address is of another page. Raises
            LookupError, with the sentence that the visitor reads, where it names what there is not.

    """

    tab: str
    components: Sequence[Block]
    enter: Callable[[Mapping[str, str]], Values | None]
