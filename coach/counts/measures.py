"""What can be counted: every measure with its unit and what it can be about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from coach.counts.wording import FUNCTION_WORDS, OUTCOME_WORDS, RUBRICS, TRACKER_WORDS, cue_words, in_words
from coach.measures import measure
from coach.store.query import CountQuery

Kind = Literal["number", "yes", "share", "mean"]
"""A number of things; the share of contacts that have it; a share within contacts, such as of their questions; a mean
over contacts."""

UNITS: Mapping[str, str] = {score.name: score.unit for score in measure((), (), (), None)}
"""Of the measures of a call, by name."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be counted, by the name that queries use."""

    name: str
    title: str
    """For people, without what it is about."""
    unit: str
    """As in Figure; of `measure` that of the call's own measure."""
    kind: Kind
    subjects: tuple[str, ...] = ()
    """What it can be about; empty when it is about nothing further."""
    stored: Literal["trackers", "rubrics"] | None = None
    """Names of which kind the store may add to `subjects`: an organisation's own."""


MEASURES: Mapping[str, Measure] = {
    each.name: each
    for each in (
        Measure("contacts", "contacts", "count", "number"),
        Measure("customers", "different customers", "count", "number"),
        Measure("repeat", "repeat contacts", "share", "yes"),
        Measure("cue", "contacts in which something is said", "share", "yes", tuple(TRACKER_WORDS), "trackers"),
        Measure("reasons", "reasons stated and causes heard", "share", "yes"),
        Measure("questions", "questions per contact", "per_contact", "mean"),
        Measure("open", "open questions", "share", "share"),
        Measure("function", "what questions do", "share", "share", tuple(FUNCTION_WORDS)),
        Measure("asked", "contacts in which something is asked", "share", "yes", tuple(FUNCTION_WORDS)),
        Measure("outcome", "outcomes", "share", "yes", tuple(OUTCOME_WORDS)),
        Measure("csat", "satisfaction", "points", "mean"),
        Measure("handle_time", "handle time", "s", "mean"),
        Measure("measure", "a measure of the contact", "", "mean", tuple(UNITS)),
        Measure("rubric", "scorecards", "share", "mean", RUBRICS, "rubrics"),
    )
}


def unit_of(query: CountQuery) -> str:
    """The unit of the query's figures."""
    return UNITS.get(query.subject or "", "") if query.measure == "measure" else MEASURES[query.measure].unit


def label_of(query: CountQuery) -> str:
    """What the query counts, for people: "contacts in which the customer speaks of leaving"."""
    subject = query.subject or ""
    match query.measure:
        case "repeat":
            return "contacts of customers who had been in touch in the 30 days before"
        case "cue":
            return f"contacts in which {cue_words(subject)}"
        case "questions":
            return "questions that the agent asks, per contact"
        case "open":
            return "open questions, of all that agents ask"
        case "function":
            return f"questions {FUNCTION_WORDS[subject][0]}, of all that agents ask"
        case "asked":
            return f"contacts in which the agent asks {FUNCTION_WORDS[subject][1]}"
        case "outcome":
            return f"contacts {OUTCOME_WORDS[subject]}"
        case "csat" | "handle_time":
            return f"mean {MEASURES[query.measure].title}"
        case "measure":
            return f"mean {in_words(subject)}"
        case "rubric":
            return f"mean score on the {subject} scorecard"
        case _:
            return MEASURES[query.measure].title
