"""`python -m evals roles --shared PATH`: how often the agent is told from what is said, and what the weights should be.

Fitted on consultations (primock57), written helpdesk dialogues (stc3) and the demo calls, each corpus counting alike,
whole and in parts of 10 to 14 turns; tested on real calls to an operator (oasis) and counselling (annomi), which teach
nothing, and on each of the three by leaving it out.
"""

import argparse
import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from coach.roles import FACTS, MIN_WORDS, SURE, WEIGHTS, facts
from evals.recordings import DEMO_CALLS

Dialogue = list[tuple[bool, str]]
"""Turns in order: whether the agent speaks, and the words."""
LEARNT = ("primock57", "stc3", "demo")
SHARE_OF_DEMO = 0.5
_MARKS = re.compile(r"<[^>]*>|\[[A-Z]+\]")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals roles", description="Roles told from what is said.")
    parser.add_argument("--shared", type=Path, required=True, help="the folder that holds data/")
    parser.add_argument("--fit", action="store_true", help="print the weights that the dialogues give")
    args = parser.parse_args(argv)
    corpora = dict(_corpora(args.shared / "data"))
    rows = {name: [_rows(dialogue) for dialogue in dialogues] for name, dialogues in corpora.items()}
    if args.fit:
        print("WEIGHTS = (", ", ".join(f"{weight:.2f}" for weight in _fit(rows, LEARNT)), ")  #", ", ".join(FACTS))
    for name in rows:
        print(f"{name:10}", json.dumps(_measure(rows[name], np.array(WEIGHTS))))
        if name in LEARNT:
            left_out = _fit(rows, [other for other in LEARNT if other != name])
            print(f"{'  left out':10}", json.dumps(_measure(rows[name], left_out)))
    return 0


def _rows(dialogue: Dialogue) -> list[list[float]]:
    """The facts of a dialogue and of two parts of it, agent against customer; parts in which one is silent are left."""
    middle = len(dialogue) // 2
    parts = [dialogue, dialogue[:10], dialogue[middle : middle + 14]] if len(dialogue) > 10 else [dialogue]
    rows = []
    for part in parts:
        sides = [[words for is_agent, words in part if is_agent == wanted] for wanted in (True, False)]
        if min(sum(len(words.split()) for words in side) for side in sides) >= MIN_WORDS:
            rows.append(facts(*sides))
    return rows


def _fit(rows: Mapping[str, Sequence[Sequence[Sequence[float]]]], names: Sequence[str]) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    found, counts = [], []
    for name in names:
        own = [row for dialogue in rows[name] for row in dialogue]
        found += own
        counts += [(SHARE_OF_DEMO if name == "demo" else 1.0) / len(own)] * len(own)
    x, weights = np.array(found), np.array(counts) * len(found) / sum(counts)
    model = LogisticRegression(C=0.3, fit_intercept=False)
    model.fit(np.vstack([x, -x]), np.repeat([1, 0], len(x)), np.concatenate([weights, weights]))
    return np.asarray(model.coef_[0])


def _measure(dialogues: Sequence[Sequence[Sequence[float]]], weights: np.ndarray) -> dict[str, float]:
    """Of whole dialogues and of parts: how many are told right, are sure, and are right among the sure."""
    measured: dict[str, float] = {}
    for kind, chosen in (("whole", [d[:1] for d in dialogues]), ("parts", [d[1:] for d in dialogues])):
        rows = [row for dialogue in chosen for row in dialogue]
        if not rows:
            continue
        probability = 1 / (1 + np.exp(-np.array(rows) @ weights))
        sure = np.maximum(probability, 1 - probability) >= SURE
        measured |= {
            f"{kind}_n": len(rows),
            f"{kind}_right": round(float((probability > 0.5).mean()), 3),
            f"{kind}_sure": round(float(sure.mean()), 3),
            f"{kind}_right_of_sure": round(float((probability[sure] > 0.5).mean()), 3) if sure.any() else 0.0,
        }
    return measured


def _corpora(data: Path) -> Iterator[tuple[str, list[Dialogue]]]:
    rows = _json_lines(data / "primock57" / "dialogues.jsonl")
    yield "primock57", [[(t["speaker"] == "doctor", _clean(t["text"])) for t in row["turns"]] for row in rows]
    rows = _json_lines(data / "stc3" / "dialogues.jsonl")
    yield (
        "stc3",
        [[(t["sender"] == "helpdesk", _clean(" ".join(t["utterances"]))) for t in row["turns"]] for row in rows],
    )
    rows = _json_lines(DEMO_CALLS)
    yield "demo", [[(t["role"] == "agent", t["text"]) for t in row["turns"]] for row in rows]
    calls: dict[str, Dialogue] = {}
    for row in _json_lines(data / "oasis" / "segments.jsonl"):
        calls.setdefault(row["dialogue"], []).append((row["speaker"] == "agent", _clean(row["text"])))
    yield "oasis", list(calls.values())
    sessions: dict[str, Dialogue] = {}
    with (data / "annomi" / "annomi.csv").open(encoding="utf-8", newline="") as file:
        heard: set[tuple[str, str]] = set()
        for line in csv.DictReader(file):
            place = (line["transcript_id"], line["utterance_id"])
            if place not in heard:  # some utterances were labelled by several people
                heard.add(place)
                is_agent = line["interlocutor"] == "therapist"
                sessions.setdefault(line["transcript_id"], []).append((is_agent, line["utterance_text"]))
    yield "annomi", list(sessions.values())


def _json_lines(path: Path) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _clean(text: str) -> str:
    return _MARKS.sub("", text)
