"""Names in a question as conditions: "Ms Weiss", "the Mill team", "elderly customers", "except retention", "by phone".

What a name can mean comes from the store's vocabulary; the lexicon adds what people call the same thing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from coach.routing.lexicon import Lexicon, forms
from coach.routing.words import Draft, plain_words, whole
from coach.store.filters import Filter
from coach.store.vocabulary import Vocabulary

MATTERS = frozenset({"product", "queue", "medium"})
"""Keys whose values are also what is spoken about: "the TV box" is a product, and what a customer complains of."""
_OF_CONTACTS = frozenset({"agent", "team", "customer", "segment"})
"""Keys whose values are whoever is in the contact, whatever stands before them."""
MAX_WORDS = 8
"""Of a name. Longer ones are found only as far as their parts are names."""
MAX_OFFERS = 12
"""A part of a name that so many values share names none of them."""
_NOT = whole(
    r"(?:(?:not|never|not counting|not including|disregarding|minus|but not|and not|except|excepting"
    r"|excluding|excl|without|other than|apart from|aside from|besides|outside|ignoring|with the exception of"
    r"|leaving out|leave out|leaving aside|omitting|non|no|(?:every|any)(?:one|body|thing) but|all but|rather than"
    r"|not interested in|no need for|skip|skipping|bar|barring)"
    r"(?: (?:for|in|on|by|from|with|via|of|to|at|the|those|these|any|our|a|an|ones|people|customers|contacts|calls"
    r"|that came|who came|anyone|anybody|everyone))*) $"
)
_LEFT_OUT = re.compile(
    r"(?: (?:contacts?|calls?|customers?|ones?|people|queue|team))?(?: ,)?(?: (?:is|are|was|were|being"
    r"|should be|to be))?"
    r" (?:excluded|excepted|aside(?! from)|left out|omitted|not included|not counted|disregarded|ignored"
    r"|excl(?= [,?]|$))(?![^ ])"
)
_WHO_MORE = whole(
    r"(?:who|which)(?: [^ @,]+){0,3} (?:more|less|fewer|better|worse|longer|shorter|higher|lower|faster"
    r"|slower)"
)
_OFFERED = re.compile(r"[,:](?: (?:in|for|the))* $")
"""Before what is to be chosen from at the end: "fcr: Quay or Mill?"."""
_GOES_ON = re.compile(r"(@\d+)(?: ,)? (?:and|or|nor|,)(?: (?:the|from|on|by|in))* $")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr"})
_INTO_WORDS = """
    many all for in on from among of by via per except excluding without not only just vs versus than between compare
    compared non outside to within across are were is was be and or , : with over
    """
_INTO = frozenset(_INTO_WORDS.split())
_NO_MATTER_WORDS = """
    and or vs versus than compared last this ? , ; : did do does are is was were have has had with in on for by
    per rather more less better worse to against from who that when where only since until which get got leave
    leaving left we they i how what why the a an since
    """
_NO_MATTER = frozenset(_NO_MATTER_WORDS.split())
_IDIOM_WORDS = """
    off down up answer answers answered answering pick picks
    """
_IDIOM = frozenset(_IDIOM_WORDS.split())
"""Of "get off the phone", "answers the phone": nothing that happens by phone only."""
_TROUBLE_WORDS = """
    problem problems trouble issue issues wrong happy unhappy help about regarding concerning
    """
_TROUBLE = frozenset(_TROUBLE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter and the words it was read from."""

    filter: Filter
    words: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Words that name a value and may as well be what is spoken about."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class _Offer:
    """One value that a name may mean."""

    key: str
    value: str
    weak: bool
    """Only beside its field's name: "team Open"."""


