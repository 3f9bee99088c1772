"""From a question in words to an answer: understand it, count, look for what was said, and say what speaks against it.

Nothing here needs a language model. Too little evidence is a normal result, not an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from coach.answers import words
from coach.answers.answer import Answer, Citation, CounterExample, Searched, Theme
from coach.answers.contrast import against_count, against_search
from coach.answers.counted import quote_counted
from coach.answers.evidence import gather, quote
from coach.answers.grouped import by_group
from coach.answers.subject import subject
from coach.answers.themes import MAX_QUOTES as MAX_THEME_QUOTES
from coach.answers.themes import is_open, named, themes
from coach.answers.unsaid import unsaid
from coach.answers.written import name_themes, write
from coach.config import Config, RetrievalConfig
from coach.counts import Counted, count
from coach.counts.sides import sides_of
from coach.llm import Llm
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index
from coach.routing import PhraseBook, Plan, route
from coach.store import Filter, Filters, Store
from coach.store.query import PREVIOUS
from coach.trackers import load_trackers

MAX_QUOTES = 6
_NUMBERS = ("contacts", "customers")
"""Measures of which none is a number like any other, and not a lack of evidence."""
_NOT_UNDERSTOOD = "not understood: "
"""Begins, in a note of a plan, the words that no part of the plan used."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Everything that answers, loaded once at the edge."""

    store: Store
    index: Index
    embedder: Embedder
    config: RetrievalConfig
    today: date
    """What "last month" counts from."""
    llm: Llm | None = None
    book: PhraseBook = field(default_factory=PhraseBook.load)


def load_asker(store: Store, config: Config, embedder: Embedder, today: date, llm: Llm | None = None) -> Asker:
    """What answers over the store of a data folder, as it is configured. The index need not exist."""
    own = config.score.trackers
    book = PhraseBook.load(load_trackers(None if own is None else Path(own)))
    return Asker(store, Index.open(store.data_dir / "index"), embedder, config.retrieval, today, llm, book)


@dataclass(frozen=True, slots=True)
class _Scope:
    """A question as it was understood, and the contacts it is about."""

    question: str
    plan: Plan
    where: Filters
    """The caller's conditions and the question's, with its period."""
    searched: Searched


@dataclass(frozen=True, slots=True)
class _Said:
    """What was found said: quotes, and what follows from them."""

    calls: tuple[str, ...]
    """Ids of the contacts with evidence."""
    quotes: tuple[Citation, ...]
    complete: bool
    subject: str
    themes: tuple[Theme, ...] = ()
    counter_examples: tuple[CounterExample, ...] = ()


def answer(
    asker: Asker, question: str, where: Filters = (), before: Sequence[str] = (), without: Sequence[str] = ()
) -> Answer:
    """What the calls that meet `where` say to `question`, or `not_enough_evidence`.

    `before` are the earlier questions of the conversation, oldest first, whose conditions may go on; `where` always
    holds; `without` names conditions that the question states and that shall not hold (`Plan.without`). Raises
    StoreError when the store was embedded with another model, and ConfigError for a bad condition.
    """
    store, vocabulary = asker.store, asker.store.vocabulary()
    question = "".join(char if char.isprintable() else " " for char in question)
    plan = route(
        question, vocabulary, asker.today, embedder=asker.embedder, before=before, llm=asker.llm, book=asker.book
    ).without(without)
    conditions = _merged(where, plan.where)
    scope = _scope(plan, conditions)
    n_calls = store.count_calls(scope)
    searched = Searched(n_calls, conditions, plan.period, _matter(asker, plan))
    asked = _Scope(question, plan, scope, searched)
    if not any(char.isalnum() for char in question):
        return _not_enough(asked, words.NOTHING_ASKED)
    unknown = unsaid(question, plan, store, vocabulary, asker.book)
    if unknown.names or (plan.count is not None and unknown.words):
        return _not_enough(asked, words.nothing_known_of(unknown.names or unknown.words))
    if plan.count is not None and unknown.unread:
        # What is counted leaves out what the question is about: only what was said can answer it.
        plan = plan.searching(plan.search or subject(question))
        asked = replace(asked, plan=plan, searched=replace(searched, looked_for=plan.search))
    if not n_calls and not (plan.count is not None and plan.count.measure in _NUMBERS and not where):
        return _not_enough(asked, words.nothing_met(searched, store.days()))
    if plan.count is None:
        return _worded(asker, asked, _searched(asker, asked))
    counted = count(store, replace(plan.count, where=_merged(where, plan.where, plan.count.where)))
    if n_calls and not any(figure.N and figure.value is not None for figure in counted.figures):
        return _not_enough(asked, words.nothing_known(counted, n_calls))
    result = _counted(asker, asked, counted)
    return result if plan.search is None else _worded(asker, asked, result)


def _worded(asker: Asker, asked: _Scope, result: Answer) -> Answer:
    """The answer with the LLM's sentences behind the statement and its names for themes, as far as they stand up."""
    llm = asker.llm
    if llm is None or result.status != "answered" or not result.citations:
        return result
    written = write(asker.store, asker.embedder, llm, asked.question, result.statement, result.citations)
    if written is not None:
        result = replace(result, statement=f"{result.statement} {written.text}", source=written.source)
    names = name_themes(llm, asked.question, result.themes) if result.themes else []
    themes_named = [
        theme if name is None else named(theme, *name) for theme, name in zip(result.themes, names, strict=True)
    ]
    told = [problem for problem in llm.problems if problem not in result.caveats]
    return replace(result, themes=tuple(themes_named), caveats=(*result.caveats, *told))


