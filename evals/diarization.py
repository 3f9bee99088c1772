"""`python -m evals diarization --audio PATH`: who spoke when on one channel, by several ways.

DER with a collar of 0.25 s, overlapped speech included. Recordings with one person a channel are mixed down; their
reference is the speech found on each channel. The sets: a sample with speaker turns, a real call, the demo calls, and
with --alike calls in which one synthesised voice speaks both sides, told apart by pitch and pace alone ("alike": 4 to
11 per cent in pitch; "near": 17 per cent). Of one-sided channels it is counted how many stay one voice.
"""

import argparse
import json
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coach.config import InboxConfig
from evals.der import Errors, Spans, errors
from evals.recordings import DEMO_CALLS, at_16_khz
from ingest.audio import decode
from ingest.diarize import Diarizer, cut
from ingest.speech import SAMPLE_RATE, SpeechDetector
from ingest.voices import VoiceEncoder, load_voice_encoder

SAMPLE = "pyannote_sample"
REAL = ("aws_lca_auto_repairs_40_agent.wav", "aws_lca_auto_repairs_40_caller.wav")
ONE_VOICE = (*REAL, "aws_lca_demo_agent.wav", "osr_us_000_0034_8k.wav", "jfk.flac", "libri_2412-153948-0000.flac")
PAIRS = {
    "demo-02-impact-cue": ("alike", ("heart", 1.0, 1.0), ("heart", 1.04, 1.07)),
    "demo-04-rushed": ("alike", ("joe", 1.05, 1.0), ("joe", 0.95, 0.94)),
    "demo-06-repeat": ("alike", ("heart", 0.97, 0.95), ("heart", 1.05, 1.0)),
    "demo-07-praise": ("alike", ("joe", 1.0, 1.06), ("joe", 1.0, 1.0)),
    "demo-01-churn": ("near", ("heart", 0.97, 0.92), ("heart", 1.03, 1.08)),
    "demo-03-model": ("near", ("joe", 1.0, 1.09), ("joe", 1.0, 0.93)),
}
"""Scripts of demo calls: the set, and the agent's and the customer's voice, pace and pitch."""


@dataclass(frozen=True, slots=True)
class Recording:
    group: str
    name: str
    samples: np.ndarray
    """int16, 16 kHz."""
    reference: tuple[Spans, ...]


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals diarization", description="Diarization error rate.")
    parser.add_argument("--audio", type=Path, required=True, help="the folder with the recordings")
    parser.add_argument("--alike", action="store_true", help="also speak calls of alike voices (the extra `voices`)")
    parser.add_argument("--way", nargs="+", default=["campplus/cut"], help="campplus or ge2e, / cut or agglomerative")
    parser.add_argument("--always-two", action="store_true", help="two voices are known to be there; no one-voice sets")
    args = parser.parse_args(argv)
    detector = SpeechDetector()
    with tempfile.TemporaryDirectory() as folder:
        recordings = list(_recordings(args.audio, Path(folder), detector))
        if args.alike:
            recordings += _alike(detector)
        if args.always_two:
            recordings = [recording for recording in recordings if not recording.group.startswith("one_voice")]
        for way in args.way:
            print(
                json.dumps({"way": way} | _measure(_diarizer(way, always_two=args.always_two), recordings, detector)),
                flush=True,
            )
    return 0


def _diarizer(way: str, *, always_two: bool) -> Diarizer:
    weights, _, clustering = way.partition("/")
    return Diarizer(_encoder(weights), agglomerate if clustering == "agglomerative" else cut, always_two=always_two)


def _encoder(weights: str) -> VoiceEncoder:
    if weights == "ge2e":
        from evals.ge2e import Ge2e

        return Ge2e()
    return load_voice_encoder()


def agglomerate(embeddings: np.ndarray) -> np.ndarray:
    """Two groups, by joining what is nearest on average."""
    from sklearn.cluster import AgglomerativeClustering

    found = AgglomerativeClustering(2, metric="cosine", linkage="average").fit_predict(embeddings)
    return np.asarray(found, dtype=np.int64)


