"""The words of a query that are worth looking up: its content words, without those that hold any sentence together."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc", "'"))
_TAIL = re.compile(r"(?<=\w)(n't|'(s|m|d|re|ve|ll))\b", re.IGNORECASE)

# Pronouns, articles, prepositions, conjunctions, auxiliaries and the fillers of speech. Dropped wherever they stand:
# they are in nearly every passage, cost the most time to look up and tell nothing.
_FUNCTION_WORDS = """
    a about after again against all also am an and any are as at be because been before being between both but by can
    cannot could did do does doing done down during each either else ever every few for from further get gets getting
    go goes going gone got had has have having he hello her here hers herself hi him himself his how however i if in
    into is it its itself just kind like lot made make makes many may maybe me might mine more most much must my myself
    nor not now of off oh ok okay on once one ones only onto or other others ought our ours ourselves out over own per
    perhaps please quite rather really right same say saying says shall she should since so some somebody someone
    something sort still such than thank thanks that the their theirs them themselves then there these they thing
    things this those though through to too uh um under until up upon us very was we well were what whatever when
    where whether which while who whom whose why will with within without would yeah yes yet you your yours yourself
    yourselves
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def content_words(text: str) -> list[str]:
    """Runs of letters and digits in lower case, each once, in order, without FUNCTION_WORDS; none for no words.

    A contraction loses its tail ("isn't" is "is", and goes). What is joined by a sign falls apart: "e-mail" gives "e"
    and "mail", as in the store.
    """
    plain = unicodedata.normalize("NFC", text).translate(_APOSTROPHES)
    found = (match[0].lower() for match in _WORD.finditer(_TAIL.sub("", plain)))
    return [word for word in dict.fromkeys(found) if word not in FUNCTION_WORDS]
