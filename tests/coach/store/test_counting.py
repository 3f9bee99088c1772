"""Every measure, counted by the database, beside the same counted call by call in Python."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest

from coach.counts import MEASURES, Figure, count
from coach.counts.measures import unit_of
from coach.counts.wording import reason_words
from coach.intervals import student, wilson
from coach.store import Store, parse_where
from coach.store.query import CountQuery
from coach.types import LIKELY_CUE, Call, Cue, Metadata, Question, Score, Scorecard, Turn

Value = tuple[float, float] | None
"""x and y of one call; None when not known."""

SUBJECTS = {
    "cue": ("leaving", "own_tracker"),
    "function": ("impact", "check"),
    "asked": ("impact", "learning"),
    "outcome": ("resolved", "churned", "sold"),
    "measure": ("patience", "next_step"),
    "rubric": ("discovery", "own-rubric"),
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WHERE: dict[str, Callable[[Call], bool]] = {
    "call!=": lambda call: True,
    "medium=voice": lambda call: call.metadata.medium == "voice",
    "csat>=3": lambda call: (call.metadata.csat or 0) >= 3,
    "team!=north": lambda call: call.metadata.team != "north",
    "region=coast,islands": lambda call: call.metadata.extra.get("region") in ("coast", "islands"),
    "cue=leaving": lambda call: bool(likely(call, "leaving")),
    "question!=impact": lambda call: not [q for q in call.questions if q.function == "impact"],
    "started_at>=2026-03-10": lambda call: call.metadata.started_at is not None and call.metadata.started_at.day >= 10,
    "agent=Nobody": lambda call: False,
}
BY: dict[str, Callable[[Call], str | None]] = {
    **{
        name: (lambda call, name=name: getattr(call.metadata, name) or None)  # type: ignore[misc]
        for name in ("agent", "team", "segment", "product", "queue", "medium", "customer")
    },
    "csat": lambda call: None if call.metadata.csat is None else f"{call.metadata.csat:g}",
    "sold": lambda call: {None: None, True: "yes", False: "no"}[call.metadata.sold],
    "region": lambda call: call.metadata.extra.get("region"),
    "day": lambda call: dated(call, lambda at: f"{at:%Y-%m-%d}"),
    "week": lambda call: dated(call, lambda at: f"{at - timedelta(days=at.weekday()):%Y-%m-%d}"),
    "month": lambda call: dated(call, lambda at: f"{at:%Y-%m}"),
    "weekday": lambda call: dated(call, lambda at: WEEKDAYS[at.weekday()]),
    "hour": lambda call: dated(call, lambda at: f"{at:%H}:00"),
}


@dataclass(frozen=True)
class Filled:
    store: Store
    calls: tuple[Call, ...]


@pytest.fixture
def filled(store: Store) -> Filled:
    calls = tuple(random_calls(random.Random(11), 50))
    for call in calls:
        store.save_call(call)
    return Filled(store, calls)


def test_the_database_counts_as_one_counts_by_hand(filled: Filled) -> None:
    wheres, groupings = cycle(WHERE), cycle(BY)
    compared = 0
    for measure in MEASURES:
        for subject in SUBJECTS.get(measure, (None,)):
            compared += compare(filled, CountQuery(measure, subject))
            for _ in range(3):
                compared += compare(filled, CountQuery(measure, subject, parse_where([next(wheres)])))
                compared += compare(filled, CountQuery(measure, subject, parse_where([next(wheres)]), next(groupings)))
    assert compared > 300


def test_calls_that_have_it_and_calls_that_do_not_come_newest_first(filled: Filled) -> None:
    for measure, subject in (("cue", "leaving"), ("asked", "impact"), ("outcome", "sold"), ("repeat", None)):
        counted = count(filled.store, CountQuery(measure, subject))
        known = [(call, known_of(call, measure, subject, filled.calls)) for call in newest_first(filled.calls)]
        assert counted.calls == tuple(call.id for call, value in known if value and value[0])
        assert counted.other_calls == tuple(call.id for call, value in known if value and not value[0])
        assert counted.calls
        assert counted.other_calls


def test_what_rests_on_unsure_labels_is_told(filled: Filled) -> None:
    asked = filled.store.tally("asked", "diagnostic")[None]
    having = [c for c in filled.calls if asking(c) and functions(c, "diagnostic")]
    assert asked.doubtful == sum(all(q.unsure for q in functions(call, "diagnostic")) for call in having) > 0
    of_questions = filled.store.tally("open")[None]
    opened = [q for call in filled.calls if asking(call) for q in call.questions if q.form == "open"]
    assert (of_questions.x, of_questions.doubtful) == (len(opened), sum(q.unsure for q in opened))
    said = filled.store.tally("cue", "leaving")[None]
    unlikely = [c for c in filled.calls if sides(c) and not likely(c, "leaving")]
    assert said.doubtful == sum(any(cue.tracker == "leaving" for cue in c.cues) for c in unlikely) > 0


def test_names_are_those_stored(filled: Filled) -> None:
    names = filled.store.names()
    assert names.rubrics == ("discovery", "own-rubric")
    assert names.extra == ("region",)
    assert names.trackers == tuple(sorted({cue.tracker for call in filled.calls for cue in call.cues}))


def test_an_empty_store_has_no_names_days_or_sums(store: Store) -> None:
    names = store.names()
    assert (names.trackers, names.rubrics, names.extra) == ((), (), ())
    assert store.days() is None
    assert store.tally("cue", "leaving")[None].calls == 0
    assert store.tally("cue", "leaving", (), "agent") == {}


# the same, call by call


def compare(filled: Filled, query: CountQuery) -> int:
    """How many figures were compared."""
    chosen = [call for call in filled.calls if all(WHERE[str(each)](call) for each in query.where)]
    group_of = BY[query.group_by] if query.group_by else lambda call: None
    groups: dict[str | None, list[Call]] = {} if query.group_by else {None: []}
    for call in chosen:
        groups.setdefault(group_of(call), []).append(call)
    expected = {
        figure.group: figure
        for group, calls in groups.items()
        for figure in figures(filled, query, group, calls, chosen)
    }
    counted = count(filled.store, query)
    found = {figure.group: figure for figure in counted.figures if not figure.unit.startswith("difference ")}
    for group, figure in found.items():
        if group in expected:
            same(figure, expected[group], f"{query}")
        else:
            assert figure.n == 0, (query, figure)
    assert expected.keys() <= found.keys(), query
    assert counted.n_calls == len(chosen)
    return len(found)


def same(found: Figure, expected: Figure, query: str) -> None:
    assert (found.n, found.N, found.unit) == (expected.n, expected.N, expected.unit), query
    for name in ("value", "low", "high"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert ours == (None if theirs is None else pytest.approx(theirs, abs=1e-9)), (query, name, found, expected)


def figures(
    filled: Filled, query: CountQuery, group: str | None, calls: Sequence[Call], chosen: Sequence[Call]
) -> Iterator[Figure]:
    name = ("(not given)" if group is None else group) if query.group_by else None
    if query.measure == "contacts":
        of = len(chosen) if query.group_by else len(filled.calls)
        yield Figure("", len(calls), of, float(len(calls)) if of else None, "count", None, None, name)
    elif query.measure == "customers":
        n = len({call.metadata.customer for call in calls} - {None})
        of = len({call.metadata.customer for call in (chosen if query.group_by else filled.calls)} - {None})
        if n or not query.group_by:
            yield Figure("", n, of, float(n) if of else None, "count", None, None, name)
    elif query.measure == "reasons":
        heard = {tracker for call in calls if sides(call) for tracker in trackers(call) if is_reason(tracker)}
        for tracker in heard:
            told = ": ".join(reason_words(tracker))
            yield figure(query, f"{name}, {told}" if name else told, calls, lambda call, t=tracker: cue(call, t))  # type: ignore[misc]
    else:
        yield figure(query, name, calls, lambda call: known_of(call, query.measure, query.subject, filled.calls))


def figure(query: CountQuery, name: str | None, calls: Sequence[Call], value_of: Callable[[Call], Value]) -> Figure:
    kind, unit = MEASURES[query.measure].kind, unit_of(query)
    pairs = [pair for call in calls if (pair := value_of(call)) is not None]
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    n, of = (len(pairs), len(calls)) if kind == "mean" else (round(sum(xs)), round(sum(ys)))
    if not pairs:
        return Figure("", n, of, None, unit, None, None, name)
    value = sum(xs) / sum(ys)
    if kind == "share":
        interval = of_ratio(pairs, value)
    elif unit == "share" and all(x in (0, 1) for x in xs):
        interval = wilson(round(sum(xs)), len(xs))
    else:
        interval = None if len(set(xs)) == 1 else student(xs)
    low, high = interval or (None, None)
    if interval is not None and unit == "share":
        low, high = max(0.0, interval[0]), min(1.0, interval[1])
    cut = unit in ("per_contact", "s") and low is not None
    return Figure("", n, of, value, unit, max(0.0, low) if cut and low is not None else low, high, name)


def of_ratio(pairs: Sequence[tuple[float, float]], value: float) -> tuple[float, float] | None:
    """By the residuals themselves: Student's half width of their mean, over the mean of y."""
    if value in (0, 1):
        return wilson(len(pairs) if value else 0, len(pairs))
    residuals = [x - value * y for x, y in pairs]
    if len(pairs) < 2 or max(map(abs, residuals)) < 1e-12:
        return None
    interval = student(residuals)
    assert interval is not None
    half = (interval[1] - interval[0]) / 2 / (math.fsum(y for _, y in pairs) / len(pairs))
    return value - half, value + half


