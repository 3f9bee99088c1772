"""`python -m evals asr-corpus OUT --shared PATH`: builds the calls on which the recognisers are measured.

Two-channel 8 kHz WAV files and `reference.jsonl`, one call a line: id, file, duration, kind, part, source, condition,
and turns (role, start, end, text, words with index, text, start and end: those whose times are known). Kinds:

- "real": recordings of people with a reference in PATH/audio/manifest.json (mostly telephone prompts by one speaker),
  ten a call, each clip once in each of two conditions: plain G.711, and another codec with noise. Both are counted in
  the corpus's minutes, but only one of them brings new words: `main` prints the distinct minutes too.
- "synthetic": dialogues spoken by two voices as several people: excerpts of PATH/primock57 with its pauses and
  overlaps, dialogues of PATH/stc3, and scripts full of names and numbers. One condition each.
- "words" (with --prompts): single recorded words, spaced, whose onsets are known; for times, not for WER.

A call through a noisy telephone has pink noise, hum or the babble of other calls' voices at 10-25 dB below the speech.

The parts were fixed before anything was measured: a clip (by file name) or a dialogue (by id) is "tuning" when the
first four bytes of the SHA-256 of that name, as a fraction, are below 1/3, else "test"; a call has clips of one part
only, so no word is in both. Word times are what the synthesisers say of their phonemes (in steps of 12 and 25 ms) and,
of single recorded words, the clip's onset and offset. `unreferenced.jsonl` names the real two-sided call without text.

The same packages build the same bytes. What the voices said is kept in OUT/voices, for building again.
"""

import argparse
import gzip
import json
import re
import sys
import wave
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

import numpy as np

from evals.composition import Clip, Condition, draw_condition, on_telephone, place, say, trimmed
from evals.datasets.demo_calls.generate import RATE, generator, telephone_band
from evals.dialogues import Dialogue, Line, consultations, helpdesk, number_calls
from evals.recordings import SIDES, Kind, TrueTurn, TrueWord, part_of
from evals.telephone import read_sound
from evals.voices import Speaker, Voices

