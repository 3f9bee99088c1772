"""The page "Ask": a question is answered by looking at its address; a form saves it, another removes it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from coach.errors import ConfigError, InputError, ModelError
from coach.figures import write_basis, write_value
from coach.saved import MAX_NAME, Changes, History, figure_of, histories, save_question
from coach.store.filters import Filter
from coach.store.records import SavedQuestion
from coach.web import formats
from coach.web.ask_query import MAX_QUESTION, PATH, AskQuery, read_ask
from coach.web.ask_view import view_answer
from coach.web.auth import form_token, is_from_here, same
from coach.web.forms import read_pairs

if TYPE_CHECKING:
    from coach.saved import Ask
    from coach.store import Store, Vocabulary

_LOG = logging.getLogger(__name__)

MAX_FORM_BYTES = 128 * 1024
"""A conversation of MAX_QUESTIONS at MAX_QUESTION characters, percent-encoded."""
MAX_WAITING = 8
"""Answers are made one at a time, since each may use all of the machine; so many may wait."""
SHOWN_CHANGES = 3
_FORMS = "\0questions"
"""What form tokens of this page are of; no call has such an id."""

Askers = Callable[["Store", bool], "Ask"]
"""What answers over a store: with the LLM, if one is configured, or (False) without."""


@dataclass(frozen=True, slots=True)
class SavedView:
    name: str
    question: str
    address: str
    headline: str
    when: str
    changes: tuple[str, ...]
    """What changed since the run before; None until there were two."""
    since: str
    """When that was; empty until there were two runs."""


class AskPages:
    """The views. `render` makes a page of a template, `problem` one that says what went wrong."""

    def __init__(
        self,
        render: Callable[..., Response],
        problem: Callable[[Request, int], Response],
        open_store: "Callable[[], Store | None]",
        form_key: bytes,
        askers: Askers,
    ) -> None:
        self._render, self._problem, self._open_store = render, problem, open_store
        self._form_key, self._askers = form_key, askers
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._asked = 0
        """Questions that are being answered or wait."""

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PATH, self.ask),
            Route("/questions", self.save, methods=["POST"]),
            Route("/questions/remove", self.remove, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """The answer to the question in the address, or where to ask one. Writes nothing."""
        query = AskQuery()
        try:
            query = read_ask(request.query_params.multi_items())
            query.filters()
        except ConfigError as problem:
            return await run_in_threadpool(self._page, query, 400, str(problem))
        if not query.question:
            return await run_in_threadpool(self._page, query)
        if self._asked > MAX_WAITING:
            return self._problem(request, 503)
        self._asked += 1
        try:
            return await anyio.to_thread.run_sync(self._answer, query, limiter=self._one_at_a_time)
        finally:
            self._asked -= 1

    async def save(self, request: Request) -> Response:
        """Saves the question of the address that the form stands on, and leads back to it."""
        pairs = await self._form(request)
        if pairs is None:
            return self._problem(request, 403)
        try:
            query = read_ask(pairs)
            if not query.question:
                raise InputError("There is no question to save.")
            name = dict(pairs).get("name", "")
            return await anyio.to_thread.run_sync(self._save, request, query, name, limiter=self._one_at_a_time)
        except (ConfigError, InputError) as problem:
            title, advice = "This question was not saved", f"{problem} Go back and try again."
            return self._render("problem.html", 422, code=422, title=title, advice=advice)

    async def remove(self, request: Request) -> Response:
        """Removes a saved question, and leads back to the page."""
        pairs = await self._form(request)
        if pairs is None:
            return self._problem(request, 403)
        return await run_in_threadpool(self._remove, request, dict(pairs).get("name", ""))

    async def _form(self, request: Request) -> list[tuple[str, str]] | None:
        """The fields of a form that a page of this server sent; None when it did not."""
        if not is_from_here(request):
            return None
        pairs = await read_pairs(request, MAX_FORM_BYTES)
        expected = form_token(self._form_key, _FORMS)
        return pairs if same(dict(pairs).get("form_token", ""), expected) else None

    def _answer(self, query: AskQuery) -> Response:
        store = self._open_store()
        if store is None:
            return self._page(query)
        try:
            answer = self._askers(store, True)(query.question, query.filters(), query.before, query.without)
        except ConfigError as problem:
            return self._page(query, 400, str(problem))
        except ModelError as problem:
            _LOG.error("%s", problem)
            return self._page(query, 503, "What understands questions cannot be loaded; the terminal says more.")
        return self._page(query, view=view_answer(answer, query, store))

    def _save(self, request: Request, query: AskQuery, name: str) -> Response:
        store = self._open_store()
        if store is None:
            return self._problem(request, 404)
        saved = SavedQuestion(name, query.question, query.before, query.where, query.without)
        save_question(store, self._askers(store, False), saved)
        return RedirectResponse(f"{query.address}#saved", status_code=303)

    def _remove(self, request: Request, name: str) -> Response:
        store = self._open_store()
        if store is None or not store.remove_question(name):
            return self._problem(request, 404)
        return RedirectResponse(f"{PATH}#saved", status_code=303)

    def _page(self, query: AskQuery, status: int = 200, error: str | None = None, **values: Any) -> Response:
        store = self._open_store()
        if store is None or (not query.question and store.count_calls() == 0):
            return self._render("begin.html", status)
        saved = [_view_saved(each) for each in histories(store)]
        return self._render(
            "ask.html",
            status,
            query=query,
            error=error,
            examples=() if query.question else examples(store.vocabulary(), store.count_calls(_RATED) > 0),
            saved=saved,
            saved_as=next((each.name for each in saved if each.address == query.address), None),
            form_token=form_token(self._form_key, _FORMS),
            max_question=MAX_QUESTION,
            max_name=MAX_NAME,
            **({"view": None} | values),
        )


_RATED = (Filter("csat", "!=", ()),)


def examples(vocabulary: "Vocabulary", is_rated: bool) -> list[str]:
    """Questions that the store can answer, to begin with; `is_rated`: some contacts tell how satisfied people were."""
    teams, segments = (len(vocabulary.values.get(field, ())) > 1 for field in ("team", "segment"))
    found = ["Why do customers leave?", "What do customers praise?"]
    found.append(f"In how many contacts was the impact asked{', by team' if teams else ''}?")
    if segments:
        found.append("How many customers speak of leaving, by segment?")
    if is_rated:
        found.append("How has satisfaction developed by month?")
    found.append("What do customers say about the bill?")
    return found


def _view_saved(history: History) -> SavedView:
    question, newest, changed = history.question, history.newest, history.changes
    query = AskQuery((*question.before, question.question), question.where, question.without)
    return SavedView(
        name=question.name,
        question=question.question,
        address=query.address,
        headline=_headline(history),
        when="" if newest is None else formats.day(newest.at),
        changes=_told(changed),
        since="" if changed is None else formats.day(changed.since),
    )


def _headline(history: History) -> str:
    newest = history.newest
    if newest is None:
        return "Not asked yet"
    if newest.status != "answered":
        return "Not enough evidence"
    if not newest.figures:
        return f"{newest.n_matching:,} of {newest.n_total:,} contacts"
    first = figure_of(newest.figures[0])
    group = "" if first.group is None else f"{first.group}: "
    return f"{group}{write_value(first)}, {write_basis(first)}"


def _told(changed: Changes | None) -> tuple[str, ...]:
    words = () if changed is None else changed.words
    more = len(words) - SHOWN_CHANGES
    return (*words[:SHOWN_CHANGES], *([f"{more} more"] if more > 0 else []))
