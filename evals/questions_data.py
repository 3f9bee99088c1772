"""The labelled questions: our own written ones, and natural ones whose text is read from the data folder by id."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coach.errors import ConfigError
from coach.questions.features import plain
from coach.questions.find import last_words
from coach.types import Role, Turn

DATASET = Path(__file__).parent / "datasets" / "questions"
_MARKUP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled question. `group` is its dialogue or scenario: a split never divides one."""

    source: str
    """written, primock57 or stc3."""
    group: str
    prev: str
    text: str
    form: str
    function: str

    def bare(self) -> "Item":
        """The same without case and punctuation, as a recogniser writes."""
        return replace(self, prev=plain(self.prev), text=plain(self.text))


def read_written() -> list[Item]:
    """The questions written for this project, split by scenario."""
    return [
        Item("written", row["scenario"], row["prev"], row["text"], row["form"], row["function"])
        for row in _rows(DATASET / "written.jsonl")
    ]


def read_natural(shared: Path) -> list[Item]:
    """The labelled questions of primock57 and stc3, text read from `shared`/data; ConfigError when it is not there."""
    transcripts = {**_primock57(shared), **_stc3(shared)}
    items = []
    for row in _rows(DATASET / "natural.jsonl"):
        turns = transcripts[row["corpus"], row["dialogue"]]
        text = turns[row["turn"]].text[row["start"] : row["end"]]
        prev = last_words(turns, row["turn"])
        items.append(Item(row["corpus"], row["dialogue"], _tidy(prev), _tidy(text), row["form"], row["function"]))
    return items


def _primock57(shared: Path) -> dict[tuple[str, str], list[Turn]]:
    """Transcriber's marks such as <UNSURE> are blanked, so that character places stay."""
    roles: dict[str, Role] = {"doctor": "agent", "patient": "customer"}
    return {
        ("primock57", row["id"]): [
            Turn(roles[turn["speaker"]], _MARKUP.sub(lambda mark: " " * len(mark.group()), turn["text"]))
            for turn in row["turns"]
        ]
        for row in _rows(shared / "data" / "primock57" / "dialogues.jsonl")
    }


def _stc3(shared: Path) -> dict[tuple[str, str], list[Turn]]:
    roles: dict[str, Role] = {"helpdesk": "agent", "customer": "customer"}
    return {
        ("stc3", row["id"]): [Turn(roles[turn["sender"]], "\n".join(turn["utterances"])) for turn in row["turns"]]
        for row in _rows(shared / "data" / "stc3" / "dialogues.jsonl")
    }


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    return (json.loads(line) for line in lines)


def _tidy(text: str) -> str:
    return " ".join(text.split())
