"""The labelled questions: our own written ones, and natural ones whose text is read from the data folder by id."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coach.errors import ConfigError
from coach.plain import plain
from coach.questions.find import candidate_spans, last_words, with_lead_in
from coach.trackers import load_trackers
from coach.types import Role, Turn

DATASET = Path(__file__).parent / "datasets" / "questions"
MAX_LEAD_WORDS = 30
_MARKUP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled question. `group` is its dialogue or scenario: a split never divides one."""

    source: str
    """written, primock57 or stc3."""
    group: str
    prev: str
    text: str
    """With the words before it in its sentence, as the product reads it."""
    form: str
    function: str
    alone: str = ""
    """Without them; empty where there are none."""
    lead: str = ""
    """What the agent says before all that in the same turn, its last MAX_LEAD_WORDS words."""
    marked: bool = True
    """False for a sentence that neither mark nor wording shows as a question, drawn at random."""
    readers: tuple[str, ...] = ()
    """form/function as each reader by themselves gave them; empty where one reader wrote and labelled it."""

    def bare(self) -> "Item":
        """The same without case and punctuation, as a recogniser writes."""
        return replace(
            self, prev=plain(self.prev), text=plain(self.text), alone=plain(self.alone), lead=plain(self.lead)
        )


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
        whole = turns[row["turn"]].text
        alone = _tidy(whole[row["start"] : row["end"]])
        text = with_lead_in(whole, row["start"], row["end"])
        before = _tidy(whole[: row["end"]]).removesuffix(text).split()
        items.append(
            Item(
                source=row["corpus"],
                group=row["dialogue"],
                prev=_tidy(last_words(turns, row["turn"])),
                text=text,
                form=row["form"],
                function=row["function"],
                alone=alone if alone != text else "",
                lead=" ".join(before[-MAX_LEAD_WORDS:]),
                marked=row["sample"] != "unmarked",
                readers=tuple(row["readers"]),
            )
        )
    return items


NOT_PLAIN = frozenset({"reidentification", "closing", "hold", "reflection"})
"""Trackers of agents whose sentences ask, or may be meant as a check."""


def read_statements() -> list[Item]:
    """What agents say without asking: examples of trackers that neither mark nor wording shows as questions.

    Those that begin with "so" are left out, which may check what was said. Each comes after some customer's words of
    the written questions.
    """
    said = sorted({row["prev"] for row in _rows(DATASET / "written.jsonl")} - {""})
    texts = [
        text
        for tracker in load_trackers(None)
        if tracker.speaker == "agent" and tracker.name not in NOT_PLAIN
        for text in (*tracker.positive, *tracker.negative)
        if states(text)
    ]
    return [
        Item("statement", "statements", said[(17 * at) % len(said)], text, "none", "none")
        for at, text in enumerate(texts)
    ]


def states(text: str) -> bool:
    """Whether neither mark nor wording shows a question, nor a "so" that may check what was said."""
    return not candidate_spans(text) and "so" not in plain(text).split()[:2]


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
