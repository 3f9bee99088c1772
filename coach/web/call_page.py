"""Everything the page of one call shows, worked out before any template sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coach.measures import RANGES, Range, chain
from coach.practice import practice_of
from coach.swap import told_roles
from coach.types import Call, Medium, Metadata, Segment, Suggestion
from coach.web import formats
from coach.web.practice import PracticeView, StepView, view_chain, view_practice
from coach.web.scorecards import ScorecardView, view_scorecards
from coach.web.scores import Figure, MeasuresView, Moment, figures_of, view_measures
from coach.web.summary import PartView, view_summary
from coach.web.timeline import Lane, call_length, lay_out
from coach.web.transcript import QuestionView, TurnView, view_cues, view_questions, view_turns
from coach.web.wording import MEDIUM_NAMES, ROLE_NAMES, Explained, explain_dropped, explain_flag

if TYPE_CHECKING:
    from coach.store import Review


@dataclass(frozen=True, slots=True)
class DroppedView:
    moment: Moment
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallPage:
    id: str
    title: str
    subtitle: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    medium: str
    length_s: float | None
    """None when nothing in the call has a time, as in chat and mail."""
    audio: str | None
    silent: str | None
    """Why there is nothing to hear, in a sentence; None when there is."""
    flags: tuple[Explained, ...]
    lanes: tuple[Lane, ...]
    turns: tuple[TurnView, ...]
    questions: tuple[QuestionView, ...]
    has_cues: bool
    unsure_cues: int
    """How many of the cues are likelier wrong than right."""
    figures: tuple[Figure, ...]
    summary: tuple[PartView, ...]
    summary_sources: tuple[str, ...]
    """Prompts and models that wrote some of it; empty where all is quoted."""
    practice: PracticeView | None
    """None for a call that was not searched for cues and got no suggestions."""
    chain: tuple[StepView, ...]
    scorecards: tuple[ScorecardView, ...]
    measures: MeasuresView | None
    dropped: tuple[DroppedView, ...]


def view_call(
    call: Call,
    suggestions: Sequence[Suggestion] = (),
    reviews: Sequence["Review"] = (),
    ranges: Mapping[str, Range] = RANGES,
) -> CallPage:
    """The page of a call. Times, audio, questions, cues and scorecards may each be missing.

    `suggestions` and `reviews` are the call's own; `ranges` by the name of the measure. Questions and cues that point
    outside the transcript are left out of everything.
    """
    inside = range(len(call.turns))
    call = replace(
        call,
        questions=tuple(one for one in call.questions if one.turn in inside and one.form != "none"),
        cues=tuple(one for one in call.cues if one.turn in inside),
    )
    length_s = call_length(call.duration_s, call.turns, has_sound=call.audio is not None)
    questions = view_questions(call, length_s)
    practice = practice_of(call, suggestions)
    missed = {cue for one in practice.openings for cue in (one.moment.cue, *one.moment.others)}
    cues = view_cues(call, missed)
    is_coached = bool(call.scored_by or call.cues or suggestions)
    return CallPage(
        id=call.id,
        title=title_of(call.id, call.metadata),
        subtitle=subtitle_of(call),
        facts=facts_of(call),
        medium=MEDIUM_NAMES.get(call.metadata.medium, call.metadata.medium),
        length_s=length_s,
        audio=call.audio,
        silent=why_silent(call.metadata.medium, length_s, call.audio),
        flags=tuple(explain_flag(flag) for flag in call.flags),
        lanes=() if length_s is None else lay_out(call.turns, length_s),
        turns=view_turns(call, questions, cues),
        questions=questions,
        has_cues=bool(cues),
        unsure_cues=sum(cue.unsure for cue in cues),
        figures=figures_of(call.turns, questions, call.measures),
        summary=view_summary(call.summary, call.turns),
        summary_sources=tuple(dict.fromkeys(one.source for one in call.summary if one.source)),
        practice=view_practice(call, practice, length_s) if is_coached else None,
        chain=view_chain(call, chain(call.turns, call.questions, call.cues)) if is_coached else (),
        scorecards=view_scorecards(call.scorecards, reviews, call.turns),
        measures=view_measures(call.measures, call.turns, ranges) if call.measures else None,
        dropped=tuple(_view_dropped(segment) for segment in sorted(call.dropped, key=lambda one: one.start)),
    )


def title_of(call_id: str, metadata: Metadata) -> str:
    """Who spoke with whom, or the call's id when nobody is known."""
    if metadata.agent and metadata.customer:
        return f"{metadata.agent} with {metadata.customer}"
    if metadata.agent:
        return metadata.agent
    return f"Customer {metadata.customer}" if metadata.customer else f"Call {call_id}"


def subtitle_of(call: Call) -> tuple[str, ...]:
    """When, how long, about what; what is missing is left out."""
    data = call.metadata
    started = f"{formats.day(data.started_at)}, {formats.minute(data.started_at)} UTC" if data.started_at else None
    length = None if call.duration_s is None else formats.clock(call.duration_s)
    return tuple(part for part in (started, length, data.product, data.queue, data.team) if part)


def why_silent(medium: Medium, length_s: float | None, audio: str | None) -> str | None:
    """Why the page has no sound; None when it has."""
    if audio is not None and length_s is not None:
        return None
    if medium != "voice":
        return "A written contact: there is no sound to follow."
    if length_s is None:
        return "This transcript came without times, so there is nothing to follow."
    return "No recording was kept for this call. The times lead through the transcript instead."


def facts_of(call: Call) -> tuple[tuple[str, str], ...]:
    """What is known about the call, name and value; what is missing is left out."""
    data = call.metadata
    started = f"{formats.day(data.started_at)}, {formats.minute(data.started_at)} UTC" if data.started_at else None
    known: list[tuple[str, str | None]] = [
        ("Call", call.id),
        ("Started", started),
        ("Length", None if call.duration_s is None else formats.clock(call.duration_s)),
        ("Medium", MEDIUM_NAMES.get(data.medium, data.medium)),
        ("Agent", data.agent),
        ("Team", data.team),
        ("Customer", data.customer),
        ("Segment", data.segment),
        ("Product", data.product),
        ("Queue", data.queue),
        ("Satisfaction", None if data.csat is None else formats.number(data.csat)),
        ("Resolved first time", None if data.resolved is None else formats.yes_no(data.resolved)),
        ("Customer left", None if data.churned is None else formats.yes_no(data.churned)),
        ("Customer bought", None if data.sold is None else formats.yes_no(data.sold)),
        ("Handle time", None if data.handle_time_s is None else formats.clock(data.handle_time_s)),
        *sorted(data.extra.items()),
        ("Who is who", told_roles(call)),
        ("Source", call.source),
        ("Language", call.language),
        ("Recogniser", " · ".join(part for part in (call.engine, call.model) if part)),
    ]
    return tuple((name, value) for name, value in known if value)


def _view_dropped(segment: Segment) -> DroppedView:
    moment = Moment(None, segment.start, formats.clock(segment.start), segment.text)
    return DroppedView(moment, ROLE_NAMES[segment.role], explain_dropped(segment.dropped))
