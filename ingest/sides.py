"""Who is the agent and who the customer: between transcription and redaction, every segment gets its side.

On a channel that several share, voices are told apart by sound (`ingest.diarize`) and get their roles from what they
say (`coach.roles`). Two channels have their roles from the recording; what is said may only raise a doubt about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from coach.roles import SURE, probability_of_agent
from coach.swap import LOOK_SWAPPED, exchanged, exchanged_flags
from coach.types import Role, Segment, Turn
from ingest.channels import Channel
from ingest.diarize import VoiceSpan, give_voices
from ingest.speech import Span
from ingest.transcribe import CallTranscript


class TellsVoices(Protocol):
    """`ingest.diarize.Diarizer`, or another way to tell who spoke when."""

    def diarize(self, samples: np.ndarray, speech: Sequence[Span]) -> Sequence[VoiceSpan]:
        """Who speaks when, in order, covering `speech`; empty without speech."""
        ...


@dataclass(frozen=True, slots=True)
class Sides:
    """A call's segments with their roles."""

    segments: tuple[Segment, ...]
    flags: tuple[str, ...] = ()
    """Of "not_diarized", "one_voice", "roles_unknown", "sides_look_swapped", "sides_put_right", "sides_swapped"."""
    role_confidence: float | None = None
    """How sure roles told from content are, in [0, 1]; None when they were not."""
    swapped: bool = False
    """The roles are not those of channels and content, but those that somebody gave (`keep`)."""


def tell_sides(
    channels: Sequence[Channel],
    transcript: CallTranscript,
    diarizer: TellsVoices | None,
    *,
    keep: Sequence[Turn] = (),
) -> Sides:
    """The transcript's segments with voices and roles; text is conserved, a segment of two voices becomes two.

    Without a diarizer a shared channel's roles stay unknown ("not_diarized"). `keep`: the turns of the call as stored,
    when somebody put its sides right: who was the agent then is the agent now.
    """
    shared = len(channels) == 1 and channels[0].role == "unknown"
    sides = _of_shared(channels[0], transcript, diarizer) if shared else _of_labelled(transcript.segments)
    return _kept(sides, keep) if keep else sides


def _of_shared(channel: Channel, transcript: CallTranscript, diarizer: TellsVoices | None) -> Sides:
    if diarizer is None:
        return Sides(transcript.segments, ("not_diarized",))
    spans = diarizer.diarize(channel.samples, transcript.speech[0])
    segments = give_voices(transcript.segments, spans)
    if len({span.voice for span in spans}) < 2:
        return Sides(tuple(replace(segment, voice=None) for segment in segments), ("one_voice",) if spans else ())
    probability = probability_of_agent(_said(segments, voice=0), _said(segments, voice=1))
    if probability is None:
        return Sides(tuple(segments), ("roles_unknown",))
    confidence = round(max(probability, 1 - probability), 4)
    if confidence < SURE:
        return Sides(tuple(segments), ("roles_unknown",), confidence)
    return Sides(tuple(_with_roles(segments, agent=0 if probability > 0.5 else 1)), (), confidence)


def _of_labelled(segments: Sequence[Segment]) -> Sides:
    """Channels that have their roles; a doubt when what is said speaks against them."""
    probability = probability_of_agent(_said(segments, role="agent"), _said(segments, role="customer"))
    flags = (LOOK_SWAPPED,) if probability is not None and 1 - probability >= SURE else ()
    return Sides(tuple(segments), flags)


def _said(segments: Sequence[Segment], *, voice: int | None = None, role: Role | None = None) -> list[str]:
    return [
        segment.text
        for segment in segments
        if segment.dropped is None and (segment.role == role if voice is None else segment.voice == voice)
    ]


def _with_roles(segments: Sequence[Segment], *, agent: int) -> list[Segment]:
    return [replace(segment, role="agent" if segment.voice == agent else "customer") for segment in segments]


def _kept(sides: Sides, keep: Sequence[Turn]) -> Sides:
    """The same with the roles that somebody gave to `keep`, matched by time."""
    if any(segment.role != "unknown" for segment in sides.segments):
        as_told = sum(_shared_s(segment, keep, segment.role) for segment in sides.segments)
        exchanged_s = sum(_shared_s(segment, keep, exchanged(segment.role)) for segment in sides.segments)
        if exchanged_s <= as_told:
            return sides
        segments = tuple(replace(segment, role=exchanged(segment.role)) for segment in sides.segments)
        return replace(sides, segments=segments, flags=exchanged_flags(sides.flags), swapped=True)
    agent_s = [_agent_s([s for s in sides.segments if s.voice == voice], keep) for voice in (0, 1)]
    if agent_s[0] == agent_s[1]:
        return sides  # there is nothing in common by which to tell
    segments = tuple(_with_roles(sides.segments, agent=0 if agent_s[0] > agent_s[1] else 1))
    flags = exchanged_flags(tuple(flag for flag in sides.flags if flag != "roles_unknown"))
    return replace(sides, segments=segments, flags=flags, swapped=True)


def _agent_s(segments: Sequence[Segment], keep: Sequence[Turn]) -> float:
    """Seconds shared with the kept agent's turns, less those shared with the customer's."""
    return sum(_shared_s(segment, keep, "agent") - _shared_s(segment, keep, "customer") for segment in segments)


def _shared_s(segment: Segment, turns: Sequence[Turn], role: Role) -> float:
    """Seconds that a segment has in common with the turns of one role."""
    return sum(
        max(0.0, min(turn.end, segment.end) - max(turn.start, segment.start))
        for turn in turns
        if turn.role == role and turn.start is not None and turn.end is not None
    )