def known_of(call: Call, measure: str, subject: str | None, everything: Sequence[Call]) -> Value:
    data, asked = call.metadata, call.questions
    if measure == "cue":
        return cue(call, subject or "")
    if measure == "repeat":
        return repeat(call, everything)
    if measure == "questions":
        return (float(len(asked)), 1.0) if asking(call) else None
    if measure in ("open", "function"):
        such = [q for q in asked if q.form == "open"] if measure == "open" else functions(call, subject)
        return (float(len(such)), float(len(asked))) if asking(call) and asked else None
    if measure == "asked":
        return (float(bool(functions(call, subject))), 1.0) if asking(call) else None
    if measure == "outcome":
        return single(getattr(data, subject or ""))
    if measure in ("csat", "handle_time"):
        return single(data.csat if measure == "csat" else data.handle_time_s)
    if measure == "measure":
        return single(next((score.value for score in call.measures if score.name == subject), None))
    return single(next((card.value for card in call.scorecards if card.rubric == subject), None))


def single(value: float | None) -> Value:
    return None if value is None else (float(value), 1.0)


def repeat(call: Call, everything: Sequence[Call]) -> Value:
    customer, at = call.metadata.customer, call.metadata.started_at
    if customer is None or at is None:
        return None
    others = [c.metadata.started_at for c in everything if c.metadata.customer == customer]
    return float(any(o is not None and at - timedelta(days=30) <= o < at for o in others)), 1.0


