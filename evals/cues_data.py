"""What cues are measured on: our own evaluation sentences, and turns of the corpora in the data folder."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach.errors import ConfigError
from coach.types import Role, Turn

DATASET = Path(__file__).parent / "datasets" / "cues"
_MARKS = re.compile(r"<[^>]*>|\[[A-Z]+\]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One evaluation sentence of one tracker."""

    text: str
    cue: bool
    style: str
    """written or spoken."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a counsellor said at once, and the share of experts who heard a reflection in it."""

    transcript: str
    text: str
    reflection: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A helpdesk dialogue and its judges' mean satisfaction of the customer, -2 to 2."""

    turns: tuple[Turn, ...]
    satisfaction: float


def read_sentences(tracker: str) -> list[Sentence]:
    """The evaluation set of a tracker, written apart from its examples. ConfigError when there is none."""
    return [Sentence(row["text"], row["cue"], row["style"]) for row in _rows(DATASET / f"{tracker}.jsonl")]


def read_reflections(shared: Path) -> list[Utterance]:
    """AnnoMI's counsellor utterances, in the order of the file."""
    labels: dict[tuple[str, str], list[bool]] = defaultdict(list)
    texts = {}
    with _existing(shared / "data" / "annomi" / "annomi.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["interlocutor"] == "therapist":
                key = row["transcript_id"], row["utterance_id"]
                labels[key].append(row["reflection_exists"] == "True")
                texts[key] = row["utterance_text"]
    return [Utterance(key[0], text, sum(labels[key]) / len(labels[key])) for key, text in texts.items()]


def read_satisfaction(shared: Path) -> list[Judged]:
    """stc3's dialogues with what their judges said."""
    roles: dict[str, Role] = {"helpdesk": "agent", "customer": "customer"}
    return [
        Judged(
            tuple(Turn(roles[turn["sender"]], "\n".join(turn["utterances"])) for turn in row["turns"]),
            sum(judge["quality"]["S"] for judge in row["annotations"]) / len(row["annotations"]),
        )
        for row in _rows(shared / "data" / "stc3" / "dialogues.jsonl")
    ]


def read_calls(shared: Path, corpus: str) -> list[tuple[Turn, ...]]:
    """The conversations of primock57 or oasis, as turns of agent and customer without transcribers' marks."""
    if corpus == "primock57":
        roles: dict[str, Role] = {"doctor": "agent", "patient": "customer"}
        rows = _rows(shared / "data" / "primock57" / "dialogues.jsonl")
        return [tuple(Turn(roles[t["speaker"]], _MARKS.sub("", t["text"])) for t in row["turns"]) for row in rows]
    said: dict[str, dict[tuple[int, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(shared / "data" / "oasis" / "segments.jsonl"):
        said[row["dialogue"]][row["turn"], row["speaker"]].append(row["text"])
    return [
        tuple(
            Turn("agent" if who == "agent" else "customer", _MARKS.sub("", " ".join(words)))
            for (_, who), words in turns.items()
        )
        for turns in said.values()
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    lines = _existing(path).read_text(encoding="utf-8").splitlines()
    return (json.loads(line) for line in lines)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file.")
    return path
