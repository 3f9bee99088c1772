"""Asking a language model, if one is configured. It makes callcoach better and is never needed.

A prompt goes to a server that speaks OpenAI's chat protocol; what comes back is checked against a schema, once more
asked for when it does not fit, and kept in the store. Whatever goes wrong, the answer is None: the caller then does
what it does without an LLM, and `Llm.problems` says why in sentences that contain nothing of the call.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from coach.config import OPENAI_URL, LlmConfig
from coach.prompting import ANY_OUTPUT, Prompt, Provenance, load_prompt
from coach.replies import BadReply, read_reply

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

    from coach.endpoint import Trouble

T = TypeVar("T", bound=BaseModel)

CHARS_PER_TOKEN = 4
"""Of English text, roughly; counted so where the server does not tell."""
ATTEMPTS = 3
FIRST_WAIT_S = 0.5
"""Before the second attempt; doubled for the third."""
MAX_WAIT_S = 30.0
"""A server that asks for more patience is not asked again."""
FAILURES_IN_A_ROW = 3
"""Requests, each with its attempts, after which a run asks no more."""
_NO_SUCH_OPTION = frozenset({400, 415, 422, 501})


class Cache(Protocol):
    """Where replies are kept, by the call they speak of, so that they can be forgotten with it: `Store`."""

    def get_reply(self, call_id: str, key: str) -> str | None: ...

    def save_reply(self, call_id: str, key: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One thing to ask, mostly about one call."""

    prompt: Prompt
    values: Mapping[str, str]
    schema: type[T]
    call: str | None
    """Id of the call whose words are in `values`. None when they are of several calls or of none: the reply is not
    kept, since forgetting one of the calls could not find it."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    value: T
    provenance: Provenance


class Ready(BaseModel):
    """What the prompt say-ready asks for, to find out whether a model answers."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ready: bool


def open_llm(config: LlmConfig | None, cache: Cache | None = None) -> "Llm | None":
    """The configured LLM for one run, None when there is none. Nothing is loaded and no one is asked yet.

    A key that is missing in the environment does not fail a run either: the first request is then told as a problem.
    """
    return None if config is None else Llm(config, cache)