def cue(call: Call, tracker: str) -> Value:
    return (float(bool(likely(call, tracker))), 1.0) if sides(call) else None


def likely(call: Call, tracker: str) -> list[Cue]:
    return [cue for cue in call.cues if cue.tracker == tracker and cue.score >= LIKELY_CUE]


def trackers(call: Call) -> set[str]:
    return {cue.tracker for cue in call.cues if cue.score >= LIKELY_CUE}


def is_reason(tracker: str) -> bool:
    return tracker.startswith(("reason_", "cause_"))


def functions(call: Call, function: str | None) -> list[Question]:
    return [question for question in call.questions if question.function == function]


def sides(call: Call) -> bool:
    return call.scored_by is not None and (bool(call.turns) or not call.flags)


def asking(call: Call) -> bool:
    mono = "mono" in call.flags or "duplicated_mono" in call.flags
    return call.scored_by is not None and (bool(call.turns) or bool(call.questions) or not mono)


def dated(call: Call, write: Callable[[datetime], str]) -> str | None:
    return None if call.metadata.started_at is None else write(call.metadata.started_at)


def newest_first(calls: Sequence[Call]) -> list[Call]:
    oldest = datetime(1, 1, 1, tzinfo=UTC)
    return sorted(calls, key=lambda c: (-(c.metadata.started_at or oldest).timestamp(), c.id))


