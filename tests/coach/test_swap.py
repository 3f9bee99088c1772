from dataclasses import replace

import pytest

from coach.errors import InputError
from coach.swap import exchanged_flags, name_agent, swap_sides, told_roles
from coach.types import Call, Metadata, Segment, Turn

CALL = Call(
    id="a",
    metadata=Metadata(agent="Ruth"),
    turns=(
        Turn("agent", "My boiler is cold.", 0.0, 2.0),
        Turn("customer", "How can I help?", 2.0, 4.0, speaker="SPK_1"),
        Turn("unknown", "Beep.", 4.0, 5.0),
    ),
    recording_sha256="0" * 64,
    source="a.wav",
    duration_s=5.0,
    flags=("truncated", "sides_look_swapped"),
    dropped=(Segment(0, "agent", 1.0, 2.0, "you", dropped="silence"),),
    role_confidence=None,
)
VOICES = replace(
    CALL,
    turns=(
        Turn("unknown", "Hi.", 0.0, 1.0, speaker="Voice 1"),
        Turn("unknown", "How can I help?", 1.0, 2.0, speaker="Voice 2"),
    ),
    flags=("mono", "roles_unknown"),
    dropped=(),
    role_confidence=0.6,
)


def test_a_swap_changes_sides_and_nothing_else_that_was_said() -> None:
    swapped = swap_sides(CALL)
    assert [turn.role for turn in swapped.turns] == ["customer", "agent", "unknown"]
    assert [replace(turn, role="unknown") for turn in swapped.turns] == [
        replace(turn, role="unknown") for turn in CALL.turns
    ]
    assert swapped.dropped[0].role == "customer"
    assert swapped.swapped
    assert swapped.metadata == CALL.metadata
    assert (swapped.questions, swapped.measures, swapped.passages) == ((), (), ())


@pytest.mark.parametrize("flags", [(), ("mono",), ("sides_look_swapped", "truncated"), ("truncated", "sides_swapped")])
def test_two_swaps_restore_what_was(flags: tuple[str, ...]) -> None:
    call = replace(CALL, flags=flags)
    assert swap_sides(swap_sides(call)) == call


def test_a_doubt_is_settled_by_a_swap() -> None:
    assert exchanged_flags(("mono", "sides_look_swapped")) == ("mono", "sides_put_right")
    assert exchanged_flags(("mono",)) == ("mono", "sides_swapped")


def test_the_agent_among_unknown_voices_is_named() -> None:
    named = name_agent(VOICES, "Voice 2")
    assert [turn.role for turn in named.turns] == ["customer", "agent"]
    assert named.flags == ("mono", "sides_swapped")
    assert named.swapped
    assert [turn.role for turn in swap_sides(named).turns] == ["agent", "customer"]


def test_sides_that_are_not_known_cannot_be_swapped() -> None:
    with pytest.raises(InputError, match="Name the agent's with --agent: Voice 1, Voice 2") as caught:
        swap_sides(VOICES)
    assert caught.value.code == "no_sides"


def test_naming_somebody_who_is_not_there_names_those_who_are() -> None:
    with pytest.raises(InputError, match="'Voice 3'; there are Voice 1, Voice 2"):
        name_agent(VOICES, "Voice 3")


def test_where_roles_come_from_is_told_in_a_phrase() -> None:
    assert told_roles(CALL) is None
    assert told_roles(swap_sides(CALL)) == "put right by hand"
    assert told_roles(replace(CALL, role_confidence=0.953)) == "told from what is said, 95% sure"
    assert told_roles(VOICES) == "not told: only 60% sure from what is said"
