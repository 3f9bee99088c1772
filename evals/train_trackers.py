"""Embeds the shipped trackers' examples and their background: `python -m evals train_trackers`.

Run it after a change to a file in coach/trackers or to the everyday sentences. These, the small change of calls, were
written for this project; as many again are made of them, run together with fillers and repeats, as people speak. The
demo calls and the written questions are no background: they carry cues. Only vectors are kept. Deterministic.
"""

import argparse
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np

from coach.plain import plain
from coach.retrieval.embeddings import Embedder
from coach.trackers.stretches import MAX_WORDS
from coach.trackers.tracker import SPEAKERS, Speaker, Tracker, load_trackers
from coach.trackers.vectors import VECTORS_FILE, save_vectors
from coach.trackers.wording import load_wording

N_ORDINARY = 240
N_OTHERS = 240
"""Of each speaker. More would cost time when trackers are loaded."""
FILLERS = ("um", "uh", "you know", "like", "so yeah", "i mean", "well", "and", "sort of", "yeah")
FILLER_RATE = 0.12
REPEAT_RATE = 0.05
ORDINARY_FILE = Path(__file__).parent / "datasets" / "ordinary.toml"


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the vectors and prints their number."""
    parser = argparse.ArgumentParser(prog="python -m evals train_trackers", description=__doc__)
    parser.add_argument("--out", type=Path, default=VECTORS_FILE)
    options = parser.parse_args(argv)
    texts = parts(load_trackers())
    save_vectors(*embedded(texts, load_wording()), options.out)
    print(f"{options.out}: " + ", ".join(f"{len(said)} {part}" for part, said in texts.items()))
    return 0


def parts(trackers: Sequence[Tracker]) -> dict[str, list[str]]:
    """The texts whose vectors are shipped, plain and without repeats, by the part of the file."""
    examples = {plain(text): None for one in trackers for text in (*one.positive, *one.negative)}
    result = {"examples": list(examples)}
    for speaker in SPEAKERS:
        own = [one for one in trackers if one.speaker == speaker]
        said_by_others = sorted({plain(text) for one in own for text in (*one.positive, *one.negative)})
        said = sorted(set(ordinary(speaker)))
        result[f"{speaker}.ordinary"] = _spread(sorted({*said, *_haltingly(said)}), N_ORDINARY)
        result[f"{speaker}.others"] = _spread(said_by_others, N_OTHERS)
    return result


def ordinary(speaker: Speaker) -> list[str]:
    """Everyday sentences of a speaker, plain; none of them carries a cue."""
    return [plain(text) for text in tomllib.loads(ORDINARY_FILE.read_text(encoding="utf-8"))[speaker]]


def embedded(texts: dict[str, list[str]], wording: Embedder) -> tuple[str, dict[str, list[str]], dict[str, np.ndarray]]:
    """What `save_vectors` writes."""
    return wording.name, texts, {part: wording.embed(said) for part, said in texts.items()}


def _haltingly(texts: Sequence[str]) -> Iterator[str]:
    """Two of the texts run together, with the fillers and repeats of speech, as many times as there are texts."""
    random = Random(0)
    for text in texts:
        words: list[str] = []
        for word in f"{text} {random.choice(texts)}".split():
            if random.random() < FILLER_RATE:
                words.append(random.choice(FILLERS))
            words += [word, word] if random.random() < REPEAT_RATE else [word]
        yield " ".join(words[:MAX_WORDS])


def _spread(texts: Sequence[str], count: int) -> list[str]:
    """`count` of the texts, drawn once and for all."""
    order = np.random.default_rng(0).permutation(len(texts))
    return [texts[row] for row in sorted(order[:count].tolist())]
