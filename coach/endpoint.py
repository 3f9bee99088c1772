"""The HTTP client that reaches one LLM server and nothing else, with bounded replies; and what its failures mean.

Libraries add to requests what the environment tells them to (proxies, passwords from .netrc, an organisation's id, a
description of the machine) and follow redirects with the whole prompt. Here a request carries what the protocol needs,
goes straight to the configured address, and its reply is cut when it grows beyond what was asked for.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai

from coach.config import LlmConfig

HEADERS = ("host", "content-type", "content-length", "accept")
"""Of a request's headers these are kept; the key and the wish for uncompressed replies are added."""

BYTES_PER_TOKEN = 1024
"""A streamed token comes with some 300 bytes of JSON around it."""
_RETRIED = frozenset({408, 409, 425, 429})


class ReplyTooLarge(Exception):
    """More bytes came than the reply may have, or compressed ones, which may hide any number."""


def endpoint_client(config: LlmConfig, key: str | None) -> httpx2.AsyncClient:
    """A client without proxies, redirects and retries; a reply far beyond what is asked for raises ReplyTooLarge."""
    return httpx2.AsyncClient(
        transport=_Bounded(config, key), timeout=config.timeout_s, trust_env=False, follow_redirects=False
    )


class _Bounded(httpx2.AsyncHTTPTransport):
    def __init__(self, config: LlmConfig, key: str | None) -> None:
        # Loading the certificates takes 70 ms, which plain HTTP has no use for.
        super().__init__(verify=config.base_url.startswith("https:"))
        self._key = key
        self._max_bytes = config.max_reply_tokens * BYTES_PER_TOKEN

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        kept = [(name, value) for name, value in request.headers.items() if name in HEADERS]
        request.headers = httpx2.Headers([*kept, ("accept-encoding", "identity")])
        if self._key is not None:
            request.headers["authorization"] = f"Bearer {self._key}"
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.stream.aclose()
            raise ReplyTooLarge
        response.stream = _Counted(response.stream, self._max_bytes)
        return response


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, max_bytes: int) -> None:
        self._stream = stream
        self._left = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise ReplyTooLarge
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an attempt failed, and whether another makes sense."""

    told: str
    retried: bool = False
    wait_s: float | None = None
    """How long the server wants to be left alone."""
    billed: bool = False
    """The server may have read the prompt and written, and count it."""
    final: bool = False
    """Every other request would fail the same way."""


def explain(error: Exception, config: LlmConfig) -> Trouble:
    """What happened, in words that hold nothing of what the server sent: it may repeat the prompt or the key."""
    cause = error.__cause__
    if isinstance(error, ReplyTooLarge) or isinstance(cause, ReplyTooLarge):
        return Trouble("sent far more than a reply may have", billed=True)
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return Trouble(f"did not finish a reply within {config.timeout_s:g} s (llm.timeout_s)", billed=True)
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error.status_code, error.response.headers.get("retry-after"), config)
    if isinstance(error, openai.APIConnectionError):
        return Trouble("cannot be reached or breaks off", retried=True)
    return Trouble(f"answers with something that is no chat completion ({type(error).__name__})", billed=True)


def _explain_status(status: int, retry_after: str | None, config: LlmConfig) -> Trouble:
    if status in (401, 403):
        where = config.api_key_env or "llm.api_key_env, which names none"
        return Trouble(f"refuses the key (HTTP {status}; see {where})", final=True)
    if status == 404:
        return Trouble("does not know this address or model (HTTP 404; see llm.base_url and llm.model)", final=True)
    if 300 <= status < 400:
        return Trouble(f"sends elsewhere (HTTP {status}), which is not followed; correct llm.base_url", final=True)
    retried = status in _RETRIED or status >= 500
    return Trouble(f"fails with HTTP {status}", retried=retried, wait_s=_seconds(retry_after))


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After header in seconds from now; it may hold a number or a date. None when it holds neither."""
    if retry_after is None:
        return None
    with suppress(ValueError):
        return max(0.0, float(retry_after))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    return None
