"""How talk is shared: who speaks how much, how fast, how long at a stretch, and who takes the floor from whom.

All of it needs times; a word put in over the other's speech is a turn of its own, so turns may overlap.
"""

from collections.abc import Iterator, Sequence

from coach.measures.figures import NO_TIMES, ONE_SIDED, absent, counted
from coach.measures.speech import (
    MAX_PAUSE_S,
    Span,
    both_speak,
    is_backchannel,
    n_words,
    spans,
    speaks,
    union_s,
)
from coach.types import Evidence, Role, Score, Turn

MIN_OVERLAP_S = 0.4
"""Who begins less than this before the other has ended does not interrupt: people time their turns to the other's end.
Set on the demo calls as the base model hears them: overlaps of 0.2 s at the end of a turn do not count, those of 0.5
and 0.6 s that were written as interruptions do, and nothing else does."""
MAX_YIELD_S = 3.0
"""Who goes on for longer than this did not stop because of the other: both talk at once, nobody was interrupted."""
MIN_SPEECH_S = 5.0
"""Below this much speech of a side its speaking rate says nothing."""


def measure_talk(turns: Sequence[Turn], duration_s: float | None) -> Iterator[Score]:
    """Talk share, and of each side the longest monologue, the interruptions and the speaking rate."""
    yield _talk_share(turns, duration_s)
    sides: tuple[Role, Role] = ("agent", "customer")
    for role in sides:
        yield _longest_monologue(turns, duration_s, role)
    for role in sides:
        yield _interruptions(turns, duration_s, role)
    for role in sides:
        yield _speaking_rate(turns, duration_s, role)


def _named(role: Role, measure: str) -> str:
    """A measure of the agent has the plain name, the customer's the longer one."""
    return measure if role == "agent" else f"{role}_{measure}"


def _talk_share(turns: Sequence[Turn], duration_s: float | None) -> Score:
    """The agent's seconds of talk over both sides' seconds, n and of in whole seconds.

    This is the "talk-to-listen ratio" of conversation analytics, written as a share. Each side's own overlapping turns
    count once; time in which both speak counts for both; silence and unknown roles count for neither.
    """
    if not both_speak(turns):
        return absent("talk_share", "share", ONE_SIDED)
    agent_s, customer_s = (union_s(spans(turns, duration_s, role)) for role in ("agent", "customer"))
    total_s = agent_s + customer_s
    if total_s <= 0:
        return absent("talk_share", "share", NO_TIMES)
    share = agent_s / total_s
    words = f"The agent spoke {share:.0%} of the time that was talk ({agent_s:.0f} of {total_s:.0f} s)."
    return Score("talk_share", share, "share", words, n=round(agent_s), of=round(total_s))


def _longest_monologue(turns: Sequence[Turn], duration_s: float | None, role: Role) -> Score:
    """The longest stretch of one side without the other taking the floor, in seconds from its first to its last word.

    Also known from conversation analytics. A backchannel of the other side does not end it, a pause longer than
    MAX_PAUSE_S does.
    """
    name = _named(role, "longest_monologue")
    if not both_speak(turns):
        return absent(name, "s", ONE_SIDED)
    best: Span | None = None
    run: Span | None = None  # from the first word to the last so far, with the first turn
    for span in spans(turns, duration_s):
        turn = turns[span.turn]
        if turn.role != role:
            if not is_backchannel(turn):
                run = None
            continue
        goes_on = run is not None and span.start - run.end <= MAX_PAUSE_S
        run = Span(run.start, max(span.end, run.end), run.turn) if run is not None and goes_on else span
        if best is None or run.end - run.start > best.end - best.start:
            best = run
    if best is None:
        return absent(name, "s", NO_TIMES)
    words = f"The {role}'s longest stretch without being interrupted lasted {best.end - best.start:.0f} s."
    evidence = (Evidence(best.turn, best.start, turns[best.turn].text),)
    return Score(name, best.end - best.start, "s", words, evidence=evidence)


def _interruptions(turns: Sequence[Turn], duration_s: float | None, role: Role) -> Score:
    """How often `role` takes the floor from the other side while that one is speaking.

    One side begins more than a backchannel at least MIN_OVERLAP_S before the other, which is in the middle of more than
    a backchannel, ends; the other stops within MAX_YIELD_S; and the one who came in goes on after that. This is the
    turn-taking kind of overlap of Yuan, Liberman and Cieri (Towards an integrated understanding of speech overlaps in
    conversation, ICPhS 2007), which they tell from the backchannel kind.
    """
    name = _named(role, "interruptions")
    other: Role = "customer" if role == "agent" else "agent"
    if not both_speak(turns):
        return absent(name, "count", ONE_SIDED)
    own, others = spans(turns, duration_s, role), spans(turns, duration_s, other)
    if not own or not others:
        return absent(name, "count", NO_TIMES)
    found = _interrupting(*([span for span in side if not is_backchannel(turns[span.turn])] for side in (own, others)))
    words = f"The {role} took the floor from the {other} {counted(len(found), 'time')}."
    evidence = tuple(Evidence(span.turn, span.start, turns[span.turn].text) for span in found)
    return Score(name, float(len(found)), "count", words, evidence=evidence)


def _interrupting(own: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Those of `own` that take the floor from one of `others`; both are ordered by start."""
    found = []
    held: list[Span] = []  # the others' turns that are going on
    begun = 0
    for span in own:
        while begun < len(others) and others[begun].start < span.start:
            held.append(others[begun])
            begun += 1
        held = [floor for floor in held if floor.end > span.start]
        if any(_takes_floor(span, floor) for floor in held):
            found.append(span)
    return found


def _takes_floor(span: Span, floor: Span) -> bool:
    """Whether `span`, which begins inside `floor`, makes it stop and goes on."""
    return MIN_OVERLAP_S <= floor.end - span.start <= MAX_YIELD_S and span.end > floor.end


def _speaking_rate(turns: Sequence[Turn], duration_s: float | None, role: Role) -> Score:
    """Words per minute of a side's own turns, short pauses inside them included; backchannels are left out.

    Very short turns are spoken at another pace (Yuan, Liberman and Cieri, Towards an integrated understanding of
    speaking rate in conversation, Interspeech 2006). A turn that `duration_s` cuts is left out too: its words are
    not cut.
    """
    name, unit = _named(role, "speaking_rate"), "per_minute"
    if not speaks(turns, role):
        return absent(name, unit, f"no turn is known to be the {role}'s")
    found = [span for span in spans(turns, None, role) if duration_s is None or span.end <= duration_s]
    found = [span for span in found if not is_backchannel(turns[span.turn])]
    seconds = sum(span.end - span.start for span in found)
    if seconds < MIN_SPEECH_S:
        return absent(name, unit, NO_TIMES if seconds <= 0 else f"the {role} speaks for less than {MIN_SPEECH_S:.0f} s")
    words = sum(n_words(turns[span.turn]) for span in found)
    explained = f"The {role} spoke {words} words in {seconds:.0f} s of talk."
    return Score(name, words / seconds * 60.0, unit, explained, n=words)
