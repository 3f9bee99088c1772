"""How well colleagues' questions fit the moments they are suggested for: `python -m evals suggestions [--shared PATH]`.

A moment is a closed question about impact, need or the problem, after words that tell the matter; the pool is what may
serve colleagues in all other calls. Each of the questions written for this project is a call, with the labels it was
written with; with `--shared` each consultation of primock57 is one, its questions found and labelled by the shipped
classifier. Reported, with 95 % bootstrap intervals that resample whole scenarios or consultations, beside a pick at
random among the pool's questions of the same function from other calls:

- found: moments for which a question is near enough;
- same matter: the share whose question comes from the same scenario (written) or from a consultation with the same
  complaint (primock57), which is coarse: other complaints can ask for the same history;
- like what was asked: cosine between the suggested question and the one the agent asked at that moment.

Of primock57 also: how often pairs of customers' words from two consultations, by their similarity, come from the same
complaint; and how many of the suggested questions that people labelled are open and of the wished function.
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from coach.errors import ConfigError
from coach.plain import plain
from coach.questions import QuestionClassifier, ask_of
from coach.questions.find import last_words
from coach.retrieval.embeddings import Embedder, load_embedder
from coach.store import ExemplarPool, StoredExemplar
from coach.suggest import exemplars_of
from coach.suggest.exemplars import MIN_SIMILARITY, nearest
from coach.suggest.moments import Moment, telling
from coach.types import ASKED_CLOSED, Call, Metadata, Question, Role, Turn
from evals.clustered import resamples, shown
from evals.questions_data import DATASET, read_written

FUNCTIONS = ("impact", "need", "diagnostic")
BANDS = (0.0, 0.35, 0.45, 0.55, 0.65, 1.01)
_ROLES: dict[str, Role] = {"doctor": "agent", "patient": "customer"}


@dataclass(frozen=True, slots=True)
class Placed:
    """A moment in its call, with the question that was suggested for it."""

    call: Call
    moment: Moment
    entry: int | None
    """In the pool; None when nothing was near enough."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table per set; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals suggestions", description=__doc__)
    parser.add_argument("--shared", type=Path, help="folder with data/primock57")
    options = parser.parse_args(argv)
    embedder = load_embedder()
    written = _written_calls()
    scenario = {call.id: call.id.split("/")[0] for call in written}
    _report("written questions, by scenario", *_suggested(written, embedder), scenario, scenario, embedder)
    if options.shared:
        calls = _consultations(options.shared)
        complaint = _complaints(options.shared)
        placed, pool = _suggested(calls, embedder)
        _report("primock57, by complaint", placed, pool, complaint, {call.id: call.id for call in calls}, embedder)
        _report_labels(placed, pool)
        _report_pairs(calls, complaint, embedder)
    return 0


def _written_calls() -> list[Call]:
    """A call for each written question: what was said before it in its scenario, the customer's words, the question."""
    before: dict[str, list[str]] = {}
    calls = []
    for row, item in enumerate(read_written()):
        earlier = before.setdefault(item.group, [])
        turns = (Turn("unknown", " ".join(earlier)), Turn("customer", item.prev), Turn("agent", item.text))
        earlier += [item.prev, item.text]
        asked = [Question(2, 0, len(item.text), None, item.text, item.form, item.function, 1.0, 1.0, unsure=False)]  # type: ignore[arg-type]
        questions = () if item.form == "none" else tuple(asked)
        calls.append(Call(f"{item.group}/{row}", Metadata(), turns, None, "written", None, questions=questions))
    return calls


def _consultations(shared: Path) -> list[Call]:
    """Transcribers' marks are blanked, so that characters keep their places."""
    path = shared / "data" / "primock57" / "dialogues.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    turns = [
        tuple(
            Turn(_ROLES[turn["speaker"]], re.sub(r"<[^>]*>", lambda mark: " " * len(mark.group()), turn["text"]))
            for turn in row["turns"]
        )
        for row in rows
    ]
    asked = ask_of(turns, QuestionClassifier.load())
    return [
        Call(row["id"], Metadata(agent=row["id"]), said, None, "primock57", None, questions=questions)
        for row, said, questions in zip(rows, turns, asked, strict=True)
    ]


def _complaints(shared: Path) -> dict[str, str]:
    groups = json.loads((shared / "data" / "primock57" / "same_complaint.json").read_text(encoding="utf-8"))
    return {call: str(number) for number, group in enumerate(groups) for call in group}


def _suggested(calls: Sequence[Call], embedder: Embedder) -> tuple[list[Placed], ExemplarPool]:
    pool = _pool(calls, embedder)
    moments = [(call, moment) for call in calls for moment in _moments(call)]
    found = nearest(moments, embedder.embed([plain(moment.said) for _, moment in moments]), pool)
    placed = [
        Placed(call, moment, near[0][0] if near else None) for (call, moment), near in zip(moments, found, strict=True)
    ]
    return placed, pool


