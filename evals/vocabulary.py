"""`python -m evals vocabulary`: whether names that are configured are heard, and stay out of silence.

Sentences with invented names are spoken by the demo calls' two voices (the `voices` extra) over a telephone's band and
mu-law, and recognised without a vocabulary, with the names, and with the names among others. A name counts when it is
written as configured. Then the same recogniser listens to silence, tones and noise, as if somebody spoke there all the
time: what comes through the guards is counted.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coach.config import TranscribeConfig
from evals.datasets.demo_calls.generate import RATE, Person, Voices, mu_law, speak_turn
from evals.nonspeech import nonspeech
from evals.recordings import at_16_khz
from ingest.channels import Channel
from ingest.engines import load_engine
from ingest.speech import SAMPLE_RATE, Span, SpeechDetector
from ingest.transcribe import Transcriber

SENTENCES = {
    "Zorbify": "I have had Zorbify for two months and it keeps disconnecting.",
    "Quellaro": "Can you tell me whether the Quellaro plan includes roaming?",
    "Brixeon": "My Brixeon box has a red light since yesterday.",
    "Tavuna Flex": "I would like to switch from Tavuna Flex to something cheaper.",
    "Nimvero": "The invoice says Nimvero, but I never ordered that.",
}
OTHERS = (
    "Calderix", "Ostreva", "Plumzo", "Verimond", "Hexatal", "Orbanet", "Solvique", "Dranovia", "Kestrelio", "Mabrux",
    "Fennigo", "Tuskara", "Lumivane", "Parvello", "Zentrico", "Wickalo", "Gravenix", "Orsolite", "Yaltimo", "Bramanti",
)  # fmt: skip
VOICES = ("heart", "joe")
QUIET_S = 30.0


class EverythingIsSpeech(SpeechDetector):
    """Passes all sound to the recogniser in pieces of 10 s, so that it listens to what it should never hear."""

    def detect(self, samples: np.ndarray) -> list[Span]:
        edges = np.arange(0, len(samples) / SAMPLE_RATE, 10.0)
        return [Span(float(edge), min(float(edge) + 9.9, len(samples) / SAMPLE_RATE)) for edge in edges]

    def detect_all(self, channels: Sequence[np.ndarray]) -> list[list[Span]]:
        return [self.detect(samples) for samples in channels]


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals vocabulary", description="Configured names, and silence.")
    parser.add_argument("--model", help="name or path; default as configured by default")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    spoken = speak_all()
    quiet = [call.channels[0].samples for call in nonspeech(length_s=QUIET_S)]
    for name, terms in (("none", ()), ("its names", tuple(SENTENCES)), ("with others", (*SENTENCES, *OTHERS))):
        config = replace(TranscribeConfig(), model=args.model, vocabulary=terms)
        engine = load_engine(config)
        heard = _texts(Transcriber(engine, SpeechDetector()), [sound for _, sound in spoken])
        right = sum(term.lower() in text.lower() for (term, _), text in zip(spoken, heard, strict=True))
        inventions = _texts(Transcriber(engine, EverythingIsSpeech()), quiet)
        words = sum(len(text.split()) for text in inventions)
        row = {"vocabulary": name, "names": len(spoken), "right": right, "words_in_silence": words}
        row["silence_s"] = QUIET_S * len(quiet)
        print(json.dumps(row) if args.json else "  ".join(f"{key} {value}" for key, value in row.items()))
    return 0


def _texts(transcriber: Transcriber, sounds: Sequence[np.ndarray]) -> list[str]:
    calls = [[Channel(0, "customer", sound)] for sound in sounds]
    return [
        " ".join(s.text for s in transcript.segments if s.dropped is None)
        for transcript in transcriber.transcribe(calls)
    ]


def speak_all() -> list[tuple[str, np.ndarray]]:
    """(name, int16 sound at 16 kHz) of every sentence by every voice, always the same."""
    voices, drawn = Voices(), np.random.default_rng(0)
    voices.seed(1)
    spoken = []
    for voice in VOICES:
        for term, sentence in SENTENCES.items():
            clip = speak_turn(voices, sentence, Person(voice, pace=1.0, pitch=1.0, level=0.0), drawn)
            line = mu_law(np.round(np.pad(clip.samples, RATE // 2) * 32767).astype(np.int16))
            spoken.append((term, at_16_khz(line, RATE)))
    return spoken
