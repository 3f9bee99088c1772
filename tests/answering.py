"""Answers made by hand, for what shows and keeps them, and something that gives them without loading any model."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from coach.answers import Answer, Citation, CounterExample, Searched, Theme
from coach.counts.figure import Figure
from coach.errors import ConfigError
from coach.intervals import wilson
from coach.routing.plan import Plan
from coach.saved import Ask
from coach.store import Filters, Store, parse_where
from coach.store.query import CountQuery, Period

LEAVING = "contacts in which the customer speaks of leaving"
JULY = Period(date(2026, 7, 1), date(2026, 7, 31))


def share(n: int, of: int, group: str | None = None, label: str = LEAVING) -> Figure:
    low, high = wilson(n, of) or (None, None)
    return Figure(label, n, of, n / of if of else None, "share", low, high, group)


def difference(value: float, low: float, high: float) -> Figure:
    return Figure(f"{LEAVING}: new customer less family", 9, 60, value, "difference share", low, high)


def answered(
    *figures: Figure, query: CountQuery | None = None, search: str | None = None, where: Sequence[str] = ()
) -> Answer:
    """An answer of those figures, with the conditions `where` stated by the question."""
    conditions = parse_where(where)
    period = Period() if query is None else query.period
    plan = Plan(query, search, conditions, period, tuple(f"{each.values[0]}: {each}" for each in conditions))
    searched = Searched(60, conditions, period, search)
    first = figures[0] if figures else share(0, 0)
    return Answer("answered", "12 of 60 contacts speak of leaving.", figures, (), first.n, 60, searched, plan)


COUNT = answered(share(12, 60), query=CountQuery("cue", "leaving", period=JULY), where=["team=Quay"])
GROUPED = answered(
    share(7, 20, "Quay"),
    share(3, 22, "Mill"),
    share(0, 0, "(not given)"),
    query=CountQuery("cue", "leaving", group_by="team"),
)
TREND = answered(
    share(2, 15, "2026-05"),
    share(0, 0, "2026-06"),
    share(5, 15, "2026-07"),
    share(9, 15, "2026-08"),
    difference(0.3, 0.02, 0.55),
    query=CountQuery("cue", "leaving", group_by="month"),
)
COMPARED = answered(
    share(9, 20, "segment=new customer"),
    share(4, 18, "segment=family"),
    difference(0.23, -0.07, 0.48),
    query=CountQuery(
        "cue", "leaving", compare=(parse_where(["segment=new customer"]), parse_where(["segment=family"]))
    ),
)
NOTHING = replace(
    answered(search="swimming", where=["segment=student"]),
    status="not_enough_evidence",
    statement="Not enough evidence: in none of 60 contacts was anything close enough to “swimming” said.",
    n_matching=0,
)


def found(*citations: Citation, against: Sequence[Citation] = (), caveats: Sequence[str] = ()) -> Answer:
    """A search's answer with those quotes, the first of which is also that of a theme."""
    theme = Theme("the first bill", share(4, 12, label="contacts that say it"), ("a",), citations[0])
    return replace(
        answered(share(12, 60, label="contacts that speak of the bill"), search="the bill"),
        citations=citations,
        counter_examples=tuple(CounterExample(one, "praises the bill") for one in against),
        themes=(theme,),
        caveats=tuple(caveats),
    )


@dataclass
class Answering:
    """Gives the answer written down for a question, NOTHING for others, and notes what it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...], bool]] = field(default_factory=list)
    refused: str = "impossible"

    def __call__(self, store: Store, with_llm: bool) -> Ask:
        def ask(question: str, where: Filters, before: Sequence[str], without: Sequence[str]) -> Answer:
            self.asked.append((question, tuple(map(str, where)), tuple(before), tuple(without), with_llm))
            if question == self.refused:
                raise ConfigError("group_by: there is no 'moon'; there are team, agent.")
            answer = self.answers.get(question, NOTHING)
            plan = answer.plan.without(without)
            return replace(answer, plan=plan, searched=replace(answer.searched, where=(*where, *plan.where)))

        return ask
