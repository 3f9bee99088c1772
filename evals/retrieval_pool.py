"""Files for people who judge what was found, and what they answered: nobody is told which ranker found a passage."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

from coach.errors import ConfigError
from coach.store import Store
from evals.retrieval_data import GRADES, Judgements, Place, Query

PASSAGES_A_FILE = 420
KEY = "key.jsonl"
README = """\
# How to judge

Each judge*.txt holds queries that people typed into a search over past contacts, with what they mean by them, and
numbered passages below, in no order. Give every passage a grade, by what it says, not by the words it shares:

3  exactly what was meant
2  relevant: it answers or shows what was meant, though not only that or not wholly
1  related: the same matter, but not what was meant
0  not relevant

Write judge01.tsv beside judge01.txt (and so on): one line a passage, its number, a tab, its grade. Judge every one.
"""
_ANSWER = re.compile(r"\s*(\d+)\s+([0-9])\s*")


def pool(found: Mapping[str, Sequence[Sequence[Place]]], judged: Judgements) -> dict[str, list[Place]]:
    """By query id, what any ranker found and nobody judged yet, each once, shuffled by the query's id alone.

    `found` gives the rankers' lists in no particular order.
    """
    pooled = {}
    for query, lists in found.items():
        new = sorted({place for places in lists for place in places} - judged.get(query, {}).keys())
        Random(query).shuffle(new)
        if new:
            pooled[query] = new
    return pooled


def write_pool(folder: Path, queries: Iterable[Query], pooled: Mapping[str, Sequence[Place]], store: Store) -> int:
    """Writes the judges' files, a README and the key that says where each passage is; how many passages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(README, encoding="utf-8")
    key: list[dict[str, object]] = []
    lines: list[str] = []
    number, n_files, total = 0, 1, 0
    for query in queries:
        places = pooled.get(query.id, ())
        if number and number + len(places) > PASSAGES_A_FILE:
            _write(folder, n_files, lines)
            lines, number, n_files = [], 0, n_files + 1
        if places:
            lines += ["", f"QUERY: {query.query}", f"MEANS: {query.means}"]
        for place in places:
            number += 1
            lines.append(f"{number}. {_shown(store, place)}")
            key.append({"file": f"judge{n_files:02}", "number": number, "query": query.id, **asdict(place)})
        total += len(places)
    _write(folder, n_files, lines)
    (folder / KEY).write_text("".join(json.dumps(row) + "\n" for row in key), encoding="utf-8")
    return total


def take(folder: Path, judged: Judgements) -> int:
    """Adds the answers in `folder` to `judged`; how many. Raises ConfigError for an answer that is missing or none."""
    try:
        rows = [json.loads(line) for line in (folder / KEY).read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise ConfigError(f"{folder / KEY}: cannot be read ({error.strerror}); --pool writes it.") from None
    answers = {name: _answers(folder / f"{name}.tsv") for name in sorted({row["file"] for row in rows})}
    for row in rows:
        grade = answers[row["file"]].get(row["number"])
        if grade is None:
            raise ConfigError(f"{folder / row['file']}.tsv: passage {row['number']} has no grade.")
        place = Place(row["call"], row["first_turn"], row["last_turn"])
        judged.setdefault(row["query"], {})[place] = grade
    return len(rows)


def _answers(path: Path) -> dict[int, int]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        match = _ANSWER.fullmatch(line)
        if match is None or int(match[2]) not in GRADES:
            raise ConfigError(f"{path}:{number}: expected a passage's number, a tab and a grade from 0 to 3.")
        found[int(match[1])] = int(match[2])
    return found


def _shown(store: Store, place: Place) -> str:
    """The passage on one line, with who speaks."""
    call = store.get_call(place.call)
    assert call is not None
    turns = call.turns[place.first_turn : place.last_turn + 1]
    return " / ".join(f"{turn.role}: {' '.join(turn.text.split())}" for turn in turns if turn.text.strip())


def _write(folder: Path, number: int, lines: Sequence[str]) -> None:
    (folder / f"judge{number:02}.txt").write_text("\n".join(lines).strip() + "\n", encoding="utf-8")
