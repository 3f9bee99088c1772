import random
import time

from coach.types import Role, Segment
from ingest.turns import build_turns

CHANNEL: dict[Role, int] = {"agent": 0, "customer": 1, "unknown": 0}


def _said(role: Role, start: float, end: float, text: str, dropped: str | None = None) -> Segment:
    return Segment(CHANNEL[role], role, start, end, text, dropped=dropped)


def test_no_segments_no_turns() -> None:
    assert build_turns([]) == []


def test_dropped_segments_are_in_no_turn() -> None:
    assert build_turns([_said("agent", 0, 1, "Thanks for watching", dropped="invention")]) == []


def test_short_pauses_of_one_side_join() -> None:
    [turn] = build_turns([_said("agent", 0, 2, " Hello. "), _said("agent", 3, 5, " How are you?")])
    assert (turn.role, turn.start, turn.end, turn.text) == ("agent", 0, 5, "Hello. How are you?")


def test_long_pause_ends_a_turn() -> None:
    assert len(build_turns([_said("agent", 0, 2, "One moment."), _said("agent", 30, 32, "Back again.")])) == 2


def test_answer_in_a_pause_ends_a_turn() -> None:
    turns = build_turns(
        [_said("agent", 0, 2, "Is it you?"), _said("customer", 2.2, 2.6, "Yes."), _said("agent", 2.9, 4, "Great.")]
    )
    assert [turn.text for turn in turns] == ["Is it you?", "Yes.", "Great."]


def test_hum_in_a_pause_does_not_end_a_turn() -> None:
    turns = build_turns(
        [
            _said("agent", 0, 2, "First this."),
            _said("customer", 2.2, 2.6, "Mm-hmm."),
            _said("agent", 2.9, 4, "Then that."),
        ]
    )
    assert [turn.text for turn in turns] == ["First this. Then that.", "Mm-hmm."]


def test_word_put_in_over_speech_is_its_own_turn_and_cuts_nothing() -> None:
    turns = build_turns(
        [
            _said("agent", 0, 3, "You open it,"),
            _said("customer", 2.5, 3.05, "Right."),
            _said("agent", 3.1, 6, "then close it."),
        ]
    )
    assert [(turn.role, turn.start) for turn in turns] == [("agent", 0), ("customer", 2.5)]


def test_mono_call_keeps_unknown_role() -> None:
    [turn] = build_turns([_said("unknown", 0, 1, "a"), _said("unknown", 1.2, 2, "b")])
    assert turn.role == "unknown"


def test_ten_hours_take_seconds() -> None:
    sides: tuple[Role, Role] = ("agent", "customer")
    segments = [_said(sides[i % 3 == 0], i * 2.4, i * 2.4 + 1.9, f"w{i}") for i in range(15_000)]
    begun = time.perf_counter()
    assert build_turns(segments)
    assert time.perf_counter() - begun < 5


def test_text_is_conserved_and_turns_are_in_order_whatever_comes() -> None:
    drawn = random.Random(3)
    for _ in range(200):
        segments = []
        for i in range(drawn.randrange(1, 25)):
            start = drawn.uniform(0, 30)
            role: Role = drawn.choice(["agent", "customer"])
            segments.append(_said(role, start, start + drawn.uniform(0, 5), f"w{i}"))
        turns = build_turns(segments)
        starts = [turn.start for turn in turns]
        assert starts == sorted(starts)
        assert all(turn.start <= turn.end for turn in turns)
        assert sorted(w for turn in turns for w in turn.text.split()) == sorted(s.text for s in segments)
        for role in ("agent", "customer"):
            own = [s.text for s in sorted(segments, key=lambda s: (s.start, s.end)) if s.role == role]
            assert [w for turn in turns if turn.role == role for w in turn.text.split()] == own
