"""What the answers are judged on: stores made by the import code, questions about them, and judged quotes."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach.answers import Citation
from coach.config import Config
from coach.errors import CoachError, ConfigError
from coach.store import Filters, parse_where
from ingest.imports import import_transcripts

DATASETS = Path(__file__).parent / "datasets"
QUESTIONS = DATASETS / "answers" / "questions.jsonl"
JUDGEMENTS = DATASETS / "answers" / "judgements.jsonl"
CONTACTS = DATASETS / "contacts" / "contacts.jsonl"
_MARKS = re.compile(r"<[^>]*>")  # primock57's transcribers: <UNSURE>, <INAUDIBLE_SPEECH/>
_BESIDE = ("started_at", "agent", "customer")  # of a call's metadata, beside its other fields
_TRUTHS = ("resolved", "churned", "sold")
_NUMBERS = ("csat", "handle_time_s")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the evaluation set, and what is right."""

    id: str
    store: str
    before: tuple[str, ...]
    question: str
    where: Filters
    answerable: bool
    figure: Mapping[str, float] | None
    """Of the first figure: n, N or value; None where no figure is asked."""


Place = tuple[str, str, int, int, int]
"""Of a judged quote: question, call, turn, first and last + 1 character."""


def read_questions(part: str, path: Path = QUESTIONS) -> list[Asked]:
    """The questions of "dev" or "test", in order. ConfigError naming the line where the file is wrong."""
    found = []
    for number, row in _rows(path):
        try:
            if row["part"] != part:
                continue
            found.append(
                Asked(
                    row["id"],
                    row["store"],
                    tuple(row["before"]),
                    row["question"],
                    parse_where(row["where"]),
                    row["answerable"],
                    row["figure"],
                )
            )
        except KeyError as missing:
            raise ConfigError(f"{path}: line {number}: {missing} is missing.") from None
    return found


def read_judgements(path: Path = JUDGEMENTS) -> dict[Place, bool]:
    """Whether each judged quote supports the answer to its question; empty when there is no file."""
    if not path.is_file():
        return {}
    return {
        (row["question"], row["call"], row["turn"], row["start_char"], row["end_char"]): row["supports"]
        for _, row in _rows(path)
    }


def place_of(question: str, citation: Citation) -> Place:
    """As judgements name the quote."""
    return question, citation.call, citation.turn, citation.start_char, citation.end_char


def build(name: str, folder: Path, shared: Path | None) -> None:
    """Fills the data folder with the store of that name, as `coach import` does. CoachError when a contact fails."""
    rows = _primock57(shared) if name == "primock57" else {"contacts": _contacts, "demo": _demo}[name]()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    summary = import_transcripts([file], folder / "data", Config())
    if summary.failures:
        raise CoachError(f"{file}: {summary.failures[0].message}")


def _contacts() -> Iterator[dict[str, Any]]:
    return (row for _, row in _rows(CONTACTS))


def _demo() -> Iterator[dict[str, Any]]:
    """The demo calls as they were written, with their metadata."""
    folder = DATASETS / "demo_calls"
    with (folder / "calls" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        metadata = {row["call_id"]: {name: text for name, text in row.items() if text} for row in csv.DictReader(file)}
    for _, row in _rows(folder / "reference.jsonl"):
        known: dict[str, Any] = metadata[row["id"]]
        for name in _NUMBERS:
            known[name] = float(known[name])
        for name in _TRUTHS:
            known[name] = known[name] == "true"
        rest = {name: value for name, value in known.items() if name not in (*_BESIDE, "file", "call_id")}
        beside = {name: known[name] for name in _BESIDE}
        yield {"id": row["id"], "medium": "voice", "turns": row["turns"], "metadata": rest, **beside}


def _primock57(shared: Path | None) -> Iterator[dict[str, Any]]:
    if shared is None:
        raise ConfigError("Questions about primock57 need --shared, the folder with data/primock57.")
    roles = {"doctor": "agent", "patient": "customer"}
    for _, row in _rows(shared / "data" / "primock57" / "dialogues.jsonl"):
        turns = [
            {"role": roles[turn["speaker"]], "start": turn["start"], "end": turn["end"], "text": text}
            for turn in row["turns"]
            if (text := _MARKS.sub("", turn["text"]).strip())
        ]
        yield {"id": row["id"], "medium": "voice", "turns": turns}


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a file of JSON lines."""
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file.")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise ConfigError(f"{path}: line {number}: is not JSON ({error}).") from None
