"""Puts spoken or recorded turns on the two channels of a call, and the call on the telephone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from coach.types import Role
from evals.datasets.demo_calls.generate import (
    FRAME,
    LEAD_S,
    NOISE_DBFS,
    PAUSE_S,
    RATE,
    SENTENCE_END,
    SPEECH_DBFS,
    TAIL_S,
    Person,
    extent,
    generator,
    telephone_band,
)
from evals.dialogues import Dialogue, Line
from evals.recordings import SIDES, TrueTurn, TrueWord
from evals.telephone import CODECS, NOISES, Codec, Noise, add_noise, noise, transmit
from evals.voices import Speaker

GAPS_S = (0.15, 1.2)  # silence between turns of which no real one is known
SAME_SIDE_S = 0.3  # silence between two turns of one side that follow each other
INTERRUPTION_S = 1.2  # the longest time for which two turns of a transcribed conversation overlap here
REMARK_WORDS = 3  # a turn of so few words may lie inside the other's
SNR_DB = (10.0, 25.0)
CODEC_SHARES = (0.5, 0.25, 0.25)
NOISY_SHARE = 0.5  # of the calls
PEOPLE = {
    "heart": [(0.95, 0.92), (1.0, 1.0), (1.08, 1.04), (1.15, 1.1), (0.9, 0.97)],
    "joe": [(0.95, 0.94), (1.0, 1.0), (1.1, 1.06), (1.2, 1.12), (0.92, 1.03)],
}
"""Pace and pitch of the people each voice can be."""
ALIKE_SHARE = 0.3  # of the calls in which both people have one voice at another pitch


@dataclass(frozen=True, slots=True)
class Clip:
    """One turn's sound, starting at its onset: float samples at 8 kHz, and its words with times from there."""

    samples: np.ndarray
    words: tuple[TrueWord, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / RATE


@dataclass(frozen=True, slots=True)
class Condition:
    """The telephone that a call goes through."""

    codec: Codec = "g711"
    noise: Noise | None = None
    snr_db: float = 0.0
    sides: tuple[int, ...] = (0, 1)
    """The channels with noise."""

    def __str__(self) -> str:
        return self.codec + (f" {self.noise} {self.snr_db:.0f} dB" if self.noise else "")


def draw_people(name: str) -> dict[Role, Person]:
    """Who speaks in a call: two people of other voice or, in some calls, of other pitch."""
    random = generator(name, "people")
    voices = ["heart", "joe"]
    random.shuffle(voices)
    if random.random() < ALIKE_SHARE:
        voices[1] = voices[0]
    agent = int(random.integers(5))
    chosen = (agent, (agent + 1 + int(random.integers(4))) % 5)
    return {
        role: Person(voice, *PEOPLE[voice][which], float(random.uniform(-3, 3)))
        for role, voice, which in zip(SIDES, voices, chosen, strict=True)
    }


def draw_condition(name: str) -> Condition:
    random = generator(name, "condition")
    codec = CODECS[int(random.choice(len(CODECS), p=CODEC_SHARES))]
    kind = NOISES[int(random.integers(len(NOISES)))] if random.random() < NOISY_SHARE else None
    sides = ((0,), (1,), (0, 1))[int(random.integers(3))]
    return Condition(codec, kind, float(random.uniform(*SNR_DB)), sides)


def say(dialogue: Dialogue, voices: Speaker, cache: Path) -> list[Clip]:
    """The dialogue's lines spoken, from the cache when they were spoken before by the same people."""
    people = draw_people(dialogue.id)
    wanted = json.dumps([[asdict(line) for line in dialogue.lines], {k: asdict(v) for k, v in people.items()}])
    file = cache / f"{dialogue.id}.npz"
    if file.is_file():
        with np.load(file) as kept:
            if str(kept["wanted"]) == wanted:
                return _from_cache(kept)
    random = generator(dialogue.id, "voices")
    voices.start(int(random.integers(2**31)))
    clips = [say_line(line, people[line.role], voices, random) for line in dialogue.lines]
    cache.mkdir(parents=True, exist_ok=True)
    words = json.dumps([[asdict(word) for word in clip.words] for clip in clips])
    sounds = {f"clip{i}": clip.samples.astype(np.float32) for i, clip in enumerate(clips)}
    np.savez(file, wanted=np.array(wanted), words=np.array(words), **sounds)  # type: ignore[arg-type]
    with np.load(file) as kept:
        return _from_cache(kept)


def _from_cache(kept: Any) -> list[Clip]:
    words = json.loads(str(kept["words"]))
    return [
        Clip(kept[f"clip{i}"].astype(np.float64), tuple(TrueWord(**word) for word in own))
        for i, own in enumerate(words)
    ]


def say_line(line: Line, person: Person, voices: Speaker, random: np.random.Generator) -> Clip:
    """The line's sentences with short pauses between them, in the telephone band at the person's loudness."""
    pieces: list[np.ndarray] = [np.zeros(FRAME)]
    words: list[TrueWord] = []
    before = 0
    for sentence in SENTENCE_END.split(line.text):
        spoken = voices.speak(sentence, person, int(random.integers(2**31)))
        if np.abs(spoken.samples).max(initial=0.0) > 0:
            first, last = extent(spoken.samples)
            at = sum(map(len, pieces)) - first
            words += [
                TrueWord(word.index + before, word.text, word.start + at / RATE, word.end + at / RATE)
                for word in spoken.words
            ]
            pieces += [spoken.samples[first:last], np.zeros(int(random.uniform(*PAUSE_S) * RATE))]
        before += len(sentence.split())
    return trimmed(Clip(telephone_band(np.concatenate(pieces)), tuple(words)), person.level)


def trimmed(clip: Clip, level_db: float = 0.0) -> Clip:
    """The clip from onset to offset (10 ms frames within 40 dB of its peak), at the common loudness plus `level_db`."""
    if not np.abs(clip.samples).max(initial=0.0):
        return Clip(np.zeros(0))
    first, last = extent(clip.samples)
    samples = clip.samples[first:last]
    spoken = samples[np.abs(samples) > np.abs(samples).max() * 0.02]
    samples = samples * 10 ** ((SPEECH_DBFS + level_db) / 20) / np.sqrt(np.mean(spoken**2))
    words = (replace(word, start=word.start - first / RATE, end=word.end - first / RATE) for word in clip.words)
    return Clip(np.clip(samples, -0.98, 0.98), tuple(words))


def place(lines: Sequence[Line], clips: Sequence[Clip], random: np.random.Generator) -> list[float]:
    """Each line's start in seconds, on the 10 ms grid.

    Where the conversation was transcribed with times, its pauses (at most 1.5 s) and overlaps are kept: a short remark
    inside the other's turn stays at its place in it, other turns start at most 1.2 s before the one before has ended.
    """
    starts: list[float] = []
    free = dict.fromkeys(SIDES, LEAD_S)
    for i, (line, clip) in enumerate(zip(lines, clips, strict=True)):
        drawn = float(random.uniform(*GAPS_S))
        start = max(free.values()) + (drawn if i else 0.0)
        if i and line.start is not None and (last := lines[i - 1]).start is not None and last.end is not None:
            start = starts[-1] + clips[i - 1].duration_s + min(max(line.start - last.end, -INTERRUPTION_S), 1.5)
            if len(line.text.split()) <= REMARK_WORDS and last.start < line.start < last.end:
                start = starts[-1] + (line.start - last.start) / (last.end - last.start) * clips[i - 1].duration_s
        start = round(max(start, free[line.role] + SAME_SIDE_S * bool(i)), 2)
        starts.append(start)
        free[line.role] = start + clip.duration_s
    return starts


def on_telephone(
    lines: Sequence[Line],
    clips: Sequence[Clip],
    starts: Sequence[float],
    condition: Condition,
    random: np.random.Generator,
    voices: np.ndarray | None = None,
) -> tuple[np.ndarray, list[TrueTurn]]:
    """Both channels, int16 of shape (2, n), agent first, and the turns by start. `voices`: what babble is made of."""
    end = max(start + clip.duration_s for start, clip in zip(starts, clips, strict=True)) + TAIL_S
    tracks = np.zeros((2, round(end * RATE)))
    turns = []
    for line, clip, start in zip(lines, clips, starts, strict=True):
        at = round(start * RATE)
        tracks[SIDES.index(line.role), at : at + len(clip.samples)] += clip.samples
        words = (replace(w, start=round(w.start + start, 3), end=round(w.end + start, 3)) for w in clip.words)
        if len(clip.samples):
            turns.append(TrueTurn(line.role, start, line.text, round(start + clip.duration_s, 3), tuple(words)))
    for side, track in enumerate(tracks):
        hiss = telephone_band(random.standard_normal(len(track)))
        track += hiss / hiss.std() * 10 ** (NOISE_DBFS / 20)
        if condition.noise and side in condition.sides:
            track[:] = add_noise(track, noise(condition.noise, len(track), random, voices), condition.snr_db)
    pcm = np.round(np.clip(tracks, -1, 1) * 32767).astype(np.int16)
    sent = np.stack([transmit(track, condition.codec) for track in pcm])
    return sent, sorted(turns, key=lambda turn: turn.start or 0.0)
