"""Words of a question that nothing here knows: no call says them, no metadata holds them, and no measure is called so.

A count that leaves such a word out answers another question: "how many customers of the aquarium are content?" is not
answered by how many customers are. And what is near to a name that nobody says is about somebody else.
"""

import re
from dataclasses import dataclass

from coach.answers.subject import stem, telling_words
from coach.retrieval.words import content_words
from coach.routing import PhraseBook, Plan
from coach.routing.words import plain_words
from coach.store import Store, Vocabulary

_CALENDAR = """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday today yesterday daily weekly monthly yearly versus vs
"""
_TIMES = frozenset(_CALENDAR.split())
_MUCH = """
    altogether overall total totals average avg mean median typical typically usually mostly roughly approximately
    exactly actually currently per percent percentage proportion ratio number numbers figure figures count counts rank
    ranked ranking list listed overview breakdown summary summarise summarize compared comparison against
"""
_AMOUNTS = frozenset(_MUCH.split())
"""Words that ask how much, and of which a call need not speak."""
_TOLD_AGAIN = ("looked for: ", "counted: ")
"""Notes of a plan that repeat the question's words, understood or not."""
_RESPELLED = re.compile(r"(\S+): read as (\S+)")
_NAME = re.compile(r"(?<![.?!:] )(?<!^)\b([A-Z][\w'-]*|\w*\d\w*)")


@dataclass(frozen=True, slots=True)
class Unsaid:
    words: tuple[str, ...]
    """In lower case, in order."""
    names: tuple[str, ...]
    """Those of them that are written as names are, or with a digit."""
    unread: tuple[str, ...]
    """Content words that calls do say, and that no part of the plan but its search can have come from."""


def unsaid(question: str, plan: Plan, store: Store, vocabulary: Vocabulary, book: PhraseBook) -> Unsaid:
    """What of `question` is known neither to the calls nor to the plan that was made of it."""
    values = {stem(word) for held in vocabulary.values.values() for value in held for word in content_words(value)}
    known = values | {stem(word) for word in (*book.terms, *book.lexicon.words, *_TIMES, *_AMOUNTS)}
    written = {part for match in _NAME.finditer(question.strip()) for part in content_words(match.group())}
    read = _read(question, plan, book)
    for word, meant in (match.groups() for note in plan.understood if (match := _RESPELLED.fullmatch(note))):
        read.discard(word)
        if stem(meant) in (values if word in written else known):
            read.add(word)
    left = [word for word in content_words(question) if stem(word) not in known and word not in read]
    counts = store.word_frequencies(left)
    words = tuple(word for word in left if not counts.get(word, 0))
    telling = set(telling_words(question))
    unread = tuple(word for word in left if word not in words and word in telling and not word.isdigit())
    return Unsaid(words, tuple(word for word in words if word in written), unread)


def _read(question: str, plan: Plan, book: PhraseBook) -> set[str]:
    """The words that the plan says it understood, and those of phrases that name a measure."""
    read = {word for note in plan.understood if not note.startswith(_TOLD_AGAIN) for word in content_words(note)}
    plain = plain_words(question)
    for said in book.find(plain):
        read.update(set(content_words(plain[said.start : said.end])) - set(content_words(said.between)))
    return read
