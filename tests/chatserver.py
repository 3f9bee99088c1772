"""A real HTTP server on loopback that speaks OpenAI's chat-completions protocol, as well or as badly as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request: noted, then answered by the next behaviour of the script; the last one stays."""

    server: "ChatServer"
    protocol_version = "HTTP/1.1"
    said: str
    """The request's last message."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = json.loads(body or b'{"messages": [{"content": ""}]}')
        self.said = asked["messages"][-1]["content"]
        with self.server.lock:
            self.server.asked.append(asked)
            self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.server.paths.append(self.path)
            script = self.server.script
            behaviour = script.pop(0) if len(script) > 1 else script[0]
        self.close_connection = True
        with suppress(OSError):  # the client may have left
            behaviour(self)

    do_GET = do_CONNECT = do_POST

    def begin(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *script: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = list(script)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def prompts(self) -> list[str]:
        """The last message of every request."""
        return [str(body["messages"][-1]["content"]) for body in self.asked]


@contextmanager
def chat_server(*script: Behaviour) -> Iterator[ChatServer]:
    server = ChatServer(*script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def chunk(text: str | None, finish: str | None = None) -> dict[str, Any]:
    delta = {} if text is None else {"role": "assistant", "content": text}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}


def says(text: str | dict[str, Any], *, tokens: int | None = None) -> Behaviour:
    """Streams a reply in pieces, with usage when the number of tokens is given."""
    reply = text if isinstance(text, str) else json.dumps(text)

    def behave(handler: Handler) -> None:
        handler.begin(content_type="text/event-stream")
        for at in range(0, len(reply), 7):
            handler.event(chunk(reply[at : at + 7]))
        handler.event(chunk(None, "stop"))
        if tokens is not None:
            usage = {"prompt_tokens": tokens - 5, "completion_tokens": 5, "total_tokens": tokens}
            handler.event({**chunk(None), "choices": [], "usage": usage})
        handler.event("[DONE]")

    return behave


def fails(status: int, body: str = '{"error": {"message": "no"}}', **headers: str) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.begin(status, content_type="application/json", content_length=str(len(body)), **headers)
        handler.wfile.write(body.encode())

    return behave


def sends(body: bytes, content_type: str = "text/event-stream", **headers: str) -> Behaviour:
    """Any bytes, with status 200."""

    def behave(handler: Handler) -> None:
        handler.begin(content_type=content_type, **headers)
        handler.wfile.write(body)

    return behave


def drips(piece: bytes, *, every_s: float) -> Behaviour:
    """One piece after another, for ever."""

    def behave(handler: Handler) -> None:
        handler.begin(content_type="text/event-stream")
        while not handler.server.closing.wait(every_s):
            handler.wfile.write(piece)
            handler.wfile.flush()

    return behave


def breaks_off(handler: Handler) -> None:
    """A reply that promises more than it sends."""
    handler.begin(content_type="text/event-stream", content_length="1000")
    handler.event(chunk('{"rea'))
