from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest

from ingest.channels import Channel
from ingest.engines import RawSegment, Sound
from ingest.transcribe import CALLS_AHEAD, MAX_LOOKS, Transcriber
from ingest.turns import build_turns
from ingest.vocabulary import NOTHING

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")

RATE = 16_000
TURNS = 8


class FakeEngine:
    """Says what it is told to, and notes what it is asked."""

    name = "fake"
    model = "fake"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.vocabulary = NOTHING
        self.asked: list[list[Sound]] = []
        """The windows of every time it was asked."""

    def transcribe(self, sounds: Iterable[Sound]) -> Iterator[tuple[object, list[RawSegment]]]:
        windows = list(sounds)
        self.asked.append(windows)
        text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        for sound in windows:
            end = len(sound.samples) / RATE
            yield sound.key, [RawSegment(0.0, end, text, -0.2, 0.0, 1.0)] if text else []

    def detect_languages(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        return [{"en": 0.4, "de": 0.6} for _ in windows]


def _silent(seconds: float = 5.0) -> list[Channel]:
    return [Channel(0, "agent", np.zeros(round(seconds * RATE), dtype=np.int16))]


@pytest.fixture(scope="module")
def transcripts(tiny, detector, demo_call):
    """A two-channel call and a silent one, by tiny.en."""
    return Transcriber(tiny, detector).transcribe([demo_call.part(TURNS), _silent()])


def test_words_and_roles_are_right(transcripts, demo_call, heard_share) -> None:
    for role in ("agent", "customer"):
        true = " ".join(turn["text"] for turn in demo_call.turns[:TURNS] if turn["role"] == role)
        heard = " ".join(s.text for s in transcripts[0].segments if s.role == role and s.dropped is None)
        assert heard_share(heard, true) > 0.75


def test_turns_start_when_they_do(transcripts, demo_call) -> None:
    turns = build_turns(transcripts[0].segments)
    true = demo_call.turns[:TURNS]
    assert [turn.role for turn in turns] == [turn["role"] for turn in true]
    errors = [abs(turn.start - other["start"]) for turn, other in zip(turns, true, strict=True)]
    assert np.median(errors) < 0.3


def test_segments_are_ordered_and_inside_the_recording(transcripts, demo_call) -> None:
    segments = transcripts[0].segments
    assert [s.start for s in segments] == sorted(s.start for s in segments)
    assert all(0 <= s.start <= s.end <= demo_call.turns[TURNS - 1]["end"] + 0.2 for s in segments)
    assert {s.channel for s in segments} == {0, 1}


def test_nothing_is_lost_on_a_clear_call(transcripts) -> None:
    assert transcripts[0].flags == ()
    assert transcripts[0].lost_s == 0


def test_silent_call_yields_nothing(transcripts) -> None:
    assert transcripts[1].segments == ()
    assert transcripts[1].speech == ((),)
    assert transcripts[1].flags == ()


def test_tones_and_noise_yield_no_accepted_words(tiny, detector) -> None:
    times = np.arange(10 * RATE) / RATE
    tone = (8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    noise = np.random.default_rng(0).normal(0, 3000, len(times)).astype(np.int16)
    for transcript in Transcriber(tiny, detector).transcribe(
        [[Channel(0, "agent", tone)], [Channel(0, "agent", noise)]]
    ):
        assert [s.text for s in transcript.segments if s.dropped is None] == []


def test_no_calls_no_transcripts(detector) -> None:
    engine = FakeEngine("hello")
    assert Transcriber(engine, detector).transcribe([]) == []
    assert Transcriber(engine, detector).transcribe([[]])[0].segments == ()
    assert not any(engine.asked)


def test_speech_without_text_is_asked_again_and_flagged(detector, demo_call) -> None:
    engine = FakeEngine("")
    [transcript] = Transcriber(engine, detector).transcribe([demo_call.part(2)])
    assert [any(sound.hard for sound in windows) for windows in engine.asked] == [False, False]
    assert transcript.flags == ("speech_lost",)
    assert transcript.lost_s > 3


def test_second_answer_fills_the_gap(detector, demo_call) -> None:
    engine = FakeEngine("", "I said it the second time.")
    [transcript] = Transcriber(engine, detector).transcribe([demo_call.part(2)])
    assert transcript.flags == ()
    assert all(s.text in "I said it the second time." for s in transcript.segments)


def test_loops_are_marked_and_leave_the_speech_lost(detector, demo_call) -> None:
    [transcript] = Transcriber(FakeEngine("I will not. " * 20), detector).transcribe([demo_call.part(2)])
    assert {s.dropped for s in transcript.segments} <= {"loop", "too_fast"}
    assert "speech_lost" in transcript.flags


def test_language_is_told_once_per_call(detector, demo_call) -> None:
    engine = FakeEngine("Hallo zusammen, wie geht es Ihnen heute?")
    spoken, silent = Transcriber(engine, detector, language=None).transcribe([demo_call.part(2), _silent()])
    assert (spoken.language, silent.language) == ("de", None)
    assert {sound.language for windows in engine.asked for sound in windows} == {"de"}


def test_calls_share_batches(detector, demo_call) -> None:
    engine = FakeEngine("Something was said here.")
    Transcriber(engine, detector).transcribe([demo_call.part(2)] * 3)
    assert len(engine.asked[0]) == 6


def test_rejected_text_is_asked_a_third_time_as_a_hard_window(detector, demo_call) -> None:
    engine = FakeEngine("I will not. " * 20, "I will not. " * 20, "I said it the third time.")
    [transcript] = Transcriber(engine, detector, looks=MAX_LOOKS).transcribe([demo_call.part(2)])
    assert [any(sound.hard for sound in windows) for windows in engine.asked] == [False, False, True]
    assert "speech_lost" not in transcript.flags


def test_calls_are_taken_as_there_is_room(detector, demo_call) -> None:
    """A night's calls are not all prepared before the first is done."""
    taken = []

    def night() -> Iterator[Sequence[Channel]]:
        for call in range(3 * CALLS_AHEAD):
            taken.append(call)
            yield _silent(1) if call % 2 else demo_call.part(1)

    class OneByOne(FakeEngine):
        def transcribe(self, sounds: Iterable[Sound]) -> Iterator[tuple[object, list[RawSegment]]]:
            for sound in sounds:
                yield sound.key, [RawSegment(0.0, len(sound.samples) / RATE, "Hello there.", -0.2, 0.0, 1.0)]

    stream = Transcriber(OneByOne(""), detector).stream(night())
    first, _ = next(stream)
    assert len(taken) == CALLS_AHEAD
    assert sorted([first, *(place for place, _ in stream)]) == taken == list(range(3 * CALLS_AHEAD))


def test_windows_of_another_look_fit_the_recogniser(detector, demo_call) -> None:
    """Lost speech is joined over short pauses; what is asked again is speech, in windows of at most 30 s."""
    agent, customer = demo_call.channels
    engine = FakeEngine("I will not. " * 20)
    Transcriber(engine, detector, looks=MAX_LOOKS).transcribe([[agent, customer]])
    assert len(engine.asked) == MAX_LOOKS
    assert all(len(sound.samples) <= 30 * RATE for windows in engine.asked for sound in windows)


def test_silent_calls_do_not_wait_for_the_end_of_the_night(detector) -> None:
    taken = []

    def night() -> Iterator[Sequence[Channel]]:
        for call in range(3 * CALLS_AHEAD):
            taken.append(call)
            yield _silent(1)

    next(Transcriber(FakeEngine(""), detector).stream(night()))
    assert len(taken) == CALLS_AHEAD
