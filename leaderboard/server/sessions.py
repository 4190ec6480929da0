"""What gradio keeps of each visitor, begun from what is the same for all."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from gradio.state_holder import SessionState, StateHolder

if TYPE_CHECKING:
    from gradio import Blocks


class Sessions(StateHolder):
    """What gradio keeps of each visitor, begun as a copy: to describe every component anew takes 30 ms a visitor.

    Args:
        site: its components as every visitor has them at first.

    """

    def __init__(self, site: Blocks) -> None:
        """Describe the components once."""
        super().__init__()  # type: ignore[no-untyped-call] # of gradio
        self.set_blocks(site)
        self._first = SessionState(site)

    def __getitem__(self, session_id: str) -> SessionState:
        """The session of this name, a new one where there is none."""
        if session_id not in self.session_data:
            self.session_data[session_id] = self._begun()
        return super().__getitem__(session_id)

    def _begun(self) -> SessionState:
        """A session that shares with no other what gradio changes: the containers, and the properties in them."""
        session = copy(self._first)
        for name, value in vars(self._first).items():
            setattr(session, name, copy(value))
        session.config_values = {
            number: {**config, "props": dict(config.get("props", {}))}
            for number, config in session.config_values.items()
        }
        return session
