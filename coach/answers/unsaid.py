"""Words of a question that nothing here knows: no call says them, no metadata holds them, and no measure is called so.

A count that leaves such a word out answers another question: "how many customers of the aquarium are content?" is not
answered by how many customers are. And what is near to a name that nobody says is about somebody else.
"""

import re
from dataclasses import dataclass

from coach.answers.subject import stem
from coach.retrieval.words import content_words
from coach.routing import PhraseBook, Plan
from coach.routing.words import plain_words
from coach.store import Store, Vocabulary

_CALENDAR = """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday today yesterday daily weekly monthly yearly versus vs
"""
_TIMES = frozenset(_CALENDAR.split())
_TOLD_AGAIN = ("looked for: ", "counted: ")
"""Notes of a plan that repeat the question's words, understood or not."""
_NAME = re.compile(r"(?<![.?!:] )(?<!^)\b([A-Z][\w'-]*|\w*\d\w*)")


@dataclass(frozen=True, slots=True)
class Unsaid:
    words: tuple[str, ...]
    """In lower case, in order."""
    names: tuple[str, ...]
    """Those of them that are written as names are, or with a digit."""


def unsaid(question: str, plan: Plan, store: Store, vocabulary: Vocabulary, book: PhraseBook) -> Unsaid:
    """What of `question` is known neither to the calls nor to the plan that was made of it."""
    known = {stem(word) for word in (*book.terms, *book.lexicon.words, *_TIMES)}
    for values in vocabulary.values.values():
        known.update(stem(word) for value in values for word in content_words(value))
    read = {word for note in plan.understood if not note.startswith(_TOLD_AGAIN) for word in content_words(note)}
    plain = plain_words(question)
    read.update(word for said in book.find(plain) for word in content_words(plain[said.start : said.end]))
    open_words = [word for word in content_words(question) if stem(word) not in known and word not in read]
    counts = store.word_frequencies(open_words)
    words = tuple(word for word in open_words if not counts.get(word, 0))
    written = {part for match in _NAME.finditer(question.strip()) for part in content_words(match.group())}
    return Unsaid(words, tuple(word for word in words if word in written))
