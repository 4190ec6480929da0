"""The MCP server that gradio makes of the functions for programs, with the tools of it that may be called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mcp.types import TextContent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import gradio as gr


def keep_tools(site: gr.Blocks, tools: Collection[str]) -> None:
    """Leave these of the tools; gradio makes one of each function, and writes answers as Python does.

    Args:
        site: mounted, with its MCP server.
        tools: names of functions.

    Raises:
        RuntimeError: gradio could not make the server.

    """
    server = site.mcp_server_obj
    if server is None:
        msg = f"there is no MCP server: {site.mcp_error}"
        raise RuntimeError(msg)
    by_tool = {name: endpoint for name, endpoint in server.tool_to_endpoint.items() if endpoint.strip("/") in tools}
    server.tool_to_endpoint = by_tool
    server.postprocess_output_data = _as_json  # type: ignore[assignment, method-assign] # text alone


def _as_json(answers: Sequence[Any], _root_url: str) -> list[TextContent]:
    """Text as it is, anything else as JSON."""
    texts = [answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False) for answer in answers]
    return [TextContent(type="text", text=text) for text in texts]
