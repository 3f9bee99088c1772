"""Many calls of natural text: exchanges of real and written calls, shuffled and joined anew."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from coach.retrieval.passages import cut
from coach.types import Call, Metadata, Turn
from evals.retrieval_data import CORPORA, read_corpus

PASSAGES_A_CALL = 10
EXCHANGES_A_DRAW = 4
FILTERS = {"1 %": "customer=customer 7", "10 %": "agent=agent 3", "50 %": "team=north"}
"""By about the share of the calls that each keeps."""

Exchange = tuple[Turn, ...]
"""Turns that belong together: up to the next time the agent says something after an answer."""


def mixed_calls(n_calls: int, shared: Path | None) -> Iterator[Call]:
    """Calls of PASSAGES_A_CALL passages each; the same ones every time.

    Each call keeps to one corpus and takes exchanges from all over it. Without `shared` there are only the demo calls'.
    """
    pools = [_exchanges(read_corpus(name, shared)) for name in (CORPORA if shared else CORPORA[:1])]
    sizes = [len(pool) for pool in pools]
    random = Random(5)
    for number in range(n_calls):
        yield _call(number, random, random.choices(pools, sizes)[0])


def _call(number: int, random: Random, pool: Sequence[Exchange]) -> Call:
    turns: list[Turn] = []
    while len(cut(turns)) <= PASSAGES_A_CALL:
        turns += [turn for _ in range(EXCHANGES_A_DRAW) for turn in random.choice(pool)]
    metadata = Metadata(
        agent=f"agent {random.randrange(10)}",
        customer=f"customer {random.randrange(100)}",
        team=random.choice(("north", "south")),
    )
    said = tuple(turns[: cut(turns)[PASSAGES_A_CALL - 1].last_turn + 1])
    return Call(f"mixed-{number:06}", metadata, said, None, "mixed", None)


def _exchanges(calls: Iterator[Call]) -> list[Exchange]:
    """Cut before each turn of the agent that follows one of the customer."""
    found: list[Exchange] = []
    for call in calls:
        current: list[Turn] = []
        for turn in call.turns:
            if turn.role != "customer" and current and current[-1].role == "customer":
                found.append(tuple(current))
                current = []
            current.append(Turn(turn.role, turn.text))
        if current:
            found.append(tuple(current))
    return found
