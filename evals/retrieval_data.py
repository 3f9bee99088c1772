"""What searches are tried on: a store of demo calls, consultations, helpdesk dialogues and operator calls, and queries.

Only the demo calls, the queries and the judgements are part of the project. The three other corpora are read at run
time; a judgement names a passage by its call and turns, never by its words.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

from coach.errors import ConfigError
from coach.redact import Redactor
from coach.retrieval.embeddings import Embedder
from coach.retrieval.passages import cut
from coach.store import Store
from coach.types import Call, Medium, Metadata, Passage, Turn
from evals.recordings import DEMO_CALLS
from ingest.pipeline import redact_turns

DATASET = Path(__file__).parent / "datasets" / "retrieval"
QUERIES = DATASET / "queries.jsonl"
JUDGEMENTS = DATASET / "judgements.jsonl"
EMBED_TOGETHER = 1024  # passages: enough to sort them by length, few enough to keep their texts in memory

Corpus = Literal["demo", "primock57", "stc3", "oasis"]
CORPORA: tuple[Corpus, ...] = get_args(Corpus)
Part = Literal["tuning", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
GRADES = (0, 1, 2, 3)
"""Not relevant, related, relevant, exactly what was meant."""

_MEDIA: dict[Corpus, Medium] = {"demo": "voice", "primock57": "voice", "stc3": "chat", "oasis": "voice"}
_MARKS = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Query:
    """Something a coach might look for."""

    id: str
    corpus: Corpus
    """Where its writer knows that it can be found; the search is over all of them."""
    part: Part
    query: str
    means: str
    """For judges: what a passage must say."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A passage by what stays the same from one store to the next. Turns are inclusive."""

    call: str
    first_turn: int
    last_turn: int


Judgements = dict[str, dict[Place, int]]
"""By query id, the grade of every passage that was judged."""


def halves(ids: Iterable[str]) -> dict[str, Part]:
    """One corpus's query ids, in two halves by their hash: which queries tune is nobody's choice."""
    ordered = sorted(ids, key=lambda id_: hashlib.sha256(id_.encode()).hexdigest())
    return {id_: "tuning" if 2 * at < len(ordered) else "test" for at, id_ in enumerate(ordered)}


def read_queries(path: Path = QUERIES) -> list[Query]:
    """In the order of the file. Raises ConfigError, with the line, for a row that is none."""
    found = []
    for number, row in _rows(path):
        try:
            query = Query(**row)
        except TypeError as error:
            raise ConfigError(f"{path}:{number}: is no query ({error}).") from None
        if query.corpus not in CORPORA or query.part not in PARTS:
            raise ConfigError(f"{path}:{number}: corpus is one of {CORPORA} and part one of {PARTS}.")
        found.append(query)
    return found


def read_judgements(path: Path = JUDGEMENTS) -> Judgements:
    """Empty when the file does not exist yet. Raises ConfigError, with the line, for a row that is none."""
    judged: Judgements = {}
    for number, row in _rows(path) if path.exists() else ():
        try:
            place = Place(str(row["call"]), int(row["first_turn"]), int(row["last_turn"]))
            grade = int(row["grade"])
            judged.setdefault(str(row["query"]), {})[place] = grade
        except (KeyError, ValueError) as error:
            raise ConfigError(f"{path}:{number}: is no judgement ({error!r}).") from None
        if grade not in GRADES:
            raise ConfigError(f"{path}:{number}: grade is one of {GRADES}, not {grade}.")
    return judged


def write_judgements(judged: Judgements, path: Path = JUDGEMENTS) -> None:
    """Ordered by query and passage, so that two versions of the file can be compared line by line."""
    rows = [
        {"query": query, **asdict(place), "grade": grade}
        for query, grades in sorted(judged.items())
        for place, grade in sorted(grades.items())
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_corpus(name: Corpus, shared: Path | None) -> Iterator[Call]:
    """Every contact of a corpus, unscored and without passages. All but "demo" are below `shared`/data.

    Raises ConfigError when it cannot be read.
    """
    contacts: Iterator[tuple[str, list[Turn]]]
    if name == "demo":
        contacts = ((row["id"], [_timed(turn["role"], turn) for turn in row["turns"]]) for _, row in _rows(DEMO_CALLS))
    elif shared is None:
        raise ConfigError(f"{name} is not part of the project: give the folder that holds data/{name} with --shared.")
    else:
        contacts = _READERS[name](shared / "data" / name)
    for id_, turns in contacts:
        metadata = Metadata(medium=_MEDIA[name], extra={"corpus": name})
        length_s = max((turn.end for turn in turns if turn.end is not None), default=None)
        yield Call(id_ if name == "demo" else f"{name}-{id_}", metadata, tuple(turns), None, name, length_s)


def fill(store: Store, calls: Iterator[Call], embedder: Embedder) -> int:
    """Saves the calls, redacted and with passages as an import would, but not scored; how many passages."""
    redactor = Redactor(names=False)
    store.set_embedding_model(embedder.name)
    done, waiting, n_waiting = 0, [], 0
    for call in calls:
        turns = redact_turns(call.turns, redactor)
        spans = cut(turns)
        waiting.append((call, turns, spans))
        n_waiting += len(spans)
        if n_waiting >= EMBED_TOGETHER:
            done += _save(store, waiting, embedder)
            waiting, n_waiting = [], 0
    return done + _save(store, waiting, embedder)


def _save(store: Store, waiting: list[Any], embedder: Embedder) -> int:
    vectors = embedder.embed([span.text for _, _, spans in waiting for span in spans])
    rows = iter(vectors)
    for call, turns, spans in waiting:
        passages = tuple(
            Passage(span.first_turn, span.last_turn, span.start, span.end, span.text, next(rows)) for span in spans
        )
        store.save_call(Call(call.id, call.metadata, turns, None, call.source, call.duration_s, passages=passages))
    return len(vectors)


def _consultations(folder: Path) -> Iterator[tuple[str, list[Turn]]]:
    for _, row in _rows(folder / "dialogues.jsonl"):
        turns = [_timed("agent" if turn["speaker"] == "doctor" else "customer", turn) for turn in row["turns"]]
        yield row["id"], turns


def _helpdesk(folder: Path) -> Iterator[tuple[str, list[Turn]]]:
    for _, row in _rows(folder / "dialogues.jsonl"):
        yield (
            str(row["id"]),
            [
                Turn("agent" if turn["sender"] == "helpdesk" else "customer", " ".join(turn["utterances"]))
                for turn in row["turns"]
            ],
        )


def _operators(folder: Path) -> Iterator[tuple[str, list[Turn]]]:
    segments = (row for _, row in _rows(folder / "segments.jsonl"))
    for id_, of_call in groupby(segments, key=lambda row: str(row["dialogue"])):
        turns = [
            Turn("agent" if speaker == "agent" else "customer", " ".join(row["text"] for row in of_turn))
            for (_, speaker), of_turn in groupby(of_call, key=lambda row: (row["turn"], row["speaker"]))
        ]
        yield id_, turns


_READERS = {"primock57": _consultations, "stc3": _helpdesk, "oasis": _operators}


def _timed(role: Any, turn: dict[str, Any]) -> Turn:
    """A turn without the transcribers' marks (<UNSURE>, <UNIN/>)."""
    return Turn(role, " ".join(_MARKS.sub(" ", turn["text"]).split()), turn["start"], turn["end"])


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number from 1, object) of every line."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                yield number, json.loads(line)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise ConfigError(f"{path}: is not one JSON object a line ({error}).") from None