def random_calls(dice: random.Random, n: int) -> Iterator[Call]:
    """Calls of March 2026 and the days around it, with everything missing now and then."""
    first = datetime(2026, 3, 1, tzinfo=UTC)
    question = Question(0, 0, 2, None, "a?", "closed", "diagnostic", 0.9, 0.9, unsure=False)
    for number in range(n):
        metadata = Metadata(
            started_at=dice.choice(
                [None, *(first + timedelta(hours=dice.choice([0, 9, 23, 47]) * k) for k in range(15))]
            ),
            medium=dice.choice(["voice", "chat", "email"]),
            agent=dice.choice([None, "Ann", "bo", "Čapek", "x' OR 1=1"]),
            team=dice.choice([None, "north", "south"]),
            customer=dice.choice([None, *"abcdefghij"]),
            segment=dice.choice([None, "", "family"]),
            product=dice.choice(["tv", "mobile plan"]),
            csat=dice.choice([None, 1.0, 3.5, 5.0]),
            resolved=dice.choice([None, True, False]),
            churned=dice.choice([None, True, False]),
            sold=dice.choice([None, False, True]),
            handle_time_s=dice.choice([None, dice.uniform(30, 900)]),
            extra=dice.choice([{}, {"region": "coast"}, {"region": "islands"}, {"region": "inland"}]),
        )
        questions = tuple(
            replace(
                question,
                form=dice.choice(["open", "closed", "closed"]),
                function=dice.choice(["impact", "check", "diagnostic", "diagnostic", "learning"]),
                unsure=dice.random() < 0.4,
            )
            for _ in range(dice.choice([0, 0, 1, 2, 5]))
        )
        names = ["leaving", "own_tracker", "reason_price", "cause_rude", "reasonable", "cause_own"]
        cues = tuple(
            Cue(dice.choice(names), 0, 0, 1, None, "a", dice.choice([0.5, 0.59, 0.6, 0.9]))
            for _ in range(dice.randrange(5))
        )
        measures = (
            Score("patience", dice.choice([None, dice.gauss(0, 1)]), "s", ""),
            Score("next_step", dice.choice([None, 0.0, 1.0]), "share", ""),
        )
        cards = tuple(
            Scorecard(rubric, "ab" * 32, dice.choice([None, 1.0, dice.random()]), ())
            for rubric in ("discovery", "own-rubric")[: dice.randrange(3)]
        )
        yield Call(
            id=f"call-{number}",
            metadata=metadata,
            turns=dice.choice([(), (Turn("agent", "Hi", 0.0, 1.0), Turn("customer", "Hi", 1.0, 2.0))]),
            recording_sha256=None,
            source="calls.jsonl",
            duration_s=dice.choice([None, 60.0]),
            flags=dice.choice([(), (), ("mono",), ("duplicated_mono",), ("one_sided",)]),
            questions=questions,
            cues=cues,
            measures=dice.choice([(), measures, measures]),
            scorecards=cards,
            scored_by=dice.choice([None, "x", "x", "x"]),
        )
