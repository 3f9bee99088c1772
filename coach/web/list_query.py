"""What somebody asked of the calls list: its query parameters, read strictly, and the addresses of its links."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from coach.errors import ConfigError
from coach.store.filters import Filter, Filters, parse_where

MAX_TEXT = 300
"""Characters of any one parameter."""

FIELDS = {
    "agent": "Agent",
    "team": "Team",
    "customer": "Customer",
    "product": "Product",
    "queue": "Queue",
    "segment": "Segment",
    "medium": "Medium",
}
"""Metadata with an input of its own, and its label."""

ORDERS = {
    "-started_at": "Newest first",
    "started_at": "Oldest first",
    "-duration_s": "Longest first",
    "duration_s": "Shortest first",
    "-n_questions": "Most questions",
    "n_questions": "Fewest questions",
    "-open_share": "Largest open share",
    "open_share": "Smallest open share",
    "-impact_count": "Impact asked most",
    "impact_count": "Impact asked least",
    "-talk_share": "Agent talks most",
    "talk_share": "Agent talks least",
    "agent": "Agent, A to Z",
    "-agent": "Agent, Z to A",
    "customer": "Customer, A to Z",
    "-customer": "Customer, Z to A",
}
DEFAULT_ORDER = "-started_at"


@dataclass(frozen=True, slots=True)
class ListQuery:
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    """(key of FIELDS, value), only those given."""
    since: str = ""
    until: str = ""
    """Days as YYYY-MM-DD, both included."""
    where: str = ""
    """Further conditions as the command line writes them, separated by semicolons."""
    order: str = DEFAULT_ORDER
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return any(True for _ in self.conditions())

    def field(self, key: str) -> str:
        return dict(self.fields).get(key, "")

    def filters(self) -> Filters:
        """The conditions for the store. ConfigError, naming the offending text, when one cannot be understood."""
        exact = tuple(Filter(key, "=", (value,)) for key, value in self.fields)
        written = [part.strip() for part in self.where.split(";") if part.strip()]
        if self.since:
            written.append(f"started_at>={_day('since', self.since)}")
        if self.until:
            written.append(f"started_at<={_day('until', self.until)}")
        try:
            return exact + parse_where(written)
        except ConfigError as error:
            raise ConfigError(str(error).removeprefix("--where ")) from None

    def conditions(self) -> Iterator[tuple[str, str]]:
        """Every condition as (parameter, value), as it stands in an address."""
        if self.text:
            yield "q", self.text
        yield from self.fields
        for name, value in (("since", self.since), ("until", self.until), ("where", self.where)):
            if value:
                yield name, value

    def address(self, *, order: str | None = None, page: int = 1, without: str | None = None) -> str:
        """The list's address with the same conditions, but another order or page or without one condition."""
        pairs = [(name, value) for name, value in self.conditions() if name != without]
        if (order or self.order) != DEFAULT_ORDER:
            pairs.append(("order", order or self.order))
        if page > 1:
            pairs.append(("page", str(page)))
        return "/calls" + (f"?{urlencode(pairs)}" if pairs else "")


def read_query(params: QueryParams) -> ListQuery:
    """The query in an address. What cannot be meant (a page 0, an unknown order, endless text) is a ConfigError."""
    for name, value in params.multi_items():
        if len(value) > MAX_TEXT:
            raise ConfigError(f"{name}: is longer than {MAX_TEXT} characters.")
    order = params.get("order") or DEFAULT_ORDER
    if order not in ORDERS:
        raise ConfigError(f"order: {order!r} is not an order the list has.")
    page = params.get("page") or "1"
    if not (page.isascii() and page.isdigit() and 1 <= int(page) <= 1_000_000):
        raise ConfigError(f"page: {page!r} is not the number of a page.")
    given = [(key, params.get(key, "").strip()) for key in FIELDS]
    return ListQuery(
        text=params.get("q", "").strip(),
        fields=tuple((key, value) for key, value in given if value),
        since=params.get("since", "").strip(),
        until=params.get("until", "").strip(),
        where="; ".join(value.strip() for value in params.getlist("where") if value.strip()),
        order=order,
        page=int(page),
    )


def _day(name: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ConfigError(f"{name}: {text!r} is not a day like 2026-03-05.") from None
