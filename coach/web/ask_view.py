"""Everything the page "Ask" shows of an answer, worked out before any template sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coach.counts.figure import Figure
from coach.counts.groups import DATED
from coach.figures import arrange, write_basis, write_interval, write_value
from coach.store.filters import Filter
from coach.store.query import PERIOD, Period
from coach.web import formats
from coach.web.ask_query import AskQuery
from coach.web.chart import Chart, draw_bars, draw_trend, write_date
from coach.web.list_query import FIELDS
from coach.web.wording import ROLE_NAMES, name_cue, sentence_case

if TYPE_CHECKING:
    from coach.answers import Answer, Citation
    from coach.store import CallSummary, Store

LEAD_S = 1.0
"""Played before a quote and after it: times within a turn are estimated."""
_KEYS = FIELDS | {"csat": "Satisfaction", "cue": "Said", "question": "Asked", "call": "Call"}
_OPS = {"=": "", "!=": "not ", ">=": "at least ", "<=": "at most "}


@dataclass(frozen=True, slots=True)
class QuoteView:
    text: str
    role: str
    role_name: str
    title: str
    """Whose call it is."""
    when: str
    place: str
    address: str
    """The call's page, at the second."""
    audio: str | None
    """Name of the recording's copy; None where there is nothing to hear."""
    start: float | None
    end: float | None
    """What to play, in seconds."""
    why: str = ""
    number: int | None = None
    """By which the statement points to it, from 1; None of others."""


@dataclass(frozen=True, slots=True)
class TileView:
    name: str
    value: str
    basis: str
    interval: str | None


@dataclass(frozen=True, slots=True)
class ThemeView:
    name: str
    figure: TileView
    share: float | None
    quote: QuoteView


@dataclass(frozen=True, slots=True)
class ChipView:
    """A condition in force; `address` is the page without it."""

    name: str
    value: str
    address: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    question: str
    earlier: tuple[tuple[str, str], ...]
    """The conversation until now: question, and the address of its answer."""
    is_answered: bool
    statement: str
    tiles: tuple[TileView, ...]
    chart: Chart | None
    differences: tuple[TileView, ...]
    quotes: tuple[QuoteView, ...]
    counter_examples: tuple[QuoteView, ...]
    themes: tuple[ThemeView, ...]
    caveats: tuple[str, ...]
    understood: tuple[str, ...]
    searched: str
    source: str
    chips: tuple[ChipView, ...]
    taken_away: tuple[ChipView, ...]
    """Conditions of the question that do not hold now; `address` brings each back."""
    can_play: bool


def view_answer(answer: "Answer", query: AskQuery, store: "Store") -> AnswerView:
    """The answer to `query`. A call that has been forgotten since is quoted no more."""
    quoted = _Quoted(store, answer)
    arranged = arrange(answer.figures)
    quotes = tuple(
        replace(view, number=number)
        for number, citation in enumerate(answer.citations, 1)
        for view in quoted.views([citation])
    )
    counter_examples = tuple(
        view
        for each in answer.counter_examples
        for view in quoted.views([each.citation], each.why[:1].upper() + each.why[1:])
    )
    themes = tuple(
        ThemeView(theme.name, _tile(theme.figure), theme.figure.value, *quoted.views([theme.citation]))
        for theme in answer.themes
        if quoted.has(theme.citation)
    )
    shown = (*quotes, *counter_examples, *(theme.quote for theme in themes))
    return AnswerView(
        question=query.question,
        earlier=tuple((text, query.up_to(at + 1).address) for at, text in enumerate(query.before)),
        is_answered=answer.status == "answered",
        statement=answer.statement,
        tiles=tuple(_tile(figure) for figure in arranged.heads),
        chart=_chart(answer, arranged.rows),
        differences=tuple(_tile(figure) for figure in arranged.differences),
        quotes=quotes,
        counter_examples=counter_examples,
        themes=themes,
        caveats=answer.caveats,
        understood=answer.understood,
        searched=_searched(answer),
        source=answer.source,
        chips=(*_own_chips(query), *_chips_of_question(answer, query)),
        taken_away=tuple(_taken_away(text, query) for text in query.without),
        can_play=any(quote.audio for quote in shown),
    )