def _pool(calls: Sequence[Call], embedder: Embedder) -> ExemplarPool:
    entries, vectors = [], [np.zeros((0, embedder.dimension), np.float32)]
    for call, exemplars in zip(calls, exemplars_of(calls, embedder), strict=True):
        for one in exemplars:
            text = call.turns[one.turn].text[one.start_char : one.end_char]
            place = (call.id, call.metadata.agent, one.turn, one.start_char, one.end_char, None, one.function, text)
            entries.append(StoredExemplar(0, *place))
            vectors.append(one.prev_embedding[None])
    return ExemplarPool(tuple(entries), np.vstack(vectors))


def _moments(call: Call) -> list[Moment]:
    closed = [(q, last_words(call.turns, q.turn)) for q in call.questions if q.form == "closed" and not q.unsure]
    return [
        Moment(q.turn, q.start_char, ASKED_CLOSED, q.function, said, q.text)
        for q, said in closed
        if q.function in FUNCTIONS and telling(said)
    ]


def _report(
    title: str,
    placed: Sequence[Placed],
    pool: ExemplarPool,
    matter: dict[str, str],
    drawn: dict[str, str],
    embedder: Embedder,
) -> None:
    """Prints one set's figures. `matter` and `drawn` tell of each call what it is about, and what is drawn with it.

    A row of `table` is a moment: found, then same matter and likeness, each beside chance.
    """
    texts = embedder.embed([plain(entry.text) for entry in pool.entries])
    asked = embedder.embed([plain(one.moment.asked) for one in placed])
    table = np.full((len(placed), 5), np.nan)
    for row, one in enumerate(placed):
        table[row, 0] = one.entry is not None
        others = [
            at
            for at, entry in enumerate(pool.entries)
            if entry.function == one.moment.function and entry.call != one.call.id
        ]
        if one.entry is not None:
            same = [matter[pool.entries[at].call] == matter[one.call.id] for at in (one.entry, *others)]
            like = texts[[one.entry, *others]] @ asked[row]
            table[row, 1:] = same[0], np.mean(same[1:]), like[0], np.mean(like[1:])
    groups = [drawn[one.call.id] for one in placed]
    print(f"\n{title}: {len(placed)} moments of {len(set(groups))}, {len(pool.entries)} questions in the pool")
    print(f"{'found':32}{_interval(table[:, 0], groups)}")
    for name, column in (("same matter", 1), ("like what was asked", 3)):
        print(f"{name:32}{_interval(table[:, column], groups)}")
        print(f"{'  picked at random':32}{_interval(table[:, column + 1], groups)}")
        print(f"{'  difference':32}{_interval(table[:, column] - table[:, column + 1], groups)}")


def _report_labels(placed: Sequence[Placed], pool: ExemplarPool) -> None:
    """Of the suggested questions that people labelled, how many are open and of the wished function."""
    lines = (DATASET / "natural.jsonl").read_text(encoding="utf-8").splitlines()
    labels = {(row["dialogue"], row["turn"], row["start"]): row for row in map(json.loads, lines)}
    right = []
    for entry in {one.entry for one in placed if one.entry is not None}:
        chosen = pool.entries[entry]
        if label := labels.get((chosen.call, chosen.turn, chosen.start_char)):
            right.append((label["form"], label["function"]) == ("open", chosen.function))
    print(f"{'open and of the function':32}{sum(right)} of {len(right)} suggested questions that people labelled")


def _report_pairs(calls: Sequence[Call], complaint: dict[str, str], embedder: Embedder) -> None:
    """Pairs of customers' words from two consultations, by their similarity."""
    said = [
        (call.id, words) for call in calls for q in call.questions if telling(words := last_words(call.turns, q.turn))
    ]
    said = list(dict.fromkeys(said))
    vectors = embedder.embed([plain(words) for _, words in said])
    ids, matters = np.array([call for call, _ in said]), np.array([complaint[call] for call, _ in said])
    first, second = np.triu_indices(len(said), 1)
    apart = ids[first] != ids[second]
    first, second = first[apart], second[apart]
    similarities = np.einsum("ij,ij->i", vectors[first], vectors[second])
    same = matters[first] == matters[second]
    print(f"\npairs of customers' words from two consultations: {len(same)}, same complaint {same.mean():.3f}")
    for low, high in pairwise(BANDS):
        chosen = (similarities >= low) & (similarities < high)
        mark = "  <- MIN_SIMILARITY" if low == MIN_SIMILARITY else ""
        share = same[chosen].mean() if chosen.any() else float("nan")
        print(f"  {low:.2f} to {min(high, 1):.2f}: {int(chosen.sum()):7} pairs, same complaint {share:.3f}{mark}")


def _interval(values: np.ndarray, groups: Sequence[str]) -> str:
    """The mean of what is not missing, with its interval when whole groups are drawn again."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return "nothing (n 0)"
    samples = resamples([groups[int(row)] for row in known])
    return f"{shown(lambda rows: float(values[known][rows].mean()), samples, len(known))} (n {len(known)})"