class Names:
    """All that the values of a store are called; of customers, who are many, only those whose names `asked` holds."""

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon, asked: str) -> None:
        self.lexicon = lexicon
        letters = _bare(asked)
        self.fields = dict(lexicon.fields)
        for column in vocabulary.extra:
            self.fields |= {form: column for form in forms(plain_words(column)) if form not in self.fields}
        self.offers: dict[str, list[_Offer]] = {}
        for key, values in vocabulary.values.items():
            for value in () if key == "medium" else values:
                if key != "customer" or _bare(value) in letters:
                    self._add(key, value)
        for medium, words in lexicon.media.items():
            for word in words:
                self._offer(word, _Offer("medium", medium, weak=False))
        self.words = frozenset(word for name in self.offers for word in name.split())
        """Every word that is part of a name."""

    def _add(self, key: str, value: str) -> None:
        name = plain_words(value)
        words = name.split()
        if not words or len(words) > MAX_WORDS:
            return
        same = self.lexicon.same
        is_code = (
            len(name) > 3 and any(letter.isdigit() for letter in name) and any(letter.isalpha() for letter in name)
        )
        self._offer(name, _Offer(key, value, weak=not is_code and all(self._is_weak(word) for word in words)))
        for other in same.get(name, ()):
            self._offer(other, _Offer(key, value, weak=False))
        if len(words) == 1 or key == "customer":
            return
        for at, word in enumerate(words):
            weak = self._is_weak(word)
            if key == "agent":
                self._offer(word, _Offer(key, value, weak))
                continue
            for other in () if weak else (word, *same.get(word, ())):
                self._offer(" ".join((*words[:at], other, *words[at + 1 :])), _Offer(key, value, weak=False))
                self._offer(other, _Offer(key, value, weak=False))

    def _is_weak(self, word: str) -> bool:
        return word in self.lexicon.weak or len(word) < 2 or not any(letter.isalpha() for letter in word)

    def _offer(self, name: str, offer: _Offer) -> None:
        for form in forms(name):
            offers = self.offers.setdefault(form, [])
            if offer not in offers:
                offers.append(offer)


def _bare(text: str) -> str:
    """Letters and digits only, to compare names quickly."""
    return "".join(filter(str.isalnum, text.casefold()))


def take_values(draft: Draft, names: Names) -> None:
    """Replaces every name by the mark of a `Condition`, or of a `Doubtful` one."""
    at = 0
    while (found := _next_name(draft.text, at, names)) is not None:
        start, end, offers, is_sure = found
        key = offers[0].key
        words = draft.text[start:end]
        values = tuple(dict.fromkeys(offer.value for offer in offers if offer.key == key))
        start, end = _with_field(draft.text, start, end, key, names)
        negated = _NOT.search(draft.text[:start])
        if negated:
            start = negated.start()
        left_out = _LEFT_OUT.match(draft.text, end)
        if left_out:
            end = left_out.end()
        goes_on = _GOES_ON.search(draft.text[:start])
        is_negated = (
            negated is not None
            or left_out is not None
            or (goes_on is not None and _is_left_out(draft, goes_on[1], key))
        )
        condition = Condition(
            Filter(key, "!=" if is_negated else "=", values), draft.text[start:end] if is_negated else words
        )
        sure = is_sure or is_negated
        draft.take(start, end, condition if sure else Doubtful(condition))
        at = start + 2
    _merge(draft)


def _is_left_out(draft: Draft, mark: str, key: str) -> bool:
    """Whether the mark leaves out a value of that key: what "or" joins to it is left out as well."""
    thing = draft.thing(mark)
    return isinstance(thing, Condition) and thing.filter.key == key and thing.filter.op == "!="


def unknown(draft: Draft, names: Names) -> tuple[str, ...]:
    """For people: words that stand beside a field's name ("the north region") and are no value of it."""
    keys = {form: key for form, key in names.fields.items() if key not in ("agent", "customer", "csat")}
    field = "|".join(sorted(map(re.escape, keys), key=len, reverse=True))
    told = []
    for match in whole(rf"([^\W\d_]+) ({field})").finditer(draft.text):
        word, named = match.groups()
        if word not in names.lexicon.stop and word not in names.lexicon.weak:
            told.append(f"not known: {word} (the store has no such {keys[named]})")
    return tuple(told)


def _next_name(text: str, at: int, names: Names) -> tuple[int, int, list[_Offer], bool] | None:
    """The first name from `at` on, the longest there: where, what it may mean, whether it must be a condition."""
    words = [(match.start(), match.end()) for match in re.finditer(r"[^ ]+", text)]
    for row, (start, _) in enumerate(words):
        if start < at:
            continue
        for last in range(min(len(words), row + MAX_WORDS) - 1, row - 1, -1):
            name = text[start : words[last][1]]
            if name in names.offers:
                before = [text[a:b] for a, b in words[:row]]
                after = [text[a:b] for a, b in words[last + 1 :]]
                if offers := _meant(names, name, before, after):
                    return start, words[last][1], offers, _is_sure(offers[0], names, before, after)
    return None


