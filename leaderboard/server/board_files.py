"""What the board shows as files, each under an address that says what: ``/board.csv?sort=novel``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from leaderboard.pages.board.files import MEDIA, written
from leaderboard.pages.board.models import models
from leaderboard.pages.board.selection import first_selection, linked

if TYPE_CHECKING:
    from starlette.requests import Request

    from leaderboard.board.kept import KeptBoard
    from leaderboard.protocol import Protocol


class BoardFiles:
    """Answers with the board as a file.

    Args:
        boards: of the store.
        protocol: that ranks.

    """

    def __init__(self, boards: KeptBoard, protocol: Protocol) -> None:
        """Nothing is written yet."""
        self._boards, self._protocol = boards, protocol

    def answer(self, request: Request) -> Response:
        """The file that the address names, or what is wrong with it."""
        form = request.path_params["form"]
        if form not in MEDIA:
            return PlainTextResponse(f"the board is written as {', '.join(MEDIA)}, not as {form[:20]!r}\n", 404)
        table = self._boards.board()
        first = first_selection(table, self._protocol)
        try:
            selection = linked(dict(request.query_params), first, table, self._protocol)
        except LookupError as error:
            return PlainTextResponse(f"{error}\n", 400)
        content = written(table, models(table), selection, self._protocol, form)
        headers = {"content-disposition": f'attachment; filename="board.{form}"'}
        return Response(content, media_type=MEDIA[form], headers=headers)
