"""Questions that only judge and never train: AnnoMI's counselling utterances and OASIS's telephone operators."""

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from coach.errors import ConfigError
from coach.questions.find import MAX_PREV_WORDS


@dataclass(frozen=True, slots=True)
class Judged:
    """One utterance somebody labelled. `group` is its dialogue."""

    group: str
    prev: str
    text: str
    labels: tuple[str, ...]
    """AnnoMI: open or closed of each expert; OASIS: q_yn or q_wh."""


def read_annomi(shared: Path) -> list[Judged]:
    """The therapists' utterances in which at least one expert found a question, with each such expert's label.

    What the client said last is `prev`. Source: Wu et al., "AnnoMI", ICASSP 2022.
    """
    found: list[Judged] = []
    last: dict[str, str] = {}
    with _open(shared / "data" / "annomi" / "annomi.csv") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (int(row["transcript_id"]), int(row["utterance_id"])))
    by_utterance: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        by_utterance.setdefault((row["transcript_id"], row["utterance_id"]), []).append(row)
    for (transcript, _), group in by_utterance.items():
        text = group[0]["utterance_text"]
        if group[0]["interlocutor"] == "client":
            last[transcript] = text
            continue
        labels = tuple(row["question_subtype"] for row in group if row["question_exists"] == "True")
        if labels:
            found.append(Judged(transcript, last.get(transcript, ""), text, labels))
    return found


def read_oasis(shared: Path) -> list[Judged]:
    """The operators' segments of form q_yn and q_wh, as typed: lower case, no punctuation."""
    found: list[Judged] = []
    said: dict[str, list[str]] = {}
    with _open(shared / "data" / "oasis" / "segments.jsonl") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        words = said.setdefault(row["dialogue"], [])
        if row["speaker"] == "caller":
            words.extend(row["text"].split())
        elif row["form"] in ("q_yn", "q_wh"):
            found.append(Judged(row["dialogue"], " ".join(words[-MAX_PREV_WORDS:]), row["text"], (row["form"],)))
    return found


def majority(labels: tuple[str, ...]) -> str | None:
    """The label most experts gave; None when two tie."""
    first, *others = Counter(labels).most_common()
    return None if others and others[0][1] == first[1] else first[0]


def _open(path: Path):  # type: ignore[no-untyped-def]
    try:
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