def _meant(names: Names, name: str, before: list[str], after: list[str]) -> list[_Offer]:
    """The values of one key that the name means where it stands; empty when it names nothing here."""
    offers = names.offers[name]
    if name == "phone" and _IDIOM.intersection(before[-2:]):
        return []
    beside = set(_keys_beside(names, before, after))
    fitting = [offer for offer in offers if offer.key in beside]
    if not fitting:
        titled = bool(before) and before[-1] in _TITLES
        fitting = [offer for offer in offers if not offer.weak or (titled and offer.key == "agent")]
    fitting = [offer for offer in fitting if offer.key == fitting[0].key]
    return fitting if len(fitting) <= MAX_OFFERS else []


def _keys_beside(names: Names, before: list[str], after: list[str]) -> Iterator[str]:
    """The fields named just before ("team Mill", "queue: billing") and just after ("the Mill team")."""
    while before and before[-1] in ("=", ":", "is", "called", "named", "the", "of", "was"):
        before = before[:-1]
    for n in (1, 2, 3):
        for name in (" ".join(before[-n:]), " ".join(after[:n])):
            if name in names.fields:
                yield names.fields[name]


def _is_sure(offer: _Offer, names: Names, before: list[str], after: list[str]) -> bool:
    """Whether the name is a condition and not (part of) what is spoken about."""
    led = [word for word in before if word not in ("the", "a", "an", "our", "your", "their")]
    is_of_contacts = offer.key in _OF_CONTACTS or not (led and led[-1] in ("about", "regarding", "mention", "mentions"))
    if (offer.key not in MATTERS and is_of_contacts) or offer.key in _keys_beside(names, before, after):
        return True
    following = after[0] if after else "?"
    if following in names.lexicon.things:
        return True
    if not led:
        return following in _NO_MATTER or following.startswith("@")
    if led[-1] in ("with", "about", "regarding") and (led[-1] != "with" or (led[-2:-1] and led[-2] in _TROUBLE)):
        return False
    ends = following in _NO_MATTER or following.startswith("@")
    if offer.key == "medium":
        return ends or led[-1] in _INTO
    return ends and (led[-1] in _INTO or led[-1].startswith("@"))


def _with_field(text: str, start: int, end: int, key: str, names: Names) -> tuple[int, int]:
    """The name's place with its field's name beside it, a title and an article before it."""
    field = "|".join(sorted((re.escape(form) for form, of in names.fields.items() if of == key), key=len, reverse=True))
    if key != "customer" and (match := re.match(rf" (?:{field})(?= |$)", text[end:])):
        end += match.end()
    before = rf"(?:(?:{field}) (?:: )?)?(?:(?:=|is|called|named) )?(?:the )?(?:(?:{'|'.join(_TITLES)}) )?$"
    if match := re.search(rf"(?<![^ ]){before}", text[:start]):
        start = match.start()
    return start, end


def _merge(draft: Draft) -> None:
    """ "Priya or Tomasz": one condition of two values."""
    pattern = whole(r"(@\d+)(?: ,)? (?:and|or|,|plus)(?: (?:for|in|on|from|by|with|via))?(?: the)? (@\d+)")
    at = 0
    while match := pattern.search(draft.text, at):
        sides = [draft.thing(mark) for mark in match.groups()]
        both = [side.condition if isinstance(side, Doubtful) else side for side in sides]
        if not all(isinstance(side, Condition) for side in both) or not _may_merge(
            draft.text[: match.start()], draft.text[match.end() :], both
        ):
            at = match.start() + 1
            continue
        one, other = both
        values = tuple(dict.fromkeys((*one.filter.values, *other.filter.values)))
        merged = Condition(Filter(one.filter.key, one.filter.op, values), f"{one.words} or {other.words}")
        sure = any(isinstance(side, Condition) for side in sides)
        draft.take(match.start(), match.end(), merged if sure else Doubtful(merged))


def _may_merge(before: str, after: str, both: list[Condition]) -> bool:
    """Not where the two are set against each other: "between Priya and Tomasz", "is it better by chat or phone"."""
    one, other = (each.filter for each in both)
    set_apart = whole(
        r"between|compare|comparing|comparison|difference|differ|better|worse|more|less|longer|higher|lower|versus|vs"
    )
    is_choice = _WHO_MORE.search(after) is not None or (_OFFERED.search(before) is not None and after.strip() == "?")
    return one.key == other.key and one.op == other.op and not set_apart.search(before) and not is_choice