class Llm:
    """One run's dealings with the LLM. For one thread at a time."""

    def __init__(self, config: LlmConfig, cache: Cache | None) -> None:
        self.name = f"{config.model} at {urlsplit(config.base_url).netloc}"
        self.problems: list[str] = []
        """What went wrong in this run, each once."""
        self.tokens_used = 0
        self._config = config
        self._cache = cache
        self._repair = load_prompt("repair-reply")
        self._reserved = 0
        self._failures = 0
        self._rung = 0
        self._understood = False
        self._stopped = False

    def ask(
        self, prompt: Prompt, values: Mapping[str, str], schema: type[T], call: str | None = None
    ) -> Reply[T] | None:
        """What the model answers, or None; see `ask_all`."""
        return self.ask_all([Request(prompt, values, schema, call)])[0]

    def ask_all(self, requests: Sequence[Request[T]]) -> list[Reply[T] | None]:
        """One reply a request, in order, a few asked at once; None where there is no usable one.

        What was answered before about one call comes from the cache. ValueError when a prompt is asked for another
        schema than its own; StoreError when the cache cannot be written.
        """
        for request in requests:
            if request.prompt.output not in (request.schema.__name__, ANY_OUTPUT):
                raise ValueError(f"{request.prompt.id} asks for {request.prompt.output}, not {request.schema.__name__}")
        replies = [self._known(request) for request in requests]
        missing = [at for at, reply in enumerate(replies) if reply is None]
        if missing and not self._stopped:
            for at, reply in zip(missing, asyncio.run(self._ask([requests[at] for at in missing])), strict=True):
                replies[at] = reply
        return replies

    async def _ask(self, requests: Sequence[Request[T]]) -> list[Reply[T] | None]:
        from langsmith import tracing_context

        from coach.endpoint import endpoint_client

        config = self._config
        key = None if config.api_key_env is None else os.environ.get(config.api_key_env)
        if config.api_key_env is not None and not key:
            self._stop(f"The LLM's key is missing: put it into the environment variable {config.api_key_env}.")
        gate = asyncio.Semaphore(config.concurrency)
        async with endpoint_client(config, key) as client:
            model = _chat_model(config, client)

            async def one(request: Request[T]) -> Reply[T] | None:
                async with gate:
                    return await self._ask_one(model, request)

            # Whatever the environment says: a trace would send the call's words to a third party.
            with tracing_context(enabled=False):
                return await asyncio.gather(*(one(request) for request in requests))

    async def _ask_one(self, model: "ChatOpenAI", request: Request[T]) -> Reply[T] | None:
        """Asks, and once more when the reply does not fit."""
        # Half a surrogate pair, which a transcript may contain, cannot be sent.
        filled = request.prompt.fill(request.values).encode("utf-8", "replace").decode("utf-8")
        messages = [("human", filled)]
        for _ in range(2):
            text = await self._complete(model, messages, request.schema)
            if text is None:
                return None
            try:
                value = read_reply(text, request.schema)
            except BadReply as bad:
                messages += [("ai", text), ("human", self._repair.fill({"problem": str(bad)}))]
                continue
            if self._cache is not None and request.call is not None:
                self._cache.save_reply(request.call, self._key(request), text)
            return Reply(value, self._provenance(request))
        self._tell("gave replies that cannot be used, even when asked again; there it is done without them")
        return None

    async def _complete(
        self, model: "ChatOpenAI", messages: list[tuple[str, str]], schema: type[BaseModel]
    ) -> str | None:
        """The reply's text after at most ATTEMPTS attempts, None when there is none or may be none."""
        from coach.endpoint import explain

        prompt_tokens = sum(len(text) for _, text in messages) // CHARS_PER_TOKEN
        most = prompt_tokens + self._config.max_reply_tokens
        if most > self._config.context_tokens:
            self._tell(f"was not asked what needs more than llm.context_tokens ({self._config.context_tokens}) allows")
            return None
        wait_s, attempt = FIRST_WAIT_S, 1
        while not self._stopped and self._reserve(most):
            rung = self._rung
            try:
                text, tokens = await self._stream(model, messages, _options(self._config, schema, rung))
            except Exception as error:
                # Of any kind: servers that talk nonsense trip the libraries in many places.
                if _refuses_options(error) and rung < _LAST_RUNG and not self._understood:
                    self._rung = max(self._rung, rung + 1)
                    continue
                trouble = explain(error, self._config)
                self.tokens_used += prompt_tokens if trouble.billed else 0
            else:
                self.tokens_used += tokens or prompt_tokens + len(text) // CHARS_PER_TOKEN
                self._failures, self._understood = 0, True
                return text
            finally:
                self._reserved -= most
            if attempt == ATTEMPTS or not trouble.retried or (trouble.wait_s or 0.0) > MAX_WAIT_S:
                self._note(trouble)
                return None
            await asyncio.sleep(max(wait_s, trouble.wait_s or 0.0))
            wait_s, attempt = 2 * wait_s, attempt + 1
        return None

    async def _stream(
        self, model: "ChatOpenAI", messages: list[tuple[str, str]], options: dict[str, Any]
    ) -> tuple[str, int]:
        """The reply and the tokens it took by the server's count, 0 when it gives none.

        The time limit holds for all of it, however slowly its bytes drip.
        """
        parts, tokens = [], 0
        async with asyncio.timeout(self._config.timeout_s):
            async for chunk in model.astream(messages, extra_body=options):
                parts.append(chunk.text)
                # Some servers repeat the running total in every chunk.
                if usage := getattr(chunk, "usage_metadata", None):
                    tokens = max(tokens, usage["total_tokens"])
        return "".join(parts), tokens

    def _reserve(self, tokens: int) -> bool:
        """Sets aside what a request may take; False, and the end of asking, when the budget does not have it."""
        if self.tokens_used + self._reserved + tokens > self._config.max_tokens_per_run:
            self._stop(
                f"The LLM's budget for one run (llm.max_tokens_per_run = {self._config.max_tokens_per_run}) is used up;"
                " the rest is done without it."
            )
            return False
        self._reserved += tokens
        return True

    def _note(self, trouble: "Trouble") -> None:
        self._failures += 1
        if trouble.final or self._failures >= FAILURES_IN_A_ROW:
            self._stop(f"The LLM ({self.name}) {trouble.told}; this run goes on without it.")
        else:
            self._tell(trouble.told)

    def _stop(self, sentence: str) -> None:
        if not self._stopped:
            self._stopped = True
            self.problems.append(sentence)

    def _tell(self, what: str) -> None:
        sentence = f"The LLM ({self.name}) {what}."
        if sentence not in self.problems:
            self.problems.append(sentence)

    def _known(self, request: Request[T]) -> Reply[T] | None:
        if self._cache is None or request.call is None:
            return None
        text = self._cache.get_reply(request.call, self._key(request))
        if text is not None:
            with suppress(BadReply):  # the schema has changed since
                return Reply(read_reply(text, request.schema), self._provenance(request))
        return None

    def _key(self, request: Request[T]) -> str:
        filled = request.prompt.fill(request.values)
        asked = [request.prompt.sha256, self._config.base_url, self._config.model, filled]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    def _provenance(self, request: Request[T]) -> Provenance:
        return Provenance(request.prompt.id, request.prompt.version, request.prompt.sha256, self._config.model)


def _chat_model(config: LlmConfig, client: Any) -> "ChatOpenAI":
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model=config.model,
        base_url=config.base_url,
        api_key=SecretStr("added by the client"),
        http_async_client=client,
        http_socket_options=(),
        openai_proxy=None,
        max_retries=0,
        timeout=config.timeout_s,
        stream_chunk_timeout=None,
        stream_usage=True,
        use_responses_api=False,
    )


_LAST_RUNG = 2


def _options(config: LlmConfig, schema: type[BaseModel], rung: int) -> dict[str, Any]:
    """What a request asks for beside the prompt. Servers know more or less of it: each rung asks for less."""
    form: dict[str, Any] = {"type": "json_object"}
    if rung == 0:
        described = {"name": schema.__name__, "schema": schema.model_json_schema(), "strict": True}
        form = {"type": "json_schema", "json_schema": described}
    # OpenAI's newer models refuse the older name and any temperature; other servers know only the older name.
    hosted = config.base_url == OPENAI_URL
    length = "max_completion_tokens" if hosted else "max_tokens"
    rest: dict[str, Any] = {} if hosted else {"temperature": 0}
    return {length: config.max_reply_tokens, **rest, **({} if rung == _LAST_RUNG else {"response_format": form})}


def _refuses_options(error: Exception) -> bool:
    return getattr(error, "status_code", None) in _NO_SUCH_OPTION
