"""What every answer tells the browser: load nothing from elsewhere, trust the type of a file, who may frame us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

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


def with_headers(send: Send) -> Send:
    """Send answers with `HEADERS`."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return sent
