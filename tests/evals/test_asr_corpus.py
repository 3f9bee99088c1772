"""The corpus's arithmetic: times, parts, codecs and noises, with a voice that says a tone burst a word."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from coach.types import Word
from evals.asr_corpus import Recorded, grouped_by_part, write_synthetic
from evals.composition import Clip, Condition, draw_condition, draw_people, place, trimmed
from evals.datasets.demo_calls.generate import RATE, Person
from evals.dialogues import Dialogue, Line, cardinal, number_calls
from evals.recordings import TrueWord, part_of, read_corpus
from evals.telephone import CODECS, add_noise, noise, transmit
from evals.voices import Spoken, grouped, matched, with_output

WORD_S, GAP_S, SILENCE_S = 0.3, 0.1, 0.25


class Beeper:
    """Says every word as 0.3 s of tone, after 0.25 s of silence."""

    spoken = 0

    def start(self, seed: int) -> None: ...

    def speak(self, text: str, person: Person, seed: int) -> Spoken:
        self.spoken += 1
        tone = 0.3 * np.sin(2 * np.pi * 800 * np.arange(round(WORD_S * RATE)) / RATE)
        pieces, words = [np.zeros(round(SILENCE_S * RATE))], []
        for i, word in enumerate(text.split()):
            start = sum(map(len, pieces)) / RATE
            words.append(TrueWord(i, word, start, start + WORD_S))
            pieces += [tone, np.zeros(round(GAP_S * RATE))]
        return Spoken(np.concatenate(pieces), tuple(words))


DIALOGUE = Dialogue(
    "two-lines",
    (Line("agent", "Good morning. What can I do", 1.0, 4.0), Line("customer", "Nothing at all thank you", 3.5, 6.0)),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows = list(write_synthetic([DIALOGUE, *number_calls(1)], Beeper(), tmp_path))
    (tmp_path / "reference.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_built_calls_are_read_with_true_onsets_and_word_times(corpus: Path) -> None:
    call = read_corpus(corpus)[0]
    assert (call.name, call.kind, call.part) == ("two-lines", "synthetic", part_of("two-lines"))
    assert [turn.text for turn in call.turns] == [line.text for line in DIALOGUE.lines]
    quiet = 10 ** (-35 / 20) * 32768
    for turn in call.turns:
        sound = np.abs(call.channels[("agent", "customer").index(turn.role)].samples.astype(int))
        start = round(turn.start * 16_000)
        assert sound[start : start + 800].max() > 2 * quiet
        assert [turn.text.split()[word.index] for word in turn.words] == turn.text.split()
        assert turn.words[0].start == pytest.approx(turn.start, abs=0.021)
        assert turn.words[-1].end == pytest.approx(turn.end, abs=0.021)
        assert all(word.end - word.start == pytest.approx(WORD_S) for word in turn.words)
        assert all(before.end <= after.start for before, after in pairwise(turn.words))


def test_an_overlap_of_the_transcript_is_kept(corpus: Path) -> None:
    agent, customer = read_corpus(corpus)[0].turns
    assert customer.start == pytest.approx(agent.end - 0.5, abs=0.011)


def test_building_again_says_nothing_anew_and_gives_the_same_bytes(corpus: Path) -> None:
    before = (corpus / "two-lines.wav").read_bytes()
    voice = Beeper()
    list(write_synthetic([DIALOGUE, *number_calls(1)], voice, corpus))
    assert voice.spoken == 0
    assert (corpus / "two-lines.wav").read_bytes() == before


def test_a_share_of_the_corpus_is_within_a_larger_one(tmp_path: Path) -> None:
    dialogues = [Dialogue(f"d{i}", (Line("agent", "Hello"), Line("customer", "Hi"))) for i in range(8)]
    rows = list(write_synthetic(dialogues, Beeper(), tmp_path))
    (tmp_path / "reference.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = [{call.name for call in read_corpus(tmp_path, share=share)} for share in (0.01, 0.25, 0.5, 1.0)]
    assert list(map(len, names)) == [1, 2, 4, 8]
    assert all(small < large for small, large in pairwise(names))
    parts = [read_corpus(tmp_path, part="tuning"), read_corpus(tmp_path, part="test")]
    assert sum(map(len, parts)) == 8


def test_remarks_stay_inside_the_others_turn_and_one_side_never_overlaps_itself() -> None:
    lines = [
        Line("agent", "a long turn of many words", 0.0, 10.0),
        Line("customer", "Right.", 5.0, 5.5),
        Line("agent", "and on", 5.2, 12.0),
        Line("customer", "late", 60.0, 61.0),
    ]
    clips = [Clip(np.ones(round(seconds * RATE))) for seconds in (8.0, 0.4, 2.0, 1.0)]
    starts = place(lines, clips, np.random.default_rng(1))
    assert starts[1] == pytest.approx(starts[0] + 4.0, abs=0.01)
    assert starts[2] >= starts[0] + 8.0
    assert starts[3] == pytest.approx(starts[2] + 2.0 + 1.5, abs=0.01)


def test_clips_of_one_part_share_a_call() -> None:
    clips = [Recorded(f"clip{i}.wav", "x", Clip(np.zeros(8))) for i in range(40)]
    groups = dict(grouped_by_part(clips, "real", 10))
    assert sorted(clip.name for group in groups.values() for clip in group) == sorted(clip.name for clip in clips)
    for name, group in groups.items():
        assert {part_of(clip.name) for clip in group} == {name.split("-")[1]}
        assert len(group) <= 10


@pytest.mark.parametrize("codec", CODECS)
def test_no_codec_moves_the_sound(codec: str) -> None:
    burst = np.zeros(RATE)
    burst[3000:5000] = 12_000 * np.sin(2 * np.pi * 500 * np.arange(2000) / RATE)
    sent = transmit(burst.astype(np.int16), codec)  # type: ignore[arg-type]
    assert len(sent) == RATE
    loud = np.flatnonzero(np.abs(sent.astype(int)) > 4000)
    assert loud[0] == pytest.approx(3000, abs=80)
    assert loud[-1] == pytest.approx(5000, abs=80)


def test_noise_lies_as_far_below_the_speech_as_said() -> None:
    random = np.random.default_rng(3)
    speech = np.sin(np.arange(4 * RATE))
    for kind in ("pink", "hum", "babble"):
        sound = noise(kind, len(speech), random, random.standard_normal(RATE))  # type: ignore[arg-type]
        added = add_noise(speech, sound, 20.0) - speech
        assert 20 * np.log10(speech.std() / added.std()) == pytest.approx(20.0, abs=0.2)


def test_people_of_a_call_differ_and_conditions_repeat() -> None:
    for i in range(30):
        people = draw_people(f"call{i}")
        assert people["agent"].voice != people["customer"].voice or people["agent"].pitch != people["customer"].pitch
        assert draw_condition(f"call{i}") == draw_condition(f"call{i}")
    assert str(Condition("amr", "pink", 14.2)) == "amr pink 14 dB"


def test_a_silent_clip_is_empty() -> None:
    assert len(trimmed(Clip(np.zeros(100))).samples) == 0


def test_words_get_times_only_in_phrases_said_as_they_are_written() -> None:
    said = grouped([*list("a bk,"), " ", *list("cd e")], [0.1] * 10, 1.0)
    assert [(group.text, round(group.start, 1), round(group.end, 1)) for group in said] == [
        ("a", 1.0, 1.1),
        ("bk,", 1.2, 1.4),
        ("cd", 1.6, 1.8),
        ("e", 1.9, 2.0),
    ]
    assert matched("Ah bark, see the", said)[2] == TrueWord(2, "see", pytest.approx(1.6), pytest.approx(1.8))
    merged = [Word("a", 0.0, 1.0), Word("b,", 1.0, 2.0), Word("c", 3.0, 4.0)]
    assert [word.text for word in matched("one two, of the", merged)] == ["one", "two,"]
    assert matched("one, two, three", merged) == []


def test_an_output_is_added_to_a_model_as_protobuf_merges_it() -> None:
    assert with_output(b"M", "/Ceil") == b"M" + bytes([7 << 3 | 2, 9, 12 << 3 | 2, 7, 1 << 3 | 2, 5]) + b"/Ceil"
    assert len(with_output(b"", "x" * 200)) == 200 + 3 + 3 + 3


def test_numbers_are_written_as_they_are_said() -> None:
    assert [cardinal(n) for n in (0, 13, 20, 47, 100, 305, 999)] == [
        "zero",
        "thirteen",
        "twenty",
        "forty-seven",
        "one hundred",
        "three hundred five",
        "nine hundred ninety-nine",
    ]
    for dialogue in number_calls(8):
        text = " ".join(line.text for line in dialogue.lines)
        assert not any(letter.isdigit() or letter in "{}" for letter in text)
        assert 100 < dialogue.words < 300
