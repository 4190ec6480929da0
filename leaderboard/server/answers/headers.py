"""What every answer tells the browser: load nothing from elsewhere, trust the type of a file, who may frame us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from leaderboard.server.routes import is_file_of_the_page

if TYPE_CHECKING:
    from starlette.types import Message, Send

FRAMES = "'self' https://huggingface.co https://*.hf.space"
"""Pages that may show the site in a frame: a Space is one."""
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # gradio's page starts from a script inside it, and makes functions of the scripts of components
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "media-src 'none'",
        "object-src 'none'",
        "frame-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        f"frame-ancestors {FRAMES}",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # the link of a private submission is its key
    "referrer-policy": "same-origin",
    # signing in opens a window
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

HEADERS_OF_FILES = {
    "content-security-policy": "default-src 'self'",
    **{name: HEADERS[name] for name in ("x-content-type-options", "cross-origin-resource-policy")},
}
"""Of scripts, style sheets and icons, which are no documents: a page has ninety, and what they do not need adds up."""


def with_headers(send: Send, path: str) -> Send:
    """Send answers with `HEADERS`, and those of the page's files with `HEADERS_OF_FILES`."""
    added = HEADERS_OF_FILES if is_file_of_the_page(path) else HEADERS

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers[name] = value
        await send(message)

    return sent
