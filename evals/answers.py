"""How well questions are answered: `python -m evals answers [--shared PATH] [--part dev|test] [--llm CONFIG]`.

Every question of the evaluation set is asked of its store: the written contacts, the demo calls or, with `--shared`,
primock57, taken in by the import code. Reported with Wilson's 95 % intervals, without a language model and, with
`--llm` and a configuration that names one, with it beside:

- refused: of the questions that the calls cannot answer, the share told "not enough evidence";
- answered: of those that they can, the share answered;
- citations: of the quotes in answers to the latter, the share that people judged to support the answer. One that
  nobody judged counts as wrong and is told; `--dump FILE` writes those with their words, to be judged;
- figures: of the questions that ask for a figure, the share whose first figure, or one of the groups' where the best
  is asked for, is right.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from coach.answers import Answer, Asker, Citation, answer
from coach.config import RetrievalConfig, StoreConfig, load_config
from coach.counts import Figure
from coach.intervals import wilson
from coach.llm import Llm, open_llm
from coach.retrieval.embeddings import Embedder, load_embedder
from coach.retrieval.index import Index
from coach.store import open_store
from evals.answers_data import JUDGEMENTS, Asked, Place, build, place_of, read_judgements, read_questions

TODAY = {"contacts": date(2026, 8, 31), "demo": date(2026, 3, 16), "primock57": date(2026, 8, 31)}
"""The day each store is asked on: just after its last contact."""
CLOSE = 0.005
"""A value is right when it differs by no more than this share."""


@dataclass(frozen=True, slots=True)
class Outcome:
    asked: Asked
    answer: Answer


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals answers", description=__doc__)
    parser.add_argument(
        "--shared", type=Path, help="folder with data/primock57; without it those questions are left out"
    )
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--llm", type=Path, help="a coach.toml whose `llm` is asked too")
    parser.add_argument("--dump", type=Path, help="writes quotes that nobody judged here")
    parser.add_argument("--stores", type=Path, help="keeps the stores here, and uses those that are there")
    options = parser.parse_args(argv)
    questions = [one for one in read_questions(options.part) if options.shared or one.store != "primock57"]
    embedder = load_embedder()
    llm = open_llm(load_config(options.llm).llm) if options.llm else None
    with TemporaryDirectory() as temporary:
        folder = options.stores or Path(temporary)
        found = {"no LLM": ask_all(questions, folder, options.shared, embedder, None)}
        if llm is not None:
            found[llm.name] = ask_all(questions, folder, options.shared, embedder, llm)
    judged = read_judgements()
    for name, outcomes in found.items():
        report(name, outcomes, judged)
    if options.dump:
        dump(options.dump, [one for outcomes in found.values() for one in outcomes], judged)
    return 0


def ask_all(
    questions: Sequence[Asked], folder: Path, shared: Path | None, embedder: Embedder, llm: Llm | None
) -> list[Outcome]:
    """Every question asked of its store, which is made in `folder` where it is not there yet."""
    outcomes = []
    for name in dict.fromkeys(one.store for one in questions):
        if not (folder / name).is_dir():
            build(name, folder / name, shared)
        data = folder / name / "data"
        with open_store(data, StoreConfig()) as store:
            asker = Asker(store, Index.open(data / "index"), embedder, RetrievalConfig(), TODAY[name], llm)
            for one in questions:
                if one.store == name:
                    outcomes.append(Outcome(one, answer(asker, one.question, one.where, one.before)))
    return outcomes


def report(name: str, outcomes: Sequence[Outcome], judged: Mapping[Place, bool]) -> None:
    """Prints the shares of one way to answer, and what went wrong."""
    able = [one for one in outcomes if one.asked.answerable]
    unable = [one for one in outcomes if not one.asked.answerable]
    places = [place_of(one.asked.id, quote) for one in able for quote in one.answer.citations]
    figures = [one for one in able if one.asked.figure is not None]
    refused = [one for one in unable if one.answer.status != "answered"]
    answered = [one for one in able if one.answer.status == "answered"]
    right = [one for one in figures if is_right(one.answer.figures, one.asked.figure or {})]
    print(f"\n{name}")
    print(f"  refused, of what the calls cannot answer   {share(len(refused), len(unable))}")
    print(f"  answered, of what they can                 {share(len(answered), len(able))}")
    print(
        f"  citations that support the answer          {share(sum(judged.get(p, False) for p in places), len(places))}"
    )
    print(f"  right figures                              {share(len(right), len(figures))}")
    print(f"  ({sum(place not in judged for place in places)} citations that nobody judged, counted as wrong)")
    for title, wrong in (
        ("answered, and should not be", [one for one in unable if one not in refused]),
        ("not answered, and should be", [one for one in able if one not in answered]),
        ("another figure", [one for one in figures if one not in right]),
    ):
        print(f"  {title}:" if wrong else f"  {title}: none")
        for one in wrong:
            print(f"    {one.asked.id} {one.asked.question} -> {one.answer.statement}")


def share(n: int, total: int) -> str:
    """The share with its interval, to be printed."""
    bounds = wilson(n, total)
    return "none asked" if bounds is None else f"{n:4} of {total:4} {n / total:6.3f} [{bounds[0]:.3f}, {bounds[1]:.3f}]"


def is_right(figures: Sequence[Figure], expected: Mapping[str, float]) -> bool:
    """Whether one of the figures has all the expected numbers: the first, or that of a group where there are groups."""
    candidates = figures[:1] if not figures or figures[0].group is None else figures
    return any(_matches(figure, expected) for figure in candidates)


def _matches(figure: Figure, expected: Mapping[str, float]) -> bool:
    value = expected.get("value")
    if value is not None and (figure.value is None or not math.isclose(figure.value, value, rel_tol=CLOSE)):
        return False
    return all(getattr(figure, name) == expected[name] for name in ("n", "N") if name in expected)


def dump(path: Path, outcomes: Sequence[Outcome], judged: Mapping[Place, bool]) -> None:
    """Writes the quotes that nobody judged, one JSON object a line, with what a judge has to read."""
    rows: dict[Place, dict[str, object]] = {}
    for one in outcomes:
        for quote in one.answer.citations if one.asked.answerable else ():
            place = place_of(one.asked.id, quote)
            if place not in judged:
                rows[place] = _row(one, quote)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values()), encoding="utf-8")
    print(f"{len(rows)} quotes to be judged are in {path}; add them to {JUDGEMENTS.name} with supports true or false.")


def _row(one: Outcome, quote: Citation) -> dict[str, object]:
    return {
        "question": one.asked.id,
        "asked": one.asked.question,
        "before": list(one.asked.before),
        "statement": one.answer.statement,
        "quote": quote.quote,
        "role": quote.role,
        "call": quote.call,
        "turn": quote.turn,
        "start_char": quote.start_char,
        "end_char": quote.end_char,
        "supports": None,
    }
