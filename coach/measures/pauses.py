"""When nobody speaks: the agent's patience, silence, hold, and in writing the time to a reply.

Silence that counts is longer than SILENCE_S, as in Amazon Connect's non-talk time (hold, and whenever neither side
speaks for more than three seconds). Hold is told from other silence by what was said before it, or by its length.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from coach.measures.figures import NO_TIMES, ONE_SIDED, absent, counted, median
from coach.measures.likely import likely
from coach.measures.speech import MAX_PAUSE_S, both_speak, is_backchannel, length_s, spans, speaks
from coach.types import Cue, Evidence, Score, Turn

SILENCE_S = 3.0
"""Shorter pauses belong to talking."""
MAX_CITED = 5


class Gap(NamedTuple):
    """A silence between two turns, in seconds; `turn` is the last one before it, `announced` whether as a hold."""

    start: float
    end: float
    turn: int
    announced: bool

    @property
    def is_hold(self) -> bool:
        return self.announced or self.end - self.start > MAX_PAUSE_S


def measure_pauses(turns: Sequence[Turn], cues: Sequence[Cue], duration_s: float | None) -> Iterator[Score]:
    """Patience, the share of silence, hold in seconds, the share of holds that were announced, and the reply time."""
    yield _patience(turns, duration_s)
    yield from _silence_and_hold(turns, cues, duration_s)
    yield _reply_time(turns)


def _patience(turns: Sequence[Turn], duration_s: float | None) -> Score:
    """The median pause, in seconds, from the end of the customer's turn to the beginning of the agent's.

    Between turns of more than a backchannel. Who begins before the other has ended leaves no pause (0); pauses longer
    than MAX_PAUSE_S are holds, not patience. In conversation the usual gap is about 0.2 s (Levinson and Torreira,
    Timing in turn-taking and its implications for processing models of language, 2015).
    """
    if not both_speak(turns):
        return absent("patience", "s", ONE_SIDED)
    found = [span for span in spans(turns, duration_s) if not is_backchannel(turns[span.turn])]
    pauses = [
        (max(0.0, after.start - before.end), after)
        for before, after in pairwise(found)
        if turns[before.turn].role == "customer" and turns[after.turn].role == "agent"
    ]
    pauses = [(pause, span) for pause, span in pauses if pause <= MAX_PAUSE_S]
    if not pauses:
        why = "the agent never answers the customer" if found else NO_TIMES
        return absent("patience", "s", why, of=0 if found else None)
    middle = median([pause for pause, _ in pauses])
    words = f"The agent let {middle:.1f} s pass before answering, in the middle of {counted(len(pauses), 'answer')}."
    shortest = sorted(pauses)[:MAX_CITED]
    evidence = tuple(Evidence(span.turn, span.start, turns[span.turn].text) for _, span in shortest)
    return Score("patience", middle, "s", words, of=len(pauses), evidence=evidence)


def _silence_and_hold(turns: Sequence[Turn], cues: Sequence[Cue], duration_s: float | None) -> Iterator[Score]:
    """Of the gaps longer than SILENCE_S, the holds and the rest.

    A hold is a gap after a `hold` cue in the agent's latest turn, or one longer than MAX_PAUSE_S. Silence before the
    first and after the last word is not counted: it is ringing and hanging up.
    """
    named = (("silence_share", "share"), ("hold", "s"), ("announced_holds", "share"))
    one_sided = not (both_speak(turns) or speaks(turns, "unknown"))
    seconds = length_s(turns, duration_s)
    if one_sided or seconds is None:
        for name, unit in named:
            yield absent(name, unit, ONE_SIDED if one_sided else NO_TIMES)
        return
    gaps = [gap for gap in _gaps(turns, cues, duration_s) if gap.end - gap.start > SILENCE_S]
    silent = [gap for gap in gaps if not gap.is_hold]
    holds = [gap for gap in gaps if gap.is_hold]
    silence_s, hold_s = (math.fsum(gap.end - gap.start for gap in some) for some in (silent, holds))
    words = f"Nobody spoke for {silence_s:.0f} of {seconds:.0f} s, holds and pauses up to {SILENCE_S:.0f} s left out."
    yield Score("silence_share", silence_s / seconds, "share", words, evidence=_places(silent))
    words = f"The customer waited {hold_s:.0f} s, in {counted(len(holds), 'hold')}."
    yield Score("hold", hold_s, "s", words, of=len(holds), evidence=_places(holds))
    if not holds:
        yield absent("announced_holds", "share", "nobody was put on hold", of=0)
        return
    announced = [gap for gap in holds if gap.announced]
    words = f"{len(announced)} of {counted(len(holds), 'hold')} came with a word that it would."
    unannounced = _places([gap for gap in holds if not gap.announced])
    yield Score(
        "announced_holds",
        len(announced) / len(holds),
        "share",
        words,
        n=len(announced),
        of=len(holds),
        evidence=unannounced,
    )


def _gaps(turns: Sequence[Turn], cues: Sequence[Cue], duration_s: float | None) -> Iterator[Gap]:
    """The silences between the first and the last word, in order."""
    holding = {cue.turn for cue in likely(cues) if cue.tracker == "hold"}
    reached: float | None = None
    last, told = 0, False  # the turn that ended last; whether the agent's latest turn announces a hold
    for span in spans(turns, duration_s):
        if reached is not None and span.start > reached:
            yield Gap(reached, span.start, last, told)
        if reached is None or span.end > reached:
            reached, last = span.end, span.turn
        if turns[span.turn].role == "agent":
            told = span.turn in holding


def _places(gaps: Sequence[Gap]) -> tuple[Evidence, ...]:
    return tuple(Evidence(gap.turn, gap.start) for gap in gaps)


def _reply_time(turns: Sequence[Turn]) -> Score:
    """In chats and mail the median time, in seconds, from the customer's last message to the agent's reply."""
    name = "reply_time"
    if not both_speak(turns):
        return absent(name, "s", ONE_SIDED)
    written = [(turn, index) for index, turn in enumerate(turns) if turn.at is not None and turn.start is None]
    replies = [
        ((after.at - before.at).total_seconds(), index)
        for (before, _), (after, index) in pairwise(written)
        if before.role == "customer" and after.role == "agent" and before.at is not None and after.at is not None
    ]
    if not replies:
        return absent(name, "s", "only messages that say when they were sent have a reply time")
    middle = median([max(0.0, waited) for waited, _ in replies])
    words = (
        f"The customer waited {middle:.0f} s for a reply, in the middle of {counted(len(replies), 'reply', 'replies')}."
    )
    slowest = sorted(replies, reverse=True)[:MAX_CITED]
    evidence = tuple(Evidence(index, None, turns[index].text) for _, index in slowest)
    return Score(name, middle, "s", words, of=len(replies), evidence=evidence)
