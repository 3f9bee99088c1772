"""How right the numbers of contacts are that searches find: `python -m evals matters [--stores PATH] [--try]`.

Forty matters are looked for in the written contacts, each by one question, as an answer's search does. Which contacts
speak of them one reader wrote down; contacts that a reader might count or not are left out. Reported: for how many
matters there is evidence at all; of the contacts counted for those, the share that speak of the matter; of those that
speak of it, the share counted; and how far the number of contacts is off, on average. All are development questions:
the thresholds of `coach.answers.evidence` were chosen on them, and `--try` prints the same for others.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from coach.answers import evidence
from coach.config import RetrievalConfig, StoreConfig
from coach.retrieval.embeddings import Embedder, load_embedder
from coach.retrieval.index import Index
from coach.store import Store, open_store
from evals.answers import share
from evals.answers_data import DATASETS, build
from evals.retrieval_vectors import KeptEmbedder

MATTERS = DATASETS / "answers" / "matters.jsonl"
TRIED = (0.18, 0.20, 0.22, 0.24, 0.26)
"""For STANDS_OUT."""


@dataclass(frozen=True, slots=True)
class Matter:
    id: str
    question: str
    contacts: frozenset[str]
    """Those that speak of it."""
    either: frozenset[str]
    """Those that may be counted or not."""


@dataclass(frozen=True, slots=True)
class Counted:
    matter: Matter
    answered: bool
    """Whether there is evidence at all."""
    found: frozenset[str]
    """Contacts counted, without those that may be counted or not."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the figures, and those of every matter; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m evals matters", description=__doc__)
    parser.add_argument("--stores", type=Path, help="keeps the store here, and uses the one that is there")
    parser.add_argument("--try", action="store_true", dest="others", help="print the figures of other thresholds too")
    options = parser.parse_args(argv)
    embedder = KeptEmbedder(load_embedder(), None)
    matters = read_matters()
    with TemporaryDirectory() as temporary:
        folder = (options.stores or Path(temporary)) / "contacts"
        if not folder.is_dir():
            build("contacts", folder, None)
        with open_store(folder / "data", StoreConfig()) as store:
            index = Index.open(folder / "data" / "index")
            counted = count_all(matters, store, index, embedder)
            for one in counted:
                speak, question = one.matter.contacts, one.matter.question
                right, more = len(one.found & speak), len(one.found - speak)
                print(f"{one.matter.id} {right:3} of {len(speak):2}, and {more} others  {question}")
            report("", counted)
            for threshold in TRIED if options.others else ():
                with patch.object(evidence, "STANDS_OUT", threshold):
                    report(f"with STANDS_OUT {threshold}", count_all(matters, store, index, embedder))
    return 0


def read_matters(path: Path = MATTERS) -> list[Matter]:
    """In the order of the file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Matter(r["id"], r["question"], frozenset(r["contacts"]), frozenset(r["either"])) for r in rows]


def count_all(matters: Sequence[Matter], store: Store, index: Index, embedder: Embedder) -> list[Counted]:
    """The contacts in which each matter is found."""
    least = RetrievalConfig().min_similarity
    counted = []
    for matter in matters:
        near = evidence.gather(store, index, embedder, matter.question, (), min_closeness=least)
        counted.append(Counted(matter, bool(near.near), frozenset(near.calls) - matter.either))
    return counted


def report(title: str, counted: Sequence[Counted]) -> None:
    """Prints the figures of all matters together."""
    answered = [one for one in counted if one.answered]
    found = sum(len(one.found) for one in answered)
    right = sum(len(one.found & one.matter.contacts) for one in answered)
    speak = sum(len(one.matter.contacts) for one in answered)
    off = sum(abs(len(one.found) - len(one.matter.contacts)) for one in answered) / max(1, len(answered))
    more = sum(len(one.found) - len(one.matter.contacts) for one in answered) / max(1, len(answered))
    print(f"\n{title}".rstrip())
    print(f"  matters with evidence                    {share(len(answered), len(counted))}")
    print(f"  contacts counted that speak of it        {share(right, found)}")
    print(f"  contacts that speak of it, counted       {share(right, speak)}")
    print(f"  the number is off by {off:.2f} of {speak / max(1, len(answered)):.1f} contacts on average ({more:+.2f})")