CLIPS_PER_CALL = 10
WORDS_PER_CALL = 20
HELPDESK_DIALOGUES, NUMBER_CALLS = 16, 20
REAL_CALL = ("aws_lca_auto_repairs_40_agent.wav", "aws_lca_auto_repairs_40_caller.wav")
WORD_GAPS_S = (0.35, 0.9)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded clip and what is said in it."""

    name: str
    text: str
    clip: Clip


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals asr-corpus", description="Build the recognisers' calls.")
    parser.add_argument("out", type=Path, help="folder for the WAV files and reference.jsonl")
    parser.add_argument("--shared", type=Path, required=True, help="the folder with audio/, primock57/ and stc3/")
    parser.add_argument("--prompts", type=Path, help="folder of asterisk-core-sounds-en-wav, for single words")
    parser.add_argument("--prompt-texts", type=Path, help="its core-sounds-en.txt.gz (package asterisk-core-sounds-en)")
    args = parser.parse_args(argv)
    data = args.shared / "data" if (args.shared / "data").is_dir() else args.shared
    args.out.mkdir(parents=True, exist_ok=True)
    recorded = list(read_recorded(data / "audio"))
    rows = [*write_real(recorded, args.out)]
    dialogues = [*consultations(data), *helpdesk(data, HELPDESK_DIALOGUES), *number_calls(NUMBER_CALLS)]
    rows += write_synthetic(dialogues, Voices(), args.out)
    if args.prompts and args.prompt_texts:
        rows += write_words(list(read_words(args.prompts, args.prompt_texts)), args.out)
    _write_rows(args.out / "reference.jsonl", rows)
    _write_rows(args.out / "unreferenced.jsonl", [write_unreferenced(data / "audio", args.out)])
    distinct_s = sum(clip.clip.duration_s for clip in recorded)
    for kind in ("real", "synthetic", "words"):
        for part in ("tuning", "test"):
            own = [row for row in rows if row["kind"] == kind and row["part"] == part]
            minutes = sum(float(str(row["duration"])) for row in own) / 60
            print(f"{kind:10} {part:7} {len(own):3} calls {minutes:6.1f} min", file=sys.stderr)
    print(f"distinct recorded speech: {distinct_s / 60:.1f} min in {len(recorded)} clips", file=sys.stderr)
    return 0


def read_recorded(folder: Path) -> Iterator[Recorded]:
    """The clips of the manifest that have a reference, in the telephone band."""
    for row in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        if row.get("reference"):
            sound = read_sound(folder.parent / row["path"]).astype(np.float64) / 32768
            name = Path(row["path"]).name
            yield Recorded(name, " ".join(row["reference"].split()), trimmed(Clip(telephone_band(sound)), _level(name)))


def read_words(folder: Path, texts: Path) -> Iterator[Recorded]:
    """The prompts that say one word."""
    for line in gzip.decompress(texts.read_bytes()).decode("utf-8").splitlines():
        name, _, text = line.partition(": ")
        file = folder / f"{name}.wav"
        if re.fullmatch(r"[A-Za-z]{3,}\.?", text.strip()) and file.is_file():
            clip = trimmed(Clip(telephone_band(read_sound(file).astype(np.float64) / 32768)), _level(name))
            word = TrueWord(0, text.strip(), 0.0, clip.duration_s)
            yield Recorded(name, text.strip(), Clip(clip.samples, (word,)))


def _level(name: str) -> float:
    return float(generator(name, "level").uniform(-3, 3))


def write_real(recorded: Sequence[Recorded], out: Path) -> Iterator[dict[str, object]]:
    """Calls of ten clips of one part, each in both conditions, sides alternating; the order differs between them."""
    for source, group in grouped_by_part(recorded, "real", CLIPS_PER_CALL):
        others = np.concatenate([clip.clip.samples for clip in recorded if clip not in group])
        for name in (f"{source}-plain", f"{source}-rough"):
            condition = Condition() if name.endswith("plain") else _rough(name)
            yield _write_clips(name, source, "real", group, condition, out, others)


def _rough(name: str) -> Condition:
    """A drawn condition that has another codec and noise."""
    drawn = (draw_condition(f"{name}-{i}") for i in range(1000))
    return next(condition for condition in drawn if condition.codec != "g711" and condition.noise)


def grouped_by_part(recorded: Sequence[Recorded], prefix: str, size: int) -> Iterator[tuple[str, list[Recorded]]]:
    """Clips of one part together, by the hash of their names, and the name of each group."""
    ordered = sorted(recorded, key=lambda clip: sha256(clip.name.encode()).digest())
    for part in ("tuning", "test"):
        own = [clip for clip in ordered if part_of(clip.name) == part]
        for at in range(0, len(own), size):
            yield f"{prefix}-{part}-{at // size:02}", own[at : at + size]


def _write_clips(
    name: str,
    source: str,
    kind: Kind,
    group: Sequence[Recorded],
    condition: Condition,
    out: Path,
    others: np.ndarray | None,
) -> dict[str, object]:
    order = list(group)
    Random(name).shuffle(order)
    run = 1 if kind == "real" else 5  # clips that one side says before the other's turn
    lines = [Line(SIDES[i // run % 2], clip.text) for i, clip in enumerate(order)]
    random = generator(name)
    clips = [clip.clip for clip in order]
    starts = place(lines, clips, random)
    sound, turns = on_telephone(lines, clips, starts, condition, random, others)
    return _write(name, source, kind, part_of(order[0].name), condition, sound, turns, out)


def write_synthetic(dialogues: Sequence[Dialogue], voices: Speaker, out: Path) -> Iterator[dict[str, object]]:
    """Every dialogue as a call; the babble in one is what is said in the next."""
    spoken = []
    for dialogue in dialogues:
        spoken.append(say(dialogue, voices, out / "voices"))
        print(f"{dialogue.id}: {sum(clip.duration_s for clip in spoken[-1]):.0f} s", file=sys.stderr)
    for i, (dialogue, clips) in enumerate(zip(dialogues, spoken, strict=True)):
        random = generator(dialogue.id)
        starts = place(dialogue.lines, clips, random)
        condition = draw_condition(dialogue.id)
        others = np.concatenate([clip.samples for clip in spoken[(i + 1) % len(spoken)]])
        sound, turns = on_telephone(dialogue.lines, clips, starts, condition, random, others)
        part = part_of(dialogue.id)
        yield _write(dialogue.id, dialogue.id, "synthetic", part, condition, sound, turns, out)


def write_words(recorded: Sequence[Recorded], out: Path) -> Iterator[dict[str, object]]:
    """Calls of twenty single words, five a side in turn."""
    for source, group in grouped_by_part(recorded, "words", WORDS_PER_CALL):
        yield _write_clips(source, source, "words", group, Condition(), out, None)


def write_unreferenced(folder: Path, out: Path) -> dict[str, object]:
    """The real call whose sides are two files."""
    sides = [read_sound(folder / name) for name in REAL_CALL]
    length = max(map(len, sides))
    sound = np.stack([np.pad(side, (0, length - len(side))) for side in sides])
    return _write("auto-repairs", "auto-repairs", "unreferenced", "", Condition(), sound, [], out)


def _write(
    name: str,
    source: str,
    kind: Kind,
    part: str,
    condition: Condition,
    sound: np.ndarray,
    turns: Sequence[TrueTurn],
    out: Path,
) -> dict[str, object]:
    """Writes the call's WAV file; returns its line of the reference."""
    partial = out / f"{name}.part"  # somebody may be reading an earlier build
    with wave.open(str(partial), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", "NONE"))
        file.writeframes(np.ascontiguousarray(sound.T).astype("<i2").tobytes())
    partial.replace(out / f"{name}.wav")
    described = [asdict(turn) for turn in turns]
    return {
        "id": name,
        "file": f"{name}.wav",
        "duration": round(sound.shape[1] / RATE, 3),
        "kind": kind,
        "part": part,
        "source": source,
        "condition": str(condition),
        "turns": described,
    }


def _write_rows(path: Path, rows: Sequence[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
