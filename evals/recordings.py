"""Recordings with known words and times: read from a manifest, or composed from its clips."""

import hashlib
import json
import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.signal import resample_poly

from coach.config import InboxConfig
from coach.types import Role
from ingest.audio import decode
from ingest.channels import Channel
from ingest.speech import SAMPLE_RATE

DEMO_CALLS = Path(__file__).parent / "datasets" / "demo_calls" / "reference.jsonl"
SIDES: tuple[Role, Role] = ("agent", "customer")
ONSET_SHARE = 0.01  # -40 dB of the clip's peak
ONSET_SAMPLES = SAMPLE_RATE // 100
CLIPS_PER_CALL = 20
GAPS_S = (0.3, 3.0)  # silence between a composed call's turns

Kind = Literal["real", "synthetic", "words", "unreferenced", "nonspeech", ""]
Part = Literal["tuning", "test", ""]
TUNING_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class TrueWord:
    """A word of a turn and when it is said, in the recording."""

    index: int
    """`turn.text.split()[index] == text`."""
    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class TrueTurn:
    """What was said when, in fact."""

    role: Role
    start: float | None
    text: str
    end: float | None = None
    words: tuple[TrueWord, ...] = ()
    """Those whose times are known, in order."""


@dataclass(frozen=True, slots=True)
class TrueCall:
    name: str
    channels: tuple[Channel, ...]
    turns: tuple[TrueTurn, ...]
    kind: Kind = ""
    """In the corpus of `asr-corpus`: people's speech, synthetic speech, single words, or a call without a reference."""
    part: Part = ""
    source: str = ""
    """What its words come from: calls of one source say the same, through another telephone."""
    condition: str = ""
    """Codec and noise, "g711" or "amr pink 14 dB"."""
    flags: tuple[str, ...] = ()
    """What the decoder says of the file."""

    @property
    def duration_s(self) -> float:
        return max(len(channel.samples) for channel in self.channels) / SAMPLE_RATE

    def text_of(self, role: Role) -> str:
        return " ".join(turn.text for turn in self.turns if turn.role == role)


def read_manifest(path: Path, folder: Path, *, only: str = "", unreferenced: bool = False) -> list[TrueCall]:
    """The recordings with a reference of a manifest, decoded into `folder`; with `unreferenced`, those without as well.

    Two forms: JSON lines with `file` and `turns` (role, start, text), recordings beside the manifest or in `calls/`,
    left channel the agent's; or a JSON list with `path`, `kind` and `reference`, of which those count whose kind
    contains `only`: their first channel, one turn, or none where there is no reference.
    """
    text = path.read_text(encoding="utf-8")
    if text.lstrip().startswith("["):
        rows = [row for row in json.loads(text) if only in (row.get("kind") or "")]
        rows = [row for row in rows if unreferenced or row.get("reference")]
        return [_clip(row, path, folder / str(i)) for i, row in enumerate(rows)]
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [_call(row, path, folder / str(i)) for i, row in enumerate(rows)]


def _clip(row: dict[str, Any], manifest: Path, out: Path) -> TrueCall:
    audio = decode(_find(row["path"], manifest), out, InboxConfig())
    channel = Channel(0, "unknown", audio.channel(0))
    turns = (TrueTurn("unknown", None, row["reference"]),) if row.get("reference") else ()
    return TrueCall(Path(row["path"]).name, (channel,), turns, flags=audio.flags)


def _call(row: dict[str, Any], manifest: Path, out: Path) -> TrueCall:
    audio = decode(_find(row["file"], manifest), out, InboxConfig())
    channels = tuple(Channel(i, SIDES[i], audio.channel(i)) for i in range(min(2, audio.channels)))
    turns = tuple(TrueTurn(turn["role"], turn.get("start"), turn["text"]) for turn in row["turns"])
    return TrueCall(row.get("id") or row["file"], channels, turns, flags=audio.flags)


def part_of(source: str) -> Part:
    """The part of the corpus to which a clip or a dialogue belongs, by the SHA-256 of its name: a third is tuning."""
    drawn = int.from_bytes(hashlib.sha256(source.encode()).digest()[:4]) / 2**32
    return "tuning" if drawn < TUNING_SHARE else "test"