def _searched(asker: Asker, asked: _Scope) -> Answer:
    """For what only was said can answer."""
    said = _look(asker, asked, asked.plan.search or asked.question, asked.where)
    if not said.quotes:
        return _not_enough(asked, words.nothing_said(asked.searched, said.subject))
    n, total = len(said.calls), max(asked.searched.n_calls, len(said.calls))  # calls may have come in since
    whole = words.evidence_figure(n, total, said.subject, complete=said.complete)
    parts = by_group(asker.store, asked.plan, asked.searched.where, whole.label, said.calls)
    told = words.found_statement(n, total, said.subject, complete=said.complete)
    return Answer(
        status="answered",
        statement=f"{told} {words.parts_statement(parts)}" if parts else told,
        figures=(replace(whole, group=words.IN_ALL), *parts) if parts else (whole,),
        citations=said.quotes[:MAX_QUOTES],
        n_matching=n,
        n_total=total,
        searched=asked.searched,
        plan=asked.plan,
        counter_examples=said.counter_examples,
        themes=said.themes,
        caveats=(*words.search_caveats(n, total, complete=said.complete), *_limits(asker, asked.plan)),
    )


def _counted(asker: Asker, asked: _Scope, counted: Counted) -> Answer:
    """For what figures answer, with quotes of the contacts counted, or of what was searched beside."""
    store, search = asker.store, _matter(asker, asked.plan)
    known = store.vocabulary().trackers
    quotes = quote_counted(store, asker.embedder, counted, asked.plan.search, known, most=MAX_QUOTES)
    counter_examples = against_count(store, counted.query, sides_of(store, counted.query)[0].where)
    caveats = list(counted.caveats)
    recurring: tuple[Theme, ...] = ()
    if search is not None and not quotes:
        only = (Filter("call", "=", counted.calls),) if counted.calls else ()
        said = _look(asker, asked, search, (*asked.where, *only))
        quotes, recurring = said.quotes[:MAX_QUOTES], said.themes
        counter_examples = counter_examples or said.counter_examples
        if not quotes:
            caveats.append(f"Nothing close enough to “{said.subject}” was found said in them.")
    first = counted.figures[0]
    return Answer(
        status="answered",
        statement=words.counted_statement(counted),
        figures=counted.figures,
        citations=quotes,
        n_matching=first.n,
        n_total=asked.searched.n_calls,
        searched=asked.searched,
        plan=asked.plan,
        counter_examples=counter_examples,
        themes=recurring,
        caveats=(*caveats, *_limits(asker, asked.plan)),
    )


def _look(asker: Asker, asked: _Scope, text: str, where: Filters) -> _Said:
    """What is said about `text` in the contacts that meet `where`."""
    store, embedder = asker.store, asker.embedder
    evidence = gather(store, asker.index, embedder, text, where, min_closeness=asker.config.min_similarity)
    if evidence.vector is None or not evidence.near:
        return _Said((), (), evidence.complete, words.title(evidence.subject, text))
    open_question = is_open(asked.question)
    most = MAX_THEME_QUOTES if open_question else MAX_QUOTES
    quotes = quote(store, embedder, evidence.vector, evidence.quotable, asked.question, most=most)
    return _Said(
        evidence.calls,
        quotes,
        evidence.complete,
        words.title(evidence.subject, text),
        themes(embedder, _one_a_call(quotes), len(evidence.calls), asked.question) if open_question else (),
        against_search(store, embedder, evidence, where, asked.question),
    )


def _matter(asker: Asker, plan: Plan) -> str | None:
    """What the plan looks for; None where that only says again what it counts, in words that nobody says in a call."""
    count = plan.count
    same = count is not None and plan.search == asker.book.title((count.measure, count.subject))
    return None if same else plan.search


def _scope(plan: Plan, conditions: Filters) -> Filters:
    """The contacts that are looked at: in two periods, where what is said in them is compared."""
    if plan.count is None and plan.compare == PREVIOUS:
        return tuple(conditions)
    return (*conditions, *plan.period.filters())


def _one_a_call(quotes: Sequence[Citation]) -> list[Citation]:
    first: dict[str, Citation] = {}
    for each in quotes:
        first.setdefault(each.call, each)
    return list(first.values())


def _limits(asker: Asker, plan: Plan) -> list[str]:
    """What limits the answer beside its figures: words that were not understood, and an index that cannot be used."""
    told = (
        []
        if asker.index.problem is None or _matter(asker, plan) is None
        else [f"The index cannot be used; all was compared anew: {asker.index.problem}"]
    )
    left = [note.partition(_NOT_UNDERSTOOD)[2] for note in plan.understood if _NOT_UNDERSTOOD in note]
    return told + [f"Not understood, and not taken into account: {each}." for each in left]


def _not_enough(asked: _Scope, statement: str) -> Answer:
    return Answer("not_enough_evidence", statement, (), (), 0, asked.searched.n_calls, asked.searched, asked.plan)


def _merged(*groups: Filters) -> tuple[Filter, ...]:
    """All conditions, each once."""
    return tuple(dict.fromkeys(each for group in groups for each in group))
