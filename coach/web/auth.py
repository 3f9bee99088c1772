"""Who may see the pages: a known host name first, then the token, given once and kept as a cookie.

And which forms are taken: those of this server's own pages.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE_MAX_AGE_S = 7 * 24 * 3600
OPEN_PREFIX = "/static/"
"""Style sheets and scripts are the same for everybody and the sign-in page needs them."""

ErrorPage = Callable[[Request, int], Response]


class Guard:
    """ASGI middleware that lets nothing through but known host names and, if there is a `token`, its bearers.

    `hosts` are names accepted in the Host header beside `localhost` and plain IP addresses. Any other name is refused:
    a page elsewhere may point its own name at this machine (DNS rebinding) but cannot make a browser send an address.
    `refuse(request, status)` makes the page shown instead (400: wrong host, 401: no or wrong token).
    """

    def __init__(self, app: ASGIApp, token: str | None, hosts: Sequence[str], refuse: ErrorPage) -> None:
        self.app = app
        self.token = token
        self.hosts = frozenset(host.lower().rstrip(".") for host in hosts) | {"localhost"}
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        answer = self._answer(request)
        await (self.app if answer is None else answer)(scope, receive, send)

    def _answer(self, request: Request) -> Response | None:
        """The response that ends this request here, or None when it may pass."""
        if not is_known_host(Headers(scope=request.scope).getlist("host"), self.hosts):
            return self.refuse(request, 400)
        if self.token is None or request.url.path.startswith(OPEN_PREFIX):
            return None
        given = request.query_params.getlist("token")
        if given:
            if same(given[-1], self.token):
                return signed_in(request, self.token)
            return self.refuse(request, 401)
        if same(request.cookies.get(cookie_name(self.token), ""), cookie_value(self.token)):
            return None
        return self.refuse(request, 401)


def is_known_host(headers: Sequence[str], names: frozenset[str]) -> bool:
    """Whether the one Host header names an IP address or one of `names` (lower case), with or without a port."""
    if len(headers) != 1:
        return False
    try:
        parts = urlsplit(f"//{headers[0]}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.netloc != headers[0] or "@" in parts.netloc:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.rstrip(".") in names
    return True


def same(given: str, expected: str) -> bool:
    """Equality in a time that does not tell how much of `given` is right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def cookie_name(token: str) -> str:
    """Differs from token to token: cookies are shared by all ports of a host, and two servers may run on one."""
    return "callcoach-" + hashlib.sha256(b"name:" + token.encode()).hexdigest()[:8]


def cookie_value(token: str) -> str:
    """Proves knowledge of the token without being it."""
    return hmac.new(token.encode(), b"callcoach pages", hashlib.sha256).hexdigest()


def signed_in(request: Request, token: str) -> Response:
    """Keeps the token as a cookie and sends the browser to the same address without it."""
    response = RedirectResponse(clean_address(request), status_code=303)
    response.set_cookie(
        cookie_name(token), cookie_value(token), max_age=COOKIE_MAX_AGE_S, path="/", httponly=True, samesite="strict"
    )
    return response


def clean_address(request: Request) -> str:
    """Path and query of this request without the token; always an address on this server."""
    query = [(key, value) for key, value in parse_qsl(request.url.query, keep_blank_values=True) if key != "token"]
    return clean_path(request) + (f"?{urlencode(query)}" if query else "")


def clean_path(request: Request) -> str:
    """The path as it came, percent-encoding kept, with one slash at the start: two would name another server."""
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return "/" + raw.decode("ascii", "replace").partition("?")[0].lstrip("/\\")


def form_key(token: str | None) -> bytes:
    """What form tokens are made with. Without a token it lasts as long as this process, and so do pages' forms."""
    return secrets.token_bytes(32) if token is None else hashlib.sha256(b"forms:" + token.encode()).digest()


def form_token(key: bytes, call_id: str) -> str:
    """Stands in the forms of one call's page. A page elsewhere cannot read it, so it cannot send such a form."""
    return hmac.new(key, call_id.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def is_from_here(request: Request) -> bool:
    """Whether the browser says that a page of this server sent the form, or says nothing.

    `Origin: null` says nothing: browsers send it with every form because our pages send no referrer.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin", "null")
    return origin == "null" or urlsplit(origin).netloc == request.headers.get("host")