def _measure(
    diarizer: Diarizer, recordings: Sequence[Recording], detector: SpeechDetector
) -> dict[str, dict[str, float | int | None]]:
    sums: dict[str, Errors] = {}
    counts: dict[str, list[int]] = {}
    length_s = used_s = 0.0
    for recording in recordings:
        speech = detector.detect(recording.samples)
        begun = time.process_time()
        spans = diarizer.diarize(recording.samples, speech)
        used_s += time.process_time() - begun
        length_s += len(recording.samples) / SAMPLE_RATE
        told = [[(span.start, span.end) for span in spans if span.voice == voice] for voice in (0, 1)]
        counts.setdefault(recording.group, []).append(sum(bool(own) for own in told))
        found = errors(recording.reference, told)
        sums[recording.group] = sums.get(recording.group, Errors(0, 0, 0, 0)) + found
    report: dict[str, dict[str, float | int | None]] = {
        group: {
            "recordings": len(counts[group]),
            "der": None if total.rate is None else round(total.rate, 4),
            "confused": round(total.confused / total.total, 4),
            "told_one_voice": counts[group].count(1),
        }
        for group, total in sums.items()
    }
    report["cost"] = {"cpu_s_per_s_of_recording": round(used_s / length_s, 4)}
    return report


def _recordings(audio: Path, folder: Path, detector: SpeechDetector) -> Iterator[Recording]:
    lines = [line.split() for line in (audio / f"{SAMPLE}.rttm").read_text(encoding="utf-8").splitlines()]
    speakers: dict[str, list[tuple[float, float]]] = {}
    for fields in lines:
        speakers.setdefault(fields[7], []).append((float(fields[3]), float(fields[3]) + float(fields[4])))
    [sample] = _channels(audio / f"{SAMPLE}.wav", folder)
    yield Recording("sample", SAMPLE, sample, tuple(speakers.values()))
    sides = [_channels(audio / name, folder)[0] for name in REAL]
    yield mixed("real", REAL[0], sides, detector)
    for name in ONE_VOICE:
        sound = _channels(audio / name, folder)[0]
        yield Recording("one_voice", name, sound, (_spans(sound, detector),))
    for row in map(json.loads, DEMO_CALLS.read_text(encoding="utf-8").splitlines()):
        sides = _channels(DEMO_CALLS.parent / "calls" / row["file"], folder)
        yield mixed("demo", row["id"], sides, detector)
        for sound in sides:
            yield Recording("one_voice_synthetic", row["id"], sound, (_spans(sound, detector),))


def _channels(path: Path, folder: Path) -> list[np.ndarray]:
    audio = decode(path, folder / path.stem, InboxConfig())
    return [np.array(audio.channel(i)) for i in range(audio.channels)]


def _spans(sound: np.ndarray, detector: SpeechDetector) -> Spans:
    return [(span.start, span.end) for span in detector.detect(sound)]


def mixed(group: str, name: str, sides: Sequence[np.ndarray], detector: SpeechDetector) -> Recording:
    """Both sides on one channel, as long as the longer; the reference is the speech found on each."""
    total = np.zeros(max(map(len, sides)), dtype=np.int32)
    for side in sides:
        total[: len(side)] += side
    sound = np.clip(total, -32768, 32767).astype(np.int16)
    return Recording(group, name, sound, tuple(_spans(side, detector) for side in sides))


def _alike(detector: SpeechDetector) -> Iterator[Recording]:
    """Demo scripts spoken with one voice for both sides."""
    from evals.datasets.demo_calls import generate

    voices = generate.Voices()
    for script in generate.read_scripts():
        if script["id"] not in PAIRS:
            continue
        group, *people = PAIRS[script["id"]]
        voices.seed(zlib.crc32(script["id"].encode()))
        cast = {
            role: generate.Person(*person, -1.0) for role, person in zip(("agent", "customer"), people, strict=True)
        }
        clips = [
            generate.speak_turn(voices, turn["text"], cast[turn["role"]], generate.generator(script["id"], i, "alike"))
            for i, turn in enumerate(script["turns"])
        ]
        starts = generate.place(script["turns"], clips, generate.generator(script["id"], "gaps"))
        pcm = generate.mix(script["turns"], clips, starts, generate.generator(script["id"], "noise"))
        yield mixed(group, script["id"], [at_16_khz(side, generate.RATE) for side in pcm], detector)
