"""How well summaries point at what matters: `python -m evals summaries [--part dev|test]`.

Of the written contacts (datasets/contacts) a reader noted the turns that each part of a summary would rest on. Their
cues and questions are found by the shipped models; then, for each part over all contacts of the half:

- precision: of the turns that the quoted summary rests on, the share that the reader noted;
- recall: of the turns that the reader noted, the share that the summary rests on.

Beside it stand two summaries that look at nothing: lead sentences (the customer's first turn for the reason and the
impact, the agent's last for the rest) and the longest turn (of the customer in the first half, of the agent in the
second). Intervals are 95 % bootstrap intervals that draw whole contacts. The summaries were made while reading the
contacts with an even number (dev); those with an odd one (test) are for the report.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from coach.questions import QuestionClassifier, ask_of
from coach.summaries import summarise
from coach.trackers import load_finder, load_trackers
from coach.types import SUMMARY_PARTS, Call, Role, SummaryPart, Turn
from evals.clustered import resamples, shown
from ingest.formats.jsonl import read_transcripts

DATASET = Path(__file__).parent / "datasets" / "contacts"
Chosen = dict[SummaryPart, set[int]]


@dataclass(frozen=True, slots=True)
class Contact:
    call: Call
    noted: Chosen
    """The turns that the reader would rest each part on."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals summaries", description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev", help="contacts of even or odd numbers")
    options = parser.parse_args(argv)
    contacts = heard([one for one in read_contacts() if in_part(one.call.id, options.part)])
    makers: dict[str, list[Chosen]] = {
        "summary": [of_summary(call) for call in (one.call for one in contacts)],
        "lead sentences": [lead(one.call.turns) for one in contacts],
        "longest turn": [longest(one.call.turns) for one in contacts],
    }
    print(f"{len(contacts)} contacts, part {options.part}; turns, with 95 % intervals that draw whole contacts")
    for part in SUMMARY_PARTS:
        print(f"\n{part} (noted in {sum(bool(one.noted[part]) for one in contacts)} contacts)")
        for name, chosen in makers.items():
            print(f"  {name:16}{figures(contacts, chosen, part)}")
    return 0


def in_part(call_id: str, part: str) -> bool:
    """Whether the contact belongs to that half."""
    return (int(call_id[1:]) % 2 == 0) == (part == "dev")


def read_contacts() -> list[Contact]:
    """The written contacts with what their reader noted, not yet searched for questions and cues."""
    lines = (DATASET / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    facts = {row["id"]: row["summary"] for row in map(json.loads, lines)}
    calls = [item for item in read_transcripts(DATASET / "contacts.jsonl") if isinstance(item, Call)]
    return [Contact(call, {part: set(facts[call.id].get(part, ())) for part in SUMMARY_PARTS}) for call in calls]


def heard(contacts: Sequence[Contact]) -> list[Contact]:
    """The contacts with the questions and cues that the shipped models find."""
    turns = [one.call.turns for one in contacts]
    found = zip(ask_of(turns, QuestionClassifier.load()), load_finder(load_trackers()).find(turns), strict=True)
    return [
        replace(one, call=replace(one.call, questions=questions, cues=cues))
        for one, (questions, cues) in zip(contacts, found, strict=True)
    ]


def of_summary(call: Call) -> Chosen:
    (summary,) = summarise([call])
    return {part: {turn for one in summary if one.part == part for turn in one.turns} for part in SUMMARY_PARTS}


def lead(turns: Sequence[Turn]) -> Chosen:
    first, last = _of(turns, "customer")[:1], _of(turns, "agent")[-1:]
    return {part: set(first if part in ("reason", "impact") else last) for part in SUMMARY_PARTS}


def longest(turns: Sequence[Turn]) -> Chosen:
    half = len(turns) / 2
    early = [index for index in _of(turns, "customer") if index <= half]
    late = [index for index in _of(turns, "agent") if index >= half]
    chosen = {
        name: {max(places, key=lambda index: len(turns[index].text))} if places else set()
        for name, places in (("early", early), ("late", late))
    }
    return {part: chosen["early" if part in ("reason", "impact") else "late"] for part in SUMMARY_PARTS}


def _of(turns: Sequence[Turn], role: Role) -> list[int]:
    return [index for index, turn in enumerate(turns) if turn.role == role]


def figures(contacts: Sequence[Contact], chosen: Sequence[Chosen], part: SummaryPart) -> str:
    """Precision and recall of the turns, with intervals and of how many."""
    counts = np.array(
        [
            (len(one.noted[part] & mine[part]), len(mine[part]), len(one.noted[part]))
            for one, mine in zip(contacts, chosen, strict=True)
        ]
    )
    samples = resamples([one.call.id for one in contacts])
    told = [
        f"{name} {shown(partial(_share, counts, column), samples, len(contacts))} of {counts[:, column].sum():3}"
        for name, column in (("precision", 1), ("recall", 2))
    ]
    return "   ".join(told)


def _share(counts: np.ndarray, column: int, rows: np.ndarray) -> float:
    total = counts[rows, column].sum()
    return float(counts[rows, 0].sum() / total) if total else 0.0
