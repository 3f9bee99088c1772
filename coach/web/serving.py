"""Runs the pages on an address: the token, the socket, and what is printed at start."""

import contextlib
import ipaddress
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from coach.config import ServeConfig, StoreConfig
from coach.errors import ConfigError, StoreError
from coach.measures import RANGES, Range
from coach.store.engine import make_folder
from coach.web.app import create_app
from coach.web.ask import Askers

if TYPE_CHECKING:
    from coach.store import Store

TOKEN_FILE = "serve.token"


def serve(
    data_dir: Path,
    config: ServeConfig,
    store_config: StoreConfig,
    ranges: Mapping[str, Range] = RANGES,
    askers: Askers | None = None,
) -> None:
    """Serves the pages over `data_dir` until interrupted; its address goes to stderr.

    `ranges` is where measures usually lie, by their name; `askers` answers questions, if they are to be asked here.

    A store that does not exist yet is no error: the pages say how to begin and show the calls once there are some.
    ConfigError when the address cannot be used, or is reachable from elsewhere without a token; StoreError when there
    is a store and it cannot be used.
    """
    if not config.token and not is_loopback(config.host):
        raise ConfigError(f"serve.host: {config.host} can be reached by others, so the pages there need a token.")
    token = load_token(data_dir) if config.token else None
    hosts = () if is_loopback(config.host) else (config.host, socket.gethostname(), socket.getfqdn())
    open_later = store_opener(data_dir, store_config)
    open_later()  # a store that cannot be used is better said now than on a page
    app = create_app(open_later, audio_dir=data_dir / "audio", token=token, hosts=hosts, ranges=ranges, askers=askers)
    with listen(config.host, config.port) as listener:
        print(f"Callcoach is at {address(config.host, listener, token)}", file=sys.stderr)
        print("Press Ctrl-C to stop.", file=sys.stderr, flush=True)
        settings = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(settings).run(sockets=[listener])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`. A name other than localhost may lead anywhere."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_token(data_dir: Path) -> str:
    """The token in the data folder, made once; nobody but the owner may read the file.

    ConfigError when the file cannot be made or read, or is empty.
    """
    path = data_dir / TOKEN_FILE
    try:
        make_folder(data_dir)
        if not path.exists():
            _write_token(path)
        path.chmod(0o600)
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be used ({error}).") from None
    if len(token) < 16:
        raise ConfigError(f"{path}: holds no token; delete it and a new one is made.")
    return token


def _write_token(path: Path) -> None:
    """Puts a new token at `path` whole or not at all; one that another process just made wins."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def store_opener(data_dir: Path, config: StoreConfig) -> "Callable[[], Store | None]":
    """A function that opens the store once, as soon as there is one, and gives None until then."""
    from coach.store import open_store

    lock = threading.Lock()
    opened: list[Store] = []

    def give() -> "Store | None":
        with lock:
            if not opened:
                try:
                    opened.append(open_store(data_dir, config, create=False))
                except StoreError as error:
                    if error.code == "no_store":
                        return None
                    raise
            return opened[0]

    return give


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(f"serve.host: {host} is no address of this machine ({error}).") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigError(f"serve.port: {host} port {port} cannot be used ({error.strerror or error}).") from None
    return listener


def address(host: str, listener: socket.socket, token: str | None) -> str:
    """The address to open, with the real port and the token."""
    port = listener.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")