class _Quoted:
    """The calls that an answer quotes, read together."""

    def __init__(self, store: "Store", answer: "Answer") -> None:
        cited = (*answer.citations, *(one.citation for one in answer.counter_examples))
        ids = tuple(dict.fromkeys(one.call for one in (*cited, *(theme.citation for theme in answer.themes))))
        found = store.list_calls((Filter("call", "=", ids),)) if ids else []
        self._calls = {call.id: call for call in found}

    def has(self, citation: "Citation") -> bool:
        return citation.call in self._calls

    def views(self, citations: Sequence["Citation"], why: str = "") -> tuple[QuoteView, ...]:
        return tuple(_quote(one, self._calls[one.call], why) for one in citations if self.has(one))


def _quote(one: "Citation", call: "CallSummary", why: str) -> QuoteView:
    path = formats.call_path(one.call)
    start = None if one.start is None else max(0.0, one.start - LEAD_S)
    data = call.metadata
    people = " with ".join(name for name in (data.agent, data.customer) if name)
    return QuoteView(
        text=one.quote,
        role=one.role,
        role_name=ROLE_NAMES[one.role],
        title=people or f"Call {one.call}",
        when="" if data.started_at is None else formats.day(data.started_at),
        place=f"message {one.turn + 1}" if one.start is None else formats.clock(one.start),
        address=f"{path}#turn-{one.turn + 1}" if one.start is None else f"{path}#t={one.start:.1f}",
        audio=None if start is None else call.audio,
        start=start,
        end=None if one.end is None else one.end + LEAD_S,
        why=why,
    )


def _tile(figure: Figure) -> TileView:
    label = figure.label[:1].upper() + figure.label[1:]
    name = label if figure.group is None else f"{label}: {figure.group}"
    return TileView(name, write_value(figure), write_basis(figure), write_interval(figure))


def _chart(answer: "Answer", rows: Sequence[Figure]) -> Chart | None:
    count = answer.plan.count
    if count is not None and count.group_by in DATED and not isinstance(count.compare, tuple):
        return draw_trend(rows, count.group_by or "")
    return draw_bars(rows)


def _searched(answer: "Answer") -> str:
    n = answer.searched.n_calls
    text = f"{n:,} contact{'' if n == 1 else 's'}"
    looked_for = answer.searched.looked_for
    return text if looked_for is None else f"{text}, for what is said about “{looked_for}”"


def _own_chips(query: AskQuery) -> list[ChipView]:
    """Those given beside the question."""
    pairs = zip(query.where, query.filters(), strict=True)
    return [_chip(each, query.without_where(text).address) for text, each in pairs]


def _chips_of_question(answer: "Answer", query: AskQuery) -> list[ChipView]:
    chips = [_chip(each, query.taking_away(str(each)).address) for each in answer.plan.where]
    if answer.plan.period != Period():
        chips.append(ChipView("When", write_period(answer.plan.period), query.taking_away(PERIOD).address))
    return chips


def _chip(each: Filter, address: str) -> ChipView:
    return ChipView(_KEYS.get(each.key) or sentence_case(each.key), _values(each), address)


def _values(each: Filter) -> str:
    if not each.values:
        return "not given" if each.op == "=" else "given"
    named = [name_cue(value) if each.key == "cue" else value for value in each.values]
    return _OPS[each.op] + " or ".join(named)


def _taken_away(text: str, query: AskQuery) -> ChipView:
    return ChipView("", "the period" if text == PERIOD else text, query.giving_back(text).address)


def write_period(period: Period) -> str:
    """ "1 Jul 2026 to 31 Jul 2026"; "since" and "until" where one end is open; "any time" where both are."""
    since, until = (None if day is None else write_date(day.isoformat(), "day") for day in (period.since, period.until))
    if since is not None and until is not None:
        return since if since == until else f"{since} to {until}"
    if since is None and until is None:
        return "any time"
    return f"until {until}" if since is None else f"since {since}"
