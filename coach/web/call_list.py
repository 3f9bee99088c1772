"""Everything the calls list shows: one page of rows, and figures over all calls that match."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach.web.list_query import FIELDS, ORDERS, ListQuery
from coach.web.wording import Explained, explain_flag

if TYPE_CHECKING:
    from coach.store import CallSummary, Store

PAGE_SIZE = 50
FIGURES_OVER = 3000
"""The figures and the values offered come from at most this many calls, the newest: they are read one by one."""
MAX_CHOICES = 200
"""Values offered per filter."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What calls have in common. Shares are None when nothing can be said."""

    calls: int
    """How many were looked at."""
    recorded_s: float
    impact_calls: int
    agent_calls: int
    """Calls of which the agent's questions are known; the impact share is of these."""
    impact_share: float | None
    open_questions: int
    questions: int
    open_share: float | None
    talk_share: float | None
    """Of the calls where it is known, the median."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    align: str
    address: str | None
    """Where a click on the heading leads; None when the list cannot be ordered by it."""
    sorted: str
    """"ascending", "descending" or "none"."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition in force, and the address without it."""

    label: str
    value: str
    address: str


@dataclass(frozen=True, slots=True)
class Row:
    call: "CallSummary"
    n_questions: int | None
    """None when nobody knows who the agent is."""
    flags: tuple[Explained, ...]


@dataclass(frozen=True, slots=True)
class CallList:
    query: ListQuery
    total: int
    """How many calls match."""
    overview: Overview
    """Over those, or the newest FIGURES_OVER of them."""
    rows: tuple[Row, ...]
    first: int
    last: int
    """Positions of the page's rows among all that match, from 1."""
    previous: str | None
    next: str | None
    page: int
    pages: int
    columns: tuple[Column, ...]
    chips: tuple[Chip, ...]
    choices: dict[str, tuple[str, ...]]
    orders: dict[str, str]


_COLUMNS = (
    ("Started", "left", "started_at"),
    ("Agent", "left", "agent"),
    ("Customer", "left", "customer"),
    ("Length", "right", "duration_s"),
    ("Questions", "right", "n_questions"),
    ("Open", "right", "open_share"),
    ("Impact", "left", "impact_count"),
    ("Agent talks", "right", "talk_share"),
    ("Notes", "left", None),
)


def view_list(store: "Store", query: ListQuery) -> CallList:
    """The page of the list that `query` asks for; a page past the end shows the last one.

    ConfigError when a condition cannot be understood.
    """
    where, text = query.filters(), query.text or None
    total = store.count_calls(where, text=text)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(query.page, pages)
    first = (page - 1) * PAGE_SIZE
    shown = store.list_calls(where, text=text, order=query.order, limit=PAGE_SIZE, offset=first)
    newest = store.list_calls(where, text=text, limit=FIGURES_OVER)
    return CallList(
        query=query,
        total=total,
        overview=sum_up(newest),
        rows=tuple(_view_row(call) for call in shown),
        first=first + 1 if shown else 0,
        last=first + len(shown),
        previous=query.address(page=page - 1) if page > 1 else None,
        next=query.address(page=page + 1) if page < pages else None,
        page=page,
        pages=pages,
        columns=tuple(_column(query, *column) for column in _COLUMNS),
        chips=tuple(
            Chip(_LABELS.get(name, name), value, query.address(without=name)) for name, value in query.conditions()
        ),
        choices={key: _choices(newest, key) for key in FIELDS},
        orders=ORDERS,
    )


_LABELS = FIELDS | {"q": "Text", "since": "From", "until": "To", "where": "Where"}


def knows_agent(call: "CallSummary") -> bool:
    """False for a call with everybody on one channel, whose questions cannot be told from the customer's."""
    return call.n_questions > 0 or call.talk_share is not None or not {"mono", "duplicated_mono"} & set(call.flags)


def _view_row(call: "CallSummary") -> Row:
    flags = tuple(explain_flag(flag) for flag in call.flags)
    return Row(call, call.n_questions if knows_agent(call) else None, flags)


def sum_up(calls: Sequence["CallSummary"]) -> Overview:
    """The figures at the top of the list."""
    questions = sum(call.n_questions for call in calls)
    opened = sum(round((call.open_share or 0.0) * call.n_questions) for call in calls)
    impact = sum(bool(call.impact_count) for call in calls)
    known = sum(knows_agent(call) for call in calls)
    talk = sorted(call.talk_share for call in calls if call.talk_share is not None)
    return Overview(
        calls=len(calls),
        recorded_s=sum(call.duration_s or 0.0 for call in calls),
        impact_calls=impact,
        agent_calls=known,
        impact_share=impact / known if known else None,
        open_questions=opened,
        questions=questions,
        open_share=opened / questions if questions else None,
        talk_share=(talk[(len(talk) - 1) // 2] + talk[len(talk) // 2]) / 2 if talk else None,
    )


def _column(query: ListQuery, name: str, align: str, key: str | None) -> Column:
    """A heading; a click orders by it, from the largest down for numbers, and a second click turns that round."""
    if key is None:
        return Column(name, align, None, "none")
    first = key if key in {"agent", "customer"} else f"-{key}"
    other = key if first.startswith("-") else f"-{key}"
    order = other if query.order == first else first
    state = {key: "ascending", f"-{key}": "descending"}.get(query.order, "none")
    return Column(name, align, query.address(order=order), state)


def _choices(calls: Iterable["CallSummary"], key: str) -> tuple[str, ...]:
    found = {value for call in calls if (value := getattr(call.metadata, key))}
    return tuple(sorted(found, key=str.casefold)[:MAX_CHOICES])
