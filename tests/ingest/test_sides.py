from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from coach.types import Role, Segment, Turn
from ingest.channels import Channel
from ingest.diarize import VoiceSpan
from ingest.sides import Sides, tell_sides
from ingest.speech import Span
from ingest.transcribe import CallTranscript
from ingest.turns import build_turns

SOUND = np.zeros(16_000, np.int16)
AGENT = "Thank you for calling, this is Ruth speaking. How can I help you? Can I take your postcode, please?"
CUSTOMER = "I'm calling about my boiler. It stopped working and my kids are cold, I need somebody today."


class Taking:
    """Knows who speaks when: voices take turns of ten seconds."""

    def __init__(self, voices: Sequence[int]) -> None:
        self.voices = voices

    def diarize(self, samples: np.ndarray, speech: Sequence[Span]) -> list[VoiceSpan]:
        return [VoiceSpan(10.0 * i, 10.0 * (i + 1), voice) for i, voice in enumerate(self.voices)]


def transcript(texts: Sequence[str], roles: Sequence[Role] | None = None) -> CallTranscript:
    """One segment every ten seconds: on one channel, or the agent's on the first, the customer's on the second."""
    segments = tuple(
        Segment(0 if role != "customer" else 1, role, 10.0 * i, 10.0 * i + 9, text)
        for i, (text, role) in enumerate(zip(texts, roles or ["unknown"] * len(texts), strict=True))
    )
    return CallTranscript(segments, ((Span(0, 10.0 * len(texts)),),), ((),), (), "en")


MONO = [Channel(0, "unknown", SOUND)]
TWO = [Channel(0, "agent", SOUND), Channel(1, "customer", SOUND)]


def roles(sides: Sides) -> list[Role]:
    return [segment.role for segment in sides.segments]


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_a_shared_channel_gets_roles_from_what_is_said(first: str) -> None:
    texts = [AGENT, CUSTOMER] if first == "agent" else [CUSTOMER, AGENT]
    sides = tell_sides(MONO, transcript(texts), Taking([0, 1]))
    assert roles(sides) == (["agent", "customer"] if first == "agent" else ["customer", "agent"])
    assert sides.role_confidence is not None
    assert 0.9 <= sides.role_confidence <= 1
    assert sides.flags == ()
    assert [turn.role for turn in build_turns(sides.segments)] == roles(sides)


def test_roles_that_content_does_not_tell_stay_unknown_and_voices_apart() -> None:
    sides = tell_sides(
        MONO, transcript(["The weather was fine there all day.", "So it was here as well."]), Taking([0, 1])
    )
    assert roles(sides) == ["unknown", "unknown"]
    assert sides.flags == ("roles_unknown",)
    assert sides.role_confidence is not None
    assert sides.role_confidence < 0.9
    assert [turn.speaker for turn in build_turns(sides.segments)] == ["Voice 1", "Voice 2"]


def test_one_voice_has_no_role() -> None:
    sides = tell_sides(MONO, transcript([AGENT, CUSTOMER]), Taking([0, 0]))
    assert roles(sides) == ["unknown", "unknown"]
    assert sides.flags == ("one_voice",)
    assert {turn.speaker for turn in build_turns(sides.segments)} == {None}


def test_without_a_diarizer_everything_stays_as_it_was() -> None:
    said = transcript([AGENT, CUSTOMER])
    assert tell_sides(MONO, said, None) == Sides(said.segments, ("not_diarized",))


def test_a_silent_shared_channel_has_no_sides_to_tell() -> None:
    assert tell_sides(MONO, transcript([]), Taking([])) == Sides(())


def test_what_was_dropped_does_not_count_for_roles() -> None:
    said = transcript(["It was fine there all day long.", "So it was here as well."])
    invented = replace(said.segments[0], text=AGENT, dropped="invention")
    sides = tell_sides(MONO, replace(said, segments=(*said.segments, invented)), Taking([0, 1]))
    assert sides.flags == ("roles_unknown",)


def test_labels_that_contradict_what_is_said_are_doubted_and_kept() -> None:
    said = transcript([CUSTOMER, AGENT], ["agent", "customer"])
    assert tell_sides(TWO, said, None) == Sides(said.segments, ("sides_look_swapped",))


def test_right_or_unclear_labels_raise_no_doubt() -> None:
    for texts in ([AGENT, CUSTOMER], ["Yes, that is how it is.", "No, not at all, I think."], ["", ""]):
        said = transcript(texts, ["agent", "customer"])
        assert tell_sides(TWO, said, None) == Sides(said.segments)


def test_sides_put_right_by_hand_are_kept_when_transcribed_again() -> None:
    said = transcript([CUSTOMER, AGENT], ["agent", "customer"])
    keep = [Turn("customer", "I'm calling about it", 0.5, 8.0), Turn("agent", "Thank you for calling", 11.0, 18.0)]
    sides = tell_sides(TWO, said, None, keep=keep)
    assert roles(sides) == ["customer", "agent"]
    assert sides.flags == ("sides_put_right",)
    assert sides.swapped


def test_labels_mended_at_the_source_are_not_swapped_again() -> None:
    """The channels were exchanged in the configuration since: what was put right by hand is right by itself now."""
    said = transcript([CUSTOMER, AGENT], ["customer", "agent"])
    keep = [Turn("customer", "I'm calling about it", 0.5, 8.0), Turn("agent", "Thank you for calling", 11.0, 18.0)]
    assert tell_sides(TWO, said, None, keep=keep) == Sides(said.segments)


def test_an_agent_named_by_hand_stays_the_agent() -> None:
    said = transcript(["The weather was fine there all day.", "So it was here as well."])
    keep = [Turn("customer", "The weather", 0.5, 8.0), Turn("agent", "So it was", 11.0, 18.0)]
    sides = tell_sides(MONO, said, Taking([0, 1]), keep=keep)
    assert (roles(sides), sides.flags, sides.swapped) == (["customer", "agent"], ("sides_swapped",), True)


def test_two_roles_on_one_channel_are_two_sides() -> None:
    said = [
        Segment(0, "agent", 0, 2, "Is it you?", voice=0),
        Segment(0, "customer", 2.2, 2.6, "Yes.", voice=1),
        Segment(0, "agent", 2.9, 4, "Great.", voice=0),
    ]
    assert [(turn.role, turn.text) for turn in build_turns(said)] == [
        ("agent", "Is it you?"),
        ("customer", "Yes."),
        ("agent", "Great."),
    ]
