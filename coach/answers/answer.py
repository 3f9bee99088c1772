"""What an answer is: figures with what they count, quotes that were checked, what speaks against it, and its limits."""

from dataclasses import dataclass
from typing import Any, Literal

from coach.counts.figure import Figure
from coach.places import place
from coach.routing.plan import Plan
from coach.store import Filters
from coach.store.query import Period
from coach.types import Role

Status = Literal["answered", "not_enough_evidence"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote, word for word, and where to listen: `turns[turn].text[start_char:end_char] == quote`."""

    call: str
    start: float | None
    """Seconds, by the quote's place in its turn; None in contacts without sound."""
    end: float | None
    quote: str
    turn: int
    start_char: int
    end_char: int
    role: Role
    """Who says it."""

    @property
    def place(self) -> str:
        """`call@mm:ss`, as answers print it."""
        return place(self.call, self.start)

    def to_json(self) -> dict[str, Any]:
        return {
            "call": self.call,
            "start": None if self.start is None else round(self.start, 2),
            "end": None if self.end is None else round(self.end, 2),
            "quote": self.quote,
            "turn": self.turn,
            "start_char": self.start_char,
            "end_char": self.end_char,
            "role": self.role,
        }


@dataclass(frozen=True, slots=True)
class CounterExample:
    """A contact that speaks against the answer."""

    citation: Citation
    why: str
    """What makes it one, for people: "says what it does to them, and is not asked about it"."""

    def to_json(self) -> dict[str, Any]:
        return {**self.citation.to_json(), "why": self.why}


@dataclass(frozen=True, slots=True)
class Theme:
    """What several contacts say alike."""

    name: str
    figure: Figure
    """The contacts that say it, of those that hold evidence."""
    calls: tuple[str, ...]
    """Ids of those contacts."""
    citation: Citation
    """The most typical quote."""
    quotes: tuple[Citation, ...] = ()
    """All that were found alike, one a contact."""
    source: str = ""
    """Prompt and model that named it; empty when the name is made of the contacts' own words."""

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "figure": self.figure.to_json(),
            "calls": list(self.calls),
            "citation": self.citation.to_json(),
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Searched:
    """What was looked at for an answer."""

    n_calls: int
    """Contacts that meet all conditions."""
    where: Filters
    """All conditions: the caller's and those of the question."""
    period: Period
    looked_for: str | None
    """What was searched for in what was said; None when nothing was."""

    @property
    def conditions(self) -> str:
        """For people: "product=broadband; 2026-07-01 to 2026-07-31"; empty for none."""
        since, until = self.period.since, self.period.until
        limits = [str(each) for each in self.where]
        if since is not None or until is not None:
            limits.append(f"{since or 'the first'} to {until or 'the last'}")
        return "; ".join(limits)

    def __str__(self) -> str:
        """For people: "60 contacts (product=broadband; 2026-07-01 to 2026-07-31), looked for: the first bill"."""
        text = f"{self.n_calls} contact{'' if self.n_calls == 1 else 's'}"
        text += f" ({self.conditions})" if self.conditions else ""
        return text if self.looked_for is None else f"{text}, looked for: {self.looked_for}"

    def to_json(self) -> dict[str, Any]:
        since, until = self.period.since, self.period.until
        return {
            "calls": self.n_calls,
            "where": [str(each) for each in self.where],
            "since": None if since is None else since.isoformat(),
            "until": None if until is None else until.isoformat(),
            "looked_for": self.looked_for,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What the calls say to a question, or why they do not."""

    status: Status
    statement: str
    """The answer in one to a few sentences, without quotes. [2] points to the second of `citations`."""
    figures: tuple[Figure, ...]
    """The total or the sides first. Empty unless answered."""
    citations: tuple[Citation, ...]
    """Best first. Empty unless answered, and where figures alone answer."""
    n_matching: int
    """Contacts that hold evidence, or that the first figure counts."""
    n_total: int
    """Contacts that were looked at: all, or those that meet the conditions."""
    searched: Searched
    plan: Plan
    """How the question was understood."""
    counter_examples: tuple[CounterExample, ...] = ()
    themes: tuple[Theme, ...] = ()
    """Most contacts first."""
    caveats: tuple[str, ...] = ()
    source: str = ""
    """Prompt and model that wrote the statement; empty when it is put together from figures and counts."""

    @property
    def answer(self) -> str:
        """For people: one paragraph, the statement and the quotes with `call@mm:ss`."""
        said = " ".join(f"“{each.quote}” ({each.place})" for each in self.citations)
        return f"{self.statement} Said there: {said}" if said else self.statement

    @property
    def understood(self) -> tuple[str, ...]:
        """Which words of the question became which condition, period or grouping, for people."""
        return self.plan.understood

    def to_json(self) -> dict[str, Any]:
        """The form `coach ask --json` prints."""
        return {
            "status": self.status,
            "answer": self.answer,
            "figures": [figure.to_json() for figure in self.figures],
            "citations": [citation.to_json() for citation in self.citations],
            "n_matching": self.n_matching,
            "n_total": self.n_total,
            "statement": self.statement,
            "counter_examples": [each.to_json() for each in self.counter_examples],
            "themes": [theme.to_json() for theme in self.themes],
            "caveats": list(self.caveats),
            "searched": self.searched.to_json(),
            "understood": list(self.understood),
            "plan": plan_to_json(self.plan),
            "source": self.source,
        }


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Names and conditions as the command line writes them; None where a plan has no such part."""
    count = plan.count
    compare = plan.compare if count is None else count.compare
    sides = [[str(each) for each in side] for side in compare] if isinstance(compare, tuple) else compare
    since, until = plan.period.since, plan.period.until
    return {
        "kind": plan.kind,
        "measure": None if count is None else count.measure,
        "subject": None if count is None else count.subject,
        "where": sorted(str(each) for each in plan.where),
        "group_by": plan.group_by if count is None else count.group_by,
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
        "compare": sides,
        "search": plan.search,
    }
