"""The application: which address shows what, and what is shown when something is wrong."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from coach.errors import ConfigError, InputError, StoreError
from coach.measures import RANGES, Range
from coach.web import formats
from coach.web.ask import Askers, AskPages
from coach.web.audio import send_recording
from coach.web.auth import Guard, clean_path, form_key, form_token, is_from_here, same
from coach.web.call_list import view_list
from coach.web.call_page import view_call
from coach.web.headers import SECURITY_HEADERS, SecurityHeaders
from coach.web.list_query import FIELDS, ListQuery, read_query
from coach.web.reviewing import CHOICES, ReviewForm, read_form, review_of
from coach.web.scorecards import anchor_of
from coach.web.wording import FORM_MEANINGS, FUNCTION_MEANINGS, ROLE_NAMES

if TYPE_CHECKING:
    from coach.store import Store

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent

_PROBLEMS = {
    400: ("This address is not answered here", "Open the pages by the address that coach serve printed."),
    401: ("Sign in", "Paste the token that coach serve printed when it started, or open the address it printed."),
    403: (
        "The form was not taken",
        "It did not come from a page of this server, or the server was started again since. Nothing was saved: go "
        "back, copy what you wrote, load the page again and send it from there.",
    ),
    404: ("Nothing here", "There is no such page or call. It may have been forgotten, or the link is incomplete."),
    405: ("Not possible", "This page can only be looked at."),
    413: ("Too long", "Nothing was saved. Go back and shorten what you wrote."),
    500: ("Something went wrong", "The page could not be made. The terminal where coach serve runs says more."),
    503: ("Not now", "The store cannot be read, or too many questions wait; the terminal of coach serve says more."),
}


def create_app(
    store: "Store | Callable[[], Store | None]",
    *,
    audio_dir: Path,
    token: str | None,
    hosts: Sequence[str] = (),
    ranges: Mapping[str, Range] = RANGES,
    askers: Askers | None = None,
) -> Starlette:
    """The pages over `store`, or over what calling it gives: None until there is a store to read.

    `token` None leaves the pages open to whoever reaches them. `hosts` are names accepted in the Host header beside
    localhost and IP addresses. `ranges` is where measures usually lie, by their name. `askers` answers questions;
    without it there is no page to ask them on.
    """
    pages = Pages(store if callable(store) else lambda: store, audio_dir, form_key(token), ranges)
    asking = [] if askers is None else pages.asking(askers).routes()
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/calls", pages.calls),
            Route("/calls/{call_id:path}", pages.call),
            Route("/reviews", pages.add_review, methods=["POST"]),
            Route("/audio/{name:path}", pages.audio),
            *asking,
            Mount("/static", CheckedStaticFiles(directory=_HERE / "static")),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Guard, token=token, hosts=tuple(hosts), refuse=pages.problem),
        ],
        exception_handlers={
            HTTPException: pages.on_http_error,
            StoreError: pages.on_store_error,
            Exception: pages.on_bug,
        },
    )


class CheckedStaticFiles(StaticFiles):
    """Style sheets and scripts, which a browser asks for again each time but need not load again."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


