"""How many questions in words are understood right: `python -m evals routing [--part dev|test]`.

Each question of datasets/routing/questions.jsonl was written with the plan that a careful analyst makes of it, and with
others that are as good ("also"); its "part" says whether the rules were made with it in view ("dev") or not ("test").
A plan is right when kind, measure, subject, filters (in any order), group, period and comparison equal those of one of
them, and its search text shares half of the content words of the shorter text. Beside the router stands a baseline: the
plan of the development question that MiniLM finds nearest, with itself left out.
"""

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from coach.errors import ConfigError
from coach.intervals import wilson
from coach.retrieval.embeddings import Embedder, load_embedder
from coach.routing import PhraseBook, Plan, route
from coach.store import Filter, Vocabulary, parse_where

DATASET = Path(__file__).parent / "datasets" / "routing"
FIELDS = ("kind", "measure", "subject", "where", "group_by", "since", "until", "compare", "search")
STEM = 5
"""Content words are the same when so many of their first letters are."""
_EMPTY_WORDS = """
    a an the of in for with and or to from on at about by when customer customers agent agents what do say
    """
_EMPTY = frozenset(_EMPTY_WORDS.split())

Form = Mapping[str, Any]
"""A plan as the dataset writes it."""


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    before: tuple[str, ...]
    question: str
    right: tuple[Form, ...]
    """The plan, then those that are as good."""
    part: str


@dataclass(frozen=True, slots=True)
class World:
    """The store that the questions are asked of."""

    vocabulary: Vocabulary
    today: date


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals routing", description="Questions understood right.")
    parser.add_argument("--part", choices=("dev", "test"), help="only these questions")
    parser.add_argument("--questions", type=Path, default=DATASET / "questions.jsonl")
    args = parser.parse_args(argv)
    rows, world, embedder = read_rows(args.questions), read_world(DATASET / "vocabulary.json"), load_embedder()
    asked = [row for row in rows if args.part in (None, row.part)]
    if not asked:
        raise ConfigError(f"{args.questions}: holds no question of the part {args.part}.")
    book = PhraseBook.load()
    began = time.perf_counter()
    plans = [_routed(row, world, embedder, book) for row in asked]
    seconds = (time.perf_counter() - began) / len(asked)
    wrong = [
        (row, form, amiss) for row, form in zip(asked, plans, strict=True) if (amiss := differing(form, row.right))
    ]
    for row, form, amiss in wrong:
        _print_wrong(row, form, amiss)
    _print_share(
        f"router ({1000 * seconds:.0f} ms a question, its embedding included)", len(asked) - len(wrong), len(asked)
    )
    counts = Counter(field for _, _, amiss in wrong for field in amiss)
    for field in FIELDS:
        _print_share(f"  {field}", len(asked) - counts[field], len(asked))
    nearest = _nearest(asked, [row for row in rows if row.part == "dev"], embedder)
    right = sum(not differing(form, row.right) for row, form in zip(asked, nearest, strict=True))
    _print_share("baseline: plan of the nearest development question", right, len(asked))
    return 0


def read_rows(path: Path) -> list[Row]:
    """The questions, in the file's order. ConfigError naming the line that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            data = json.loads(line)
            plans = (data["plan"], *data.get("also", ()))
            rows.append(Row(data["id"], tuple(data["before"]), data["question"], plans, data.get("part", "dev")))
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path}:{number}: is no question with its plan ({error}).") from None
    return rows


def read_world(path: Path) -> World:
    data = json.loads(path.read_text(encoding="utf-8"))
    values = {key: dict.fromkeys(values, 1) for key, values in data["values"].items()}
    vocabulary = Vocabulary(values, tuple(data["extra"]), (), tuple(data["rubrics"]))
    return World(vocabulary, date.fromisoformat(data["today"]))


def _routed(row: Row, world: World, embedder: Embedder, book: PhraseBook) -> Form:
    plan = route(row.question, world.vocabulary, world.today, embedder=embedder, before=row.before, book=book)
    return form_of(plan)


def form_of(plan: Plan) -> Form:
    """A plan as the dataset writes it."""
    count = plan.count
    compare: Any = plan.compare if count is None else count.compare
    if compare is not None and compare != "previous":
        compare = [[str(each) for each in side] for side in compare]
    return {
        "kind": plan.kind,
        "measure": None if count is None else count.measure,
        "subject": None if count is None else count.subject,
        "where": [str(each) for each in plan.where],
        "group_by": plan.group_by if count is None else count.group_by,
        "since": None if plan.period.since is None else plan.period.since.isoformat(),
        "until": None if plan.period.until is None else plan.period.until.isoformat(),
        "compare": compare,
        "search": plan.search,
    }


def differing(form: Form, right: Sequence[Form]) -> list[str]:
    """The fields in which `form` differs from the plan that it is most like; empty when it is right."""
    return min(([field for field in FIELDS if not _same(field, form[field], one[field])] for one in right), key=len)


def _same(field: str, found: Any, right: Any) -> bool:
    if field == "where":
        return _filters(found) == _filters(right)
    if field == "compare" and isinstance(found, list) and isinstance(right, list):
        return [_filters(side) for side in found] == [_filters(side) for side in right]
    if field == "search":
        return right is None or shares_words(found or "", right)
    return bool(found == right)


def _filters(texts: Sequence[str]) -> set[Filter]:
    return {Filter(each.key, each.op, tuple(sorted(each.values))) for each in parse_where(texts)}


def shares_words(found: str, right: str) -> bool:
    """Whether the texts have half of the content words of the shorter one in common."""
    one, other = (
        {word[:STEM] for word in re.findall(r"\w+", text.lower()) if word not in _EMPTY} for text in (found, right)
    )
    return 2 * len(one & other) >= min(len(one), len(other)) > 0


def _nearest(asked: Sequence[Row], known: Sequence[Row], embedder: Embedder) -> list[Form]:
    similarities = embedder.embed([row.question for row in asked]) @ embedder.embed([row.question for row in known]).T
    for at, row in enumerate(asked):
        for other, candidate in enumerate(known):
            if candidate.id == row.id:
                similarities[at, other] = -1.0
    return [known[int(best)].right[0] for best in np.argmax(similarities, axis=1)]


def _print_wrong(row: Row, form: Form, amiss: Sequence[str]) -> None:
    print(f"{row.id} {' / '.join((*row.before, row.question))}")
    for field in amiss:
        print(f"    {field}: {form[field]} instead of {row.right[0][field]}")


def _print_share(name: str, n: int, total: int) -> None:
    low, high = wilson(n, total) or (0.0, 0.0)
    print(f"{name:60}{n:4} of {total}  {n / total:.3f} [{low:.3f}, {high:.3f}]")
