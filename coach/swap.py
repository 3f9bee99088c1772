"""The sides of a call: where they come from, and putting them right.

A swap makes what the agent said the customer's and the other way round. Done twice it restores what was. What is
worked out from roles (questions, scorecard, passages) has to be made again afterwards; words, times and sound stay, and
the kept copy's channels stay those of the recording: nothing reads roles from them.
"""

from collections.abc import Sequence
from dataclasses import replace

from coach.errors import InputError
from coach.types import Call, Role, Turn

LOOK_SWAPPED = "sides_look_swapped"
PUT_RIGHT = "sides_put_right"
SWAPPED = "sides_swapped"


def exchanged(role: Role) -> Role:
    """The other side; unknown stays unknown."""
    if role == "unknown":
        return role
    return "customer" if role == "agent" else "agent"


def exchanged_flags(flags: Sequence[str]) -> tuple[str, ...]:
    """The flags after a swap: a doubt about the sides counts as settled, a swap without one is told."""
    if LOOK_SWAPPED in flags or PUT_RIGHT in flags:
        other = {LOOK_SWAPPED: PUT_RIGHT, PUT_RIGHT: LOOK_SWAPPED}
        return tuple(other.get(flag, flag) for flag in flags)
    return tuple(flag for flag in flags if flag != SWAPPED) if SWAPPED in flags else (*flags, SWAPPED)


def swap_sides(call: Call) -> Call:
    """The call with its sides exchanged, and without all that is made of its turns, which is to be made again.

    Raises InputError (no_sides) when neither side of it is known.
    """
    if all(turn.role == "unknown" for turn in call.turns):
        voices = sorted({turn.speaker for turn in call.turns if turn.speaker})
        hint = f" Name the agent's with --agent: {', '.join(voices)}." if voices else ""
        raise InputError(f"No side of call {call.id!r} is known, so there is nothing to swap.{hint}", code="no_sides")
    return _changed(
        call,
        turns=[replace(turn, role=exchanged(turn.role)) for turn in call.turns],
        flags=exchanged_flags(call.flags),
        swapped=not call.swapped,
    )


def name_agent(call: Call, speaker: str) -> Call:
    """The call with `speaker` as its agent and all other speakers as customers; the rest as `swap_sides` does.

    Raises InputError (unknown_speaker), naming those there are, when nobody in the transcript is called so.
    """
    voices = sorted({turn.speaker for turn in call.turns if turn.speaker})
    if speaker not in voices:
        there = f"there are {', '.join(voices)}" if voices else "its turns name no speakers"
        raise InputError(f"Nobody in call {call.id!r} is called {speaker!r}; {there}.", code="unknown_speaker")
    turns = [replace(turn, role="agent" if turn.speaker == speaker else "customer") for turn in call.turns]
    flags = tuple(flag for flag in call.flags if flag != "roles_unknown")
    return _changed(call, turns=turns, flags=flags if SWAPPED in flags else (*flags, SWAPPED), swapped=True)


def _changed(call: Call, *, turns: Sequence[Turn], flags: tuple[str, ...], swapped: bool) -> Call:
    exchange = any(
        before.role == exchanged(after.role) != "unknown" for before, after in zip(call.turns, turns, strict=True)
    )
    dropped = [replace(segment, role=exchanged(segment.role)) for segment in call.dropped] if exchange else call.dropped
    return replace(
        call,
        turns=tuple(turns),
        dropped=tuple(dropped),
        flags=flags,
        swapped=swapped,
        questions=(),
        cues=(),
        measures=(),
        scorecards=(),
        exemplars=(),
        summary=(),
        scored_by=None,
        passages=(),
    )


def told_roles(call: Call) -> str | None:
    """Where the roles come from when not from channels or a transcript, in a phrase; None when they do."""
    if call.swapped:
        return "put right by hand"
    if call.role_confidence is None:
        return None
    sure = f"{call.role_confidence:.0%} sure"
    known = any(turn.role != "unknown" for turn in call.turns)
    return f"told from what is said, {sure}" if known else f"not told: only {sure} from what is said"