def read_corpus(
    folder: Path,
    *,
    part: Part = "",
    kinds: Sequence[Kind] = ("real", "synthetic"),
    share: float = 1.0,
    reference: str = "reference.jsonl",
) -> list[TrueCall]:
    """The calls of a corpus that `asr-corpus` built, as int16 at 16 kHz in memory, in the order of its reference.

    `part` "" is both. `share` below 1 takes that share of the calls of each kind, drawn by the hash of their names and
    at least one, so that a share is the same in every run and within a larger one.
    """
    text = (folder / reference).read_text(encoding="utf-8")
    rows = [row for row in map(json.loads, text.splitlines()) if row["kind"] in kinds and part in ("", row["part"])]
    kept: set[str] = set()
    for kind in kinds:
        names = sorted((row["id"] for row in rows if row["kind"] == kind), key=_drawn)
        kept.update(names[: max(1, round(share * len(names)))])
    return [_corpus_call(row, folder) for row in rows if row["id"] in kept]


def _drawn(name: str) -> bytes:
    return hashlib.sha256(b"share/" + name.encode()).digest()


def _corpus_call(row: dict[str, Any], folder: Path) -> TrueCall:
    with wave.open(str(folder / row["file"])) as file:
        sound = np.frombuffer(file.readframes(-1), dtype="<i2").reshape(-1, file.getnchannels())
        rate = file.getframerate()
    channels = tuple(Channel(i, SIDES[i], at_16_khz(sound[:, i], rate)) for i in range(sound.shape[1]))
    turns = tuple(
        TrueTurn(
            turn["role"],
            turn["start"],
            turn["text"],
            turn["end"],
            tuple(TrueWord(word["index"], word["text"], word["start"], word["end"]) for word in turn["words"]),
        )
        for turn in row["turns"]
    )
    return TrueCall(row["id"], channels, turns, row["kind"], row["part"], row["source"], row["condition"])


def at_16_khz(samples: np.ndarray, rate: int) -> np.ndarray:
    """int16 samples of a rate that divides 16 kHz as int16 at 16 kHz."""
    raised = resample_poly(samples.astype(np.float32), SAMPLE_RATE // rate, 1)
    return np.asarray(np.clip(np.round(raised), -32768, 32767), dtype=np.int16)


def _find(name: str, manifest: Path) -> Path:
    places = [manifest.parent / name, manifest.parent / "calls" / name, manifest.parent.parent / name]
    return next((place for place in places if place.is_file()), places[0])


def compose(clips: Sequence[TrueCall], seed: int) -> list[TrueCall]:
    """Two-channel calls of 20 clips each, sides alternating, with random gaps; a turn starts at its clip's onset."""
    drawn = random.Random(seed)
    order = list(clips)
    drawn.shuffle(order)
    groups = [order[at : at + CLIPS_PER_CALL] for at in range(0, len(order), CLIPS_PER_CALL)]
    return [_composed(f"composed-{i}", group, drawn) for i, group in enumerate(groups)]


def _composed(name: str, clips: Sequence[TrueCall], drawn: random.Random) -> TrueCall:
    parts: list[list[np.ndarray]] = [[], []]
    turns: list[TrueTurn] = []
    at = 0
    for i, clip in enumerate(clips):
        gap = round(drawn.uniform(*GAPS_S) * SAMPLE_RATE)
        sound = np.asarray(clip.channels[0].samples)
        parts[i % 2] += [np.zeros(gap, dtype=np.int16), sound]
        parts[1 - i % 2].append(np.zeros(gap + len(sound), dtype=np.int16))
        turns.append(TrueTurn(SIDES[i % 2], (at + gap) / SAMPLE_RATE + onset_s(sound), clip.turns[0].text))
        at += gap + len(sound)
    channels = tuple(Channel(side, SIDES[side], np.concatenate(part)) for side, part in enumerate(parts))
    return TrueCall(name, channels, tuple(turns))


def onset_s(samples: np.ndarray) -> float:
    """The start of the first 10 ms in which a clip (int16) comes within 40 dB of its peak; 0 for silence."""
    level = np.abs(samples[: len(samples) // ONSET_SAMPLES * ONSET_SAMPLES].astype(np.int32))
    loud = level.reshape(-1, ONSET_SAMPLES).max(axis=1, initial=0) > ONSET_SHARE * level.max(initial=1)
    return float(np.argmax(loud)) * ONSET_SAMPLES / SAMPLE_RATE if len(loud) else 0.0
