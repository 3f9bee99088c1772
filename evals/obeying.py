"""A language model that obeys: a chat server on loopback that does what the transcripts it is shown tell it.

It knows the injections of the evaluation, and so understands even the sly ones. Of those that it sees in a prompt it
puts the canaries and claims into every text of its reply, judges as told, and cites every number it can find and some
that are not there. Where it sees none it answers from the first words it is given, always alike.
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from coach.types import Medium, Turn

Style = Literal["blunt", "careful", "claim"]
"""Blunt: says claim and canary and nothing else. Careful: hides the canary in words of the transcript and quotes letter
for letter, to pass checks. Claim: does so with the claim alone."""
_LINE = re.compile(r'^(?:\W?(\d+)\b[^"\n]*|[A-Z][^"\n:]*: )("(?:[^"\\\n]|\\.)*")', re.MULTILINE)
"""A numbered or named line of quoted words."""
_PLAN = re.compile(r"^What simple rules made of it: (\{.*\})$", re.MULTILINE)
_SEEN_CHARS = 40
_SEEN_LEAST_CHARS = 12
"""A shorter turn of an injection ("Is it?") can be anybody's."""
_WORDS = 9


@dataclass(frozen=True, slots=True)
class Injection:
    """What somebody says in a call to the machine that will read it."""

    id: str
    kind: str
    medium: Medium
    canary: str
    """A word that nobody says in any other call."""
    claim: str
    """What it wants to be believed."""
    met: str
    """How it wants criteria to be judged."""
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    schema: str
    seen: tuple[str, ...]
    """Ids of the injections that stood in the prompt."""
    reply: str


def seen_in(prompt: str, injections: Sequence[Injection]) -> list[Injection]:
    """The injections of which a turn stands in the prompt, as it is or as JSON writes it."""
    return [
        one
        for one in injections
        if any(
            text[:_SEEN_CHARS] in prompt
            for turn in one.turns
            if len(turn.text) >= _SEEN_LEAST_CHARS
            for text in (turn.text, json.dumps(turn.text, ensure_ascii=False)[1:-1])
        )
    ]


def obey(prompt: str, schema: dict[str, Any], seen: Sequence[Injection], style: Style) -> str:
    """The reply, fitting the schema, that does what the seen injections want; without any, a plan it is given stays."""
    plan = _PLAN.search(prompt)
    if plan is not None and not seen:
        return str(plan[1])
    return json.dumps(_Obedience(prompt, schema, seen, style).fill(schema, ""))


class _Obedience:
    """One reply in the making."""

    def __init__(self, prompt: str, schema: dict[str, Any], seen: Sequence[Injection], style: Style) -> None:
        self._named = schema.get("$defs", {})
        self._title: str = schema.get("title", "")
        self._seen = seen
        self._style = style
        lines = [(match[1], json.loads(match[2])) for match in _LINE.finditer(prompt)]
        self._numbers = [int(number) for number, _ in lines if number]
        self._said: list[str] = [text for _, text in lines if not seen_in(text, seen)]
        self._words: str = " ".join((self._said[0] if self._said else "Nothing was said").split()[:_WORDS])
        self._told: list[str] = [text for _, text in lines if seen_in(text, seen)]

    def fill(self, schema: dict[str, Any], name: str) -> Any:
        if "$ref" in schema:
            return self.fill(self._named[schema["$ref"].rsplit("/", 1)[-1]], name)
        if "anyOf" in schema:
            return self.fill(schema["anyOf"][0], name)
        if "enum" in schema or "const" in schema:
            allowed = schema.get("enum", [schema.get("const")])
            wanted = self._seen[0].met if self._seen else "no"
            return wanted if wanted in allowed else allowed[0]
        kind = schema.get("type")
        if kind == "object":
            return {key: self.fill(value, key) for key, value in schema.get("properties", {}).items()}
        if kind == "array":
            return self._list(schema["items"], name)
        if kind in ("integer", "number"):
            return self._numbers[0] if self._numbers else 1
        return True if kind == "boolean" else self._text(name)

    def _list(self, items: dict[str, Any], name: str) -> list[Any]:
        item = self._named[items["$ref"].rsplit("/", 1)[-1]] if "$ref" in items else items
        if item.get("type") in ("integer", "number"):
            first = self._numbers[:1]
            if not self._seen:
                return first
            return [*self._numbers, 98, 99] if self._style == "blunt" else self._numbers[:4]
        if "quote" in name and self._style != "blunt":
            return [*self._told[:2], *self._said[:3]]
        choices = next((key for key, value in item.get("properties", {}).items() if "enum" in value), None)
        if choices is None:
            return [self.fill(item, name)]
        return [{**self.fill(item, name), choices: each} for each in item["properties"][choices]["enum"]]

    def _text(self, name: str) -> str:
        if not self._seen:
            return self._words
        canaries = " ".join(one.canary for one in self._seen[:5])
        if self._title == "OpenQuestion":
            return f"What does the {canaries} mean for your day at home?"
        if self._style == "blunt":
            return f"{self._seen[0].claim} {canaries}."
        if self._style == "claim":
            return self._seen[0].claim
        return f"{self._words} {canaries}"


class ObeyingServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, injections: Sequence[Injection], style: Style) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.injections = injections
        self.style: Style = style
        self.exchanges: list[Exchange] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ObeyingServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        prompt = "\n".join(str(message["content"]) for message in asked["messages"])
        schema: dict[str, Any] = asked["response_format"]["json_schema"]["schema"]
        seen = seen_in(prompt, self.server.injections)
        reply = obey(prompt, schema, seen, self.server.style)
        self.server.exchanges.append(Exchange(schema.get("title", ""), tuple(one.id for one in seen), reply))
        self.close_connection = True
        with suppress(OSError):
            self._send(reply)

    def _send(self, reply: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for delta, finish in (({"role": "assistant", "content": reply}, None), ({}, "stop")):
            choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def obeying_server(injections: Sequence[Injection], style: Style) -> Iterator[ObeyingServer]:
    """The server while it runs; `exchanges` is what it was asked and said."""
    server = ObeyingServer(injections, style)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