class Pages:
    """The views. Each request reads the store in short transactions of its own, so a run can write meanwhile."""

    def __init__(
        self, open_store: "Callable[[], Store | None]", audio_dir: Path, form_key: bytes, ranges: Mapping[str, Range]
    ) -> None:
        self._open_store = open_store
        self._audio_dir = audio_dir
        self._form_key = form_key
        self._ranges = ranges
        self._templates = make_templates()

    def asking(self, askers: Askers) -> AskPages:
        """The pages on which questions are asked; all pages lead there from then on."""
        self._templates.globals["CAN_ASK"] = True
        return AskPages(self._page, self.problem, self._open_store, self._form_key, askers)

    def home(self, request: Request) -> Response:
        return RedirectResponse("/calls", status_code=302)

    def calls(self, request: Request) -> Response:
        """The list; with one sentence and status 400 when the query makes no sense."""
        store = self._open_store()
        if store is None:
            return self._page("begin.html")
        query, error = ListQuery(), None
        try:
            query = read_query(request.query_params)
            view = view_list(store, query)
        except ConfigError as problem:
            error = str(problem)
            view = view_list(store, ListQuery())
        if error is None and view.total == 0 and not view.query.is_filtered:
            return self._page("begin.html")
        return self._page("calls.html", 200 if error is None else 400, view=view, form=query, error=error)

    def call(self, request: Request) -> Response:
        call_id = request.path_params["call_id"] or request.query_params.get("id", "")
        store = self._open_store()
        call = store.get_call(call_id) if store is not None and call_id else None
        if store is None or call is None:
            return self.problem(request, 404)
        suggestions, reviews = store.get_suggestions(call.id), store.get_reviews(call.id)
        page = view_call(call, suggestions, reviews, self._ranges)
        return self._page("call.html", call=page, form_token=form_token(self._form_key, call.id))

    async def add_review(self, request: Request) -> Response:
        """Saves a coach's score and leads back to where it now stands."""
        if not is_from_here(request):
            return self.problem(request, 403)
        try:
            form = await read_form(request)
            return await run_in_threadpool(self._save_review, request, form)
        except InputError as problem:
            return self._page(
                "problem.html",
                422,
                code=422,
                title="This review was not saved",
                advice=f"{problem} Go back and try again.",
            )

    def _save_review(self, request: Request, form: ReviewForm) -> Response:
        if not same(form.form_token, form_token(self._form_key, form.call)):
            return self.problem(request, 403)
        store = self._open_store()
        call = store.get_call(form.call) if store is not None else None
        if store is None or call is None:
            return self.problem(request, 404)
        store.add_review(review_of(form, call))
        anchor = anchor_of(call.scorecards, form.rubric, form.criterion)
        return RedirectResponse(f"{formats.call_path(call.id)}#{anchor}", status_code=303)

    def audio(self, request: Request) -> Response:
        return send_recording(request, self._audio_dir, request.path_params["name"]) or self.problem(request, 404)

    def problem(self, request: Request, status: int) -> Response:
        """A page that says what to do and nothing about what is inside."""
        title, advice = _PROBLEMS.get(status, _PROBLEMS[500])
        path = clean_path(request) if status == 401 else ""
        kept = [(key, value) for key, value in request.query_params.multi_items() if key != "token"]
        wrong = status == 401 and "token" in request.query_params
        return self._page(
            "problem.html", status, code=status, title=title, advice=advice, path=path, kept=kept, wrong=wrong
        )

    def on_http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = getattr(error, "headers", None) or {}
        response = self.problem(request, status)
        response.headers.update(headers)
        return response

    def on_store_error(self, request: Request, error: Exception) -> Response:
        _LOG.error("%s", error)
        return self.problem(request, 503)

    def on_bug(self, request: Request, error: Exception) -> Response:
        """Answers outside every middleware, so it brings the headers itself."""
        response = self.problem(request, 500)
        response.headers.update(SECURITY_HEADERS)
        return response

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(values), status)


def make_templates() -> Environment:
    """The templates, with everything escaped and a missing value an error."""
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        formats.clock,
        formats.length,
        formats.percent,
        formats.number,
        formats.day,
        formats.minute,
        formats.iso,
        formats.call_path,
    ):
        templates.filters[function.__name__] = function
    templates.globals.update(
        CAN_ASK=False,
        MISSING=formats.MISSING,
        FIELDS=FIELDS,
        FORM_MEANINGS=FORM_MEANINGS,
        FUNCTION_MEANINGS=FUNCTION_MEANINGS,
        REVIEW_CHOICES=CHOICES,
        ROLE_NAMES=ROLE_NAMES,
    )
    return templates
