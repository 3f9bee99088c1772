"""A question in words as a plan: by rules, by nearness to written questions, and by an LLM if there is one."""

from collections.abc import Sequence
from datetime import date

from coach.llm import Llm
from coach.retrieval.embeddings import Embedder
from coach.routing.followup import follow
from coach.routing.phrasebook import PhraseBook
from coach.routing.plan import Plan
from coach.routing.planning import Draught, plan_of, start
from coach.routing.reading import read
from coach.routing.values import Names
from coach.routing.written import rewritten
from coach.store.vocabulary import Vocabulary


def route(
    question: str,
    vocabulary: Vocabulary,
    today: date,
    *,
    embedder: Embedder,
    before: Sequence[str] = (),
    llm: Llm | None = None,
    book: PhraseBook | None = None,
) -> Plan:
    """What `question` asks of a store with that vocabulary on that day.

    With an LLM it may make another plan of it, from the same names; the rules' plan stands where it makes none.
    `before` are the earlier questions of the conversation, oldest first: a question that only makes sense after them
    changes their plan. `book` is the phrase book, to be loaded once and handed in; without it it is loaded here.
    """
    book = PhraseBook.load() if book is None else book
    names = Names(vocabulary, book.lexicon, " ".join((*before, question)))
    current: Draught | None = None
    for one in (*before, question):
        reading = read(one, names, book, today, embedder)
        current = start(reading, today) if current is None else follow(current, reading, today)
    assert current is not None
    plan = plan_of(current, book)
    return plan if llm is None else rewritten(plan, question, before, vocabulary, today, book, llm)
