"""Forms that pages of this server send, read within limits."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request


async def read_pairs(request: Request, max_bytes: int) -> list[tuple[str, str]]:
    """Name and value of every field, control characters left out; HTTPException 413 when it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise HTTPException(413)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return [(name, readable(value)) for name, value in pairs]


def readable(text: str) -> str:
    """The text without control characters; line ends stay, written one way."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(char for char in line if char.isprintable()) for line in lines)
